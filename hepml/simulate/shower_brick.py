"""Expose a brick: showers of the whole brick first, then the base-tracks of film after film."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.shower_settings import Settings
from hepml.simulate.shower_transport import LARGEST_ANGLE, trace

__all__ = ["Beam", "Film", "Signal", "expose", "films"]

Columns = dict[str, NDArray[Any]]

NOISE = -999  # the published mark of a base-track without truth
ELECTRON = 11  # PDG code; the positron's is -11

# Streams of random numbers: [seed, brick, stream, number] gives the same numbers whatever else is
# asked for, so that a change of the noise leaves the showers as they were.
_SHOWER, _RESPONSE, _FILM = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Beam:
    """Electrons at the first film, one entry for each shower (its MCEvent is its place).

    Attributes
    ----------
    energy : array of float64
        GeV.
    x, y : array of float64
        um.
    """

    energy: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Signal:
    """Base-tracks of all showers of a brick.

    Attributes
    ----------
    beam : Beam
        Where they began.
    columns : dict of str to array
        ``plate``, ``event``, ``mctrack``, ``flag`` (PDG code), ``p`` [GeV], ``x``, ``y`` [um],
        ``tx``, ``ty``; by plate, upstream first.
    """

    beam: Beam
    columns: Columns

    def __len__(self) -> int:
        return len(self.columns["plate"])


@dataclass(frozen=True, slots=True)
class Film:
    """Base-tracks of one film in no particular order.

    Attributes
    ----------
    plate, pid : int
        Number counted from upstream (1) and from downstream (0).
    z : float
        um.
    columns : dict of str to array
        Those of `Signal` but ``plate``, and the quality variables ``chi2p``, ``w``, ``n1``, ``n2``,
        ``flag1``, ``flag2`` of couples. A base-track's ``id`` is its place.
    signal : array of int64
        Row of each signal base-track of this film, in their order in `Signal`.
    """

    plate: int
    pid: int
    z: float
    columns: Columns
    signal: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.columns["x"])


def expose(settings: Settings, seed: int, brick: int) -> Signal:
    """Simulate the showers of a brick and what its films show of them."""
    beam, hits = _showers(settings, seed, brick)
    event = np.repeat(np.arange(len(hits)), [len(shower) for shower in hits])
    hit = np.concatenate(hits)
    # every base-track takes its numbers before any is dropped: see the note on streams
    rng = np.random.default_rng([seed, brick, _RESPONSE])
    seen = rng.random(len(hit)) < settings.efficiency
    slopes = rng.normal(0, settings.angle_smearing, (2, len(hit)))
    shifts = rng.normal(0, settings.position_smearing, (2, len(hit)))
    columns: Columns = {
        "plate": hit["film"] + 1,
        "event": event,
        "mctrack": hit["track"],
        "flag": -ELECTRON * hit["charge"],
        "p": hit["momentum"] / 1000,
        "x": hit["x"] + shifts[0],
        "y": hit["y"] + shifts[1],
        "tx": hit["tx"] + slopes[0],
        "ty": hit["ty"] + slopes[1],
    }
    x_low, x_high, y_low, y_high = settings.area
    seen &= (columns["x"] >= x_low) & (columns["x"] < x_high)
    seen &= (columns["y"] >= y_low) & (columns["y"] < y_high)
    seen &= ~np.isin(columns["plate"], settings.missing)
    order = np.flatnonzero(seen)
    order = order[np.argsort(columns["plate"][order], kind="stable")]
    return Signal(beam, {name: values[order] for name, values in columns.items()})


def _showers(settings: Settings, seed: int, brick: int) -> tuple[Beam, list[NDArray[Any]]]:
    """Electrons of the beam, and the entries into films of everything that comes of each."""
    x_low, x_high, y_low, y_high = settings.area
    margin, medium = 1000 * settings.margin, settings.medium
    start, hits = np.empty((3, settings.showers)), []
    for shower in range(settings.showers):
        rng = np.random.default_rng([seed, brick, _SHOWER, shower])
        x = rng.uniform(x_low + margin, x_high - margin)
        y = rng.uniform(y_low + margin, y_high - margin)
        energy = settings.energy_of(rng, shower)
        start[:, shower] = energy, x, y
        found = trace(rng, medium, 1000 * energy, (x, y), settings.slope, 1000 * settings.momentum)
        hits.append(found)
    return Beam(*start), hits


def films(settings: Settings, seed: int, brick: int, signal: Signal) -> Iterator[Film]:
    """Mix showers and noise, film after film from upstream; only one film is kept in memory."""
    for plate in settings.plates:
        rng = np.random.default_rng([seed, brick, _FILM, plate])
        noise = _noise(rng, settings)
        low, high = np.searchsorted(signal.columns["plate"], [plate, plate + 1])
        total = len(noise["x"]) + high - low
        # a base-track's place must not tell what it is
        rows = rng.permutation(total)[: high - low]
        mixed = np.ones(total, dtype=bool)
        mixed[rows] = False
        columns: Columns = {}
        for name, values in noise.items():
            columns[name] = np.empty(total, dtype=values.dtype)
            columns[name][mixed] = values
            columns[name][rows] = signal.columns[name][low:high]
        columns |= _quality(rng, mixed, settings.bad_noise)
        yield Film(plate, settings.films - plate, settings.z(plate), columns, rows)


def _noise(rng: np.random.Generator, settings: Settings) -> Columns:
    """Uniform base-tracks, dN/dOmega ~ cos^2 theta up to 1 rad, in no relation to other films."""
    x_low, x_high, y_low, y_high = settings.area
    number = rng.poisson(settings.noise * settings.width * settings.height)
    # dN/dcos ~ cos^2: the cube of the cosine is uniform
    cosine = np.cbrt(1 - rng.random(number) * (1 - np.cos(LARGEST_ANGLE) ** 3))
    tangent = np.sqrt(1 / cosine**2 - 1)
    azimuth = rng.uniform(0, 2 * np.pi, number)
    unknown = np.full(number, NOISE, dtype=np.int32)
    return {
        "x": rng.uniform(x_low, x_high, number).astype(np.float32),
        "y": rng.uniform(y_low, y_high, number).astype(np.float32),
        "tx": (tangent * np.cos(azimuth)).astype(np.float32),
        "ty": (tangent * np.sin(azimuth)).astype(np.float32),
        "p": np.full(number, NOISE, dtype=np.float32),
        "event": unknown,
        "mctrack": unknown,
        "flag": unknown,
    }


def _quality(rng: np.random.Generator, noise: NDArray[np.bool_], bad_noise: float) -> Columns:
    """Quality variables of couples: all good, but for a share of the noise that fails one cut.

    The cut is eCHI2P < 2.5, eW > 13, eN1 == eN2 == 1, s1.eFlag >= 0, s2.eFlag >= 0. Good
    base-tracks of showers and noise are alike in all of them.
    """
    number = len(noise)
    columns: Columns = {
        "chi2p": (2.4 * rng.random(number, np.float32) ** 2).astype(np.float32),
        "w": rng.integers(20, 33, number).astype(np.float32),
        "n1": np.ones(number, np.int32),
        "n2": np.ones(number, np.int32),
        "flag1": np.zeros(number, np.int32),
        "flag2": np.zeros(number, np.int32),
    }
    failed = np.flatnonzero(noise & (rng.random(number) < bad_noise))
    reason = rng.integers(0, len(columns), len(failed))
    columns["chi2p"][failed[reason == 0]] += 2.5
    columns["w"][failed[reason == 1]] -= 19  # 13 at most
    columns["n1"][failed[reason == 2]] = 2
    columns["n2"][failed[reason == 3]] = 2
    columns["flag1"][failed[reason == 4]] = -1
    columns["flag2"][failed[reason == 5]] = -1
    return columns
