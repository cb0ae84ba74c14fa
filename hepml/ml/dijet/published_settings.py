"""Numbers of the published study (arXiv:2405.08889 and its code): networks and optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Self

__all__ = ["KEEP", "MLP", "PRESETS", "TRIALS", "Optimiser", "network_settings"]

PRESETS = ("default", "published")

TRIALS = {"supervised": 1, "weak": 10, "prior-assisted": 10}
"""Published trainings of a strategy: what has true labels is trained once."""

KEEP = 5
"""Trials of lowest loss that are put together."""

MLP: dict[str, Any] = {
    "hidden": (256, 128, 64),
    "learning_rate": 1e-3,
    "batch": 1024,
    "epochs": 100,
    "patience": 10,
    "halve": 5,
}
"""Network of every published strategy: Adam's rate is halved after ``halve`` passes without a
better validation loss, training stops after ``patience`` of them, the best pass is kept."""


def network_settings(*, quick: bool = False) -> dict[str, Any]:
    """Settings of the published network; quick: few passes."""
    return MLP | ({"epochs": 15, "patience": 5} if quick else {})


@dataclass(frozen=True, slots=True)
class Optimiser:
    """How the published fit moves its scalars.

    Attributes
    ----------
    learning_rate, least_rate : float
        Of Adam, at first and at least.
    halve, patience : int
        Passes without a better validation loss after which the rate is halved, and after which
        a trial stops.
    epochs : int
        Most passes.
    batch : int
        Events of a step.
    clip : float or None
        Largest slope along each scalar. Far below typical slopes, so that little more than their
        signs moves the scalars; ``None``: slopes as they are.
    scale : float
        The loss is ``scale`` times (cross-entropy - ln 2) of an event.
    mu, alpha : float
        Where all trials begin; masses are drawn.
    log_mu : (float, float)
        Soft limits of ln mu.
    strength, alpha_strength : float
        Of the penalties outside the limits of masses and ln mu, and outside 0 to 1 of alpha.
    """

    learning_rate: float = 0.05
    least_rate: float = 1e-6
    halve: int = 5
    patience: int = 20
    epochs: int = 100
    batch: int = 1024
    clip: float | None = 1e-4
    scale: float = 1000.0
    mu: float = math.exp(-4)
    alpha: float = math.exp(-1)
    log_mu: tuple[float, float] = (-10.0, 0.0)
    strength: float = 1.0
    alpha_strength: float = 10.0

    def quick(self) -> Self:
        """Few passes, to see that everything works."""
        return replace(self, epochs=30, patience=10)
