"""A prior of boosted trees: signal of any masses against background, where torch is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.ml.boosting import BoostedTrees
from hepml.ml.dijet.learners import Part

__all__ = ["ParametricTrees"]

Array = NDArray[Any]


class ParametricTrees(BaseEstimator):
    """Boosted trees that read the masses of the signal as two more features, the larger first.

    Background has no true masses: each copy of it is given those of a random signal event, so
    that the masses alone tell nothing.

    Parameters
    ----------
    n_estimators : int
        Most trees.
    learning_rate : float
        Share of each tree that is added.
    num_leaves : int
        Most leaves of a tree.
    copies : int
        Copies of the background, each with other masses.
    random_state : int
        Seed.

    Attributes
    ----------
    trees_ : BoostedTrees
        The classifier.
    history_ : dict of str to list of float
        Loss after each round.
    rounds_ : int
        How many rounds there are.
    """

    def __init__(
        self,
        n_estimators: int = 400,
        *,
        learning_rate: float = 0.1,
        num_leaves: int = 63,
        copies: int = 2,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.copies = copies
        self.random_state = random_state

    def fit(
        self,
        background: Array,
        signal: Array,
        masses: Array,
        *,
        validation: tuple[Array, Array, Array],
    ) -> Self:
        """Train.

        Parameters
        ----------
        background, signal : array, shape (events, features)
            Features.
        masses : array, shape (signal events, 2)
            True masses [GeV].
        validation : (background, signal, masses)
            Events that decide when to stop.
        """
        rng = np.random.default_rng(self.random_state)
        training = self._part(background, signal, masses, rng)
        other = self._part(*validation, rng)
        self.trees_ = BoostedTrees(
            self.n_estimators,
            learning_rate=self.learning_rate,
            num_leaves=self.num_leaves,
            random_state=self.random_state,
        )
        self.trees_.fit(
            training.x, training.y, training.weight, validation=(other.x, other.y, other.weight)
        )
        self.history_, self.rounds_ = self.trees_.history_, self.trees_.rounds_
        return self

    def _part(
        self, background: Array, signal: Array, masses: Array, rng: np.random.Generator
    ) -> Part:
        drawn = masses[rng.integers(0, len(masses), self.copies * len(background))]
        x = np.vstack([np.tile(background, (self.copies, 1)), signal])
        points = np.vstack([drawn, masses])
        return Part.balanced(_joined(x, points), np.arange(len(x)) >= len(drawn))

    def logits(self, x: Array, masses: tuple[float, float]) -> NDArray[np.float64]:
        """Log odds of signal of these masses [GeV], shape (events,)."""
        check_is_fitted(self, "trees_")
        rows = _joined(np.asarray(x), np.tile(np.asarray(masses, np.float32), (len(x), 1)))
        found = np.clip(self.trees_.predict_proba(rows)[:, 1], 1e-12, 1 - 1e-12)
        return np.asarray(np.log(found) - np.log1p(-found))

    def save(self, path: Path) -> None:
        """Write the trees as LightGBM's text."""
        self.trees_.save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read trained trees."""
        found = cls()
        found.trees_ = BoostedTrees.from_text(path.read_text(), [False, True])
        found.history_, found.rounds_ = {}, found.trees_.rounds_
        return found


def _joined(x: Array, masses: Array) -> NDArray[np.float32]:
    """Features, then the larger mass and the smaller: which is which no one can tell."""
    ordered = np.column_stack([np.max(masses, axis=1), np.min(masses, axis=1)])
    return np.column_stack([x, ordered]).astype(np.float32)
