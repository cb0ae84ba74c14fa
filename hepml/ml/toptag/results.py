"""What a top tagger is worth, and how uncertain that is: typed, written as JSON, enough to redraw.

A background rejection is one over the share of background jets that pass where a share of the
signal jets (the working point) passes.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.ml.class_results import History
from hepml.ml.results import Curve
from hepml.ml.toptag.components import Combination, Component, Systematics, Variation
from hepml.ml.toptag.published import Baseline
from hepml.stats.results import Result

__all__ = [
    "Combination",
    "Component",
    "Efficiency",
    "MassShapes",
    "MetricSet",
    "PtBin",
    "Rejection",
    "Spectrum",
    "Systematics",
    "TaggerResult",
    "Variation",
]


class Rejection(Result):
    """Background rejection at a working point.

    Attributes
    ----------
    efficiency : float
        The working point.
    value : float or None
        ``None`` where no background passes, or where there is none, or no signal.
    error : float or None
        Statistical: of the background that passes and of where the threshold lies.
    least : float or None
        Where no background passes: lower limit at 95 % confidence.
    threshold : float or None
        Score of the point of the ROC curve that it was read at.
    reached : float or None
        Signal efficiency there, a bit more than wanted.
    ratio_error : float or None
        Statistical error of ``value`` over the nominal one, where both are of the same jets.
    """

    efficiency: float
    value: float | None = None
    error: float | None = None
    least: float | None = None
    threshold: float | None = None
    reached: float | None = None
    ratio_error: float | None = None


class PtBin(Result):
    """Rejections of the jets of a pT bin, both ends excluded; ``rejections`` by working point."""

    low: float
    high: float
    signal: int
    background: int
    rejections: tuple[Rejection, ...]


class MetricSet(Result):
    """Metrics of one set of jets with one set of weights.

    Attributes
    ----------
    name, title : str
        For files, for people.
    datasets : tuple of str
        Where signal jets, then where background jets are from (once if the same).
    weight : str
        Column of weights, and the jets that it holds for; empty: all weigh 1.
    signal, background : int
        Jets.
    dropped : int
        Jets without a score; they count nowhere.
    auc, accuracy : float or None
        Area under the ROC curve; share of jets on their side of 0.5. The accuracy depends on
        the share of signal: do not compare that of sets of another composition.
    rejections : tuple of Rejection
        At 0.5 and 0.8.
    bins : tuple of PtBin
        In pT [GeV].
    roc : Curve or None
        Signal efficiency against rejection, thinned out; points of infinite rejection left out.
    """

    name: str
    title: str
    datasets: tuple[str, ...]
    weight: str = ""
    signal: int
    background: int
    dropped: int = 0
    auc: float | None = None
    accuracy: float | None = None
    rejections: tuple[Rejection, ...] = ()
    bins: tuple[PtBin, ...] = ()
    roc: Curve | None = None

    def rejection(self, efficiency: float) -> Rejection:
        """At a working point; an empty one where there is none."""
        for item in self.rejections:
            if item.efficiency == efficiency:
                return item
        return Rejection(efficiency=efficiency)


class Efficiency(Result):
    """Share of jets that pass a threshold that the nominal set fixed.

    Attributes
    ----------
    dataset : str
        Whose jets.
    label : {"signal", "background"}
        Which of them.
    efficiency, threshold : float
        Working point, and the score that jets must reach.
    low, high : float or None
        pT bin [GeV]; ``None``: all jets.
    jets, passed : int
        How many.
    value, lower, upper : float or None
        The share and its interval of 68 % (Wilson); ``None`` without jets.
    ratio : float or None
        To that of the nominal set.
    """

    dataset: str
    label: Literal["signal", "background"]
    efficiency: float
    threshold: float
    low: float | None = None
    high: float | None = None
    jets: int
    passed: int
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    ratio: float | None = None


class Spectrum(Result):
    """Masses of the jets that pass a working point; ``efficiency`` 1: of all jets."""

    efficiency: float
    threshold: float | None
    counts: tuple[int, ...]
    divergence: float | None = None
    chance: float | None = None


class MassShapes(Result):
    """Whether the score changes the mass of background jets.

    Attributes
    ----------
    edges : tuple of float
        Mass bins [GeV].
    spectra : tuple of Spectrum
        All background jets, then those that pass working points. ``divergence``: Jensen-Shannon
        divergence [bit] of those that pass from those that do not, ``chance`` what it would be
        on average if the score knew nothing of the mass.
    outside : int
        Jets outside the bins.
    """

    edges: tuple[float, ...]
    spectra: tuple[Spectrum, ...]
    outside: int = 0


class TaggerResult(Result):
    """Everything that the evaluation of a tagger found; the content of ``result.json``.

    Attributes
    ----------
    kind : str
        Says what the file is.
    tagger, title : str
        Its name, and the one for people.
    task, source : dict
        What was asked; where the jets come from, see `hepml.plots.origin.source_look`.
    parameters : int or None
        Trainable numbers of the model.
    training_jets : int or None
        Jets that it was trained on.
    seconds : float
        Of training.
    history : History or None
        Losses of training.
    sets : tuple of MetricSet
        ``nominal`` first.
    systematics : Systematics or None
        ``None`` where no dataset could be compared.
    efficiencies : tuple of Efficiency
        Thresholds of the nominal set, applied to all datasets.
    mass : MassShapes or None
        Masses of nominal background jets.
    published : tuple of Baseline
        What others found; for figures.
    notes : tuple of str
        What a reader must know.
    """

    kind: Literal["top-tagger"] = "top-tagger"
    tagger: str
    title: str
    task: dict[str, Any] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict)
    parameters: int | None = None
    training_jets: int | None = None
    seconds: float = 0.0
    history: History | None = None
    sets: tuple[MetricSet, ...]
    systematics: Systematics | None = None
    efficiencies: tuple[Efficiency, ...] = ()
    mass: MassShapes | None = None
    published: tuple[Baseline, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def nominal(self) -> MetricSet:
        """Metrics without a variation."""
        return self.sets[0]
