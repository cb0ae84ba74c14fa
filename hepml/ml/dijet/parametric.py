"""A network that knows signal of any masses from background: trained by torch, applied by numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ModelError
from hepml.ml.deep import need_safetensors, need_torch, seeded_torch
from hepml.ml.dijet.passes import Passes, Rows, Schedule, checked_rows

__all__ = ["ParametricNetwork"]

Array = NDArray[Any]
Singles = NDArray[np.float32]
Given = tuple[Array, Array, Array | None, Array | None]

_SCALES = ("centre", "spread", "mass_centre", "mass_spread")
# Rows that are applied at once: their hidden units stay in the cache.
_BLOCK = 4_096


class ParametricNetwork(BaseEstimator):
    """Layers of rectified units that read features and, where there are any, masses.

    It has one output for each decay mode of the signal, and background as a class of its own:
    density ratios of two modes, which decide how a signal is shared among them, are learned from
    these modes and not left to the errors of two networks. All classes weigh the same, and so do
    the mass points of a mode. Background has no true masses: in every batch it is given those of
    random signal events, so that the masses alone tell nothing and no copy of it is kept.

    The larger mass is read first: jets are in order of mass, and which resonance is which no one
    can tell. Features are centred by their median, scaled by half of their central 68 %, and their
    tails drawn in by arsinh; an undefined one is the median. With the three layers of
    arXiv:2405.08889, its six features and one mode there are 43,009 parameters, with two masses
    43,521.

    Parameters
    ----------
    hidden : sequence of int
        Units of each layer.
    schedule : {"cosine", "plateau"}
        How the learning rate falls: to nothing at the last pass; or, as published, by half where
        the validation loss stands still, until ``patience`` passes did not lower it.
    learning_rate, weight_decay : float
        Of AdamW; the largest rate.
    batch : int
        Events of each class in a step.
    epochs : int
        Most passes over the signal.
    patience, halve : int
        Passes without a better validation loss until the training stops, and until the rate is
        halved; of the schedule plateau.
    random_state : int
        Seed.

    Attributes
    ----------
    layers_ : list of (weight, bias)
        float32 arrays, weights of shape (outputs, inputs); the masses are the last inputs.
    centre_, spread_ : array
        Of the features.
    mass_centre_, mass_spread_ : array
        Of the masses [GeV]; empty without.
    history_ : dict of str to list of float
        Cross-entropy after each pass, on training and validation rows.
    rounds_ : int
        The pass whose weights are kept, from 1 on.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (256, 128, 64),
        *,
        schedule: Schedule = "cosine",
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        batch: int = 128,
        epochs: int = 30,
        patience: int = 10,
        halve: int = 5,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.schedule = schedule
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.halve = halve
        self.random_state = random_state

    @property
    def parameters(self) -> int:
        """How many weights and biases were trained."""
        check_is_fitted(self, "layers_")
        return sum(weight.size + bias.size for weight, bias in self.layers_)

    @property
    def modes(self) -> int:
        """How many decay modes it tells apart."""
        check_is_fitted(self, "layers_")
        return len(self.layers_[-1][1])

    def fit(
        self,
        background: Array,
        signal: Array,
        masses: Array | None = None,
        mode: Array | None = None,
        *,
        validation: Given | None = None,
    ) -> Self:
        """Train.

        Parameters
        ----------
        background, signal : array, shape (events, features)
            Features.
        masses : array, shape (signal events, masses), optional
            True masses [GeV]; without them the network is one for a single mass point.
        mode : array of int, shape (signal events,), optional
            Place of the decay mode; default: there is one.
        validation : (background, signal, masses, mode), optional
            Events that choose the pass that is kept; default: those of the training.

        Raises
        ------
        ModelError
            If torch is missing, there are no events of a kind, or the training diverges.
        """
        torch = need_torch("take boosted trees as priors: --learner trees")
        rows = checked_rows(background, signal, masses, mode)
        other = rows if validation is None else checked_rows(*validation)
        self._fit_scaling(rows)
        rng = np.random.default_rng(self.random_state)
        passes = Passes(
            self.learning_rate, self.weight_decay, self.batch, self.epochs, self.schedule,
            self.patience, self.halve,
        )  # fmt: skip
        # one thread: steps are so small that more of them wait for each other where cores are busy
        with seeded_torch(torch, self.random_state, 1):
            model = self._module(rows.signal.shape[1] + rows.masses.shape[1], rows.modes)
            state, self.history_, self.rounds_ = passes.train(
                model, self._scaled_rows(rows), self._scaled_rows(other), rng
            )
        names = sorted({int(name.split(".")[0]) for name in state})
        self.layers_ = [(state[f"{n}.weight"], state[f"{n}.bias"]) for n in names]
        return self

    def _fit_scaling(self, rows: Rows) -> None:
        both = np.concatenate([rows.background, rows.signal])
        undefined = np.isnan(both).all(axis=0)
        low, self.centre_, high = np.nanquantile(
            np.where(undefined, np.float32(0), both), [0.16, 0.5, 0.84], axis=0
        ).astype(np.float32)
        spread = (high - low) / 2
        self.spread_ = np.where(spread > 0, spread, 1).astype(np.float32)
        points = _ordered(rows.masses)
        wide = points.std(axis=0)
        self.mass_centre_ = points.mean(axis=0).astype(np.float32)
        self.mass_spread_ = np.where(wide > 0, wide, 1).astype(np.float32)

    def _scaled(self, x: Array) -> Singles:
        found = np.arcsinh((np.asarray(x, np.float32) - self.centre_) / self.spread_)
        return np.asarray(np.nan_to_num(found, nan=0.0), np.float32)

    def _scaled_masses(self, masses: Array) -> Singles:
        points = _ordered(np.asarray(masses, np.float32))
        return np.asarray((points - self.mass_centre_) / self.mass_spread_, np.float32)

    def _scaled_rows(self, rows: Rows) -> Rows:
        return replace(
            rows,
            background=self._scaled(rows.background),
            signal=self._scaled(rows.signal),
            masses=self._scaled_masses(rows.masses),
        )

    def _module(self, inputs: int, outputs: int) -> Any:
        from torch import nn

        parts: list[Any] = []
        for units in self.hidden:
            parts += [nn.Linear(inputs, units), nn.ReLU()]
            inputs = units
        return nn.Sequential(*parts, nn.Linear(inputs, outputs))

    def logits(self, x: Array, points: Array) -> Singles:
        """Log odds of signal of each mode against background, at many masses.

        Parameters
        ----------
        x : array, shape (events, features)
            Features.
        points : array, shape (points, masses)
            Masses [GeV]; without masses one point of none, shape (1, 0).

        Returns
        -------
        array of float32, shape (modes, points, events)

        Raises
        ------
        ModelError
            If there are other features or masses than in the training.
        """
        check_is_fitted(self, "layers_")
        rows, at = np.asarray(x), np.asarray(points, np.float32)
        size, count = len(self.centre_), len(self.mass_centre_)
        if rows.ndim != 2 or rows.shape[1] != size or at.ndim != 2 or at.shape[1] != count:
            raise ModelError(
                f"The network reads {size} features and {count} masses, and is given arrays of "
                f"shape {rows.shape} and {at.shape}."
            )
        (first, bias), *rest = self.layers_
        # what the masses add to the first layer is the same for all events
        shift = self._scaled_masses(at) @ first[:, size:].T + bias
        out = np.empty((self.modes, len(at), len(rows)), np.float32)
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            own = self._scaled(rows[part]) @ first[:, :size].T
            for place in range(len(at)):
                found = own + shift[place]
                for weight, offset in rest:
                    np.maximum(found, 0, out=found)
                    found = found @ weight.T
                    found += offset
                out[:, place, part] = found.T
        return out

    def save(self, path: Path) -> None:
        """Write the weights as safetensors; what else there is to know is JSON in its header."""
        from hepml.engine.store import write_bytes

        library = need_safetensors()
        check_is_fitted(self, "layers_")
        tensors = {name: getattr(self, f"{name}_") for name in _SCALES}
        for place, (weight, bias) in enumerate(self.layers_):
            tensors |= {f"weight.{place}": weight, f"bias.{place}": bias}
        arrays = {name: np.ascontiguousarray(item) for name, item in tensors.items()}
        about = json.dumps({"layers": len(self.layers_)})
        write_bytes(Path(path), library.save(arrays, metadata={"parametric": about}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trained network.

        Raises
        ------
        ModelError
            If the file is damaged, or safetensors is not installed.
        """
        need_safetensors()
        from safetensors import SafetensorError, safe_open

        found = cls()
        try:
            with safe_open(path, framework="numpy") as handle:
                layers = json.loads(handle.metadata()["parametric"])["layers"]
                arrays = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
            found.layers_ = [(arrays[f"weight.{n}"], arrays[f"bias.{n}"]) for n in range(layers)]
            for name in _SCALES:
                setattr(found, f"{name}_", arrays[name])
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise ModelError(f"{path} is no network that can be read: {error!r}") from error
        found.hidden = tuple(len(bias) for _, bias in found.layers_[:-1])
        found.history_, found.rounds_ = {}, 0
        return found


def _ordered(masses: Array) -> Array:
    """The larger mass first."""
    return -np.sort(-masses, axis=1)
