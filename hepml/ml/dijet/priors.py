"""Priors: density ratios of decay modes at any masses, out of trained classifiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from hepml.ml.class_results import History
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.ratios import log_kappa

__all__ = ["FILES", "Member", "Priors"]

Progress = Callable[[str, int, int], None]

FILES = {
    "trees": "model.txt",
    "network": "model.safetensors",
    "published": "model.safetensors",
}
"""What a member is kept in, by its kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One trained classifier.

    Attributes
    ----------
    name : str
        Of its folder.
    modes : tuple of int
        Places of the decay modes that it knows.
    estimator : object
        It; its logits have the shape (modes, points, events).
    identity : str
        Hash of what it was trained on and how.
    """

    name: str
    modes: tuple[int, ...]
    estimator: Any
    identity: str


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """Priors of each mode.

    Attributes
    ----------
    modes : tuple of str
        Decay modes.
    nodes : array
        Masses [GeV] at which density ratios are computed.
    members : tuple of Member
        Classifiers; the logits of those that know a mode are averaged.
    kind : {"trees", "network", "published"}
        What they are.
    histories : dict of str to History
        Of their training.
    rest : array, shape (events, features)
        Events that density ratios are normalised by.
    weights : array, shape (events,)
        Weights that make background of them, see `hepml.ml.dijet.bridge`.
    kappa : Kappa or None
        Normalisation at all masses.
    seconds : float
        Of the training; what was kept took no time.
    """

    modes: tuple[str, ...]
    nodes: NDArray[np.float64]
    members: tuple[Member, ...]
    kind: str
    histories: dict[str, History]
    rest: NDArray[np.float32]
    weights: NDArray[np.float64]
    kappa: Kappa | None = None
    seconds: float = 0.0

    @property
    def points(self) -> NDArray[np.float64]:
        """All pairs of nodes, the larger mass first, shape (points, 2)."""
        i, j = np.tril_indices(len(self.nodes))
        return np.column_stack([self.nodes[i], self.nodes[j]])

    @property
    def interpolates(self) -> bool:
        """Whether priors know masses between the simulated ones, and there are such."""
        return self.kind != "trees" and len(self.nodes) > 1

    def grid(self, x: NDArray[np.float32], progress: Progress | None = None) -> RatioGrid:
        """ln L of events at all masses, normalised where ``kappa`` is there."""
        return self.grid_of(self.all_logits(x, progress))

    def grid_of(self, log_odds: NDArray[np.float32]) -> RatioGrid:
        """The same out of log odds at all pairs of nodes, see :meth:`all_logits`."""
        size = len(self.nodes)
        values = np.empty((len(self.modes), size, size, log_odds.shape[-1]), np.float32)
        for place, (i, j) in enumerate(zip(*np.tril_indices(size), strict=True)):
            values[:, i, j] = values[:, j, i] = log_odds[:, place]
        grid = RatioGrid(
            values, {"mx": self.nodes, "my": self.nodes}, names=self.modes, symmetric=True
        )
        return grid.with_kappa(self.kappa)

    def log_ratios(self, x: NDArray[np.float32], masses: tuple[float, float]) -> NDArray[Any]:
        """ln L of events at one mass point, normalised there, shape (modes, events)."""
        offsets = log_kappa(self.logits(self.rest, masses), self.weights)
        return self.logits(x, masses) + offsets[:, None]

    def logits(self, x: NDArray[np.float32], masses: tuple[float, float]) -> NDArray[Any]:
        """Log odds of events at one mass point, not normalised, shape (modes, events)."""
        return self.at(x, np.asarray([masses], np.float64))[:, 0]

    def all_logits(
        self, x: NDArray[np.float32], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Log odds at all pairs of nodes, not normalised, shape (modes, points, events)."""
        points = self.points
        out = np.empty((len(self.modes), len(points), len(x)), np.float32)
        for first in range(0, len(points), len(self.nodes)):
            if progress is not None:
                progress("density ratios", first, len(points))
            part = slice(first, first + len(self.nodes))
            out[:, part] = self.at(x, points[part])
        return out

    def at(self, x: NDArray[np.float32], points: NDArray[np.float64]) -> NDArray[np.float32]:
        """Log odds at pairs of masses, not normalised, shape (modes, points, events)."""
        total = np.zeros((len(self.modes), len(points), len(x)), np.float32)
        counts = np.zeros(len(self.modes), np.float32)
        # matrices so small are multiplied faster by one thread where cores are busy
        with threadpool_limits(1, user_api="blas"):
            for member in self.members:
                places = list(member.modes)
                total[places] += member.estimator.logits(x, points)
                counts[places] += 1
        total /= counts[:, None, None]
        return total

    def save(self, folder: Path) -> None:
        """Write every classifier into a folder."""
        for member in self.members:
            (folder / member.name).mkdir()
            member.estimator.save(folder / member.name / FILES[self.kind])

    def files(self) -> list[str]:
        """Names of the files that :meth:`save` writes."""
        return [f"models/{member.name}/{FILES[self.kind]}" for member in self.members]
