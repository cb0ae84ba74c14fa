"""A prior of boosted trees: signal of any masses and background, where torch is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.ml.boosting import BoostedTrees
from hepml.ml.dijet.passes import Rows, checked_rows

__all__ = ["ParametricTrees"]

Array = NDArray[Any]


class ParametricTrees(BaseEstimator):
    """Boosted trees that read the masses of the signal as two more features, the larger first.

    Each decay mode is a class, and background another; all weigh the same. Background has no true
    masses: each copy of it is given those of a random signal event, so that the masses alone tell
    nothing.

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
        mode: Array,
        *,
        validation: tuple[Array, Array, Array, Array],
    ) -> Self:
        """Train.

        Parameters
        ----------
        background, signal : array, shape (events, features)
            Features.
        masses : array, shape (signal events, 2)
            True masses [GeV].
        mode : array of int, shape (signal events,)
            Place of the decay mode.
        validation : (background, signal, masses, mode)
            Events that decide when to stop.
        """
        rng = np.random.default_rng(self.random_state)
        training = self._part(checked_rows(background, signal, masses, mode), rng)
        other = self._part(checked_rows(*validation), rng)
        self.trees_ = BoostedTrees(
            self.n_estimators,
            learning_rate=self.learning_rate,
            num_leaves=self.num_leaves,
            random_state=self.random_state,
        )
        self.trees_.fit(*training, validation=other)
        self.history_, self.rounds_ = self.trees_.history_, self.trees_.rounds_
        return self

    def _part(self, rows: Rows, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Inputs, classes (0 for background) and weights; all classes weigh the same."""
        drawn = rows.draw_masses(self.copies * len(rows.background), rng)
        x = np.vstack([np.tile(rows.background, (self.copies, 1)), rows.signal])
        points = np.vstack([rows.masses[drawn], rows.masses])
        y = np.append(np.zeros(len(drawn), np.int64), rows.mode + 1)
        weights = np.full(len(y), 1 / len(drawn))
        for own, chances in zip(rows.places, rows.chances, strict=True):
            weights[len(drawn) + own] = np.diff(chances, prepend=0.0)
        return _joined(x, points), y, weights * len(y) / (rows.modes + 1)

    def logits(self, x: Array, points: Array) -> NDArray[np.float32]:
        """Log odds of signal of each mode against background.

        Parameters
        ----------
        x : array, shape (events, features)
            Features.
        points : array, shape (points, 2)
            Masses [GeV].

        Returns
        -------
        array of float32, shape (modes, points, events)
        """
        check_is_fitted(self, "trees_")
        rows = np.asarray(x)
        out = np.empty((len(self.trees_.classes_) - 1, len(points), len(rows)), np.float32)
        for place, point in enumerate(np.asarray(points, np.float32)):
            inputs = _joined(rows, np.tile(point, (len(rows), 1)))
            found = np.log(np.clip(self.trees_.predict_proba(inputs), 1e-12, 1.0))
            out[:, place] = (found[:, 1:] - found[:, :1]).T
        return out

    def save(self, path: Path) -> None:
        """Write the trees as LightGBM's text."""
        self.trees_.save(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read trained trees."""
        found, text = cls(), path.read_text()
        classes = re.search(r"^num_class=(\d+)$", text, re.MULTILINE)
        # two classes have one tree a round
        count = max(int(classes[1]), 2) if classes else 2
        found.trees_ = BoostedTrees.from_text(text, range(count))
        found.history_, found.rounds_ = {}, found.trees_.rounds_
        return found


def _joined(x: Array, masses: Array) -> NDArray[np.float32]:
    """Features, then the larger mass and the smaller: which is which no one can tell."""
    ordered = np.column_stack([np.max(masses, axis=1), np.min(masses, axis=1)])
    return np.column_stack([x, ordered]).astype(np.float32)
