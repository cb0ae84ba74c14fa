"""What is fitted: rows of counts, each an integral of a density over one or several bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.windows import Binning

__all__ = ["Evaluate", "Rows", "bin_rows", "counting_rows"]

Array = NDArray[np.float64]
Evaluate = Literal["centre", "integral"]

# Gauss-Legendre points per bin: exact for polynomials up to degree 11.
ORDER = 6


@dataclass(frozen=True, eq=False)
class Rows:
    """Quadrature of a density [1/GeV] into rows.

    Attributes
    ----------
    nodes : array of shape (n,)
        Masses [GeV] at which the density is evaluated.
    weights : array of shape (n,)
        Quadrature weights [GeV].
    starts : array of int of shape (rows,)
        First node of each row.
    """

    nodes: Array
    weights: Array
    starts: NDArray[np.int64]

    def integrate(self, density: Array) -> Array:
        """Integrate values at the nodes, of shape (n,) or (n, k), row by row."""
        weights = self.weights if density.ndim == 1 else self.weights[:, None]
        return np.asarray(np.add.reduceat(density * weights, self.starts, axis=0))


def bin_rows(binning: Binning, evaluate: Evaluate = "integral") -> Rows:
    """One row for each bin.

    Parameters
    ----------
    evaluate : {"centre", "integral"}
        Value at the bin's centre times its width, or the integral over the bin.
    """
    edges = np.asarray(binning.edges)
    if evaluate == "centre":
        centres = 0.5 * (edges[1:] + edges[:-1])
        return Rows(centres, np.diff(edges), np.arange(len(centres)))
    nodes, weights = _gauss(edges)
    return Rows(nodes.ravel(), weights.ravel(), np.arange(len(nodes)) * ORDER)


def counting_rows(binning: Binning, evaluate: Evaluate = "centre") -> Rows:
    """One row for each sideband bin, then one for the whole signal region (always integrated)."""
    edges = np.asarray(binning.edges)
    sides = [edges[: binning.start + 1], edges[binning.stop :]]
    parts = [bin_rows(Binning(tuple(side.tolist()), 0, len(side) - 1), evaluate) for side in sides]
    nodes, weights = _gauss(edges[binning.start : binning.stop + 1])
    size = len(parts[0].nodes)
    return Rows(
        np.concatenate([parts[0].nodes, parts[1].nodes, nodes.ravel()]),
        np.concatenate([parts[0].weights, parts[1].weights, weights.ravel()]),
        np.concatenate(
            [parts[0].starts, parts[1].starts + size, [size + len(parts[1].nodes)]]
        ).astype(np.int64),
    )


def _gauss(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights of every bin, of shape (bins, ORDER)."""
    points, weights = np.polynomial.legendre.leggauss(ORDER)
    centre, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return centre[:, None] + half[:, None] * points, half[:, None] * weights
