"""A network of events and masses: signal of any masses against background, applied by numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ModelError
from hepml.ml.deep import need_safetensors, need_torch, seeded_torch

__all__ = ["ParametricPrior"]

Array = NDArray[Any]
Rows = tuple[Array, Array, Array]

_SAVED = ("centre_", "spread_")
# Rows at once: 256 units of each stay below 100 MB.
_BLOCK = 65_536


class ParametricPrior(BaseEstimator):
    """Layers of rectified units that read the masses of the signal too, the larger first.

    Background has no true masses: in every batch it is given those of random signal events, so
    that the masses alone tell nothing. Inputs are standardised; both classes weigh the same.

    Parameters
    ----------
    hidden : tuple of int
        Units of each layer; the published network has 256, 128, 64.
    epochs : int
        Passes over the signal; the learning rate falls to nothing at the end (cosine).
    learning_rate, weight_decay : float
        Of AdamW; the largest rate.
    batch : int
        Events of each class in a step.
    random_state : int
        Seed.

    Attributes
    ----------
    layers_ : list of (weight, bias)
        float32 arrays.
    centre_, spread_ : array
        Of the inputs, masses last.
    history_ : dict of str to list of float
        Loss after each pass.
    rounds_ : int
        The pass that is kept.
    """

    def __init__(
        self,
        hidden: tuple[int, ...] = (256, 128, 64),
        *,
        epochs: int = 30,
        learning_rate: float = 3e-3,
        weight_decay: float = 1e-4,
        batch: int = 512,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch = batch
        self.random_state = random_state

    def fit(self, background: Array, signal: Array, masses: Array, *, validation: Rows) -> Self:
        """Train.

        Parameters
        ----------
        background, signal : array, shape (events, features)
            Features.
        masses : array, shape (signal events, 2)
            True masses [GeV].
        validation : (background, signal, masses)
            Events that choose the best pass.

        Raises
        ------
        ModelError
            If torch is not installed.
        """
        torch = _torch()
        joined = np.vstack([background, signal]).astype(np.float64)
        points = _ordered(masses)
        self.centre_ = np.append(joined.mean(axis=0), points.mean(axis=0)).astype(np.float32)
        spread = np.append(joined.std(axis=0), points.std(axis=0))
        self.spread_ = np.where(spread > 0, spread, 1.0).astype(np.float32)
        rng = np.random.default_rng(self.random_state)
        # one thread: steps are so small that more of them wait for each other where cores are busy
        with seeded_torch(torch, self.random_state, 1):
            model = self._module(len(self.centre_))
            train = [torch.from_numpy(self._x(background)), torch.from_numpy(self._x(signal))]
            state = self._descend(model, train, self._m(points), self._check(validation, rng))
        kept = {name: value.numpy() for name, value in state.items()}
        numbers = sorted({int(name.split(".")[0]) for name in kept})
        self.layers_ = [(kept[f"{n}.weight"], kept[f"{n}.bias"]) for n in numbers]
        return self

    def _x(self, x: Array) -> NDArray[np.float32]:
        return np.asarray((x - self.centre_[:-2]) / self.spread_[:-2], np.float32)

    def _m(self, points: Array) -> NDArray[np.float32]:
        return np.asarray((points - self.centre_[-2:]) / self.spread_[-2:], np.float32)

    def _check(self, rows: Rows, rng: np.random.Generator) -> tuple[Any, Any]:
        """Validation events with the masses that they keep."""
        torch = _torch()
        points = self._m(_ordered(rows[2]))
        drawn = points[rng.integers(0, len(points), len(rows[0]))]
        background = np.column_stack([self._x(rows[0]), drawn])
        signal = np.column_stack([self._x(rows[1]), points])
        return torch.from_numpy(background), torch.from_numpy(signal)

    def _module(self, inputs: int) -> Any:
        nn = _torch().nn
        parts: list[Any] = []
        for units in self.hidden:
            parts += [nn.Linear(inputs, units), nn.ReLU()]
            inputs = units
        return nn.Sequential(*parts, nn.Linear(inputs, 1))

    def _descend(
        self, model: Any, train: list[Any], points: Array, other: tuple[Any, Any]
    ) -> dict[str, Any]:
        torch = _torch()
        background, signal = train
        masses = torch.from_numpy(points)
        steps = max(len(signal) // self.batch, 1)
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * self.epochs)
        self.history_: dict[str, list[float]] = {"train": [], "validation": []}
        best, self.rounds_, state = np.inf, 0, model.state_dict()
        for epoch in range(1, self.epochs + 1):
            losses = 0.0
            for chosen in torch.randperm(len(signal))[: steps * self.batch].split(self.batch):
                rows = torch.randint(len(background), (len(chosen),))
                drawn = torch.randint(len(signal), (len(chosen),))
                loss = _loss(
                    model(torch.cat([background[rows], masses[drawn]], dim=1)),
                    model(torch.cat([signal[chosen], masses[chosen]], dim=1)),
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                losses += float(loss.detach())
            with torch.no_grad():
                value = float(_loss(model(other[0]), model(other[1])))
            self.history_["train"].append(losses / steps)
            self.history_["validation"].append(value)
            if value < best:
                best, self.rounds_ = value, epoch
                state = {name: item.clone() for name, item in model.state_dict().items()}
        return dict(state)

    def logits(self, x: Array, masses: tuple[float, float]) -> NDArray[np.float64]:
        """Log odds of signal of these masses [GeV], shape (events,)."""
        check_is_fitted(self, "layers_")
        point = self._m(_ordered(np.asarray([masses], np.float64)))[0]
        found = np.empty(len(x))
        (weight, bias), *rest = self.layers_
        bias = bias + weight[:, -2:] @ point
        for start in range(0, len(x), _BLOCK):
            part = self._x(x[start : start + _BLOCK]) @ weight[:, :-2].T + bias
            for matrix, offset in rest:
                np.maximum(part, 0.0, out=part)
                part = part @ matrix.T + offset
            found[start : start + _BLOCK] = part[:, 0]
        return found

    def save(self, path: Path) -> None:
        """Write the weights as safetensors."""
        arrays = {name: getattr(self, name) for name in _SAVED}
        for place, (weight, bias) in enumerate(self.layers_):
            arrays |= {f"weight.{place}": weight, f"bias.{place}": bias}
        need_safetensors().save_file({n: np.ascontiguousarray(a) for n, a in arrays.items()}, path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trained network.

        Raises
        ------
        ModelError
            If the file is damaged, or safetensors is not installed.
        """
        library = need_safetensors()
        from safetensors import SafetensorError

        try:
            arrays = library.load_file(path)
            layers = range(sum(name.startswith("bias.") for name in arrays))
            found = cls()
            found.layers_ = [(arrays[f"weight.{n}"], arrays[f"bias.{n}"]) for n in layers]
            found.centre_, found.spread_ = arrays["centre_"], arrays["spread_"]
        except (SafetensorError, KeyError, ValueError, OSError) as error:
            raise ModelError(f"{path} is no prior that can be read: {error!r}") from error
        found.hidden = tuple(len(bias) for _, bias in found.layers_[:-1])
        found.history_, found.rounds_ = {}, 0
        return found


def _ordered(masses: Array) -> Array:
    """The larger mass first: which resonance is which no one can tell."""
    return np.column_stack([masses.max(axis=1), masses.min(axis=1)])


def _loss(background: Any, signal: Any) -> Any:
    """Cross entropy of log odds; both classes weigh the same."""
    softplus = _torch().nn.functional.softplus
    return 0.5 * (softplus(background).mean() + softplus(-signal).mean())


def _torch() -> Any:
    return need_torch("take boosted trees as priors: --learner trees")
