"""A small neural network as a scikit-learn classifier: trained by torch, applied by numpy alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from hepml.errors import ModelError
from hepml.ml.deep import need_safetensors, need_torch, seeded_torch

__all__ = ["NetworkClassifier"]

Array = NDArray[Any]
Validation = tuple[Array, Array] | tuple[Array, Array, Array | None]

# Learning rate that is not halved any more.
_LEAST = 1e-6


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """Layers of rectified units, and a softmax.

    Inputs are centred by their median and scaled by their spread (half of the central 68 %), and
    their tails are drawn in by arsinh. An undefined input is the median; where training rows have
    undefined values, another input says so.

    Parameters
    ----------
    hidden : sequence of int
        Units of each layer.
    dropout : float
        Share of units that are left out in training.
    learning_rate, weight_decay : float
        Of AdamW.
    batch : int
        Rows of a step.
    epochs : int
        Most passes over the rows.
    patience : int
        Passes without a better loss on the validation rows before it stops.
    halve : int or None
        Passes without one before the learning rate is halved, down to 1e-6; ``None``: never.
    random_state : int
        Seed.
    n_jobs : int or None
        Threads of torch in the training.

    Attributes
    ----------
    layers_ : list of (weight, bias)
        float32 arrays.
    centre_, spread_ : array
        Of the inputs.
    flagged_ : array of int
        Inputs that have a flag for undefined values.
    history_ : dict of str to list of float
        Loss after each pass, on training and validation rows.
    rounds_ : int
        The pass whose weights are kept, from 1 on.
    rate_ : float
        Learning rate at the end.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (128, 64),
        *,
        dropout: float = 0.1,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-3,
        batch: int = 512,
        epochs: int = 60,
        patience: int = 8,
        halve: int | None = None,
        random_state: int = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch = batch
        self.epochs = epochs
        self.patience = patience
        self.halve = halve
        self.random_state = random_state
        self.n_jobs = n_jobs

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
        validation: Validation | None = None,
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

        Raises
        ------
        ModelError
            If torch is not installed.
        """
        _torch()
        x, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        self.classes_, target = np.unique(labels, return_inverse=True)
        self._fit_scaling(x)
        weights = np.ones(len(x)) if sample_weight is None else np.asarray(sample_weight)
        rows = self._tensors(x, target, weights)
        other = rows
        if validation is not None:
            place = np.searchsorted(self.classes_, validation[1])
            found = validation[2] if len(validation) > 2 else None
            other = self._tensors(
                np.asarray(validation[0], np.float32),
                place,
                np.ones(len(place)) if found is None else found,
            )
        with seeded_torch(_torch(), self.random_state, self.n_jobs):
            model = self._module(rows[0].shape[1])
            state = self._descend(model, rows, other)
        kept = {name: value.detach().numpy().copy() for name, value in state.items()}
        names = sorted({int(name.split(".")[0]) for name in kept})
        self.layers_ = [(kept[f"{n}.weight"], kept[f"{n}.bias"]) for n in names]
        return self

    def _fit_scaling(self, x: Array) -> None:
        undefined = np.isnan(x)
        filled = np.where(undefined.all(axis=0), np.float32(0.0), x)
        low, self.centre_, high = np.nanquantile(filled, [0.16, 0.5, 0.84], axis=0).astype("f4")
        wide = np.nanstd(filled, axis=0)
        spread = np.where(high > low, (high - low) / 2, wide)
        self.spread_ = np.where(spread > 0, spread, 1.0).astype(np.float32)
        self.flagged_ = np.flatnonzero(undefined.any(axis=0))

    def _scaled(self, x: Array) -> NDArray[np.float32]:
        found = np.arcsinh((x - self.centre_) / self.spread_)
        flags = np.isnan(x[:, self.flagged_]).astype(np.float32)
        return np.column_stack([np.nan_to_num(found, nan=0.0), flags]).astype(np.float32)

    def _tensors(self, x: Array, target: Array, weights: Array) -> tuple[Any, Any, Any]:
        torch = _torch()
        used = np.asarray(weights, np.float32)
        return (
            torch.from_numpy(self._scaled(x)),
            torch.from_numpy(np.asarray(target, np.int64)),
            torch.from_numpy(used / used.mean()),
        )

    def _module(self, inputs: int) -> Any:
        nn = _torch().nn
        parts: list[Any] = []
        for units in self.hidden:
            parts += [nn.Linear(inputs, units), nn.ReLU(), nn.Dropout(self.dropout)]
            inputs = units
        return nn.Sequential(*parts, nn.Linear(inputs, len(self.classes_)))

    def _descend(self, model: Any, rows: tuple[Any, ...], other: tuple[Any, ...]) -> dict[str, Any]:
        """Train until the loss on the other rows grows; returns the best weights."""
        torch = _torch()
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        calm = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=0.5, patience=(self.halve or self.epochs + 1) - 1, threshold=0.0,
            min_lr=min(_LEAST, self.learning_rate),
        )  # fmt: skip
        self.history_: dict[str, list[float]] = {"train": [], "validation": []}
        best, self.rounds_, state = np.inf, 0, model.state_dict()
        for epoch in range(1, self.epochs + 1):
            model.train()
            losses = []
            for chosen in torch.randperm(len(rows[0])).split(self.batch):
                optimiser.zero_grad()
                loss = _loss(model, *(item[chosen] for item in rows))
                loss.backward()
                optimiser.step()
                losses.append(float(loss.detach()))
            model.eval()
            with torch.no_grad():
                value = float(_loss(model, *other))
            calm.step(value)
            self.rate_ = float(optimiser.param_groups[0]["lr"])
            self.history_["train"].append(float(np.mean(losses)))
            self.history_["validation"].append(value)
            if value < best:
                best, self.rounds_ = value, epoch
                state = {name: item.clone() for name, item in model.state_dict().items()}
            elif epoch - self.rounds_ >= self.patience:
                break
        return dict(state)

    def predict_proba(self, X: Array) -> NDArray[np.float64]:  # noqa: N803
        """Probability of each class, shape (rows, classes)."""
        check_is_fitted(self, "layers_")
        x = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        found = self._scaled(x)
        for place, (weight, bias) in enumerate(self.layers_):
            found = found @ weight.T + bias
            if place < len(self.layers_) - 1:
                np.maximum(found, 0.0, out=found)
        sums = found.astype(np.float64)
        sums = np.exp(sums - sums.max(axis=1, keepdims=True))
        return np.asarray(sums / sums.sum(axis=1, keepdims=True))

    def predict(self, X: Array) -> Array:  # noqa: N803
        """Most probable class of each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def save(self, path: Path) -> None:
        """Write the weights as safetensors; classes and history are JSON in its header."""
        save_file = need_safetensors().save_file
        tensors = {"centre": self.centre_, "spread": self.spread_, "flagged": self.flagged_}
        for place, (weight, bias) in enumerate(self.layers_):
            tensors |= {f"weight.{place}": weight, f"bias.{place}": bias}
        about = {"classes": self.classes_.tolist(), "layers": len(self.layers_)}
        arrays = {name: np.ascontiguousarray(item) for name, item in tensors.items()}
        save_file(arrays, path, metadata={"network": json.dumps(about)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trained network.

        Raises
        ------
        ModelError
            If the file is damaged, or safetensors is not installed.
        """
        library = need_safetensors()
        from safetensors import SafetensorError, safe_open

        try:
            arrays = library.load_file(path)
            with safe_open(path, framework="numpy") as handle:
                about = json.loads(handle.metadata()["network"])
            found = cls()
            found.layers_ = [
                (arrays[f"weight.{n}"], arrays[f"bias.{n}"]) for n in range(about["layers"])
            ]
            found.centre_, found.spread_ = arrays["centre"], arrays["spread"]
            found.flagged_ = arrays["flagged"]
        except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
            raise ModelError(f"{path} is no network that can be read: {error!r}") from error
        found.classes_ = np.asarray(about["classes"])
        found.n_features_in_ = len(found.centre_)
        found.hidden = tuple(len(bias) for _, bias in found.layers_[:-1])
        found.history_, found.rounds_ = {}, 0
        return found


def _loss(model: Any, x: Any, target: Any, weights: Any) -> Any:
    """Weighted mean of -ln(probability of the true class)."""
    losses = _torch().nn.functional.cross_entropy(model(x), target, reduction="none")
    return (losses * weights).mean()


def _torch() -> Any:
    return need_torch("leave out --models network")
