"""Expected significance of an analysis in categories against the inclusive one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.production.continuum import Continuum, Region, fit_continuum
from hepml.ml.production.results import Categories, Category
from hepml.stats.significance import closed_form

__all__ = ["Events", "categorise", "expected_significance"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Data rows from which their masses show where the selection ends, and by how much [GeV].
_ENOUGH, _MISSING = 50, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Rows with a mass and a category.

    Attributes
    ----------
    mass : array of float64
        [GeV]
    category : array of int64
        Number of each row's category.
    y : array of int64, optional
        Class of each row; not for data.
    weights : array of float64, optional
        Expected events of each row, with its sign, scaled to the whole luminosity where the rows
        are a share of all; 1 without.
    """

    mass: Floats
    category: Ints
    y: Ints | None = None
    weights: Floats | None = None

    def of(self, category: int) -> Events:
        """The rows of a category, all as category 0."""
        rows = self.category == category
        return Events(
            self.mass[rows],
            np.zeros(int(rows.sum()), dtype=np.int64),
            None if self.y is None else self.y[rows],
            None if self.weights is None else self.weights[rows],
        )


def categorise(
    signal: Events,
    classes: Sequence[str],
    names: Sequence[str],
    *,
    data: Events | None = None,
    background: float | Mapping[str, float] | None = None,
    data_scale: float = 1.0,
    window: tuple[float, float] = (120.0, 130.0),
    sidebands: tuple[float, float] = (105.0, 160.0),
    model: str = "",
    by: str = "predicted class",
) -> Categories:
    """Expected significance with categories and without.

    A count in the mass window of each category. The significance is the median one for signal
    that exists (Asimov data in `hepml.stats.significance.closed_form`, Cowan 2012), with the
    error of the background; categories are combined by the root of the sum of squares. With one
    class as signal, the other ones are part of the background.

    Parameters
    ----------
    signal : Events
        Simulated rows that the model was not trained on, with classes and weights.
    classes : sequence of str
        Names of their classes.
    names : sequence of str
        Names of the categories.
    data : Events, optional
        Data rows: the background comes from their sidebands; see
        `hepml.ml.production.continuum.fit_continuum`. The window is not looked at.
    data_scale : float
        Luminosity that the signal's weights are for over that of the data.
    background : float or mapping of str to float, optional
        In place of data: background events in the window, of each category or of all together.
        In the latter case it is shared out as the signal is, so that categories gain nothing for
        the sum of the classes.
    window, sidebands : (float, float)
        The window, and the masses from the lowest to the highest that are selected [GeV].
    model, by : str
        Kept with the result.

    Raises
    ------
    ParameterError
        Without background, or if window or names do not fit.
    """
    notes: list[str] = []
    region = Region(sidebands[0], *window, sidebands[1])
    if data is not None:
        region = _covered(region, data.mass, notes)
        whole = fit_continuum(data.mass, region)
        found = [fit_continuum(data.of(k).mass, region, whole) for k in range(len(names))]
        together, *parts = (item.scaled(data_scale) for item in (whole, *found))
        if whole.sideband == 0:
            notes.append("the sidebands hold no data: the background is an upper estimate")
    else:
        together, parts = _given(background, signal, names, region)
    rows = [
        _category(name, signal.of(k), classes, part, region)
        for k, (name, part) in enumerate(zip(names, parts, strict=True))
    ]
    inclusive = _category("inclusive", signal, classes, together, region)
    total = _combined(row.significance for row in rows)
    return Categories(
        model=model,
        by=by,
        window=(region.low, region.high),
        sidebands=(region.left, region.right),
        background="given" if data is None else "data",
        categories=tuple(rows),
        inclusive=inclusive,
        significance=total,
        of_class={name: _combined(row.of_class[name] for row in rows) for name in classes},
        gain=total / inclusive.significance if inclusive.significance > 0 else None,
        notes=tuple(notes),
    )


def _combined(values: Iterable[float]) -> float:
    return math.sqrt(sum(value**2 for value in values))


def _covered(region: Region, mass: Floats, notes: list[str]) -> Region:
    """The region, cut to where the selection has masses."""
    if len(mass) < _ENOUGH:
        return region
    left, right = float(np.floor(mass.min())), float(np.ceil(mass.max()))
    left = left if left > region.left + _MISSING else region.left
    right = right if right < region.right - _MISSING else region.right
    if (left, right) != (region.left, region.right):
        notes.append(f"data lie between {left:g} and {right:g} GeV: sidebands end there")
    return Region(left, region.low, region.high, right)


def _given(
    background: float | Mapping[str, float] | None,
    signal: Events,
    names: Sequence[str],
    region: Region,
) -> tuple[Continuum, list[Continuum]]:
    """Background events that somebody knows."""
    if background is None:
        raise ParameterError(
            "The expected significance needs a background: a run with data (its sidebands), or "
            "the number of background events in the mass window."
        )
    if isinstance(background, Mapping):
        lacking = [name for name in names if name not in background]
        if lacking:
            raise ParameterError(f"There is no background for {', '.join(lacking)}.")
        numbers = [float(background[name]) for name in names]
    else:
        sums = [_yield(signal.of(k), region) for k in range(len(names))]
        positive = [max(item, 0.0) for item in sums]
        total = sum(positive) or 1.0
        numbers = [float(background) * item / total for item in positive]
    parts = [_known(item) for item in numbers]
    return _known(sum(numbers)), parts


def _known(number: float) -> Continuum:
    if not (math.isfinite(number) and number >= 0):
        raise ParameterError(f"A background of {number:g} events makes no sense.")
    return Continuum(0, number, 0.0, 0.0, 0.0, "given")


def _yield(events: Events, region: Region) -> float:
    inside = region.inside(events.mass)
    return float(inside.sum() if events.weights is None else events.weights[inside].sum())


def _category(
    name: str, signal: Events, classes: Sequence[str], continuum: Continuum, region: Region
) -> Category:
    inside = region.inside(signal.mass)
    weights = np.ones(len(inside)) if signal.weights is None else signal.weights
    y = np.zeros(len(inside), dtype=np.int64) if signal.y is None else signal.y
    sums = np.bincount(y[inside], weights[inside], len(classes))
    total, b, error = float(sums.sum()), continuum.expected, continuum.error
    return Category(
        name=name,
        events=int(inside.sum()),
        signal=dict(zip(classes, sums.tolist(), strict=True)),
        total=total,
        error=float(np.sqrt(np.sum(weights[inside] ** 2))),
        sideband=None if continuum.shape == "given" else continuum.sideband,
        background=b,
        background_error=error,
        shape=continuum.shape,
        significance=expected_significance(total, b, error),
        of_class={
            name: expected_significance(float(s), max(b + total - float(s), 0.0), error)
            for name, s in zip(classes, sums, strict=True)
        },
    )


def expected_significance(signal: float, background: float, error: float = 0.0) -> float:
    """Median significance of a signal that exists; 0 where negative weights leave none."""
    return closed_form(max(signal, 0.0) + background, background, error)
