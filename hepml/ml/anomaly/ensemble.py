"""Ensembles of boosted trees in folds: every row is scored by classifiers that never saw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError
from hepml.ml.anomaly.results import FoldHistory
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.ml.anomaly.store import Store, digest, kept
from hepml.ml.folds import fold_numbers

__all__ = ["FoldEnsemble", "Rows", "class_weight", "event_folds", "train_folds"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows to learn from.

    Attributes
    ----------
    x : array of float64, shape (rows, features)
        Features.
    data : array of bool, shape (rows,)
        Class 1 (data, or signal); the others are class 0.
    fold : array of int64, shape (rows,)
        Fold of each row.
    weight : array of float64, shape (rows,)
        Weights within a class, none negative.
    """

    x: Floats
    data: Mask
    fold: Integers
    weight: Floats

    @classmethod
    def of(
        cls,
        data: tuple[Floats, Integers],
        background: tuple[Floats, Integers],
        weight: Floats | None = None,
    ) -> Rows:
        """Put features and folds of both classes together; weights of the background."""
        ones = np.ones(len(data[0]))
        other = np.ones(len(background[0])) if weight is None else weight
        return cls(
            np.concatenate([data[0], background[0]]),
            np.concatenate([ones, np.zeros(len(other))]).astype(np.bool_),
            np.concatenate([data[1], background[1]]),
            np.concatenate([ones, other]),
        )


def event_folds(key: NDArray[Any], folds: int, seed: int = 0) -> Integers:
    """Fold of each event by the hash of its key."""
    if folds < 3:
        raise ParameterError(
            f"At least 3 folds are needed, not {folds}: one is scored, one stops the training, "
            "the others train."
        )
    return fold_numbers([key.view(np.int64)], folds, seed=seed)


def class_weight(rows: Rows, chosen: Mask) -> float:
    """Weight of a data row that gives both classes of the chosen rows the same sum."""
    data = float(rows.weight[chosen & rows.data].sum())
    background = float(rows.weight[chosen & ~rows.data].sum())
    if not (data > 0 and background > 0):
        raise ModelError(
            f"A part of the training has {int((chosen & rows.data).sum())} rows of data and "
            f"{int((chosen & ~rows.data).sum())} of background: too few events for these folds."
        )
    return background / data


class FoldEnsemble:
    """Trained classifiers of every fold.

    Parameters
    ----------
    texts : sequence of sequence of str
        LightGBM's text of each member of each fold.
    histories : sequence of FoldHistory
        How each fold was trained.
    """

    def __init__(
        self, texts: Sequence[Sequence[str]], histories: Sequence[FoldHistory] = ()
    ) -> None:
        import lightgbm

        self.histories = tuple(histories)
        self._members = [[lightgbm.Booster(model_str=text) for text in fold] for fold in texts]

    @property
    def folds(self) -> int:
        """Number of folds."""
        return len(self._members)

    def scores(self, x: Floats, fold: Integers) -> Floats:
        """Mean probability of class 1 of each row, by the classifiers of its fold."""
        found = np.full(len(x), np.nan)
        for number, members in enumerate(self._members):
            rows = np.flatnonzero(fold == number)
            if len(rows):
                part = np.ascontiguousarray(x[rows])
                total = np.zeros(len(rows))
                for booster in members:
                    total += booster.predict(part, num_threads=1)
                found[rows] = total / len(members)
        return found

    def importances(self) -> Floats:
        """Share of the gain of each feature, over all members."""
        gains = sum(
            np.asarray(booster.feature_importance("gain"), np.float64)
            for members in self._members
            for booster in members
        )
        total = np.sum(gains)
        return np.asarray(gains / total if total > 0 else gains, np.float64)


def train_folds(
    name: str,
    rows: Rows,
    folds: int,
    settings: EnsembleSettings,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
) -> FoldEnsemble:
    """Train the classifiers of every fold.

    Fold i is scored by classifiers that fold i - 1 stops and the other folds train; without early
    stopping fold i - 1 trains too. The class weight of the training part also holds in the
    validation part, as in the published study.

    Parameters
    ----------
    name : str
        What is trained, for the record.
    rows : Rows
        All rows.
    folds : int
        Number of folds.
    settings : EnsembleSettings
        Of the classifiers.
    store : Store, optional
        Keeps each fold.
    progress : callable, optional
        Called after each fold.

    Raises
    ------
    ModelError
        If a part lacks one of the classes.
    """
    found = []
    for fold in range(folds):
        if progress is not None:
            progress(f"{name}: classifiers", fold, folds)
        found.append(_fold(name, rows, fold, folds, settings, store or Store(None)))
    if progress is not None:
        progress(f"{name}: classifiers", folds, folds)
    return FoldEnsemble([texts for texts, _ in found], [history for _, history in found])


_Fold = tuple[list[str], FoldHistory]


def _fold(
    name: str, rows: Rows, fold: int, folds: int, settings: EnsembleSettings, store: Store
) -> _Fold:
    """Classifiers of one fold, out of the store if they are there."""
    import lightgbm

    validation = rows.fold == (fold - 1) % folds
    # folds that nothing waits for may train
    training = (rows.fold != fold) & ~(validation & (settings.patience > 0))
    factor = class_weight(rows, training)
    class_weight(rows, validation)
    parts = []
    for chosen in (training, validation):
        weight = np.where(rows.data[chosen], factor, 1.0) * rows.weight[chosen]
        parts.append((rows.x[chosen], rows.data[chosen], weight))
    seeds = [settings.member_seed(fold, member) for member in range(settings.members)]
    arrays = [item for part in parts for item in part]
    identity = digest(name, asdict(settings), fold, seeds, lightgbm.__version__, *arrays)

    def make() -> tuple[_Fold, dict[str, Any]]:
        members = _train(parts[0], parts[1], seeds, settings)
        texts, losses = [text for text, _, _ in members], [loss for _, _, loss in members]
        counts = [int(n) for x, y, _ in parts for n in (y.sum(), len(y) - y.sum())]
        history = FoldHistory(
            name=name,
            fold=fold,
            rounds=tuple(rounds for _, rounds, _ in members),
            training=tuple(tuple(item["training"]) for item in losses),
            validation=tuple(tuple(item["validation"]) for item in losses),
            rows=(counts[0], counts[1], counts[2], counts[3]),
            data_weight=factor,
        )
        return (texts, history), {"history": history.to_json(), "settings": asdict(settings)}

    return kept(store, "classifiers", identity, _load, make, _save)


def _load(folder: Path, record: dict[str, Any]) -> _Fold:
    history = FoldHistory.model_validate(record["history"])
    texts = []
    for number in range(len(history.rounds)):
        try:
            texts.append((folder / f"member_{number:03d}.txt").read_text())
        except OSError as error:
            raise ModelError(f"{folder} is damaged; remove it and train again.") from error
    return texts, history


def _save(found: _Fold, folder: Path) -> None:
    for number, text in enumerate(found[0]):
        (folder / f"member_{number:03d}.txt").write_text(text)


_Part = tuple[Floats, Mask, Floats]
# text, number of trees, losses
_Member = tuple[str, int, dict[str, list[float]]]


def _train(
    training: _Part, validation: _Part, seeds: Sequence[int], settings: EnsembleSettings
) -> list[_Member]:
    """Every member; the features are binned once for all of them."""
    import lightgbm

    shared = {"verbosity": -1, "force_col_wise": True, "num_threads": 1, "deterministic": True}
    x, y, weight = training
    train = lightgbm.Dataset(x, y.astype(np.float64), weight=weight, params=shared)
    x, y, weight = validation
    check = lightgbm.Dataset(x, y.astype(np.float64), weight=weight, reference=train)
    fixed = shared | {
        "objective": "binary",
        "metric": "binary_logloss",
        "learning_rate": settings.learning_rate,
        "max_depth": settings.depth,
        "num_leaves": min(2**settings.depth, 1024),
        "min_data_in_leaf": settings.least_rows,
        # rows of a leaf are counted from their weights and rounded: 0 would allow an empty leaf,
        # on which LightGBM ends (its issues 3679 and 4739)
        "min_sum_hessian_in_leaf": 1e-6,
        "lambda_l2": settings.penalty,
        "bagging_fraction": settings.subsample,
        "bagging_freq": 1 if settings.subsample < 1 else 0,
        "feature_fraction": settings.features,
    }
    members = []
    for place, seed in enumerate(seeds):
        # one "seed" for all would bin anew for every member
        own = {"bagging_seed": seed, "feature_fraction_seed": seed, "extra_seed": seed}
        own["extra_trees"] = settings.cuts_at_random(place)
        members.append(_member(fixed | own, train, check, settings))
    return members


def _member(
    parameters: dict[str, Any], train: Any, check: Any, settings: EnsembleSettings
) -> _Member:
    """One classifier up to its best round, that round included."""
    import lightgbm

    recorded: dict[str, dict[str, list[float]]] = {}
    calls: list[Any] = [lightgbm.record_evaluation(recorded)]
    if settings.patience:
        stop = lightgbm.early_stopping(settings.patience, first_metric_only=True, verbose=False)
        calls.append(stop)
    booster = lightgbm.train(
        parameters,
        train,
        num_boost_round=settings.rounds,
        valid_sets=[train, check],
        valid_names=["training", "validation"],
        callbacks=calls,
    )
    best = int(booster.best_iteration or booster.current_iteration())
    losses = {name: list(found["binary_logloss"]) for name, found in recorded.items()}
    return booster.model_to_string(num_iteration=best), best, losses
