"""Bags of boosted trees on balanced draws of the rows (EasyEnsemble), which use weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hepml.errors import ModelError

__all__ = ["TRUSTED", "EasyEnsemble", "WeightedBoost", "load_ensemble", "save_ensemble"]

Array = NDArray[Any]

# All that an ensemble's file may hold beside the estimators and arrays that skops trusts by itself.
TRUSTED = ("sklearn.tree._tree.Tree",)


class WeightedBoost(ClassifierMixin, BaseEstimator):
    """AdaBoost that takes the last input column for the weights of the rows.

    imbalanced-learn draws rows of the inputs and the classes, and drops weights: they have to
    travel with the inputs. The column is never seen by a tree.

    Parameters
    ----------
    rounds, depth, learning_rate, features
        Of AdaBoost and its trees; ``features`` is how many a split is sought among.
    random_state : int or None
        Seed.
    """

    def __init__(
        self,
        rounds: int = 25,
        depth: int = 7,
        learning_rate: float = 0.3,
        features: float | str | None = "sqrt",
        random_state: int | None = None,
    ) -> None:
        self.rounds = rounds
        self.depth = depth
        self.learning_rate = learning_rate
        self.features = features
        self.random_state = random_state

    def fit(self, X: Array, y: Array) -> Self:  # noqa: N803
        """Train on all columns but the last, weighted by it."""
        from sklearn.ensemble import AdaBoostClassifier
        from sklearn.tree import DecisionTreeClassifier

        self.boost_ = AdaBoostClassifier(
            DecisionTreeClassifier(max_depth=self.depth, max_features=self.features),
            n_estimators=self.rounds,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        ).fit(X[:, :-1], y, sample_weight=X[:, -1])
        self.classes_ = self.boost_.classes_
        return self

    def predict_proba(self, X: Array) -> NDArray[np.float64]:  # noqa: N803
        """Probability of each class; the last column is not read."""
        return np.asarray(self.boost_.predict_proba(X[:, :-1]))

    def predict(self, X: Array) -> Array:  # noqa: N803
        """Most probable class."""
        return np.asarray(self.boost_.predict(X[:, :-1]))


class EasyEnsemble(ClassifierMixin, BaseEstimator):
    """imbalanced-learn's EasyEnsembleClassifier, with weights that are really used.

    Each member sees as many rows of every class, and boosts by the weights of these rows. What
    is kept of it are the members alone, which are of scikit-learn.

    Parameters
    ----------
    n_estimators : int
        Members.
    rounds, depth, learning_rate, features
        Of each member; see `WeightedBoost`.
    sampling_strategy : str
        Which classes are drawn down to the size of the smallest.
    random_state : int or None
        Seed.
    n_jobs : int or None
        Processes.

    Attributes
    ----------
    members_ : list
        Trained AdaBoost classifiers; the probability is their mean.
    """

    def __init__(
        self,
        n_estimators: int = 6,
        *,
        rounds: int = 25,
        depth: int = 7,
        learning_rate: float = 0.3,
        features: float | str | None = "sqrt",
        sampling_strategy: str = "not minority",
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.rounds = rounds
        self.depth = depth
        self.learning_rate = learning_rate
        self.features = features
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> Self:  # noqa: N803
        """Train.

        Parameters
        ----------
        X : array, shape (rows, features)
            Inputs, all defined.
        y : array, shape (rows,)
            Labels.
        sample_weight : array, optional
            Weights, none negative.
        """
        from imblearn.ensemble import EasyEnsembleClassifier

        if sample_weight is not None:
            # AdaBoost takes the logarithm of weights, and draws should not spend rows on zeros
            used = np.asarray(sample_weight) > 0
            X, y, sample_weight = X[used], y[used], sample_weight[used]  # noqa: N806
        x, labels = validate_data(self, X, y)
        weights = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight)
        bag = EasyEnsembleClassifier(
            self.n_estimators,
            WeightedBoost(self.rounds, self.depth, self.learning_rate, self.features),
            sampling_strategy=self.sampling_strategy,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        ).fit(np.column_stack([x, weights]), labels)
        self.members_ = [pipeline[-1].boost_ for pipeline in bag.estimators_]
        self.classes_ = bag.classes_
        return self

    def predict_proba(self, X: Array) -> NDArray[np.float64]:  # noqa: N803
        """Probability of each class, shape (rows, classes)."""
        check_is_fitted(self, "members_")
        x = validate_data(self, X, reset=False)
        found = sum(member.predict_proba(x) for member in self.members_)
        return np.asarray(found / len(self.members_))

    def predict(self, X: Array) -> Array:  # noqa: N803
        """Most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def importance(self, kind: str = "gain") -> NDArray[np.float64]:
        """Mean decrease of impurity by feature."""
        check_is_fitted(self, "members_")
        return np.asarray(np.mean([m.feature_importances_ for m in self.members_], axis=0))


def save_ensemble(ensemble: EasyEnsemble, path: Path) -> None:
    """Write the members of a trained ensemble."""
    from zipfile import ZIP_DEFLATED

    from skops.io import dump

    dump(ensemble.members_, path, compression=ZIP_DEFLATED, compresslevel=1)


def load_ensemble(path: Path) -> EasyEnsemble:
    """Read an ensemble; nothing but the types of `TRUSTED` is built from the file.

    Raises
    ------
    ModelError
        If the file is damaged, or holds any other type.
    """
    from zipfile import BadZipFile

    from skops.io import get_untrusted_types, load

    try:
        unknown = [name for name in get_untrusted_types(file=path) if name not in TRUSTED]
        if unknown:
            raise ModelError(
                f"{path} holds {', '.join(unknown[:3])}, which no ensemble needs, so it is not "
                "loaded. Train the model again."
            )
        members = load(path, trusted=list(TRUSTED))
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path} is no ensemble that can be read: {error}") from error
    found = EasyEnsemble(len(members))
    found.members_, found.classes_ = members, members[0].classes_
    found.n_features_in_ = members[0].n_features_in_
    return found
