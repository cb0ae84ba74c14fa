"""Interpolating splines on the nodes of an axis, of as high a degree as the nodes allow."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError

__all__ = ["Axis"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """Nodes of a mass.

    Attributes
    ----------
    name : str
        Name of the parameter.
    nodes : array
        Where values are known, growing [GeV]. One node: the parameter is fixed there.
    knots : array
        Of the B-splines ("not a knot" at the ends).
    """

    name: str
    nodes: Array
    knots: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        nodes = np.asarray(self.nodes, np.float64)
        if nodes.ndim != 1 or not len(nodes) or not (np.diff(nodes) > 0).all():
            raise ParameterError(f"Nodes of {self.name} must grow: {nodes.tolist()}.")
        object.__setattr__(self, "nodes", nodes)
        object.__setattr__(self, "knots", _knots(nodes))

    @property
    def low(self) -> float:
        """The first node."""
        return float(self.nodes[0])

    @property
    def high(self) -> float:
        """The last node."""
        return float(self.nodes[-1])

    @property
    def free(self) -> bool:
        """Whether there is more than one node."""
        return len(self.nodes) > 1

    @property
    def degree(self) -> int:
        """Cubic from four nodes on."""
        return min(3, len(self.nodes) - 1)

    def coefficients(self) -> Array:
        """Matrix from values at the nodes to coefficients of B-splines."""
        from scipy.interpolate import BSpline

        if not self.free:
            return np.ones((1, 1))
        design = BSpline.design_matrix(self.nodes, self.knots, self.degree).toarray()
        return np.asarray(np.linalg.inv(design))

    def at(self, value: float) -> tuple[int, Array, Array]:
        """B-splines that count at a value.

        Parameters
        ----------
        value : float
            Between the first node and the last.

        Returns
        -------
        first : int
            The first of them.
        splines, slopes : array, shape (degree + 1,)
            Their values and derivatives.

        Raises
        ------
        ParameterError
            If the value lies outside the nodes.
        """
        from scipy.interpolate import BSpline

        span = self.high - self.low
        if not self.low - 1e-9 * span <= value <= self.high + 1e-9 * span:
            raise ParameterError(
                f"{self.name} = {value:g} lies outside the masses that ratios are known for, "
                f"{self.low:g} to {self.high:g} GeV."
            )
        if not self.free:
            return 0, np.ones(1), np.zeros(1)
        value = min(max(value, self.low), self.high)
        degree = self.degree
        place = int(np.searchsorted(self.knots, value, side="right")) - 1
        place = min(max(place, degree), len(self.nodes) - 1)
        first = place - degree
        eye = np.eye(len(self.nodes))
        spline = BSpline(self.knots, eye, degree)
        used = slice(first, place + 1)
        return first, np.asarray(spline(value))[used], np.asarray(spline(value, nu=1))[used]


def _knots(nodes: Array) -> Array:
    from scipy.interpolate import make_interp_spline

    if len(nodes) < 2:
        return nodes
    degree = min(3, len(nodes) - 1)
    return np.asarray(make_interp_spline(nodes, np.zeros(len(nodes)), degree).t, np.float64)
