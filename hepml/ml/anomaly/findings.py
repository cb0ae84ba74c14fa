"""What an anomaly search found: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.ml.anomaly.pieces import (
    Histogram,
    Reweighting,
    Search,
    Sensitivity,
    Variation,
)
from hepml.ml.anomaly.results import Closure, DensityHistory, Efficiency, FoldHistory
from hepml.stats.numbers import Result
from hepml.stats.results import Hunt, HuntRow

__all__ = ["AnomalyFindings", "SampleFindings", "Training"]


class SampleFindings(Result):
    """One sample: the one that was trained on, or the control.

    Attributes
    ----------
    name, title : str
        For files, for people.
    control : bool
        Whether it is the control sample.
    events, signal_region : int
        Events in the window and in the signal region.
    score : str
        Name of the strategy's score among those of ``hunt``.
    nominal : float
        False-positive rate that was fixed beforehand.
    hunt : Hunt
        Without a cut, and cuts on every score and feature at every rate.
    search : Search or None
        Trials factor of the search over working points.
    reweighting : Reweighting or None
        The weighted fit.
    variations : tuple of Variation
        Other degrees and bins.
    histograms : tuple of Histogram
        Features in the signal region for some false-positive rates.
    """

    name: str
    title: str
    control: bool = False
    events: int
    signal_region: int
    score: str
    nominal: float
    hunt: Hunt
    search: Search | None = None
    reweighting: Reweighting | None = None
    variations: tuple[Variation, ...] = ()
    histograms: tuple[Histogram, ...] = ()

    @property
    def inclusive(self) -> HuntRow:
        """The fit without a cut."""
        return self.hunt.results[0]

    def cuts(self, score: str | None = None) -> list[HuntRow]:
        """Cuts on a score; default: the strategy's."""
        wanted = self.score if score is None else score
        return [row for row in self.hunt.results if row.score == wanted]

    @property
    def chosen(self) -> HuntRow | None:
        """The cut at the nominal working point; ``None`` where the strategy has no score."""
        return next((row for row in self.cuts() if row.fpr == self.nominal), None)


class Training(Result):
    """How the scores were had; ``training.json``.

    Attributes
    ----------
    strategy : str
        Its name; ``title`` for people.
    density : str
        Kind of the density model.
    features : tuple of str
        What was looked at.
    expected_background : float or None
        Background events in the signal region by the sideband fit.
    closure : Closure or None
        Checks in the sidebands.
    folds, densities
        Losses.
    importances : dict of str to float
        Share of the gain by feature.
    histograms : tuple of Histogram
        Features and masses of data and of samples, in the sidebands.
    settings : dict
        Of the strategy.
    notes : tuple of str
        What a reader must know.
    seconds : float
        CPU time of the training.
    """

    strategy: str
    title: str
    density: str
    features: tuple[str, ...]
    expected_background: float | None = None
    closure: Closure | None = None
    folds: tuple[FoldHistory, ...] = ()
    densities: tuple[DensityHistory, ...] = ()
    importances: dict[str, float] = Field(default_factory=dict)
    histograms: tuple[Histogram, ...] = ()
    settings: dict[str, Any] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


class AnomalyFindings(Result):
    """Everything an anomaly search found; the content of ``result.json``.

    Attributes
    ----------
    kind : str
        Always ``"anomaly"``.
    version : str
        hepml version.
    task, source, window : dict
        What was asked, what was read, name and edges [GeV] of the window.
    blind : bool
        Whether the signal region was left closed.
    training : Training
        How the scores were had.
    sensitivity : Sensitivity
        From sidebands alone.
    samples : tuple of SampleFindings
        What was trained on, then the control; none where blind.
    efficiency : Efficiency or None
        Against true labels in the signal region, where the table has them.
    notes : tuple of str
        What a reader must know.
    """

    kind: Literal["anomaly"] = "anomaly"
    version: str
    task: dict[str, Any]
    source: dict[str, Any]
    window: dict[str, Any]
    blind: bool
    training: Training
    sensitivity: Sensitivity
    samples: tuple[SampleFindings, ...] = ()
    efficiency: Efficiency | None = None
    notes: tuple[str, ...] = ()
