"""What fixed thresholds of a tagger do: efficiencies by dataset and pT, masses of background."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.ml.divergence import divergence
from hepml.ml.toptag.metrics import BINS, EDGES
from hepml.ml.toptag.results import Efficiency, MassShapes, Rejection, Spectrum
from hepml.ml.toptag.scores import JetScores

__all__ = ["mass_shapes", "shares", "tagging_efficiencies", "wilson"]

Kind = Literal["signal", "background"]

_MASSES = (0.0, 400.0, 40)


def wilson(passed: int, jets: int) -> tuple[float, float]:
    """Interval of 68 % for a share (Wilson, J. Am. Stat. Assoc. 22 (1927) 209)."""
    share = passed / jets
    middle = (share + 0.5 / jets) / (1 + 1 / jets)
    half = math.sqrt(share * (1 - share) / jets + 0.25 / jets**2) / (1 + 1 / jets)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def tagging_efficiencies(
    dataset: str,
    jets: JetScores,
    points: Sequence[Rejection],
    nominal: Mapping[tuple[str, float, float | None], float] | None = None,
) -> tuple[Efficiency, ...]:
    """Share of jets that reach each threshold, of all jets and in bins of pT.

    Parameters
    ----------
    dataset : str
        Name of the dataset.
    jets : JetScores
        Its jets.
    points : sequence of Rejection
        Working points of the nominal set; those without a threshold are left out.
    nominal : mapping, optional
        Efficiencies of the nominal dataset, see `shares`; for ratios.
    """
    found: list[Efficiency] = []
    kinds: tuple[Kind, Kind] = ("signal", "background")
    for kind in kinds:
        rows = jets.truth if kind == "signal" else ~jets.truth
        if not rows.any():
            continue
        for point in points:
            if point.threshold is None:
                continue
            passed = rows & (jets.score >= point.threshold)
            base = {
                "dataset": dataset,
                "label": kind,
                "efficiency": point.efficiency,
                "threshold": point.threshold,
            }
            known = nominal or {}
            where = (kind, point.efficiency)
            counts = _binned(jets.bin[rows]), _binned(jets.bin[passed])
            each = [(None, None, int(rows.sum()), int(passed.sum()))]
            each += [
                (EDGES[k], EDGES[k + 1], int(counts[0][k]), int(counts[1][k])) for k in range(BINS)
            ]
            found += [
                _efficiency(base, low, high, size, good, known.get((*where, low)))
                for low, high, size, good in each
                if size
            ]
    return tuple(found)


def shares(found: Sequence[Efficiency]) -> dict[tuple[str, float, float | None], float]:
    """Efficiencies by kind of jet, working point and lower end of the pT bin."""
    return {
        (item.label, item.efficiency, item.low): item.value
        for item in found
        if item.value is not None
    }


def _binned(places: NDArray[np.int8]) -> NDArray[np.int64]:
    """Jets in each bin."""
    return np.bincount(places.astype(np.int64) + 1, minlength=BINS + 1)[1:]


def _efficiency(
    base: Mapping[str, Any],
    low: float | None,
    high: float | None,
    jets: int,
    passed: int,
    nominal: float | None,
) -> Efficiency:
    lower, upper = wilson(passed, jets)
    value = passed / jets
    return Efficiency(
        **base,
        low=low,
        high=high,
        jets=jets,
        passed=passed,
        value=value,
        lower=lower,
        upper=upper,
        ratio=value / nominal if nominal else None,
    )


def mass_shapes(jets: JetScores, points: Sequence[Rejection]) -> MassShapes | None:
    """Masses of background jets, before and after each working point.

    The divergence is that of Jensen and Shannon (see `hepml.ml.divergence.divergence`) between
    the jets that pass and those that do not; ``chance`` follows from the chi-square limit of the
    likelihood ratio, 2 N ln 2 times the divergence.

    Parameters
    ----------
    jets : JetScores
        With masses; without them there is no result.
    points : sequence of Rejection
        Working points.
    """
    background = ~jets.truth
    if jets.mass is None or not background.any():
        return None
    edges = np.linspace(_MASSES[0], _MASSES[1], int(_MASSES[2]) + 1)
    mass = jets.mass[background]
    place = np.floor((mass - edges[0]) / (edges[1] - edges[0]))
    inside = np.isfinite(mass) & (place >= 0) & (place < len(edges) - 1)
    bins, score = place[inside].astype(np.int64), jets.score[background][inside]
    everything = np.bincount(bins, minlength=len(edges) - 1)
    spectra = [Spectrum(efficiency=1.0, threshold=None, counts=_ints(everything))]
    for point in sorted(points, key=lambda item: -item.efficiency):
        if point.threshold is None:
            continue
        passed = np.bincount(bins[score >= point.threshold], minlength=len(edges) - 1)
        both = np.stack([passed, everything - passed]).astype(np.float64)
        comparable = bool(both.sum(axis=1).all())
        chance = (np.count_nonzero(everything) - 1) / (2 * math.log(2) * both.sum())
        spectra.append(
            Spectrum(
                efficiency=point.efficiency,
                threshold=point.threshold,
                counts=_ints(passed),
                divergence=divergence(both) if comparable else None,
                chance=chance if comparable else None,
            )
        )
    return MassShapes(
        edges=tuple(edges.tolist()), spectra=tuple(spectra), outside=int((~inside).sum())
    )


def _ints(counts: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)
