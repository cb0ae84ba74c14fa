"""Simulated samples of dijet events: their columns, block by block, by the published names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.dijet_events import SIGNAL_REGION, Events, qcd_events, signal_events

__all__ = ["Columns", "ExtraSample", "ParametricSample", "QcdSample", "Sample"]

BLOCK = 50_000  # events simulated and written at a time
BENCHMARK = (500.0, 100.0)
"""Masses [GeV] of the signal at the end of the published file of QCD."""

_MOMENTUM = ("px", "py", "pz", "m")
_TAU = ("tau1", "tau2", "tau3")
_FEATURES = tuple(f"{name}j{jet}" for jet in (1, 2) for name in (*_MOMENTUM, *_TAU))
_PARAMETRIC = tuple(
    f"{name}j{jet}" for jet in (1, 2) for name in (*_MOMENTUM, "pt", "eta", "phi", "N", *_TAU)
)

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class QcdSample:
    """QCD at all masses, then signal."""

    name: str
    events: int
    benchmark: int
    key = "df"
    columns = (*_FEATURES, "label")
    dtype = np.float32

    def __len__(self) -> int:
        return self.events + self.benchmark

    def blocks(self, seed: int) -> Iterator[Columns]:
        """Its events, a block at a time."""
        for label, total in ((0, self.events), (1, self.benchmark)):
            for number, size in enumerate(_sizes(total)):
                rng = np.random.default_rng([seed, label, number])
                mx, my = (np.full(size, mass) for mass in BENCHMARK)
                found = signal_events(rng, mx, my, 2) if label else qcd_events(rng, size)
                yield _columns(found) | {"label": np.full(size, float(label))}

    def record(self) -> dict[str, Any]:
        """What ``simulation.json`` says of it."""
        return {"qcd": self.events, "signal": self.benchmark, "mass_point": list(BENCHMARK)}


@dataclass(frozen=True, slots=True)
class ExtraSample:
    """QCD in the signal region, without label."""

    name: str
    events: int
    key = "df"
    columns = _FEATURES
    dtype = np.float32

    def __len__(self) -> int:
        return self.events

    def blocks(self, seed: int) -> Iterator[Columns]:
        """Its events, a block at a time."""
        for number, size in enumerate(_sizes(self.events)):
            rng = np.random.default_rng([seed, 2, number])
            yield _columns(qcd_events(rng, size, SIGNAL_REGION))

    def record(self) -> dict[str, Any]:
        """What ``simulation.json`` says of it."""
        return {"qcd": self.events, "dijet_mass": list(SIGNAL_REGION)}


@dataclass(frozen=True, slots=True)
class ParametricSample:
    """Signal at mass points, one after the other."""

    name: str
    signal: int
    points: tuple[tuple[float, float], ...]
    prongs: int
    key = "df"
    columns = (*_PARAMETRIC, "mx", "my")
    dtype = np.float64

    def __len__(self) -> int:
        return self.signal * len(self.points)

    def blocks(self, seed: int) -> Iterator[Columns]:
        """Its events, a block at a time."""
        for mx, my in self.points:
            # milli-GeV: a mass point has its events whatever other points there are
            own = [seed, self.prongs + 10, round(1000 * mx), round(1000 * my)]
            for number, size in enumerate(_sizes(self.signal)):
                rng = np.random.default_rng([*own, number])
                masses = np.full(size, mx), np.full(size, my)
                found = _columns(signal_events(rng, *masses, self.prongs))
                yield found | dict(zip(("mx", "my"), masses, strict=True))

    def record(self) -> dict[str, Any]:
        """What ``simulation.json`` says of it."""
        return {
            "signal": len(self),
            "prongs": self.prongs,
            "events_per_point": self.signal,
            "mass_points": [list(point) for point in self.points],
        }


def _sizes(events: int) -> list[int]:
    return [min(BLOCK, events - first) for first in range(0, events, BLOCK)]


def _columns(events: Events) -> Columns:
    """Columns of both layouts, by the published names."""
    found: Columns = {}
    for place, jet in enumerate(events.jets):
        px, py, pz = (item[place] for item in (events.px, events.py, events.pz))
        pt = np.hypot(px, py)
        tau2 = jet.tau1 * jet.tau21
        values = {
            "px": px, "py": py, "pz": pz, "m": jet.mass, "pt": pt, "eta": np.arcsinh(pz / pt),
            "phi": np.arctan2(py, px), "N": jet.constituents, "tau1": jet.tau1, "tau2": tau2,
            "tau3": tau2 * jet.tau32,
        }  # fmt: skip
        found |= {f"{name}j{place + 1}": column for name, column in values.items()}
    return found


Sample = QcdSample | ExtraSample | ParametricSample
"""A file to write."""
