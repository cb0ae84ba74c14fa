"""True energies of showers in groups: the beam's few values, or bins of a range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EnergyGroups", "group_energies"]

Floats = NDArray[np.float64]

# A beam has at most so many energies [GeV], each known to a tenth of a GeV.
_MOST = 15
_STEP = 0.1
# Share of showers that may have lost energy before they were seen.
_STRAY = 0.15
_BINS = 8
_LEAST = 12


@dataclass(frozen=True, slots=True, eq=False)
class EnergyGroups:
    """Groups of showers of (nearly) the same energy.

    Attributes
    ----------
    index : array of int64
        Group of each shower; -1 where the energy is not known.
    low, high : array of float64
        Range of each group [GeV]; equal where the beam has that one energy.
    """

    index: NDArray[np.int64]
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.low)

    @property
    def discrete(self) -> bool:
        """Whether every group is one energy."""
        return bool(np.all(self.low == self.high))


def group_energies(energy: NDArray[np.float64]) -> EnergyGroups:
    """Group showers by energy.

    A few values that nearly all showers have are the beam's energies; the others lost energy
    before they were seen and belong to the next value above. Else bins of equal numbers.

    Parameters
    ----------
    energy : array of float64
        True energy of each shower [GeV]; NaN or not above 0 where it is not known.
    """
    known = np.isfinite(energy) & (energy > 0)
    index = np.full(len(energy), -1, dtype=np.int64)
    values = energy[known]
    if not len(values):
        return EnergyGroups(index, np.empty(0), np.empty(0))
    rounded = np.round(values / _STEP).astype(np.int64)
    found, counts = np.unique(rounded, return_counts=True)
    usual = found[counts >= max(0.2 * len(values) / _MOST, 1 + (len(values) > _LEAST))]
    if len(usual) and len(usual) <= _MOST:
        covered = np.isin(rounded, usual).mean()
        if covered >= 1 - _STRAY:
            place = np.minimum(np.searchsorted(usual, rounded), len(usual) - 1)
            index[known] = place
            beam = usual * _STEP
            return EnergyGroups(index, np.round(beam, 6), np.round(beam, 6))
    bins = max(1, min(_BINS, len(values) // _LEAST))
    edges = np.quantile(values, np.linspace(0, 1, bins + 1))
    index[known] = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    return EnergyGroups(index, edges[:-1], edges[1:])
