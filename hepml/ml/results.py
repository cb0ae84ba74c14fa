"""What a model is worth: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from hepml.stats.results import Result

__all__ = [
    "Curve",
    "Importance",
    "Interval",
    "Judgement",
    "Reliability",
    "WorkingPoint",
]


class Interval(Result):
    """A figure with its interval of 68 %; ``None`` where it is not defined."""

    value: float | None
    low: float | None = None
    high: float | None = None
    error: float | None = None


class Curve(Result):
    """Points of a curve, thinned out for drawing."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class WorkingPoint(Result):
    """What a threshold gives.

    Attributes
    ----------
    name : str
        ``chosen`` (on the validation rows) or ``published`` (0.5).
    threshold : float
        Of the calibrated (``chosen``) or the estimator's own (``published``) probability.
    tp, fp, fn, tn : float
        Sums of weights: signal taken (class 11), background taken (01), signal lost (10) and
        background refused (00).
    accuracy, precision, recall, f1 : Interval
        Intervals by drawing whole groups.
    """

    name: str
    threshold: float
    tp: float
    fp: float
    fn: float
    tn: float
    accuracy: Interval
    precision: Interval
    recall: Interval
    f1: Interval


class Reliability(Result):
    """Rows of similar probability: what was promised, and what share is signal."""

    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    errors: tuple[float, ...]
    rows: tuple[int, ...]
    brier: float
    ece: float


class Importance(Result):
    """Gain (share of all), and loss of average precision or of the mean AUC when shuffled."""

    feature: str
    gain: float
    permutation: float | None = None
    permutation_error: float | None = None


class Judgement(Result):
    """A classifier of two classes on rows that it never saw.

    Attributes
    ----------
    model : str
        Its name.
    title : str
        Its name for people.
    rows, signal, groups : int
        Rows, signal rows and groups (showers) that it was judged by.
    auc, ap : Interval
        Area under the ROC curve, average precision; of the estimator's own probability.
    points : tuple of WorkingPoint
        The chosen threshold first.
    roc, precision_recall : Curve
        Background against signal efficiency; recall against precision.
    reliability, uncalibrated : Reliability
        With and without calibration.
    scores : tuple of (edges, signal, background)
        Histograms of the calibrated probability.
    importances : tuple of Importance
        The most important first.
    seconds : float
        Of training.
    training_rows : int
        Rows that it was trained on.
    """

    model: str
    title: str
    rows: int
    signal: int
    groups: int
    auc: Interval
    ap: Interval
    points: tuple[WorkingPoint, ...]
    roc: Curve
    precision_recall: Curve
    reliability: Reliability
    uncalibrated: Reliability
    scores: tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
    importances: tuple[Importance, ...]
    seconds: float
    training_rows: int
