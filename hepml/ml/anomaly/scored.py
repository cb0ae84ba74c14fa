"""Events with their scores, and what is asked of the statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.anomaly.pieces import Histogram
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.points import COARSE, FINE
from hepml.windows import Window

__all__ = ["NOMINAL", "Context", "Scored", "Selections", "Statistics"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
Selections = list[tuple[str, NDArray[np.bool_]]]

# Working point that is fixed before the signal region is opened, unless another one is.
NOMINAL = 0.1


@dataclass(frozen=True, slots=True)
class Statistics:
    """How scores become significances.

    Attributes
    ----------
    degree : int or None
        Degree of the background; ``None``: the window's.
    bins : int
        Bins of the signal region.
    rates : tuple of float
        False-positive rates: shares of sideband data that pass a cut.
    nominal : float
        The one that was chosen beforehand.
    toys : int
        Pseudo-experiments; 0: none, and no global p-value.
    variations : bool
        Whether to repeat all with other degrees and bins.
    seed, workers : int
        Of the pseudo-experiments; the result does not depend on ``workers``.
    """

    degree: int | None = None
    bins: int = 11
    rates: tuple[float, ...] = tuple(sorted({*FINE, *COARSE}, reverse=True))
    nominal: float = NOMINAL
    toys: int = 2000
    variations: bool = True
    seed: int = 0
    workers: int = 2

    def __post_init__(self) -> None:
        for rate in (self.nominal, *self.rates):
            if not 0 < rate <= 1:
                raise ParameterError(f"A false-positive rate lies above 0 and up to 1, not {rate}.")
        if self.toys < 0:
            raise ParameterError(f"The number of toys must not be negative: {self.toys}.")

    @property
    def points(self) -> tuple[float, ...]:
        """All rates, the nominal one among them, falling."""
        return tuple(sorted({*self.rates, self.nominal}, reverse=True))

    def order(self, window: Window) -> int:
        """Degree of the background."""
        return window.degree if self.degree is None else self.degree


@dataclass(frozen=True, eq=False)
class Scored:
    """Events of a window with their scores.

    Attributes
    ----------
    name, title : str
        Of the sample: for files, for people.
    mass : array of shape (rows,)
        Masses [GeV].
    score : str
        Name of the strategy's score; empty where it has none.
    scores : dict of str to array of shape (rows,)
        All scores to cut on, larger for what is kept.
    ratio : array or None
        Likelihood ratio of data and background.
    sample_ratio : array or None
        The same for background samples of the signal region.
    control : bool
        Whether it is the control sample.
    source : dict
        Where it comes from.
    histograms : callable, optional
        Makes histograms of selections: names, and which rows pass.
    """

    name: str
    title: str
    mass: Array
    score: str
    scores: dict[str, Array]
    ratio: Array | None = None
    sample_ratio: Array | None = None
    control: bool = False
    source: dict[str, Any] = field(default_factory=dict)
    histograms: Callable[[Selections], tuple[Histogram, ...]] | None = None


@dataclass(frozen=True, eq=False)
class Context:
    """What the parts of a judgement share: a sample, its window, what is asked, a progress bar."""

    sample: Scored
    window: Window
    asked: Statistics
    progress: Progress | None = None

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Events of the signal region."""
        mass = self.sample.mass
        return np.asarray((mass >= self.window.low) & (mass < self.window.high))

    @cached_property
    def test(self) -> SignalTest:
        """The count of the signal region over a polynomial."""
        edges = self.window.left, self.window.right
        family = Background("polynomial", self.asked.order(self.window), *edges)
        return SignalTest(self.window.binning(self.asked.bins), family)
