"""What a strategy gives: scores of events, background samples, and how they were had."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.results import Closure, DensityHistory, FoldHistory

__all__ = ["BackgroundSamples", "StrategyResult"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BackgroundSamples:
    """Events drawn from a background model.

    Attributes
    ----------
    x : array of float64, shape (rows, features)
        Features in their own units.
    mass : array of float64, shape (rows,)
        Masses [GeV].
    seed : array of int64, shape (rows,)
        Which density model each one is from.
    scores : array of float64 or None, shape (rows,)
        Score by models that never saw the row; ``None`` where rows were not scored.
    ratio : array of float64 or None, shape (rows,)
        Likelihood ratio by the same models.
    """

    x: Floats
    mass: Floats
    seed: Integers
    scores: Floats | None = None
    ratio: Floats | None = None

    def __len__(self) -> int:
        return len(self.mass)


@dataclass(frozen=True, eq=False)
class StrategyResult:
    """Scores of a strategy.

    Attributes
    ----------
    name : str
        The strategy.
    features : tuple of str
        What it looked at.
    scores : array of float64, shape (rows,)
        Larger for signal; one for each row of the data, sidebands included, in their order. By
        models that never saw the row.
    ratio : array of float64 or None, shape (rows,)
        p_data(x) / p_background(x) in the signal region; ``None`` where the strategy has none.
    control_scores, control_ratio : array of float64 or None
        The same for the control sample, each row by the models of one fold.
    samples : BackgroundSamples or None
        What stood for the background in the signal region.
    sideband_samples : BackgroundSamples or None
        Samples of the density model at the masses of the sideband events.
    expected_background : float or None
        Background events expected in the signal region by the sideband fit.
    closure : Closure or None
        How well the density model describes the sidebands, and whether the score follows the
        mass; ``None`` where there was nothing to test.
    histories : tuple of FoldHistory
        Loss of each member of each fold.
    densities : tuple of DensityHistory
        Loss of each density model.
    importances : dict of str to float
        Share of the gain by feature.
    settings : dict
        With what it was made.
    notes : tuple of str
        What a reader must know.
    seconds : float
        CPU time.
    """

    name: str
    features: tuple[str, ...]
    scores: Floats
    ratio: Floats | None = None
    control_scores: Floats | None = None
    control_ratio: Floats | None = None
    samples: BackgroundSamples | None = None
    sideband_samples: BackgroundSamples | None = None
    expected_background: float | None = None
    closure: Closure | None = None
    histories: tuple[FoldHistory, ...] = ()
    densities: tuple[DensityHistory, ...] = ()
    importances: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
