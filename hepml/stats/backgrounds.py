"""Smooth background densities: polynomials, exponentials of polynomials, Bernstein polynomials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.special import binom

from hepml.errors import ParameterError, did_you_mean
from hepml.stats.rows import Rows

__all__ = [
    "FAMILIES",
    "Background",
    "Component",
    "Exponential",
    "Linear",
]

Array = NDArray[np.float64]

FAMILIES = ("polynomial", "exponential", "bernstein")
HIGHEST = 11  # what the quadrature integrates exactly


class Component(Protocol):
    """Part of a model: expected counts of each row and their derivatives."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Expected counts of shape (rows,) and derivatives of shape (rows, parameters)."""


@dataclass(frozen=True, slots=True)
class Background:
    """A family of densities on a window.

    Attributes
    ----------
    family : {"polynomial", "exponential", "bernstein"}
        Polynomial in Legendre polynomials; its exponential; Bernstein polynomials with
        coefficients of at least 0, which is more than a positive polynomial needs.
    degree : int
        Degree of the polynomial.
    left, right : float
        Interval [GeV] that is mapped to [-1, 1].
    """

    family: str
    degree: int
    left: float
    right: float

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ParameterError(
                f"There is no background {self.family!r}. " + did_you_mean(self.family, FAMILIES)
            )
        if not 0 <= self.degree <= HIGHEST:
            raise ParameterError(
                f"The degree of the background must be 0 to {HIGHEST}, not {self.degree}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return tuple(f"c{order}" for order in range(self.degree + 1))

    def scaled(self, mass: Array) -> Array:
        """Masses [GeV] mapped to [-1, 1]."""
        return (2 * mass - self.left - self.right) / (self.right - self.left)

    def basis(self, mass: Array) -> Array:
        """Basis functions at masses [GeV], of shape (n, degree + 1)."""
        x = self.scaled(mass)
        if self.family != "bernstein":
            return np.asarray(legendre.legvander(x, self.degree))
        order = np.arange(self.degree + 1)
        unit = 0.5 * (x + 1)[:, None]
        rest = 1 - unit
        return np.asarray(binom(self.degree, order) * unit**order * rest ** (self.degree - order))

    def density(self, mass: Array, theta: Array) -> Array:
        """Density [1/GeV] at masses [GeV]."""
        linear = self.basis(mass) @ theta
        return np.exp(linear) if self.family == "exponential" else np.asarray(linear)

    def component(self, rows: Rows) -> Linear | Exponential:
        """Bind the family to what is fitted."""
        basis = self.basis(rows.nodes)
        if self.family == "exponential":
            return Exponential(rows, basis, self.names)
        return Linear(rows.integrate(basis), self.names)

    def start(self, rows: Rows, counts: Array, variances: Array) -> Array:
        """Weighted least squares on rows as starting values.

        The published start values have errors sqrt(sum of squared weights + 1).
        """
        if self.family != "exponential":
            matrix = rows.integrate(self.basis(rows.nodes))
            error = np.sqrt(variances + 1)
            theta = np.linalg.lstsq(matrix / error[:, None], counts / error, rcond=None)[0]
            return np.maximum(theta, 0) if self.family == "bernstein" else np.asarray(theta)
        width = rows.integrate(np.ones_like(rows.nodes))
        centre = rows.integrate(rows.nodes) / width
        typical = counts.sum() / len(counts)
        # an empty row counts as a fraction of an event: its logarithm must exist
        filled = np.maximum(counts, 0.1 * min(typical, 1.0))
        weight = np.sqrt(filled)[:, None]
        values = np.log(filled / width)
        matrix = self.basis(centre)
        solution = np.linalg.lstsq(matrix * weight, values * weight[:, 0], rcond=None)[0]
        return np.asarray(solution)


class Linear:
    """Expected counts linear in the parameters."""

    def __init__(self, matrix: Array, names: tuple[str, ...]) -> None:
        self.matrix = matrix
        self.names = names

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Expected counts and derivatives."""
        return self.matrix @ theta, self.matrix


class Exponential:
    """Integral of the exponential of a polynomial."""

    def __init__(self, rows: Rows, basis: Array, names: tuple[str, ...]) -> None:
        self._rows, self._basis = rows, basis
        self.names = names

    def evaluate(self, theta: Array) -> tuple[Array, Array]:
        """Expected counts and derivatives."""
        # far out in a line search the exponent may be anything
        density = np.exp(np.clip(self._basis @ theta, -300, 300))
        return self._rows.integrate(density), self._rows.integrate(density[:, None] * self._basis)
