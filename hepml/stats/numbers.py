"""Numbers of single fits: what the results of a hunt are made of, typed and written as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from hepml.errors import CatalogueError, FileAccessError

__all__ = ["Excess", "Fit", "Limit", "Result", "Spectrum", "Spurious", "Toys"]


class Result(BaseModel):
    """Immutable; refuses unknown names, NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return self.model_dump(mode="json")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a result that :meth:`write` made.

        Raises
        ------
        FileAccessError
            If there is no such file, or it holds something else.
        """
        from hepml.document import validate

        try:
            text = Path(path).read_text()
        except OSError as error:
            raise FileAccessError(f"Cannot read {path}: {error.strerror}.") from error
        try:
            return validate(cls, text, str(path))
        except CatalogueError as error:
            raise FileAccessError(f"{error} Was it written by another version?") from error

    def write(self, path: str | Path) -> Path:
        """Write as JSON, whole or not at all."""
        from hepml.engine.store import write_text

        write_text(Path(path), self.model_dump_json(indent=1) + "\n")
        return Path(path)


class Fit(Result):
    """A fitted model.

    Attributes
    ----------
    family : str
        Background family.
    degree : int
        Degree of its polynomial.
    parameters, errors : tuple of float
        Fitted values and standard errors, background first, then the signal's.
    names : tuple of str
        Their names.
    covariance : tuple of tuple of float
        Covariance matrix.
    deviance : float
        -2 ln(likelihood / likelihood of a model that equals the data).
    ndf : int
        Fitted numbers less parameters.
    goodness : float
        Probability of a larger deviance (chi-square with ndf); 1 where ndf is 0.
    valid : bool
        Whether the minimiser converged.
    constrained : bool
        Whether the background touches zero: it was kept from becoming negative.
    message : str
        What a reader must know; empty if nothing.
    """

    family: str
    degree: int
    names: tuple[str, ...]
    parameters: tuple[float, ...]
    errors: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    deviance: float
    ndf: int
    goodness: float
    valid: bool
    constrained: bool = False
    message: str = ""


class Excess(Result):
    """An excess over the background and how significant it is.

    Attributes
    ----------
    observed : float
        Sum of weights in the signal region.
    S : float
        Fitted signal (negative for a deficit).
    sigma_S : float
        Its standard error.
    B : float
        Background expected in the signal region; in a count from the sidebands alone.
    sigma_B : float
        Its standard error from the sideband fit.
    q0 : float
        -2 ln of the ratio of likelihoods without and with signal; 0 where S < 0.
    Z : float
        Significance, the square root of q0.
    p : float
        One-sided p-value; 0 below what a double holds, see ``log10_p``.
    log10_p : float
        Its decimal logarithm, finite however large Z is.
    Z_closed : float
        The closed form for a counting experiment with a known background error.
    """

    observed: float
    S: float
    sigma_S: float
    B: float
    sigma_B: float
    q0: float
    Z: float
    p: float
    log10_p: float
    Z_closed: float


class Limit(Result):
    """Upper limit on the signal yield by the CLs method.

    Attributes
    ----------
    confidence : float
        Confidence level.
    observed : float
        Observed limit [events].
    expected : float
        Median expected without signal.
    band : tuple of float
        Expected at -2, -1, +1 and +2 standard deviations.
    method : {"asymptotic", "counting"}
        Asymptotic formulae of the profile likelihood, or exact Poisson probabilities of a count.
    message : str
        What a reader must know; empty if nothing.
    """

    confidence: float
    observed: float
    expected: float
    band: tuple[float, float, float, float]
    method: Literal["asymptotic", "counting"] = "asymptotic"
    message: str = ""


class Toys(Result):
    """Pseudo-experiments of the background alone.

    Attributes
    ----------
    number : int
        Pseudo-experiments made.
    failed : int
        Those whose fit did not converge; counted as more significant than the data.
    seed : int
        Seed of the first random stream.
    p : float
        Share with at least the observed test statistic, (k + 1) / (n + 1).
    p_low, p_high : float
        68 % interval of it (Clopper-Pearson).
    Z : float
        The p-value as a one-sided significance.
    q0 : tuple of float
        Test statistics of the fits that converged, in the order of the streams.
    """

    number: int
    failed: int
    seed: int
    p: float
    p_low: float
    p_high: float
    Z: float
    q0: tuple[float, ...] = ()


class Spectrum(Result):
    """A binned mass spectrum with its fit; values are per bin.

    Attributes
    ----------
    edges : tuple of float
        Bin edges [GeV].
    start, stop : int
        The signal region is bins ``start`` to ``stop`` (excluded).
    counts, variances : tuple of float
        Sums of weights and of their squares.
    background, background_error : tuple of float
        Fitted background and its standard error.
    signal : tuple of float
        Fitted signal; empty for a count.
    """

    edges: tuple[float, ...]
    start: int
    stop: int
    counts: tuple[float, ...]
    variances: tuple[float, ...]
    background: tuple[float, ...] = ()
    background_error: tuple[float, ...] = ()
    signal: tuple[float, ...] = ()


class Spurious(Result):
    """The fit's bias, measured on a control sample, as an uncertainty.

    Attributes
    ----------
    S, sigma_S : float
        Signal fitted in the control sample, negative for a deficit, and its standard error.
    significance : float
        Their ratio: beyond 2 in either direction the background model is in doubt.
    scale : float
        Background of the tested sample over that of the control sample.
    sigma : float
        Uncertainty of the tested sample's signal: ``|S| x scale``.
    Z, p, log10_p : float
        Significance of the tested sample with this uncertainty.
    """

    S: float
    sigma_S: float
    significance: float
    scale: float
    sigma: float
    Z: float
    p: float
    log10_p: float
