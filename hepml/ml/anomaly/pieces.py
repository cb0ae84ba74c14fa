"""Parts of what an anomaly search found: weights, searches, variations, sensitivity."""

# The names of the statistics: S, B, Z.
# ruff: noqa: N815

from __future__ import annotations

from typing import Literal

from hepml.stats.numbers import Result, Toys
from hepml.stats.results import HuntRow

__all__ = [
    "ExpectedPoint",
    "Histogram",
    "RatioBin",
    "RatioCheck",
    "Reweighting",
    "Search",
    "SearchPoint",
    "Sensitivity",
    "Variation",
]


class Histogram(Result):
    """A quantity of several selections in the same bins.

    Attributes
    ----------
    name, unit : str
        Quantity and its unit.
    log : bool
        Whether the bins are of equal width in the logarithm.
    edges : tuple of float
        Bin edges; the outermost bins hold what lies beyond.
    selections : tuple of str
        What was selected, in words.
    counts : tuple of tuple of float
        For each selection the entries of each bin.
    """

    name: str
    unit: str = ""
    log: bool = False
    edges: tuple[float, ...]
    selections: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]


class RatioBin(Result):
    """Events of similar likelihood ratio: what it says and what is so.

    Attributes
    ----------
    ratio : float
        Mean likelihood ratio of the background samples in the bin.
    observed, error : float
        Share of the data in the bin over that of the samples, and its standard error.
    data, samples : int
        How many there are of each.
    """

    ratio: float
    observed: float
    error: float
    data: int
    samples: int


class RatioCheck(Result):
    """Whether the likelihood ratio r averages to 1 over background, as a ratio of densities must.

    Attributes
    ----------
    of : {"samples", "sidebands"}
        Background of the model in the signal region, or sideband data.
    events : int
        How many.
    mean, error : float
        Mean of r and its standard error.
    good : bool
        Within 5 %, or within 3 standard errors, of 1.
    """

    of: Literal["samples", "sidebands"]
    events: int
    mean: float
    error: float
    good: bool


class Reweighting(Result):
    """Significance with every event weighted by its likelihood ratio of signal and background.

    Attributes
    ----------
    mu : float or None
        Share of signal in the signal region by the fit without a cut, S / (S + B).
    row : HuntRow or None
        The weighted fit, with the scale of the sidebands for all bins; ``None`` where the weights
        are not defined.
    published : HuntRow or None
        The same with each bin's own scale: too optimistic where weights differ much.
    status : str
        ``"ok"``, or what a reader must know.
    checks : tuple of RatioCheck
        Calibration of r, looked at first.
    reliability : tuple of RatioBin
        The same in bins of r.
    zeros : float
        Share of the window's events with weight 0.
    mean_background : float or None
        Mean weight of the sideband data: 1 for a calibrated ratio but for the weights cut at 0.
    weights : Histogram or None
        Weights in the signal region and in the sidebands.
    toys : Toys or None
        Pseudo-experiments of background events with weights drawn from the sidebands.
    """

    mu: float | None = None
    row: HuntRow | None = None
    published: HuntRow | None = None
    status: str = "ok"
    checks: tuple[RatioCheck, ...] = ()
    reliability: tuple[RatioBin, ...] = ()
    zeros: float = 0.0
    mean_background: float | None = None
    weights: Histogram | None = None
    toys: Toys | None = None


class SearchPoint(Result):
    """One working point of a search: asymptotic Z, and p and Z of pseudo-experiments."""

    fpr: float
    Z: float
    p_toys: float
    Z_toys: float
    failed: int = 0


class Search(Result):
    """The most significant of all working points, and what that means.

    Attributes
    ----------
    score : str
        The score.
    points : tuple of SearchPoint
        Working points with enough sideband events, from the loosest to the tightest.
    least : int
        Sideband events that are enough.
    fpr : float
        Where the most significant one is.
    Z, log10_p : float
        Its own (asymptotic) significance and p-value.
    global_Z, global_log10_p : float
        With the search over working points accounted for.
    method : {"toys", "upcrossings"}
        How the global p-value was had: see :class:`hepml.stats.results.Scan`.
    upcrossings : float
        Mean number of upward crossings in pseudo-experiments.
    toys : Toys
        Largest q0 of each pseudo-experiment.
    """

    score: str
    points: tuple[SearchPoint, ...]
    least: int
    fpr: float
    Z: float
    log10_p: float
    global_Z: float
    global_log10_p: float
    method: Literal["toys", "upcrossings"]
    upcrossings: float
    toys: Toys


class Variation(Result):
    """The same scores with another degree and other bins; nothing is trained anew.

    Attributes
    ----------
    degree, bins : int
        Of the background; of the signal region.
    fpr : tuple of float
        False-positive rates.
    Z, log10_p : tuple of (float or None)
        Of the cut at each; ``None`` where no fit was possible.
    inclusive : float or None
        Z without a cut.
    best : float or None
        Largest Z of all cuts (no trials factor).
    reweighted : float or None
        Z of the weighted events.
    """

    degree: int
    bins: int
    fpr: tuple[float, ...]
    Z: tuple[float | None, ...]
    log10_p: tuple[float | None, ...]
    inclusive: float | None = None
    best: float | None = None
    reweighted: float | None = None


class ExpectedPoint(Result):
    """What could be seen at a working point, from sidebands alone.

    Attributes
    ----------
    fpr : float
        Share of the background that passes.
    B, sigma_B : float
        Background in the signal region after the cut, and its error.
    evidence, discovery : float
        Signal events after the cut with a median significance of 3 and of 5.
    """

    fpr: float
    B: float
    sigma_B: float
    evidence: float
    discovery: float


class Sensitivity(Result):
    """Expected background and sensitivity, from sidebands alone.

    Attributes
    ----------
    sidebands : tuple of int
        Events of the lower and of the upper sideband.
    degree, bins : int
        Of the background; of the signal region.
    goodness : float
        Probability of a worse sideband fit.
    points : tuple of ExpectedPoint
        From the loosest cut to the tightest.
    edges, counts, background, background_error : tuple of float
        Sideband data per bin (0 in the signal region, which is not counted) and the fit.
    start, stop : int
        Bins of the signal region.
    """

    sidebands: tuple[int, int]
    degree: int
    bins: int
    goodness: float
    points: tuple[ExpectedPoint, ...]
    edges: tuple[float, ...]
    counts: tuple[float, ...]
    background: tuple[float, ...]
    background_error: tuple[float, ...]
    start: int
    stop: int
