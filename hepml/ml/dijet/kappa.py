"""Normalisation of density ratios as a function of the masses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.splines import Axis

__all__ = ["Kappa"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Kappa:
    """Normalisation of density ratios as a function of the masses: splines of its logarithm.

    Attributes
    ----------
    axes : tuple of Axis
        Two masses, with nodes of its own.
    coefficients : array, shape (hypotheses, nodes of x, nodes of y)
        Of the B-splines of ln kappa.
    events : int
        Background events that it was made from.
    worst : float
        Largest distance from 1 of the mean of L over them, between the nodes.
    error : float
        Largest relative statistical error, at nodes of the density ratios: other background has
        a mean of L that differs by as much, and a likelihood's mu with it.
    """

    axes: tuple[Axis, Axis]
    coefficients: Array
    events: int
    worst: float = 0.0
    error: float = 0.0

    @classmethod
    def from_nodes(cls, axes: tuple[Axis, Axis], values: Array, events: int) -> Self:
        """Out of ln kappa at the nodes."""
        inverse = [axis.coefficients() for axis in axes]
        return cls(axes, np.einsum("ix,kxy,jy->kij", inverse[0], values, inverse[1]), events)

    def at(self, x: float, y: float) -> Array:
        """Value of ln kappa and its derivatives by x and y, shape (hypotheses, 3)."""
        (i, wx, dx), (j, wy, dy) = (
            axis.at(value) for axis, value in zip(self.axes, (x, y), strict=True)
        )
        part = self.coefficients[:, i : i + len(wx), j : j + len(wy)]
        pairs = [(wx, wy), (dx, wy), (wx, dy)]
        return np.stack([np.einsum("kij,i,j->k", part, a, b) for a, b in pairs], axis=1)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        axes = [{"name": axis.name, "nodes": axis.nodes.tolist()} for axis in self.axes]
        about = {"axes": axes, "events": self.events, "worst": self.worst, "error": self.error}
        (folder / "kappa.json").write_text(json.dumps(about) + "\n")
        np.save(folder / "kappa.npy", self.coefficients, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what :meth:`save` wrote."""
        about = json.loads((folder / "kappa.json").read_text())
        x, y = (Axis(item["name"], np.asarray(item["nodes"])) for item in about["axes"])
        coefficients = np.load(folder / "kappa.npy", allow_pickle=False)
        return cls((x, y), coefficients, about["events"], about["worst"], about["error"])
