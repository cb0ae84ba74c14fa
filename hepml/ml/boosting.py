"""Boosted trees (LightGBM) as a scikit-learn classifier that is kept as text."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from hepml.errors import ModelError
from hepml.ml.threads import free_threads
from hepml.ml.traversal import flatten

__all__ = ["BoostedTrees"]

logger = logging.getLogger(__name__)

Array = NDArray[Any]


class BoostedTrees(ClassifierMixin, BaseEstimator):
    """Gradient-boosted decision trees; NaN is an input like any other.

    The same rows, parameters and seed give the same model, byte for byte, with any number of
    threads.

    Parameters
    ----------
    n_estimators : int
        Most boosting rounds.
    learning_rate : float
        Share of each tree that is added.
    num_leaves : int
        Most leaves of a tree.
    min_child_samples : int
        Least rows in a leaf.
    feature_fraction, bagging_fraction : float
        Shares of features and rows that a tree sees.
    reg_lambda : float
        L2 penalty of leaf values.
    early_stopping : int
        Rounds without a better loss on the validation rows before it stops; 0: never.
    random_state : int
        Seed.
    n_jobs : int or None
        Most threads; fewer are used where cores are busy.
    parameters : mapping, optional
        More of LightGBM's parameters.

    Attributes
    ----------
    classes_ : array
        Labels, sorted.
    booster_ : lightgbm.Booster
        The trees, up to the best round.
    rounds_ : int
        How many rounds there are.
    history_ : dict of str to list of float
        Loss after each round, on training and validation rows.
    """

    def __init__(
        self,
        n_estimators: int = 250,
        *,
        learning_rate: float = 0.1,
        num_leaves: int = 48,
        min_child_samples: int = 60,
        feature_fraction: float = 0.8,
        bagging_fraction: float = 0.8,
        reg_lambda: float = 1.0,
        early_stopping: int = 30,
        random_state: int = 0,
        n_jobs: int | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction
        self.reg_lambda = reg_lambda
        self.early_stopping = early_stopping
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.parameters = parameters

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: Array,  # noqa: N803
        y: Array,
        sample_weight: Array | None = None,
        *,
        validation: tuple[Array, Array] | tuple[Array, Array, Array | None] | None = None,
        feature_names: Sequence[str] | None = None,
    ) -> Self:
        """Train.

        Parameters
        ----------
        X : array, shape (rows, features)
            Inputs, NaN where not defined.
        y : array, shape (rows,)
            Labels.
        sample_weight : array, optional
            Weights, none negative.
        validation : (X, y) or (X, y, weights), optional
            Rows that decide when to stop.
        feature_names : sequence of str, optional
            Names for the model's text and its importances.
        """
        import lightgbm

        x, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, target = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"The rows have only one class: {self.classes_.tolist()}.")
        names: Any = _safe(feature_names, x.shape[1])
        weight = _weights(sample_weight, len(x))
        train = lightgbm.Dataset(x, target, weight=weight, feature_name=names)
        other = None if validation is None else self._validation(train, validation)
        return self._boost(train, other)

    def fit_sets(self, train: Any, classes: Sequence[Any], validation: Any = None) -> Self:
        """Train on LightGBM's own data sets, which may be made of more than fits in memory.

        Parameters
        ----------
        train, validation : lightgbm.Dataset
            Labels are places in ``classes``; the validation set refers to the training set.
        classes : sequence
            Labels, sorted.
        """
        self.classes_ = np.asarray(classes)
        self._boost(train, validation)
        self.n_features_in_ = self.booster_.num_feature()
        return self

    def _boost(self, train: Any, validation: Any) -> Self:
        import lightgbm

        sets = [train]
        recorded: dict[str, dict[str, list[float]]] = {}
        calls: list[Any] = [lightgbm.record_evaluation(recorded)]
        if validation is not None:
            sets.append(validation)
            if self.early_stopping:
                calls.append(
                    lightgbm.early_stopping(
                        self.early_stopping, first_metric_only=True, verbose=False
                    )
                )
        booster = lightgbm.train(
            self._settings(),
            train,
            num_boost_round=self.n_estimators,
            valid_sets=sets,
            valid_names=["train", "validation"][: len(sets)],
            callbacks=calls,
        )
        self.rounds_ = int(booster.best_iteration or booster.current_iteration())
        self.history_ = {
            name: [float(value) for values in found.values() for value in values]
            for name, found in recorded.items()
        }
        self._read(booster.model_to_string(num_iteration=self.rounds_))
        return self

    def _validation(self, train: Any, rows: tuple[Any, ...]) -> Any:
        import lightgbm

        x, labels = np.asarray(rows[0], np.float32), np.asarray(rows[1])
        place = np.searchsorted(self.classes_, labels)
        if not np.array_equal(self.classes_[np.minimum(place, len(self.classes_) - 1)], labels):
            raise ModelError("The validation rows have a class that the training rows lack.")
        weight = rows[2] if len(rows) > 2 else None
        return lightgbm.Dataset(x, place, weight=weight, reference=train)

    def _settings(self) -> dict[str, Any]:
        several = len(self.classes_) > 2
        return {
            "objective": "multiclass" if several else "binary",
            **({"num_class": len(self.classes_)} if several else {}),
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_child_samples,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1 if self.bagging_fraction < 1 else 0,
            "lambda_l2": self.reg_lambda,
            # reproducible with any number of threads
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.random_state,
            "num_threads": free_threads(self.n_jobs),
            "verbosity": -1,
            **dict(self.parameters or {}),
        }

    def predict_proba(self, X: Array) -> NDArray[np.float64]:  # noqa: N803
        """Probability of each class, shape (rows, classes)."""
        check_is_fitted(self, "booster_")
        x = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        if self._flat is not None:
            return self._flat.probabilities(x)
        found = np.asarray(self.booster_.predict(x, num_threads=free_threads(self.n_jobs)))
        return np.column_stack([1.0 - found, found]) if found.ndim == 1 else found

    def _read(self, text: str) -> None:
        """Take the trees of a text."""
        import lightgbm

        self._text, self.booster_ = text, lightgbm.Booster(model_str=text)
        self._flat = flatten(text)

    def predict(self, X: Array) -> Array:  # noqa: N803
        """Most probable class of each row."""
        place = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[place])

    def importance(self, kind: str = "gain") -> NDArray[np.float64]:
        """Gain (or number of splits) by feature."""
        check_is_fitted(self, "booster_")
        return np.asarray(self.booster_.feature_importance(kind), dtype=np.float64)

    def to_text(self) -> str:
        """The trees in LightGBM's text format."""
        check_is_fitted(self, "booster_")
        # threads are no part of the model
        return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", self._text)

    @classmethod
    def from_text(cls, text: str, classes: Sequence[Any], n_jobs: int | None = None) -> Self:
        """A trained classifier out of LightGBM's text format.

        Raises
        ------
        ModelError
            If the text is damaged.
        """
        import lightgbm

        found = cls(n_jobs=n_jobs)
        try:
            found._read(text)
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"This is no model of LightGBM: {error}") from error
        booster = found.booster_
        found.classes_ = np.asarray(classes)
        found.n_features_in_ = booster.num_feature()
        found.rounds_, found.history_ = booster.current_iteration(), {}
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Trees travel as text."""
        state = dict(super().__getstate__())
        state.pop("booster_", None)
        state.pop("_flat", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_text" in state:
            self._read(self._text)

    def save(self, path: Path) -> None:
        """Write LightGBM's text format."""
        path.write_text(self.to_text())


def _weights(weights: Any, size: int) -> Array | None:
    """Weights as LightGBM wants them."""
    if weights is None:
        return None
    found = np.asarray(weights, dtype=np.float64)
    if found.shape != (size,):
        raise ValueError(f"Weights of shape {found.shape} for {size} rows.")
    if not (found >= 0).all() or not found.any():
        raise ValueError("Training weights must not be negative, and not all zero.")
    return found


def _safe(names: Sequence[str] | None, size: int) -> list[str] | str:
    """Names that LightGBM's text can hold."""
    if names is None:
        return "auto"
    if len(names) != size:
        raise ValueError(f"{len(names)} names for {size} features.")
    return [re.sub(r"[^\w.+-]", "_", name) for name in names]
