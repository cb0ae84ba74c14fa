"""Toys of the experimental uncertainties: clusters and tracks of a jet that are a bit different."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.topjet_samples import Jets

__all__ = ["VARIATIONS", "vary"]

GEV = 1000.0  # MeV
NEUTRAL = 1
FEWEST = 3  # leading constituents that are never lost
LEAST_PT = 100.0  # MeV; the published files hold nothing below
SAGITTA = 2e-4  # per GeV
Floats = NDArray[np.float64]


def vary(jets: Jets, variation: str, rng: np.random.Generator) -> Jets:
    """Vary the constituents; the jet itself stays, as in the published samples.

    Parameters
    ----------
    jets : Jets
        Nominal.
    variation : str
        A key of ``VARIATIONS``; other names change nothing.
    rng : numpy.random.Generator
        Which constituents, and how much.
    """
    if variation not in VARIATIONS:
        return jets
    columns = jets.constituents.astype(np.float64)
    jet = np.repeat(np.arange(len(jets)), jets.counts)
    first = np.arange(len(columns)) - jets.offsets[jet] < FEWEST
    kept = VARIATIONS[variation](rng, columns, jets.taste == NEUTRAL, _axis_distance(jets, jet))
    kept = (kept | first) & (columns[:, 0] > LEAST_PT)
    columns, taste, jet = columns[kept], jets.taste[kept], jet[kept]
    order = np.lexsort((-columns[:, 0], jet))
    counts = np.bincount(jet, minlength=len(jets))
    return Jets(
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        columns[order].astype(np.float32),
        taste[order],
        jets.jet,
        jets.label,
        jets.number,
    )


def _axis_distance(jets: Jets, jet: NDArray[np.int64]) -> Floats:
    turn = np.abs(jets.constituents[:, 2] - jets.jet[jet, 2])
    rise = jets.constituents[:, 1] - jets.jet[jet, 1]
    return np.asarray(np.hypot(rise, np.minimum(turn, 2 * np.pi - turn)), np.float64)


def _uncertainty(columns: Floats) -> Floats:
    """Of the energy of a cluster: 10 % above 350 GeV, where nothing was measured, else 2 to 6 %."""
    energy = columns[:, 0] * np.cosh(columns[:, 1]) / GEV
    return np.asarray(np.where(energy > 350, 0.1, 0.02 + 0.04 / (1 + energy / 10)))


def _scale(
    sign: float, rng: np.random.Generator, columns: Floats, neutral: Any, apart: Floats
) -> NDArray[np.bool_]:
    columns[neutral, 0] *= (1 + sign * _uncertainty(columns))[neutral]
    return np.ones(len(columns), bool)


def _resolution(
    rng: np.random.Generator, columns: Floats, neutral: Any, apart: Floats
) -> NDArray[np.bool_]:
    smeared = 1 + _uncertainty(columns) * rng.normal(size=len(columns))
    columns[neutral, 0] *= smeared[neutral]
    return np.ones(len(columns), bool)


def _position(
    rng: np.random.Generator, columns: Floats, neutral: Any, apart: Floats
) -> NDArray[np.bool_]:
    moved = 0.007 * rng.normal(size=(len(columns), 2))
    columns[neutral, 1:] += moved[neutral]
    columns[:, 2] = (columns[:, 2] + np.pi) % (2 * np.pi) - np.pi
    return np.ones(len(columns), bool)


def _lose(
    chance: Callable[[Floats, Floats], Any],
    rng: np.random.Generator,
    columns: Floats,
    neutral: Any,
    apart: Floats,
) -> NDArray[np.bool_]:
    lost: NDArray[np.bool_] = rng.random(len(columns)) < chance(columns, apart)
    return np.asarray(neutral | ~lost)


def _bias(
    rng: np.random.Generator, columns: Floats, neutral: Any, apart: Floats
) -> NDArray[np.bool_]:
    """Shift the curvature of tracks, so that one charge gains and the other loses momentum."""
    charge = rng.choice([-1.0, 1.0], len(columns))
    shifted = columns[:, 0] / np.maximum(1 + charge * SAGITTA * columns[:, 0] / GEV, 0.2)
    columns[:, 0] = np.where(neutral, columns[:, 0], shifted)
    return np.ones(len(columns), bool)


def _global(columns: Floats, apart: Floats) -> Floats:
    """Inefficiency that material may cause: 1 to 5 %, for soft and forward tracks."""
    return 0.01 + 0.02 * (columns[:, 0] < 2 * GEV) + 0.01 * np.minimum(np.abs(columns[:, 1]), 2.0)


def _dense(columns: Floats, apart: Floats) -> Floats:
    """Inefficiency in the core of a jet, where clusters of hits merge."""
    return 0.03 * np.exp(-apart / 0.1)


def _loose(columns: Floats, apart: Floats) -> Floats:
    """Fakes are soft, or look very hard."""
    return np.where((columns[:, 0] < 2 * GEV) | (columns[:, 0] > 200 * GEV), 0.03, 0.005)


def _fake_dense(columns: Floats, apart: Floats) -> Floats:
    return 0.02 * np.exp(-apart / 0.2)


Variation = Callable[[np.random.Generator, Floats, Any, Floats], NDArray[np.bool_]]

VARIATIONS: Mapping[str, Variation] = {
    "esup": partial(_scale, 1.0),
    "esdown": partial(_scale, -1.0),
    "cer": _resolution,
    "cpos": _position,
    "teg": partial(_lose, _global),
    "tej": partial(_lose, _dense),
    "tfl": partial(_lose, _loose),
    "tfj": partial(_lose, _fake_dense),
    "bias": _bias,
}
"""Changes constituents (pT [MeV], eta, phi) in place and says which are kept; the last argument
is their distance to the axis of the jet."""
