"""What a classifier of any classes is worth: typed, written as JSON, enough to redraw."""

from __future__ import annotations

from hepml.ml.results import Curve, Importance, Interval, Reliability
from hepml.stats.results import Result

__all__ = [
    "ClassJudgement",
    "ClassScores",
    "ClassWeights",
    "Comparison",
    "Confusion",
    "History",
    "PairAuc",
]


class ClassWeights(Result):
    """Events and weights of a class.

    Attributes
    ----------
    name : str
        The class.
    events : int
        Rows.
    negative : int
        Rows of negative weight among them.
    sum, error : float
        Sum of signed weights and its standard error.
    fraction : float or None
        Share of all classes' sum; ``None`` where that is not positive.
    per_event : float or None
        Mean weight; ``None`` without rows.
    """

    name: str
    events: int
    negative: int
    sum: float
    error: float
    fraction: float | None
    per_event: float | None


class Confusion(Result):
    """True classes (rows) against predicted ones (columns).

    Attributes
    ----------
    events : tuple of tuple of int
        Rows of the table.
    weights : tuple of tuple of float
        Sums of signed weights.
    by_events, by_weight : tuple of tuple of (float or None)
        Shares of each true class; ``None`` where a class has no rows, or no positive weight.
    """

    events: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    by_events: tuple[tuple[float | None, ...], ...]
    by_weight: tuple[tuple[float | None, ...], ...]


class PairAuc(Result):
    """How well two classes are told apart, by the ratio of their probabilities."""

    first: str
    second: str
    auc: Interval


class ClassScores(Result):
    """Histogram of one class's probability, by true class.

    Attributes
    ----------
    score : str
        Whose probability.
    edges : tuple of float
        Bin edges.
    events : tuple of tuple of int
        Rows, by true class and bin.
    weights, squares : tuple of tuple of float
        Sums of signed weights and of their squares, by true class and bin.
    """

    score: str
    edges: tuple[float, ...]
    events: tuple[tuple[int, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    squares: tuple[tuple[float, ...], ...]


class History(Result):
    """Loss after each round of training, by what it was computed on."""

    metric: str
    losses: dict[str, tuple[float, ...]]
    best: int | None = None


class ClassJudgement(Result):
    """A classifier of any number of classes on rows that it never saw.

    Attributes
    ----------
    model, title : str
        Its name, and the one for people.
    classes : tuple of str
        In the order of the probabilities.
    rows, groups : int
        Rows and groups that it was judged by.
    prior : tuple of float
        Shares of the classes that its probabilities refer to (those of its training).
    weights : tuple of ClassWeights
        Of the rows.
    confusion : Confusion
        The class of the highest probability against the truth.
    predicted : tuple of int
        Rows that each class was predicted for.
    predicted_weights : tuple of float
        Sums of signed weights of these.
    accuracy : Interval
        Share of rows whose class is right.
    balanced_accuracy, weighted_accuracy : Interval
        Mean over classes of the share by weight; share by weight of all rows.
    log_loss : Interval
        Mean of -ln(probability of the true class), each class weighing as in ``prior``.
    guess : float
        Log loss of probabilities that are the prior in every row.
    macro_auc : Interval
        Mean of ``auc`` over classes that have one.
    auc : dict of str to Interval
        Weighted area under the ROC curve, each class against the rest.
    pairs : tuple of PairAuc
        Each two classes.
    roc : dict of str to Curve
        Efficiency of the rest against that of the class.
    reliability : dict of str to Reliability
        Probability against share, each class weighing as in ``prior``.
    scores : tuple of ClassScores
        By class.
    importances : tuple of Importance
        Gain and loss of ``macro_auc``; the most important first.
    history : History or None
        Of the training.
    seconds, training_rows
        Of the training.
    notes : tuple of str
        What a reader must know.
    """

    model: str
    title: str
    classes: tuple[str, ...]
    rows: int
    groups: int
    prior: tuple[float, ...]
    weights: tuple[ClassWeights, ...]
    confusion: Confusion
    predicted: tuple[int, ...]
    predicted_weights: tuple[float, ...]
    accuracy: Interval
    balanced_accuracy: Interval
    weighted_accuracy: Interval
    log_loss: Interval
    guess: float
    macro_auc: Interval
    auc: dict[str, Interval]
    pairs: tuple[PairAuc, ...]
    roc: dict[str, Curve]
    reliability: dict[str, Reliability]
    scores: tuple[ClassScores, ...]
    importances: tuple[Importance, ...] = ()
    history: History | None = None
    seconds: float = 0.0
    training_rows: int = 0
    notes: tuple[str, ...] = ()


class Comparison(Result):
    """Areas of one model minus those of another one, on the same rows.

    Attributes
    ----------
    first, second : str
        The models.
    auc : dict of str to Interval
        Difference by class, against the rest; the draws of the bootstrap are the same for both.
    macro_auc : Interval
        Difference of the means.
    """

    first: str
    second: str
    auc: dict[str, Interval]
    macro_auc: Interval
