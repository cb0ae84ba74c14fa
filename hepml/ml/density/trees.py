"""Density by boosted trees, feature after feature; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.engine.store import write_text
from hepml.errors import ModelError, ParameterError
from hepml.ml.density.base import (
    LEAST,
    Progress,
    Validation,
    check_condition,
    check_points,
    check_rows,
    read_header,
    write_header,
)
from hepml.ml.density.residuals import Residuals
from hepml.ml.density.splits import split_rows
from hepml.ml.threads import free_threads

__all__ = ["Trees"]

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

# Rows that are evaluated at once; each counts once for every bin.
BLOCK = 5_000


class Trees(BaseEstimator):
    """Autoregressive histograms whose contents are given by LightGBM.

    In residuals (marginals, trends with the mass and linear correlations taken out) the
    density is p(r1 | m) p(r2 | r1, m) p(r3 | r1, r2, m)... Each is a normal density times a
    histogram of bins with equal normal probability: trees learn the probability to be in bin k
    for rows that are not in a bin below it (a discrete hazard), which keeps the order of the bins.
    Where trees find nothing, the bins keep the contents of all rows together.

    Parameters
    ----------
    bins : int
        Bins of each feature.
    rounds : int
        Most trees of each feature.
    learning_rate, num_leaves, min_rows
        Of the trees; ``min_rows`` is the least number of training rows in a leaf.
    patience : int
        Rounds without a better likelihood of the validation rows before it stops.
    degree : int
        Degree of the trends with the condition.
    validation_fraction, split_state
        Rows that decide when to stop, where none are given.
    random_state : int
        Seed of the trees.
    n_jobs : int or None
        Most threads.

    Attributes
    ----------
    boosters_ : list of lightgbm.Booster
        One for each feature.
    prior_ : array, shape (features, bins)
        ln odds of the hazards of all rows together.
    """

    def __init__(
        self,
        bins: int = 24,
        *,
        rounds: int = 300,
        learning_rate: float = 0.05,
        num_leaves: int = 8,
        min_rows: int = 60,
        patience: int = 20,
        degree: int = 2,
        validation_fraction: float = 0.2,
        split_state: int = 42,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.bins = bins
        self.rounds = rounds
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_rows = min_rows
        self.patience = patience
        self.degree = degree
        self.validation_fraction = validation_fraction
        self.split_state = split_state
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        z: Array,
        condition: Array,
        *,
        validation: Validation | None = None,
        sample_weight: Array | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Train one set of trees for each feature."""
        rows, mass, weight = check_rows(z, condition, sample_weight, least=LEAST)
        if self.bins < 2:
            raise ParameterError(f"The histograms need at least 2 bins, not {self.bins}.")
        self.residuals_ = Residuals(self.degree).fit(rows, mass, weight)
        r, _ = self.residuals_.forward(rows, mass)
        if validation is None:
            train, judge = split_rows(mass, self.validation_fraction, self.split_state)
        else:
            more, masses, _ = check_rows(*validation)
            train, judge = np.arange(len(r)), len(r) + np.arange(len(more))
            r = np.concatenate([r, self.residuals_.forward(more, masses)[0]])
            mass, weight = np.concatenate([mass, masses]), np.append(weight, np.ones(len(more)))
        self.prior_: Array = np.zeros((r.shape[1], self.bins))
        self._texts: list[str] = []
        for feature in range(r.shape[1]):
            bin_number = self._bin(r[:, feature])
            inputs = np.column_stack([mass, r[:, :feature]])
            self.prior_[feature] = _prior(bin_number, weight, self.bins)
            parts = [
                self._hazards(inputs[part], bin_number[part], weight[part], feature)
                for part in (train, judge)
            ]
            self._texts.append(self._train(*parts))
            if progress is not None:
                progress("growing trees", feature + 1, r.shape[1])
        self._load_boosters()
        return self

    def _bin(self, r: Array) -> Numbers:
        """Bin of each value: bins have the same probability under a normal distribution."""
        return np.asarray(np.clip((ndtr(r) * self.bins).astype(np.int64), 0, self.bins - 1))

    def _hazards(
        self, inputs: Array, bin_number: Numbers, weight: Array, feature: int
    ) -> tuple[Array, NDArray[np.int8], Array, Array]:
        """One row for each bin that a row has reached: inputs, whether it stays, weight, prior."""
        reached = np.minimum(bin_number + 1, self.bins - 1)
        whose = np.repeat(np.arange(len(inputs)), reached)
        first = np.repeat(np.cumsum(reached) - reached, reached)
        step = np.arange(len(whose)) - first
        x = np.column_stack([step, inputs[whose]])
        stays = (step == bin_number[whose]).astype(np.int8)
        return x, stays, weight[whose], self.prior_[feature, step]

    def _train(self, training: Any, judges: Any) -> str:
        import lightgbm

        x, y, weight, prior = training
        data = lightgbm.Dataset(x, y, weight=weight, init_score=prior)
        x, y, weight, prior = judges
        check = lightgbm.Dataset(x, y, weight=weight, init_score=prior, reference=data)
        settings = {
            "objective": "binary",
            "boost_from_average": False,
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            # a training row is there once for each bin that it has reached
            "min_data_in_leaf": self.min_rows * max(self.bins // 8, 1),
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.random_state,
            "num_threads": free_threads(self.n_jobs),
            "verbosity": -1,
        }
        calls: list[Any] = []
        if self.patience:
            calls.append(lightgbm.early_stopping(self.patience, verbose=False))
        booster = lightgbm.train(settings, data, self.rounds, valid_sets=[check], callbacks=calls)
        best = booster.best_iteration if self.patience else booster.current_iteration()
        return str(booster.model_to_string(num_iteration=best))

    def _load_boosters(self) -> None:
        import lightgbm

        try:
            self.boosters_ = [lightgbm.Booster(model_str=text) for text in self._texts]
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelError(f"The trees of a density cannot be read: {error}") from error

    def _log_bins(self, feature: int, inputs: Array) -> Array:
        """ln of the probability of every bin, shape (rows, bins)."""
        size, steps = len(inputs), self.bins - 1
        x = np.column_stack([np.tile(np.arange(steps), size), np.repeat(inputs, steps, axis=0)])
        threads = free_threads(self.n_jobs)
        raw = self.boosters_[feature].predict(x, raw_score=True, num_threads=threads)
        odds = np.asarray(raw).reshape(size, steps) + self.prior_[feature, :steps]
        stays, goes = -np.logaddexp(0, -odds), -np.logaddexp(0, odds)
        passed = np.cumsum(goes, axis=1)
        found = np.empty((size, self.bins))
        found[:, 0], found[:, -1] = stays[:, 0], passed[:, -1]
        found[:, 1:-1] = passed[:, :-1] + stays[:, 1:]
        return found

    def sample(self, condition: Array, random_state: int = 0) -> Array:
        """One row of z for each condition."""
        check_is_fitted(self, "prior_")
        mass = check_condition(condition)
        rng = np.random.default_rng(random_state)
        features = len(self.prior_)
        r = np.empty((len(mass), features))
        u = rng.random((2, features, len(mass)))
        for feature in range(features):
            for start in range(0, len(mass), BLOCK):
                part = slice(start, start + BLOCK)
                inputs = np.column_stack([mass[part], r[part, :feature]])
                steps = np.cumsum(np.exp(self._log_bins(feature, inputs)), axis=1)
                target = u[0, feature, part] * steps[:, -1]
                chosen = np.minimum((steps <= target[:, None]).sum(axis=1), self.bins - 1)
                place = (chosen + u[1, feature, part]) / self.bins
                r[part, feature] = ndtri(np.clip(place, 1e-12, 1 - 1e-12))
        return self.residuals_.backward(r, mass)

    def log_prob(self, z: Array, condition: Array) -> Array:
        """ln p(z | condition)."""
        check_is_fitted(self, "prior_")
        rows, mass = check_points(z, condition)
        r, found = self.residuals_.forward(rows, mass)
        found = found - 0.5 * (r**2 + np.log(2 * np.pi)).sum(axis=1)
        for feature in range(r.shape[1]):
            chosen = self._bin(r[:, feature])
            for start in range(0, len(mass), BLOCK):
                part = slice(start, start + BLOCK)
                inputs = np.column_stack([mass[part], r[part, :feature]])
                logs = self._log_bins(feature, inputs)
                found[part] += logs[np.arange(len(logs)), chosen[part]] + np.log(self.bins)
        return np.asarray(found)

    def save(self, folder: str | Path) -> None:
        """Write LightGBM's text for each feature, and what describes them (JSON)."""
        check_is_fitted(self, "prior_")
        for number, text in enumerate(self._texts):
            write_text(Path(folder) / f"trees_{number}.txt", text)
        write_header(
            folder,
            {
                "model": "trees",
                "parameters": self.get_params(),
                "prior": self.prior_.tolist(),
                "residuals": self.residuals_.to_json(),
            },
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What ``save`` wrote, again.

        Raises
        ------
        ModelError
            If a file is missing or damaged.
        """
        found = read_header(folder)
        made = cls(**found["parameters"])
        made.prior_ = np.asarray(found["prior"], dtype=np.float64)
        made.residuals_ = Residuals.from_json(found["residuals"])
        try:
            made._texts = [
                (Path(folder) / f"trees_{number}.txt").read_text()
                for number in range(len(made.prior_))
            ]
        except OSError as error:
            raise ModelError(f"{folder} lacks trees: {error}") from error
        made._load_boosters()
        return made

    def __getstate__(self) -> dict[str, Any]:
        """Trees travel as text."""
        state = dict(super().__getstate__())
        state.pop("boosters_", None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if "_texts" in state:
            self._load_boosters()


def _prior(bin_number: Numbers, weight: Array, bins: int) -> Array:
    """ln odds to stay in each bin, for rows that reach it; one row is added to either side."""
    stays = np.bincount(bin_number, weight, minlength=bins) + 1.0
    reach = np.cumsum(stays[::-1])[::-1]
    goes = np.maximum(reach - stays, 1e-9)
    return np.asarray(np.log(stays / goes))
