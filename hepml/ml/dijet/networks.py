"""A network that knows signal of any masses from background: trained by torch, applied by numpy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ModelError
from hepml.ml.dijet.passes import Passes, checked_rows

__all__ = ["ParametricNetwork"]

Array = NDArray[Any]
Singles = NDArray[np.float32]
Rows = tuple[Array, Array, Array | None]

# Rows that are applied at once: their hidden units stay in the cache.
_BLOCK = 4_096


class ParametricNetwork(BaseEstimator):
    """Layers of rectified units that read features and, where there are any, masses.

    Background has no true masses: in every batch it is given those of signal events drawn at
    random, so that the masses alone tell nothing and no copy of it is kept. Both kinds have the
    same weight, so that the odds are density ratios up to what training misses.

    Features are centred by their median, scaled by half of their central 68 %, and their tails
    drawn in by arsinh; an undefined one is the median. With the three layers of
    arXiv:2405.08889 and its six features there are 43,009 parameters, with two masses 43,521.

    Parameters
    ----------
    hidden : sequence of int
        Units of each layer.
    ordered : bool
        Whether the larger mass is always read first.
    learning_rate : float
        Of Adam.
    batch : int
        Rows of a step, half of them signal.
    epochs : int
        Most passes over the larger class.
    patience : int
        Passes without a better loss on the validation rows before it stops.
    halve : int
        Passes without one before the learning rate is halved.
    random_state : int
        Seed.
    n_jobs : int
        Threads of torch, at most 2.

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
        ordered: bool = True,
        learning_rate: float = 1e-3,
        batch: int = 1_024,
        epochs: int = 100,
        patience: int = 10,
        halve: int = 3,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.hidden = hidden
        self.ordered = ordered
        self.learning_rate = learning_rate
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.halve = halve
        self.random_state = random_state
        self.n_jobs = n_jobs

    @property
    def parameters(self) -> int:
        """How many weights and biases were trained."""
        check_is_fitted(self, "layers_")
        return sum(weight.size + bias.size for weight, bias in self.layers_)

    def fit(
        self,
        background: Array,
        signal: Array,
        masses: Array | None = None,
        *,
        validation: Rows | None = None,
    ) -> Self:
        """Train.

        Parameters
        ----------
        background, signal : array, shape (events, features)
            Features.
        masses : array, shape (signal events, masses), optional
            True masses [GeV]; without them the network is one for a single mass point.
        validation : (background, signal, masses), optional
            Events that decide when to stop; default: those of the training.

        Raises
        ------
        ModelError
            If torch or safetensors is missing, or there are no events of a kind.
        """
        _need("torch", "safetensors")
        from hepml.ml.toptag.devices import quiet_torch

        rows = checked_rows(background, signal, masses)
        other = rows if validation is None else checked_rows(*validation)
        self._fit_scaling(*rows)
        rng = np.random.default_rng(self.random_state)
        with quiet_torch(self.random_state, self.n_jobs):
            training, judged = self._tensors(rows), self._fixed(other, rng)
            model = self._module(rows[1].shape[1] + rows[2].shape[1])
            passes = Passes(self.learning_rate, self.batch, self.epochs, self.patience, self.halve)
            state, self.history_, self.rounds_ = passes.train(model, training, judged, rng)
        names = sorted({int(name.split(".")[0]) for name in state})
        self.layers_ = [(state[f"{n}.weight"], state[f"{n}.bias"]) for n in names]
        return self

    def _fit_scaling(self, background: Array, signal: Array, masses: Array) -> None:
        both = np.concatenate([background, signal])
        undefined = np.isnan(both).all(axis=0)
        low, self.centre_, high = np.nanquantile(
            np.where(undefined, np.float32(0), both), [0.16, 0.5, 0.84], axis=0
        ).astype(np.float32)
        spread = (high - low) / 2
        self.spread_ = np.where(spread > 0, spread, 1).astype(np.float32)
        points = self._sorted(masses)
        wide = points.std(axis=0)
        self.mass_centre_ = points.mean(axis=0).astype(np.float32)
        self.mass_spread_ = np.where(wide > 0, wide, 1).astype(np.float32)

    def _sorted(self, masses: Array) -> Array:
        return -np.sort(-masses, axis=1) if self.ordered else masses

    def _scaled(self, x: Array) -> Singles:
        found = np.arcsinh((np.asarray(x, np.float32) - self.centre_) / self.spread_)
        return np.asarray(np.nan_to_num(found, nan=0.0), np.float32)

    def _scaled_masses(self, masses: Array) -> Singles:
        points = self._sorted(np.asarray(masses, np.float32))
        return np.asarray((points - self.mass_centre_) / self.mass_spread_, np.float32)

    def _tensors(self, rows: tuple[Array, Array, Array]) -> tuple[Any, Any, Any]:
        import torch

        scaled = self._scaled(rows[0]), self._scaled(rows[1]), self._scaled_masses(rows[2])
        background, signal, masses = (torch.from_numpy(item) for item in scaled)
        return background, signal, masses

    def _fixed(self, rows: tuple[Array, Array, Array], rng: np.random.Generator) -> tuple[Any, Any]:
        """Background with masses drawn once, and signal: inputs of the network."""
        import torch

        background, signal, masses = self._tensors(rows)
        drawn = torch.from_numpy(rng.integers(0, len(masses), len(background)))
        return torch.cat([background, masses[drawn]], 1), torch.cat([signal, masses], 1)

    def _module(self, inputs: int) -> Any:
        from torch import nn

        parts: list[Any] = []
        for units in self.hidden:
            parts += [nn.Linear(inputs, units), nn.ReLU()]
            inputs = units
        return nn.Sequential(*parts, nn.Linear(inputs, 1))

    def logits(self, x: Array, masses: Sequence[float] = ()) -> Singles:
        """Log odds of signal of these masses [GeV], shape (events,)."""
        found = self.logits_at(x, np.asarray([masses], np.float32))
        return np.asarray(found[0])

    def logits_at(self, x: Array, points: Array) -> Singles:
        """Log odds of signal at many masses.

        Parameters
        ----------
        x : array, shape (events, features)
            Features.
        points : array, shape (points, masses)
            Masses [GeV].

        Returns
        -------
        array of float32, shape (points, events)

        Raises
        ------
        ModelError
            If there are other features or masses than in the training.
        """
        check_is_fitted(self, "layers_")
        rows, at = np.asarray(x), np.atleast_2d(np.asarray(points, np.float32))
        size, count = len(self.centre_), len(self.mass_centre_)
        if rows.ndim != 2 or rows.shape[1] != size or at.shape[1] != count:
            raise ModelError(
                f"The network reads {size} features and {count} masses, and is given "
                f"{rows.shape[-1]} and {at.shape[1]}."
            )
        (first, bias), *rest = self.layers_
        # what the masses add to the first layer is the same for all events
        shift = self._scaled_masses(at) @ first[:, size:].T + bias
        out = np.empty((len(at), len(rows)), np.float32)
        for start in range(0, len(rows), _BLOCK):
            part = slice(start, start + _BLOCK)
            own = self._scaled(rows[part]) @ first[:, :size].T
            for place in range(len(at)):
                found = own + shift[place]
                for weight, offset in rest:
                    np.maximum(found, 0, out=found)
                    found = found @ weight.T
                    found += offset
                out[place, part] = found[:, 0]
        return out

    def save(self, path: Path) -> None:
        """Write the weights as safetensors; what else there is to know is JSON in its header."""
        _need("safetensors")
        from safetensors.numpy import save

        from hepml.engine.store import write_bytes

        check_is_fitted(self, "layers_")
        tensors = {"centre": self.centre_, "spread": self.spread_}
        tensors |= {"mass_centre": self.mass_centre_, "mass_spread": self.mass_spread_}
        for place, (weight, bias) in enumerate(self.layers_):
            tensors |= {f"weight.{place}": weight, f"bias.{place}": bias}
        about = {"layers": len(self.layers_), "ordered": self.ordered}
        arrays = {name: np.ascontiguousarray(item) for name, item in tensors.items()}
        write_bytes(Path(path), save(arrays, metadata={"parametric": json.dumps(about)}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trained network.

        Raises
        ------
        ModelError
            If the file is damaged, or safetensors is not installed.
        """
        _need("safetensors")
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as handle:
                about = json.loads(handle.metadata()["parametric"])
                arrays = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
            found = cls(ordered=bool(about["ordered"]))
            found.layers_ = [
                (arrays[f"weight.{n}"], arrays[f"bias.{n}"]) for n in range(about["layers"])
            ]
            found.centre_, found.spread_ = arrays["centre"], arrays["spread"]
            found.mass_centre_ = arrays["mass_centre"]
            found.mass_spread_ = arrays["mass_spread"]
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise ModelError(f"{path} is no network that can be read: {error!r}") from error
        found.hidden = tuple(len(bias) for _, bias in found.layers_[:-1])
        found.history_, found.rounds_ = {}, 0
        return found


def _need(*libraries: str) -> None:
    from importlib import import_module

    try:
        for name in libraries:
            import_module(name)
    except ImportError as error:
        raise ModelError(
            f"Parametric networks need {error.name}, which is not installed: pip install "
            "'hepml-columnar[deep]', or take boosted trees as priors: --learner trees."
        ) from error
