"""What a hunt or a mass fit found: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.stats.numbers import Excess, Fit, Limit, Result, Spectrum, Spurious, Toys

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
    "Spurious",
    "Toys",
]


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
    bias : Spurious or None
        What that makes of the first result, as an uncertainty.
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
    bias: Spurious | None = None
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
