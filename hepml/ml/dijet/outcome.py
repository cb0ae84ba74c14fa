"""What a strategy hands over: scores of the test events, and how it came to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.class_results import History
from hepml.ml.dijet.results import Fitted, Landscape

__all__ = ["Outcome", "TrialOutcome"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrialOutcome:
    """One training or fit.

    Attributes
    ----------
    name : str
        For people.
    scores : array, shape (test events,)
        Larger for signal.
    validation : float or None
        Loss on validation data.
    fit : Fitted or None
        Parameters, where it has any.
    seconds : float
        Of training.
    """

    name: str
    scores: Floats
    validation: float | None = None
    fit: Fitted | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a strategy found in one split.

    Attributes
    ----------
    scores : array, shape (test events,)
        Larger for signal.
    logit : bool
        Scores are probabilities; otherwise logarithms of a density ratio.
    save : callable
        Writes the models into a folder, which exists.
    models : dict
        What is in that folder, as JSON values.
    trials : tuple of TrialOutcome
        Single trainings.
    kept : tuple of int
        Which of them are in ``scores``.
    fit : Fitted or None
        Fitted parameters.
    validation : float or None
        Loss on validation data.
    landscapes : tuple of Landscape
        Likelihoods over planes of parameters.
    histories : dict of str to History
        Losses of training.
    seconds : float
        Of training and fit.
    notes : tuple of str
        What a reader must know.
    """

    scores: Floats
    logit: bool
    save: Callable[[Path], None]
    models: dict[str, Any]
    trials: tuple[TrialOutcome, ...] = ()
    kept: tuple[int, ...] = ()
    fit: Fitted | None = None
    validation: float | None = None
    landscapes: tuple[Landscape, ...] = ()
    histories: dict[str, History] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
