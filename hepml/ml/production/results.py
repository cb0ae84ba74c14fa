"""What models of production modes found, and what categories of them gain: typed results."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.ml.class_results import ClassJudgement, ClassWeights, Comparison
from hepml.stats.results import Result

__all__ = ["Categories", "Category", "ProductionResult", "ScoreSlice", "Sculpting"]


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
    comparisons : tuple of Comparison
        Of models of the same classes.
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
    comparisons: tuple[Comparison, ...] = ()
    categories: tuple[Categories, ...] = ()
    sculpting: tuple[Sculpting, ...] = ()
    search: dict[str, Any] = Field(default_factory=dict)
