"""Normalising flows (zuko) conditional on the mass: masked autoregressive, or neural splines."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.engine.store import write_bytes
from hepml.errors import ModelError, ParameterError
from hepml.ml.density.base import (
    Progress,
    Validation,
    check_condition,
    check_points,
    check_rows,
    read_header,
    write_header,
)
from hepml.ml.density.epochs import Batch, Settings, make_engine, run_epochs
from hepml.ml.density.mixture import even_shares
from hepml.ml.density.network import Architecture, Kind, Network, need_deep
from hepml.ml.density.splits import split_rows
from hepml.ml.density.states import States

__all__ = ["Flow"]

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# Outputs of a network begin this small, so that the untrained flow is close to the identity.
FIRST_OUTPUTS = 0.1
WEIGHTS = "flow.safetensors"
# How often a sample that is not finite is drawn again.
TRIES = 20


class Flow(BaseEstimator):
    """Conditional normalising flow.

    ``maf`` is the published model with zuko's parts: affine transforms in alternating orders of
    the features, the condition an input of every network. zuko has no batch normalisation between
    transforms (the published model has), and keeps the logarithm of each scale within +-6.9.

    The defaults train it as in arXiv:2502.14036: 400 epochs of 256 rows, the best one used.

    The same seed and rows give the same model and samples on the same kind of device.

    Parameters
    ----------
    kind : {"maf", "nsf"}
        Affine masked autoregressive flow, or neural spline flow.
    transforms, hidden, bins
        See ``Architecture``.
    epochs : int
        Most passes over the training rows.
    batch_size : int
        Rows of a step.
    learning_rate, weight_decay : float
        Of Adam.
    clip : float
        Largest norm of a gradient; 0: any.
    patience : int
        Epochs without a better validation loss before it stops; 0: never.
    keep : int
        How many of the best epochs are used.
    average : {"mixture", "weights"}
        Whether the best epochs are a mixture of densities, or their weights are averaged.
    schedule : {None, "cosine"}
        How the learning rate falls.
    validation_fraction : float
        Share of rows that is split off where no validation rows are given, evenly along the
        condition.
    split_state : int
        Seed of that split: the members of an ensemble share it.
    random_state : int
        Seed of first weights and batches.
    device : str
        ``auto``: compiled code for ``maf``, a GPU for ``nsf`` where there is one.

    Attributes
    ----------
    states_ : States
        The weights that are used.
    history_ : dict of str to list of float
        Loss after each epoch on training rows (running mean) and validation rows.
    epochs_ : list of int
        The epochs that are used, best first.
    seconds_ : float
        Time of the training.
    """

    def __init__(
        self,
        kind: Kind = "maf",
        *,
        transforms: int = 6,
        hidden: tuple[int, ...] = (20, 20),
        bins: int = 8,
        epochs: int = 400,
        batch_size: int = 256,
        learning_rate: float = 7.5e-4,
        weight_decay: float = 1e-6,
        clip: float = 1.0,
        patience: int = 0,
        keep: int = 1,
        average: Literal["mixture", "weights"] = "mixture",
        schedule: Literal["cosine"] | None = None,
        validation_fraction: float = 0.2,
        split_state: int = 42,
        random_state: int = 0,
        device: str = "auto",
    ) -> None:
        self.kind = kind
        self.transforms = transforms
        self.hidden = hidden
        self.bins = bins
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip = clip
        self.patience = patience
        self.keep = keep
        self.average = average
        self.schedule = schedule
        self.validation_fraction = validation_fraction
        self.split_state = split_state
        self.random_state = random_state
        self.device = device

    def fit(
        self,
        z: Array,
        condition: Array,
        *,
        validation: Validation | None = None,
        sample_weight: Array | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Train.

        Raises
        ------
        ModelError
            If rows are unusable, the extra ``deep`` is missing, or the training diverges.
        """
        began = time.perf_counter()
        self._check()
        rows, mass, weight = check_rows(z, condition, sample_weight)
        if validation is None:
            train, judge = split_rows(mass, self.validation_fraction, self.split_state)
            training = _batch(rows[train], mass[train], weight[train])
            judges = _batch(rows[judge], mass[judge], weight[judge])
        else:
            training, judges = _batch(rows, mass, weight), _batch(*check_rows(*validation))
        architecture = Architecture(
            self.kind, rows.shape[1], self.transforms, tuple(self.hidden), self.bins
        )
        rng = np.random.default_rng(self.random_state)
        network = Network(architecture)
        network.initialise(rng, FIRST_OUTPUTS)
        engine = make_engine(network, self.device)
        kept = run_epochs(network, engine, training, judges, self._settings(), rng, progress)
        self.epochs_ = [epoch for _, epoch, _ in kept.states]
        self.history_ = {"train": kept.train, "validation": kept.validation}
        states = [flat for _, _, flat in kept.states]
        if self.average == "weights":
            states = [np.mean(states, axis=0)]
        self.states_ = States(architecture, states)
        self.seconds_ = time.perf_counter() - began
        return self

    def _check(self) -> None:
        need_deep()
        for name in ("epochs", "batch_size", "keep", "transforms"):
            if getattr(self, name) < 1:
                raise ParameterError(f"{name} must be at least 1, not {getattr(self, name)}.")
        if self.average not in ("mixture", "weights") or self.schedule not in (None, "cosine"):
            raise ParameterError(
                f"average is 'mixture' or 'weights', schedule None or 'cosine'; not "
                f"{self.average!r} and {self.schedule!r}."
            )

    def _settings(self) -> Settings:
        return Settings(
            self.epochs,
            self.batch_size,
            self.learning_rate,
            self.weight_decay,
            self.clip,
            self.patience,
            self.keep,
            self.schedule,
        )

    def to_latent(self, z: Array, condition: Array) -> Array:
        """z to standard normal variables, by the best epoch."""
        check_is_fitted(self, "states_")
        rows, mass = check_points(z, condition)
        return self.states_.latent(0, rows, mass)[0]

    def from_latent(self, latent: Array, condition: Array) -> Array:
        """Standard normal variables to z, by the best epoch."""
        check_is_fitted(self, "states_")
        rows, mass = check_points(latent, condition)
        return self.states_.inverse(0, rows, mass)

    def log_prob(self, z: Array, condition: Array) -> Array:
        """ln p(z | condition)."""
        check_is_fitted(self, "states_")
        rows, mass = check_points(z, condition)
        each = []
        for number in range(len(self.states_)):
            u, slope = self.states_.latent(number, rows, mass)
            each.append(slope - 0.5 * (u**2 + np.log(2 * np.pi)).sum(axis=1))
        return np.asarray(logsumexp(each, axis=0) - np.log(len(each)))

    def sample(self, condition: Array, random_state: int = 0) -> Array:
        """One row of z for each condition.

        Raises
        ------
        ModelError
            If the flow gives no finite rows.
        """
        check_is_fitted(self, "states_")
        mass = check_condition(condition)
        rng = np.random.default_rng(random_state)
        whose = even_shares(len(mass), len(self.states_), random_state)
        found = np.full((len(mass), self.states_.architecture.features), np.nan)
        wrong = np.ones(len(mass), dtype=np.bool_)
        for _ in range(TRIES):
            base = rng.standard_normal(found.shape)
            for number in range(len(self.states_)):
                todo = wrong & (whose == number)
                if todo.any():
                    found[todo] = self.states_.inverse(number, base[todo], mass[todo])
            wrong = ~np.isfinite(found).all(axis=1)
            if not wrong.any():
                return found
            bad = int(wrong.sum())
            logger.warning("%d of %d samples are not finite; drawn again", bad, len(mass))
        raise ModelError(
            f"The flow gives no finite sample for {bad:,} of {len(mass):,} conditions, drawn "
            f"{TRIES} times. It did not converge: look at its history, or train it longer."
        )

    def save(self, folder: str | Path) -> None:
        """Write the weights (safetensors) and what describes them (JSON)."""
        check_is_fitted(self, "states_")
        write_bytes(Path(folder) / WEIGHTS, self.states_.to_bytes())
        write_header(
            folder,
            {
                "model": "flow",
                "parameters": self.get_params() | {"hidden": list(self.hidden)},
                "features": self.states_.architecture.features,
                "states": len(self.states_),
                "epochs": self.epochs_,
                "history": self.history_,
                "seconds": self.seconds_,
            },
        )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What ``save`` wrote, again.

        Raises
        ------
        ModelError
            If the weights are missing or damaged.
        """
        need_deep()
        found = read_header(folder)
        hidden = tuple(found["parameters"]["hidden"])
        made = cls(**{**found["parameters"], "hidden": hidden})
        architecture = Architecture(
            made.kind, found["features"], made.transforms, hidden, made.bins
        )
        made.states_ = States.from_file(architecture, Path(folder) / WEIGHTS, found["states"])
        made.epochs_, made.history_ = found["epochs"], found["history"]
        made.seconds_ = found["seconds"]
        return made


def _batch(z: Array, condition: Array, weight: Array) -> Batch:
    return Batch(z.astype(np.float32), condition.astype(np.float32), weight.astype(np.float32))
