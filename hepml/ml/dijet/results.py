"""What a search for dijet resonances is worth: typed, written as JSON, enough to redraw.

Masses in GeV; mu is the signal fraction S/(S+B) of the data, alpha the share of the signal that
is three-prong.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.ml.anomaly.results import Efficiency, RatePoint
from hepml.ml.class_results import History
from hepml.ml.results import Interval
from hepml.stats.results import Result, Toys

__all__ = [
    "DijetJudgement",
    "DijetResult",
    "Fitted",
    "Landscape",
    "MassShapes",
    "Parameter",
    "ScoreShapes",
    "Shape",
]


class Parameter(Result):
    """One fitted number.

    Attributes
    ----------
    name : str
        ``mx``, ``my`` [GeV], ``mu``, ``alpha``, or ``alpha_2``... with more than two modes.
    value : float
        The estimate.
    low, high : float or None
        Ends of its interval of 68 %; ``None`` where there is none.
    truth : float or None
        What was put into the data, where that is known.
    fixed : bool
        It was not fitted.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    truth: float | None = None
    fixed: bool = False

    @property
    def pull(self) -> float | None:
        """Distance from the truth in units of the interval's half on that side."""
        if self.truth is None or self.low is None or self.high is None:
            return None
        far = self.truth - self.value
        size = self.high - self.value if far > 0 else self.value - self.low
        return -far / size if size > 0 else None


class Fitted(Result):
    """Parameters of a prior-assisted fit.

    Attributes
    ----------
    parameters : tuple of Parameter
        In the order mx, my, mu, alpha.
    loss : float or None
        What the fit made smallest, on the events that it was fitted to.
    validation : float or None
        The same of events that only choose among fits.
    q0, p, Z : float or None
        Test of mu = 0: twice the gain in ln L, its p-value at these masses, the significance.
    q0_toys : Toys or None
        q0 of data and reference shuffled, where these were asked for.
    q0_global : float or None
        q0 of the data in the search that these repeat, of all masses; ``q0`` itself may be of a
        finer fit near its minimum.
    p_global, Z_global : float or None
        The share of them with at least this q0 at any masses, the data counted in, and its
        significance; an upper limit where no toy has (``q0_toys.p_low`` is 0 then).
    spread : bool
        Intervals are how far trials agree, no statistical errors.
    mirrored : bool
        The fit found the two masses in the other order; they were exchanged for comparison with
        the truth (a resonance is X or Y by name alone where both decay alike).
    status : str
        ``"ok"``, or what a reader must know.
    """

    parameters: tuple[Parameter, ...]
    loss: float | None = None
    validation: float | None = None
    q0: float | None = None
    p: float | None = None
    Z: float | None = None
    q0_toys: Toys | None = None
    q0_global: float | None = None
    p_global: float | None = None
    Z_global: float | None = None
    spread: bool = False
    mirrored: bool = False
    status: str = "ok"

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name; ``None`` if the fit had none."""
        return next((item for item in self.parameters if item.name == name), None)


class Shape(Result):
    """Counts in the bins of a histogram; events outside it are in the first or the last bin."""

    name: str
    counts: tuple[float, ...]


class ScoreShapes(Result):
    """Distributions of a score.

    Attributes
    ----------
    edges : tuple of float
        Bins of the score as given, or of its logit where ``logit``.
    logit : bool
        Scores were probabilities; figures show ln(score / (1 - score)).
    shapes : tuple of Shape
        Background first, then the signal of each decay mode.
    """

    edges: tuple[float, ...]
    logit: bool = False
    shapes: tuple[Shape, ...]


class MassShapes(Result):
    """Dijet masses before and after cuts on the score.

    Attributes
    ----------
    edges : tuple of float
        Bins [GeV].
    rates : tuple of float
        False-positive rates of the cuts; 1 is no cut.
    background, signal : tuple of Shape
        One for each rate.
    ks, p : tuple of (float or None)
        Kolmogorov-Smirnov distance of the background that passes from that which does not, and
        its p-value; ``None`` where too few pass, and without a cut.
    """

    edges: tuple[float, ...]
    rates: tuple[float, ...]
    background: tuple[Shape, ...]
    signal: tuple[Shape, ...]
    ks: tuple[float | None, ...]
    p: tuple[float | None, ...]


class DijetJudgement(Result):
    """One score on test events of known truth that nothing was trained or chosen on.

    Attributes
    ----------
    name, title : str
        Of the strategy, for files and for people.
    efficiency : Efficiency
        AUC, significance improvement (SIC) at fixed false-positive rates and its maximum.
    modes : dict of str to Interval
        SIC at the first rate of each decay mode alone, where there are several.
    scores : ScoreShapes
        For figures.
    masses : MassShapes or None
        Whether the score changes the dijet mass.
    fit : Fitted or None
        Parameters, where the strategy has any.
    validation : float or None
        Loss on validation data: the only figure by which trials may be chosen.
    seconds : float
        Of training and fit.
    notes : tuple of str
        What a reader must know.
    """

    name: str
    title: str
    efficiency: Efficiency
    modes: dict[str, Interval] = Field(default_factory=dict)
    scores: ScoreShapes
    masses: MassShapes | None = None
    fit: Fitted | None = None
    validation: float | None = None
    seconds: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def auc(self) -> Interval:
        """Area under the ROC curve."""
        return self.efficiency.auc

    def point(self, rate: float) -> RatePoint | None:
        """At a false-positive rate; ``None`` if it was not asked for."""
        return next((item for item in self.efficiency.points if item.fpr == rate), None)

    def sic(self, rate: float = 1e-3) -> Interval:
        """Significance improvement at a false-positive rate; empty where it is not known."""
        found = self.point(rate)
        return Interval(value=None) if found is None else found.sic


class Landscape(Result):
    """Likelihood over a plane of parameters.

    Attributes
    ----------
    x_name, y_name : str
        Names of the two parameters.
    x, y : tuple of float
        Their values on the grid.
    q : tuple of tuple of (float or None)
        Twice the loss in ln L from the best point of the grid, ``q[row of y][column of x]``.
    profiled : tuple of str
        Parameters that were fitted again at each point.
    fixed : dict of str to float
        Parameters held where they are.
    best : tuple of float
        The best point of the grid, or of a fit.
    truth : tuple of float or None
        What was put into the data.
    mirrored : tuple of float or None
        Truth with its two masses exchanged, where the plane has both.
    """

    x_name: str
    y_name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    q: tuple[tuple[float | None, ...], ...]
    profiled: tuple[str, ...] = ()
    fixed: dict[str, float] = Field(default_factory=dict)
    best: tuple[float, float]
    truth: tuple[float, float] | None = None
    mirrored: tuple[float, float] | None = None


class DijetResult(Result):
    """Everything that ``hepml ml dijet`` found; the content of its ``result.json``.

    Attributes
    ----------
    kind : str
        Says what the file is.
    strategy, title : str
        Its name, and the one for people.
    task, source : dict
        What was asked; where the events come from, see `hepml.plots.origin.source_look`.
    composition : dict of str to int
        Events by what they were used for.
    judgements : tuple of DijetJudgement
        The strategy's own first, then others to compare it with.
    trials : tuple of DijetJudgement
        Single trainings or fits behind the first judgement.
    kept : tuple of int
        Trials that are in it, the best validation loss first.
    landscapes : tuple of Landscape
        Of the fit.
    histories : dict of str to History
        Losses of training, by what was trained.
    notes : tuple of str
        What a reader must know.
    """

    kind: Literal["dijet"] = "dijet"
    strategy: str
    title: str
    task: dict[str, Any] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict)
    composition: dict[str, int] = Field(default_factory=dict)
    judgements: tuple[DijetJudgement, ...]
    trials: tuple[DijetJudgement, ...] = ()
    kept: tuple[int, ...] = ()
    landscapes: tuple[Landscape, ...] = ()
    histories: dict[str, History] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> DijetJudgement:
        """What the strategy itself is worth."""
        return self.judgements[0]
