"""Shuffled data: how often a search of all masses finds as much by chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.anomaly.store import Store, digest, kept
from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.objective import Loss
from hepml.stats.numbers import Toys
from hepml.stats.toys import summarise

__all__ = ["Shuffled", "shuffled_toys"]

Progress = Callable[[str, int, int], None]

# Toys that are kept together.
_BLOCK = 20


@dataclass(frozen=True, slots=True, eq=False)
class Shuffled:
    """Data and reference mixed and drawn anew.

    Without signal it is chance which event is data: the test is exact, whatever is wrong with the
    density ratios (Lehmann and Romano, Testing Statistical Hypotheses, chapter 15.2). Background
    that is drawn from the events that ratios are normalised by would take these for granted.

    Attributes
    ----------
    data, reference : RatioGrid
        As they were. Signal of the data is in both halves of a toy: that costs power, and the
        reference cannot tell more than its size allows.
    loss : {"likelihood", "cross-entropy"}
        What is fitted: the likelihood looks at the data of a toy alone.
    """

    data: RatioGrid
    reference: RatioGrid
    loss: Loss

    def draw(self, rng: np.random.Generator) -> tuple[RatioGrid, RatioGrid | None]:
        """Data, and a reference where the loss needs one."""
        count = len(self.data)
        data = np.zeros(count + len(self.reference), bool)
        data[rng.permutation(len(data))[:count]] = True
        other = self._taken(~data) if self.loss == "cross-entropy" else None
        return self._taken(data), other

    def _taken(self, rows: NDArray[np.bool_]) -> RatioGrid:
        count = len(self.data)
        first, second = self.data.take(rows[:count]), self.reference.take(rows[count:])
        first.coefficients = np.concatenate([first.coefficients, second.coefficients], axis=-1)
        return first

    def identity(self) -> tuple[Any, ...]:
        """All that decides what is drawn."""
        return (self.loss, *_parts(self.data), *_parts(self.reference))


def shuffled_toys(
    background: Shuffled,
    observed: float,
    number: int,
    *,
    starts: int = 4,
    seed: int = 0,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Toys:
    """Fit shuffled data as the data were fitted, masses and all.

    The p-value takes into account that masses were searched for. Below 1 / (toys + 1) there is
    only an upper limit.

    Parameters
    ----------
    background : Shuffled
        Where they come from.
    observed : float
        q0 of the data.
    number : int
        How many.
    starts : int
        Most descents of each fit, as many as of the data's.
    seed : int
        Toy i has random stream i of this seed.
    store : path, optional
        Folder where finished toys are kept: after an interruption the same call goes on.
    progress : callable, optional
        Told of each.

    Raises
    ------
    ParameterError
        If the number is not positive.
    """
    if number < 1:
        raise ParameterError(f"At least one toy is needed, not {number}.")
    folder = Store(None if store is None else Path(store))
    identity = digest(*background.identity(), starts, seed) if store is not None else ""
    found: list[float | None] = []
    for first in range(0, number, _BLOCK):
        last = min(first + _BLOCK, number)

        def make(first: int = first, last: int = last) -> tuple[list[float | None], dict[str, Any]]:
            values = []
            for toy in range(first, last):
                if progress is not None:
                    progress("toys", toy, number)
                values.append(_fit(background, toy, starts, seed))
            return values, {"q0": values}

        name = f"{identity}-{first}-{last}"
        found += kept(folder, "toys", name, lambda _, record: record["q0"], make, lambda *_: None)
    q0 = np.array([value for value in found if value is not None])
    return summarise(q0, number - len(q0), observed, seed)


def _fit(background: Shuffled, toy: int, starts: int, seed: int) -> float | None:
    """q0 of one toy; ``None`` where the fit did not converge."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(toy,)))
    data, reference = background.draw(rng)
    fit = fit_mixture(data, reference, loss=background.loss, starts=starts, intervals=False)
    return fit.q0 if fit.converged else None


def _parts(grid: RatioGrid) -> tuple[Any, ...]:
    kappa = () if grid.kappa is None else (grid.kappa.coefficients,)
    return (grid.coefficients, *(axis.nodes for axis in grid.axes), *kappa)
