"""How far the scores of a strategy can be believed: typed, written as JSON."""

from __future__ import annotations

from typing import Literal

from hepml.ml.results import Interval
from hepml.stats.numbers import Result

__all__ = [
    "BandAuc",
    "Closure",
    "DensityHistory",
    "Efficiency",
    "FeatureTest",
    "FoldHistory",
    "MassDependence",
    "MassTest",
    "RatePoint",
]


class BandAuc(Result):
    """How well a classifier tells data of a sideband from samples of the density model.

    Attributes
    ----------
    band : str
        ``SB`` (both sidebands), ``SBL`` (lower) or ``SBH`` (upper).
    mass_included : bool
        Whether the classifier saw the mass.
    events, samples : int
        Rows of data and of samples.
    auc : Interval
        Area under the ROC curve by rows that neither trained nor stopped the classifier; 0.5 is
        perfect closure. Error by drawing events with their samples.
    """

    band: str
    mass_included: bool
    events: int
    samples: int
    auc: Interval


class FeatureTest(Result):
    """One feature: sideband data against samples.

    Attributes
    ----------
    feature, band : str
        Name of the feature, and of the band (``SB``, ``SBL``, ``SBH``).
    ks, p : float
        Two-sample Kolmogorov-Smirnov distance and its p-value.
    wasserstein, wasserstein_p : float
        Distance in units of the data's standard deviation, and the share of random splits of the
        joint sample with a larger one.
    """

    feature: str
    band: str
    ks: float
    p: float
    wasserstein: float
    wasserstein_p: float


class MassTest(Result):
    """Whether the sideband events of highest score have masses like the others.

    Attributes
    ----------
    fpr : float
        Share of sideband events that pass.
    events : int
        How many pass.
    ks, p : float
        Kolmogorov-Smirnov distance of the masses of those that pass from those that do not,
        both sidebands together, and its p-value.
    """

    fpr: float
    events: int
    ks: float
    p: float


class MassDependence(Result):
    """Score against mass: what a figure needs to show sculpting.

    Attributes
    ----------
    edges : tuple of float
        Edges of mass bins [GeV]; none crosses an edge of the signal region.
    events : tuple of int
        Events in each bin.
    levels : tuple of float
        Levels of the quantiles.
    quantiles : tuple of tuple of (float or None)
        For each level the score's quantile in each bin; ``None`` in an empty bin.
    tests : tuple of MassTest
        Masses of the events of highest score.
    """

    edges: tuple[float, ...]
    events: tuple[int, ...]
    levels: tuple[float, ...]
    quantiles: tuple[tuple[float | None, ...], ...]
    tests: tuple[MassTest, ...]


class Closure(Result):
    """Checks of a background model where no signal is.

    Attributes
    ----------
    status : {"ok", "failed", "not tested"}
        Whether the model can be believed.
    reasons : tuple of str
        Why it failed, or was not tested.
    bands : tuple of BandAuc
        Classifier tests.
    features : tuple of FeatureTest
        Tests of single features.
    mass : MassDependence or None
        Score against mass.
    limit : float
        Largest AUC that is still accepted.
    """

    status: Literal["ok", "failed", "not tested"]
    reasons: tuple[str, ...] = ()
    bands: tuple[BandAuc, ...] = ()
    features: tuple[FeatureTest, ...] = ()
    mass: MassDependence | None = None
    limit: float

    @property
    def auc(self) -> float | None:
        """AUC of both sidebands together, the mass included (the published figure)."""
        for item in self.bands:
            if item.band == "SB" and item.mass_included:
                return item.auc.value
        return None


class FoldHistory(Result):
    """Training of the classifiers of one fold.

    Attributes
    ----------
    name : str
        What was trained.
    fold : int
        Fold that is scored with them.
    rounds : tuple of int
        Trees of each member.
    training, validation : tuple of tuple of float
        Loss after each round for each member.
    rows : tuple of int
        Data and background rows of the training part, then of the validation part.
    data_weight : float
        Weight of a data row; a background row weighs 1 on average.
    """

    name: str
    fold: int
    rounds: tuple[int, ...]
    training: tuple[tuple[float, ...], ...]
    validation: tuple[tuple[float, ...], ...]
    rows: tuple[int, int, int, int]
    data_weight: float


class DensityHistory(Result):
    """Training of one density model; losses are empty where it has none.

    Attributes
    ----------
    name, seed
        Kind of the model, and its seed.
    training, validation : tuple of (float or None)
        Mean negative log-likelihood after each epoch; ``None`` where it was not finite.
    """

    name: str
    seed: int
    training: tuple[float | None, ...] = ()
    validation: tuple[float | None, ...] = ()


class RatePoint(Result):
    """Efficiency at one false-positive rate.

    Attributes
    ----------
    fpr : float
        Wanted share of background that passes.
    cut : float
        The score at the cut, included.
    background, signal : int
        Events that pass.
    tpr : Interval
        Signal efficiency with its binomial error.
    sic : Interval
        Significance improvement, signal efficiency over the root of the background's; the error
        has the binomial errors of both.
    """

    fpr: float
    cut: float
    background: int
    signal: int
    tpr: Interval
    sic: Interval


class Efficiency(Result):
    """ROC and significance improvement of a score.

    Attributes
    ----------
    background, signal : int
        Events.
    auc : Interval
        Area under the ROC curve; error of DeLong.
    sic_max : Interval
        Largest significance improvement at a cut that at least ``least`` background events pass.
    sic_max_fpr : float or None
        Where it is.
    least : int
        Least background events for the maximum.
    points : tuple of RatePoint
        At fixed false-positive rates.
    fpr, tpr, sic : tuple of float
        The curve, thinned out for drawing.
    """

    background: int
    signal: int
    auc: Interval
    sic_max: Interval
    sic_max_fpr: float | None
    least: int
    points: tuple[RatePoint, ...]
    fpr: tuple[float, ...]
    tpr: tuple[float, ...]
    sic: tuple[float, ...]
