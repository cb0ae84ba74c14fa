"""What a classifier of production modes is worth: typed, written as JSON, enough to redraw."""

from __future__ import annotations

from typing import Any, Literal

from hepml.ml.results import Curve, Importance, Interval, Reliability
from hepml.stats.results import Result

__all__ = [
    "Categories",
    "Category",
    "ClassJudgement",
    "ClassScores",
    "ClassWeights",
    "Confusion",
    "History",
    "PairAuc",
    "ProductionResult",
    "Sculpting",
    "ScoreSlice",
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


class Category(Result):
    """One category of an analysis, in the mass window.

    Attributes
    ----------
    name : str
        Of the category.
    events : int
        Simulated rows in the window.
    signal : dict of str to float
        Expected events by class.
    total, error : float
        Of all classes, with its error from the size of the simulation.
    sideband : int or None
        Data rows in the sidebands; ``None`` where the background was given.
    background, background_error : float
        Expected background in the window.
    shape : str
        How it was found: ``degree 2``, ``degree 1``, ``inclusive`` or ``given``.
    significance : float
        Expected, all classes together being the signal.
    of_class : dict of str to float
        Expected, one class being the signal and the others background.
    """

    name: str
    events: int
    signal: dict[str, float]
    total: float
    error: float
    sideband: int | None
    background: float
    background_error: float
    shape: str
    significance: float
    of_class: dict[str, float]


class Categories(Result):
    """Expected significance of a categorised analysis against the inclusive one.

    Attributes
    ----------
    model, by : str
        Whose categories, and how they are made: ``predicted class``, ``score of VBF``.
    window, sidebands : (float, float)
        Masses [GeV]; the sidebands are what the second range has beyond the first.
    background : {"data", "given"}
        Where the background comes from.
    categories : tuple of Category
        Each of them.
    inclusive : Category
        All rows together.
    significance : float
        Of all categories together: the root of the sum of squares.
    of_class : dict of str to float
        The same with one class as signal.
    gain : float or None
        ``significance`` over that of the inclusive analysis.
    notes : tuple of str
        What a reader must know.
    """

    model: str
    by: str
    window: tuple[float, float]
    sidebands: tuple[float, float]
    background: Literal["data", "given"]
    categories: tuple[Category, ...]
    inclusive: Category
    significance: float
    of_class: dict[str, float]
    gain: float | None
    notes: tuple[str, ...] = ()


class ScoreSlice(Result):
    """Masses of the rows in one slice of a score.

    Attributes
    ----------
    low, high : float
        The slice of the score.
    events : int
        Rows.
    counts, squares : tuple of float
        Sums of weights and of their squares by mass bin.
    divergence : float or None
        Jensen-Shannon divergence [bit] of its mass shape from that of all rows.
    chi2 : float or None
        Chi-square of its shape against that of all other rows.
    ndf : int
        Degrees of freedom of it.
    """

    low: float
    high: float
    events: int
    counts: tuple[float, ...]
    squares: tuple[float, ...]
    divergence: float | None
    chi2: float | None
    ndf: int


class Sculpting(Result):
    """Whether a score changes the shape of the mass.

    Attributes
    ----------
    model, title : str
        The model.
    score : str
        Class whose probability it is.
    rows : {"data", "signal"}
        What was looked at.
    mass_input : bool
        Whether the mass is among the model's inputs.
    edges : tuple of float
        Mass bins [GeV].
    slices : tuple of ScoreSlice
        Of equal or falling shares of the rows, rising in score.
    divergence : float or None
        Jensen-Shannon divergence [bit] of the slices' shapes, weighted by their share.
    expected, spread : float or None
        Mean and standard deviation of it for scores shuffled among the rows.
    p : float or None
        Share of shuffles with at least this divergence (counting the data as one).
    correlation : float or None
        Weighted rank correlation of score and mass.
    """

    model: str
    title: str
    score: str
    rows: Literal["data", "signal"]
    mass_input: bool
    edges: tuple[float, ...]
    slices: tuple[ScoreSlice, ...]
    divergence: float | None
    expected: float | None
    spread: float | None
    p: float | None
    correlation: float | None


class ProductionResult(Result):
    """Everything that ``hepml ml higgs-production`` found.

    Attributes
    ----------
    kind : str
        Says what the file is.
    task : dict
        Content of ``task.json``.
    source : dict
        Where the rows come from; see `hepml.plots.origin.source_look`.
    notes : tuple of str
        What a reader must know.
    main : str
        Name of the main model.
    classes : tuple of str
        Production modes.
    weights : tuple of ClassWeights
        Of the whole table.
    judgements : tuple of ClassJudgement
        The main model first; models of fewer classes have their own ``classes``.
    categories : tuple of Categories
        Categorised analyses.
    sculpting : tuple of Sculpting
        By model, score and kind of rows.
    search : dict
        What a search for parameters found; empty without one.
    """

    kind: Literal["higgs-production"] = "higgs-production"
    task: dict[str, Any]
    source: dict[str, Any]
    notes: tuple[str, ...] = ()
    main: str
    classes: tuple[str, ...]
    weights: tuple[ClassWeights, ...]
    judgements: tuple[ClassJudgement, ...]
    categories: tuple[Categories, ...] = ()
    sculpting: tuple[Sculpting, ...] = ()
    search: dict[str, Any] = {}
