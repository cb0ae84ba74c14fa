"""Several trained densities as one: the ensemble over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator

from hepml.errors import ModelError
from hepml.ml.density.base import (
    Progress,
    Validation,
    load_density,
    read_header,
    write_header,
)

__all__ = ["Mixture", "even_shares"]

Array = NDArray[np.float64]


class Mixture(BaseEstimator):
    """Equal mixture of densities: samples are shared out evenly, probabilities averaged.

    Parameters
    ----------
    members : sequence of ConditionalDensity
        Trained models, or models to train on the same rows.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = members

    def _need_members(self) -> None:
        if not self.members:
            raise ModelError("A mixture needs at least one member.")

    def fit(
        self,
        z: Array,
        condition: Array,
        *,
        validation: Validation | None = None,
        sample_weight: Array | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Train every member."""
        self._need_members()
        for member in self.members:
            member.fit(
                z,
                condition,
                validation=validation,
                sample_weight=sample_weight,
                progress=progress,
            )
        return self

    def sample(self, condition: Array, random_state: int = 0) -> Array:
        """One row for each condition, each from one of the members."""
        self._need_members()
        mass = np.asarray(condition, dtype=np.float64)
        whose = even_shares(len(mass), len(self.members), random_state)
        seeds = np.random.SeedSequence(random_state).generate_state(len(self.members))
        parts = [
            member.sample(mass[whose == number], int(seeds[number]))
            for number, member in enumerate(self.members)
        ]
        found = np.empty((len(mass), parts[0].shape[1]))
        for number, part in enumerate(parts):
            found[whose == number] = part
        return found

    def log_prob(self, z: Array, condition: Array) -> Array:
        """ln of the mean density."""
        self._need_members()
        each = [member.log_prob(z, condition) for member in self.members]
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

    def save(self, folder: str | Path) -> None:
        """Write every member into a folder of its own."""
        self._need_members()
        for number, member in enumerate(self.members):
            member.save(Path(folder) / f"member_{number}")
        write_header(folder, {"model": "mixture", "members": len(self.members)})

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What ``save`` wrote, again."""
        count = read_header(folder)["members"]
        return cls([load_density(Path(folder) / f"member_{number}") for number in range(count)])


def even_shares(rows: int, members: int, random_state: int) -> NDArray[np.int64]:
    """Which member each row belongs to: numbers differ by at most 1, places are random."""
    return np.asarray(np.random.default_rng(random_state).permutation(np.arange(rows) % members))
