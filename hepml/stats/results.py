"""What a fit or a hunt found: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from hepml.errors import FileAccessError

__all__ = [
    "Band",
    "Excess",
    "Fit",
    "Hunt",
    "HuntRow",
    "Limit",
    "PeakFit",
    "Result",
    "Scan",
    "ScanPoint",
    "Spectrum",
    "Toys",
]


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
        return validate(cls, text, str(path))

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


class HuntRow(Result):
    """One selection of a hunt.

    Attributes
    ----------
    selection : str
        What was selected, in words: ``all``, or the score and its false-positive rate.
    score : str or None
        Score column cut on.
    fpr : float or None
        Wanted share of sideband data that passes.
    cut : float or None
        The score at the cut, included.
    degree, bins : int
        Degree of the background, bins of the signal region.
    events : int
        Events in the window, sidebands and signal region.
    S, B, sigma_B, Z, p, log10_p : float or None
        See :class:`Excess`; ``None`` where no fit was possible, with the reason in ``status``.
    status : str
        ``"ok"``, or what a reader must know.
    """

    selection: str
    score: str | None = None
    fpr: float | None = None
    cut: float | None = None
    degree: int
    bins: int
    events: int
    S: float | None = None
    B: float | None = None
    sigma_B: float | None = None
    Z: float | None = None
    p: float | None = None
    log10_p: float | None = None
    status: str = "ok"
    excess: Excess | None = None
    sideband: Fit | None = None
    joint: Fit | None = None
    expected_Z: float | None = Field(
        default=None, description="Median significance expected for the fitted S and B (Asimov)."
    )
    limit: Limit | None = None
    toys: Toys | None = None
    spectrum: Spectrum | None = None


class ScanPoint(Result):
    """One window of a scan."""

    left: float
    low: float
    high: float
    right: float
    events: int
    S: float | None = None
    B: float | None = None
    sigma_B: float | None = None
    Z: float | None = None
    p: float | None = None
    log10_p: float | None = None
    status: str = "ok"


class Scan(Result):
    """Windows in order of mass, and what the most significant one means.

    Attributes
    ----------
    points : tuple of ScanPoint
        All windows.
    best : int or None
        The most significant one; ``None`` if none could be fitted.
    degree : int
        Degree of the background in each window.
    global_p : float or None
        Probability that background alone makes a window as significant anywhere.
    global_log10_p : float or None
        Its decimal logarithm, finite however small it is.
    global_Z : float or None
        The same as a significance.
    global_method : {"toys", "upcrossings"} or None
        Share of the pseudo-experiments, or where none of them reaches the data, how often q0
        crosses ``level`` upward in them (Gross and Vitells, arXiv:1005.1891).
    level, upcrossings : float or None
        That q0, and the mean number of crossings.
    toys : Toys or None
        The pseudo-experiments behind it, each with the largest q0 of all windows.
    message : str
        Why there is no global p-value, or what else a reader must know.
    """

    points: tuple[ScanPoint, ...]
    best: int | None = None
    degree: int = 3
    global_p: float | None = None
    global_log10_p: float | None = None
    global_Z: float | None = None
    global_method: Literal["toys", "upcrossings"] | None = None
    level: float | None = None
    upcrossings: float | None = None
    toys: Toys | None = None
    message: str = ""


class Band(Result):
    """Choice of the background's degree, and the spread that other choices give.

    Attributes
    ----------
    rows : tuple of HuntRow
        The same data with other families, degrees and bins, as ``selection`` says.
    chosen : int
        Degree after which an F-test finds no further improvement.
    f_test, ratio_test : dict of str to float
        ``"3>5"`` to the p-value of the improvement from degree 3 to 5, by an F-test (which
        decides) and by the likelihood ratio.
    degrees : dict of str to int
        The degree chosen for each family.
    accepted : tuple of int
        Places of the rows that the envelope is made of.
    envelope_S, envelope_Z : tuple of float
        Smallest and largest S and Z of the accepted rows.
    """

    rows: tuple[HuntRow, ...]
    chosen: int
    f_test: dict[str, float]
    ratio_test: dict[str, float] = Field(default_factory=dict)
    degrees: dict[str, int] = Field(default_factory=dict)
    accepted: tuple[int, ...] = ()
    envelope_S: tuple[float, float]
    envelope_Z: tuple[float, float] = (0.0, 0.0)


class Hunt(Result):
    """Everything ``hepml hunt`` found; the content of ``hunt.json``.

    Attributes
    ----------
    version : str
        hepml version.
    source : dict
        What was read: path, datasets, mass column, sign, conditions, rows, and whether data are
        simulated.
    window : dict
        Name and edges [GeV].
    settings : dict
        Everything that was chosen: signal, background, degree, bins, evaluation, seed.
    results : tuple of HuntRow
        One per selection, in order.
    variations : Band or None
        Other degrees and families.
    spurious : HuntRow or None
        The same fit on same-sign pairs, where no resonance is.
    scan : Scan or None
        All windows over the mass range.
    notes : tuple of str
        What a reader must know.
    """

    version: str
    source: dict[str, Any]
    window: dict[str, Any]
    settings: dict[str, Any]
    results: tuple[HuntRow, ...]
    variations: Band | None = None
    spurious: HuntRow | None = None
    scan: Scan | None = None
    notes: tuple[str, ...] = ()


class PeakFit(Result):
    """A mass fit with one peak, as ``hepml fit diphoton`` makes it; ``fit.json``.

    Attributes
    ----------
    signal : str
        Shape of the peak.
    mass, mass_error, width, width_error : float
        Fitted or fixed peak position and width [GeV]; error 0 where fixed.
    excess : Excess
        Yields and significance.
    fit : Fit
        The joint fit.
    spectrum : Spectrum
        Data, background and signal per bin.
    """

    version: str
    source: dict[str, Any]
    settings: dict[str, Any]
    signal: Literal["gaussian", "crystal-ball"]
    mass: float
    mass_error: float
    width: float
    width_error: float
    excess: Excess
    fit: Fit
    spectrum: Spectrum
    notes: tuple[str, ...] = ()
