"""Adam on one array: torch's costs more in calls than a small network's gradient does."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adam"]

Singles = NDArray[np.float32]


class Adam:
    """Adam (arXiv:1412.6980) with an L2 penalty, step by step what ``torch.optim.Adam`` does.

    Parameters
    ----------
    values : array of float32
        What is optimised, in place.
    weight_decay : float
        Times the values, added to the gradient.
    """

    def __init__(self, values: Singles, weight_decay: float = 0.0) -> None:
        self.values, self.weight_decay = values, np.float32(weight_decay)
        self.first = np.zeros_like(values)
        self.second = np.zeros_like(values)
        self.steps = 0

    def step(self, gradient: Singles, learning_rate: float) -> None:
        """One step against a gradient."""
        self.steps += 1
        if self.weight_decay:
            gradient = gradient + self.weight_decay * self.values
        self.first += np.float32(0.1) * (gradient - self.first)
        self.second += np.float32(0.001) * (gradient * gradient - self.second)
        size = np.float32(learning_rate / (1 - 0.9**self.steps))
        root = np.float32(1 / math.sqrt(1 - 0.999**self.steps))
        self.values -= size * self.first / (np.sqrt(self.second) * root + np.float32(1e-8))
