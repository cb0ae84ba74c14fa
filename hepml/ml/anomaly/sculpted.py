"""Score against mass: a cut on the score must not make a peak of a smooth background."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.results import MassDependence, MassTest
from hepml.ml.anomaly.twosample import ks_test

__all__ = ["follows_mass", "mass_dependence"]

Floats = NDArray[np.float64]

_LEVELS = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
_RATES = (0.5, 0.25, 0.1, 0.05, 0.01)
# Fewest events of a mass test.
_LEAST = 8
_BINS = 5
# p-value, times the number of tests, below which a score follows the mass.
_CHANCE = 1e-3


def mass_dependence(data: AnomalyData, scores: Floats, bins: int = _BINS) -> MassDependence:
    """Quantiles of the score in bins of the mass, and masses of sideband events of high score.

    Parameters
    ----------
    data : AnomalyData
        Events.
    scores : array, shape (rows,)
        Their scores.
    bins : int
        Mass bins in each of the three bands.
    """
    window = data.window
    corners = (window.left, window.low, window.high, window.right)
    parts = [np.linspace(low, high, bins + 1)[:-1] for low, high in pairwise(corners)]
    edges = np.append(np.concatenate(parts), window.right)
    place = np.searchsorted(edges, data.mass, side="right") - 1
    events = np.bincount(place, minlength=len(edges) - 1)
    ordered = scores[np.lexsort((scores, place))]
    stops = np.cumsum(events)
    quantiles = [
        [
            float(np.quantile(ordered[stop - count : stop], level)) if count else None
            for stop, count in zip(stops, events, strict=True)
        ]
        for level in _LEVELS
    ]
    return MassDependence(
        edges=tuple(edges.tolist()),
        events=tuple(events.tolist()),
        levels=_LEVELS,
        quantiles=tuple(tuple(row) for row in quantiles),
        tests=_tests(data.mass[data.sideband], scores[data.sideband]),
    )


def _tests(mass: Floats, scores: Floats) -> tuple[MassTest, ...]:
    """Masses of those that pass against those that do not."""
    found = []
    for rate in _RATES:
        if len(mass) * rate < _LEAST:
            continue
        passed = scores >= np.quantile(scores, 1 - rate)
        if min(int(passed.sum()), int((~passed).sum())) < _LEAST:
            continue
        ks, p = ks_test(mass[passed], mass[~passed])
        found.append(MassTest(fpr=rate, events=int(passed.sum()), ks=ks, p=p))
    return tuple(found)


def follows_mass(found: MassDependence) -> str:
    """How the score follows the mass in the sidebands, in words; empty where it does not."""
    worst = min(found.tests, key=lambda test: test.p, default=None)
    if worst is None or worst.p * len(found.tests) > _CHANCE:
        return ""
    return (
        f"The score follows the mass: masses of the {100 * worst.fpr:g} % of sideband events of "
        f"highest score differ from the others (KS distance {worst.ks:.3f}, p {worst.p:.1g})."
    )
