"""Metrics of a top tagger by the conventions of the published evaluation.

The ROC curve is that of ``sklearn.metrics.roc_curve`` with its defaults, point by point; a
rejection is read at the first point whose signal efficiency is above the working point (not at
it), and bins of pT leave out both of their ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.ml.results import Curve
from hepml.ml.toptag.results import Rejection

__all__ = ["BINS", "EDGES", "WORKING_POINTS", "Roc", "accuracy", "pt_bins", "stepped"]

Floats = NDArray[np.float64]

# 14 bins of 200 GeV; the published edges are 350,000 to 3,150,000 MeV.
EDGES = tuple(np.linspace(350.0, 3150.0, 15).tolist())
BINS = len(EDGES) - 1
WORKING_POINTS = (0.5, 0.8)

# No event seen: fewer than this many expected, at 95 % confidence.
_NONE_SEEN = -math.log(0.05)
_POINTS = 400
# Half the range of signal efficiencies that the slope of a ROC curve is measured in.
_REACH = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """Sums of weights that pass thresholds, from none to all.

    Attributes
    ----------
    tps, fps : array of float64
        Signal and background at or above each threshold; 0 at first.
    thresholds : array of float64
        Falling; infinity at first.
    jets : (float, float)
        Effective number of signal and of background jets, sum(w)^2 / sum(w^2).
    """

    tps: Floats
    fps: Floats
    thresholds: Floats
    jets: tuple[float, float]

    @classmethod
    def of(
        cls,
        scores: NDArray[np.floating],
        truth: NDArray[np.bool_],
        weights: NDArray[np.floating] | None = None,
    ) -> Roc:
        """Order jets by score.

        Parameters
        ----------
        scores : array of shape (n,)
            Without NaN.
        truth : array of bool
            Which are signal.
        weights : array, optional
            Default: 1. Jets of weight 0 make no threshold.
        """
        if weights is not None and not np.all(weights):
            used = weights != 0
            scores, truth, weights = scores[used], truth[used], weights[used]
        order = np.argsort(scores, kind="stable")[::-1]
        ordered, signal = scores[order], truth[order].astype(np.float64)
        last = np.flatnonzero(np.diff(ordered))
        last = np.append(last, len(ordered) - 1) if len(ordered) else last
        if weights is None:
            tps = np.cumsum(signal)[last]
            fps = 1 + last - tps
            jets = float(signal.sum()), float(len(signal) - signal.sum())
        else:
            each = np.asarray(weights, np.float64)[order]
            tps = np.cumsum(signal * each)[last]
            fps = np.cumsum((1 - signal) * each)[last]
            jets = _effective(each * signal), _effective(each * (1 - signal))
        kept = _corners(tps, fps)
        return cls(
            tps=np.append(0.0, tps[kept]),
            fps=np.append(0.0, fps[kept]),
            thresholds=np.append(np.inf, ordered[last][kept].astype(np.float64)),
            jets=jets,
        )

    @property
    def defined(self) -> bool:
        """Whether both classes have weight."""
        return bool(self.tps[-1] > 0 and self.fps[-1] > 0)

    @property
    def tpr(self) -> Floats:
        """Signal efficiencies."""
        return np.asarray(self.tps / self.tps[-1], np.float64)

    @property
    def fpr(self) -> Floats:
        """Background efficiencies."""
        return np.asarray(self.fps / self.fps[-1], np.float64)

    @property
    def inverse(self) -> Floats:
        """Rejections: one over the background efficiency, infinite where none passes."""
        fpr = self.fpr
        return np.divide(1.0, fpr, out=np.full_like(fpr, np.inf), where=fpr > 0)

    def auc(self) -> float | None:
        """Area under the curve; ``None`` without signal or background."""
        return float(np.trapezoid(self.tpr, self.fpr)) if self.defined else None

    def rejection(self, efficiency: float) -> Rejection:
        """Rejection where the signal efficiency first is above the working point."""
        if not self.defined:
            return Rejection(efficiency=efficiency)
        tpr = self.tpr
        place = int(np.argmax(tpr > efficiency))
        passing = float(self.fps[place] / self.fps[-1])
        point = {
            "efficiency": efficiency,
            "threshold": float(self.thresholds[place]),
            "reached": float(tpr[place]),
        }
        if not passing > 0:
            return Rejection(**point, least=max(self.jets[1] / _NONE_SEEN, 1.0))
        error = self._passing_error(efficiency, passing) / passing**2
        return Rejection(**point, value=1.0 / passing, error=error)

    def _passing_error(self, efficiency: float, passing: float) -> float:
        """Binomial error of a background efficiency, and what the threshold's own error adds."""
        own = max(passing * (1 - passing), 0.0) / self.jets[1]
        return math.sqrt(own + (self._shift(efficiency) * self.slope(efficiency)) ** 2)

    def _shift(self, efficiency: float) -> float:
        """Binomial error of the signal efficiency."""
        return math.sqrt(efficiency * (1 - efficiency) / self.jets[0])

    def slope(self, efficiency: float) -> float:
        """Change of the background efficiency with that of signal.

        Between points so far apart that jets in between make it precise, and at least the error
        of the signal efficiency.
        """
        reach = min(max(_REACH, self._shift(efficiency)), efficiency, 1 - efficiency)
        ends = np.array([efficiency - reach, efficiency + reach])
        low, high = np.interp(ends, self.tpr, self.fpr)
        return float(high - low) / (2 * reach)

    def curve(self) -> Curve | None:
        """Signal efficiency against rejection, thinned out; finite rejections only."""
        if not self.defined:
            return None
        tpr, inverse = self.tpr, self.inverse
        finite = np.isfinite(inverse)
        x, y = tpr[finite], inverse[finite]
        if len(x) > 2 * _POINTS:
            # equal steps along both axes, so that neither end is coarse
            across = np.searchsorted(x, np.linspace(x[0], x[-1], _POINTS))
            down = np.searchsorted(-np.log(y), np.linspace(-np.log(y[0]), 0.0, _POINTS))
            keep = np.unique(np.concatenate([[0], across, down, [len(x) - 1]]))
            keep = keep[keep < len(x)]
            x, y = x[keep], y[keep]
        return Curve(x=tuple(np.round(x, 6).tolist()), y=tuple(float(f"{v:.7g}") for v in y))


def _effective(weights: Floats) -> float:
    squares = float(np.sum(weights**2))
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0


def _corners(tps: Floats, fps: Floats) -> NDArray[np.bool_]:
    """Points that are not on a straight line with both neighbours."""
    keep = np.ones(len(tps), dtype=bool)
    if len(tps) > 2:
        keep[1:-1] = (np.diff(fps, 2) != 0) | (np.diff(tps, 2) != 0)
    return keep


def accuracy(
    scores: NDArray[np.floating],
    truth: NDArray[np.bool_],
    weights: NDArray[np.floating] | None = None,
) -> float | None:
    """Share of jets (by weight) on their side of 0.5; a score of 0.5 is background."""
    right = (scores > 0.5) == truth
    each = np.ones(len(right)) if weights is None else np.asarray(weights, np.float64)
    total = float(each.sum())
    return float(each[right].sum()) / total if total > 0 else None


def pt_bins(pt: NDArray[np.floating]) -> NDArray[np.int8]:
    """Bin of each pT [GeV], -1: outside or on an edge."""
    edges = np.array(EDGES)
    place = np.searchsorted(edges, pt, side="right") - 1
    inside = (place >= 0) & (place < BINS)
    on_edge = inside & (edges[np.where(inside, place, 0)] == pt)
    return np.where(inside & ~on_edge, place, -1).astype(np.int8)


def stepped(values: Floats) -> Floats:
    """Values of bins with the last one twice, as a step plot wants one for each edge."""
    return np.append(values, values[-1:])
