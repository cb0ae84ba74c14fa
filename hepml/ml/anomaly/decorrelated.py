"""Take the dependence on the mass out of features, as sidebands show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.density.residuals import Residuals

__all__ = ["Decorrelation"]

Floats = NDArray[np.float64]

# A feature of which one value makes up more than this share has steps: its residuals, value minus
# trend, would tell the mass.
_STEP = 0.01
# Fewest sideband events from which a trend is learned.
_LEAST = 100


class Decorrelation:
    """Features to variables that are about normal at every mass, fitted on the sidebands.

    Each layer maps the variables to normal ones by their quantiles, takes out the trends of their
    means and scales with the mass (polynomials, so that they cross the signal region) and their
    correlations, and the next one looks at them turned: Gaussianisation by rotations
    (arXiv:1602.00229), given the mass. No event of the signal region is looked at.

    Parameters
    ----------
    layers : int
        How many.
    degree : int
        Degree of the trends.

    Attributes
    ----------
    columns_ : array of int64
        Features that are replaced; the others have steps or the events are too few.
    notes_ : tuple of str
        What a reader must know.
    """

    def __init__(self, layers: int = 4, degree: int = 2) -> None:
        self.layers = layers
        self.degree = degree

    def fit(self, data: AnomalyData) -> Self:
        """Learn from the sidebands."""
        side = data.take(data.sideband)
        stepped = [n for n in range(len(side.features)) if _largest_share(side.x[:, n]) > _STEP]
        smooth = np.setdiff1d(np.arange(len(side.features)), stepped)
        self.notes_: tuple[str, ...] = ()
        if len(side) < _LEAST:
            smooth = smooth[:0]
            self.notes_ = (
                f"{len(side)} sideband events do not suffice to take the dependence on the mass "
                "out of the features: only its linear part is balanced, by weights.",
            )
        elif stepped:
            names = ", ".join(side.features[n] for n in stepped)
            self.notes_ = (
                f"One value makes up more than {100 * _STEP:g} % of {names}: the dependence on the "
                "mass stays in, but for its linear part, which is balanced by weights.",
            )
        self.columns_: NDArray[np.int64] = smooth.astype(np.int64)
        self._steps: list[tuple[Residuals, Floats]] = []
        x = side.x[:, smooth]
        rng = np.random.default_rng(0)
        for _ in range(self.layers if len(smooth) else 0):
            step = Residuals(self.degree).fit(x, side.mass, np.ones(len(x)))
            turn = np.linalg.qr(rng.normal(size=(len(smooth), len(smooth))))[0]
            x = step.forward(x, side.mass)[0] @ turn
            self._steps.append((step, turn))
        return self

    def transform(self, data: AnomalyData) -> AnomalyData:
        """The same events with the new variables in place of the features."""
        if not len(self.columns_):
            return data
        part = data.x[:, self.columns_]
        for step, turn in self._steps:
            part = step.forward(part, data.mass)[0] @ turn
        x = data.x.copy()
        x[:, self.columns_] = part
        return replace(data, x=x)

    def names(self, features: tuple[str, ...]) -> tuple[str, ...]:
        """What the columns of new events are: turned, a variable is no longer one feature."""
        turned = {int(n): f"decorrelated {place + 1}" for place, n in enumerate(self.columns_)}
        return tuple(turned.get(n, name) for n, name in enumerate(features))


def _largest_share(values: Floats) -> float:
    """Share of the most frequent value; 1 where there are none."""
    if not len(values):
        return 1.0
    return float(np.unique(values, return_counts=True)[1].max() / len(values))
