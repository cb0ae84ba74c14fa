"""Metrics of one set of jets: inclusive, in bins of pT, and as arrays for other programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.toptag.metrics import EDGES, WORKING_POINTS, Roc, accuracy, stepped
from hepml.ml.toptag.results import MetricSet, PtBin
from hepml.ml.toptag.roles import JetSet
from hepml.ml.toptag.scores import JetScores

__all__ = ["Judged", "judge_set", "weights_of"]

Weights = NDArray[np.floating] | None

# The working point of all systematic uncertainties, and of the published files.
CHOSEN = WORKING_POINTS[0]
MEV = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Metrics, and the whole ROC curve."""

    metrics: MetricSet
    roc: Roc

    def arrays(self) -> dict[str, Any]:
        """Content of ``<name>_metrics.npz``, as the published code writes it; pT in MeV.

        ``binned_br`` has one entry more than there are bins: the last one twice.
        """
        values = [item.rejections[0] for item in self.metrics.bins]
        infinite = [np.inf if item.least is not None else np.nan for item in values]
        binned = [x if i.value is None else i.value for i, x in zip(values, infinite, strict=True)]
        whole = self.metrics.rejection(CHOSEN)
        missing = np.inf if whole.least is not None else np.nan
        curve: dict[str, Any] = {"tpr": np.empty(0), "fprinv": np.empty(0)}
        if self.roc.defined:
            curve = {"tpr": self.roc.tpr, "fprinv": self.roc.inverse}
        return curve | {
            "thresholds": self.roc.thresholds,
            "br": np.float64(missing if whole.value is None else whole.value),
            "wp": np.float64(CHOSEN),
            "binned_br": stepped(np.array(binned, dtype=np.float64)),
            "pt_bins": MEV * np.array(EDGES[: len(values) + 1]),
        }


def weights_of(jets: JetScores, what: JetSet) -> Weights:
    """Weight of each jet; ``None``: 1."""
    if not what.weight:
        return None
    weighted = jets.truth if what.on == "signal" else ~jets.truth
    return np.where(weighted, jets.weights[what.weight], np.float32(1.0))


def judge_set(jets: JetScores, what: JetSet, datasets: tuple[str, ...]) -> Judged:
    """Compute all metrics of a set.

    Parameters
    ----------
    jets : JetScores
        All of the set, added nominal ones included.
    what : JetSet
        Name, weights and bins.
    datasets : tuple of str
        Where the jets are from.
    """
    weights = weights_of(jets, what)
    roc = Roc.of(jets.score, jets.truth, weights)
    signal = int(jets.truth.sum())
    metrics = MetricSet(
        name=what.name,
        title=what.title,
        datasets=datasets,
        weight=f"{what.weight} on {what.on}" if what.weight else "",
        signal=signal,
        background=len(jets) - signal,
        dropped=jets.dropped,
        auc=roc.auc(),
        accuracy=accuracy(jets.score, jets.truth, weights),
        rejections=tuple(roc.rejection(point) for point in WORKING_POINTS),
        bins=tuple(_bin(jets, weights, place) for place in range(what.bins)),
        roc=roc.curve(),
    )
    return Judged(metrics, roc)


def _bin(jets: JetScores, weights: Weights, place: int) -> PtBin:
    """Metrics of a bin, from a ROC curve of its own."""
    rows = np.flatnonzero(jets.bin == place)
    truth = jets.truth[rows]
    roc = Roc.of(jets.score[rows], truth, None if weights is None else weights[rows])
    signal = int(truth.sum())
    return PtBin(
        low=EDGES[place],
        high=EDGES[place + 1],
        signal=signal,
        background=len(rows) - signal,
        rejections=tuple(roc.rejection(point) for point in WORKING_POINTS),
    )
