"""Train the parameters of a flow: batches, epochs, the best of them, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.density.adam import Adam
from hepml.ml.density.base import Progress
from hepml.ml.density.network import Network

__all__ = ["Batch", "Engine", "Kept", "Settings", "make_engine", "run_epochs"]

Singles = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows: z of shape (rows, features), conditions and weights of shape (rows,)."""

    z: Singles
    condition: Singles
    weight: Singles

    def take(self, rows: NDArray[np.int64]) -> Batch:
        """Some of the rows."""
        return Batch(self.z[rows], self.condition[rows], self.weight[rows])


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train; see ``Flow`` for what each means."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    clip: float
    patience: int
    keep: int
    schedule: str | None


@dataclass(slots=True)
class Kept:
    """The best epochs, best first, and the loss after every epoch."""

    states: list[tuple[float, int, Singles]] = field(default_factory=list)
    train: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    def offer(self, loss: float, epoch: int, flat: Singles, keep: int) -> bool:
        """Keep a state if it is among the best; whether it is the best of all."""
        if not math.isfinite(loss):
            return False
        best = not self.states or loss < self.states[0][0]
        if len(self.states) < keep or loss < self.states[-1][0]:
            self.states.append((loss, epoch, flat.copy()))
            self.states.sort(key=lambda item: item[:2])
            del self.states[keep:]
        return best


class Engine(Protocol):
    """Evaluates the loss of a batch; ``gradient`` leaves the gradient in ``network.grad``."""

    def loss(self, batch: Batch) -> float:
        """Mean -ln p."""

    def gradient(self, batch: Batch) -> float:
        """The same, and its gradient."""


class _Compiled:
    """Affine flows on a processor."""

    def __init__(self, network: Network) -> None:
        self._network, self._sizes = network, network.sizes()
        self._none = np.zeros(0, dtype=np.float32)
        self._mask = network.masked()

    def _call(self, batch: Batch, grad: Singles) -> float:
        from hepml.ml.density.gradient import negative_log_likelihood

        return float(
            negative_log_likelihood(
                np.ascontiguousarray(batch.z.T),
                batch.condition,
                batch.weight / batch.weight.sum(),
                self._network.flat,
                self._sizes,
                self._network.architecture.transforms,
                grad,
            )
        )

    def loss(self, batch: Batch) -> float:
        return self._call(batch, self._none)

    def gradient(self, batch: Batch) -> float:
        found = self._call(batch, self._network.grad)
        self._network.grad *= self._mask
        return found


class _Automatic:
    """Any flow, by torch's own gradient, on any device."""

    def __init__(self, network: Network, device: str) -> None:
        self._network, self._device = network, device
        self._module = network.module
        if device != "cpu":
            import copy

            self._module = copy.deepcopy(network.module).to(device)

    def _mean(self, batch: Batch) -> Any:
        import torch

        z, condition, weight = (
            torch.from_numpy(np.ascontiguousarray(part)).to(self._device)
            for part in (batch.z, batch.condition, batch.weight)
        )
        return -(self._module(condition[:, None]).log_prob(z) * weight).sum() / weight.sum()

    def _pull(self) -> None:
        import torch

        if self._module is not self._network.module:
            flat = torch.from_numpy(self._network.flat).to(self._device)
            start = 0
            with torch.no_grad():
                for item in self._module.parameters():
                    item.copy_(flat[start : start + item.numel()].view(item.shape))
                    start += item.numel()

    def loss(self, batch: Batch) -> float:
        import torch

        self._pull()
        with torch.no_grad():
            return float(self._mean(batch))

    def gradient(self, batch: Batch) -> float:
        import torch

        self._pull()
        loss = self._mean(batch)
        parts = torch.autograd.grad(loss, list(self._module.parameters()))
        self._network.grad[:] = torch.cat([part.reshape(-1) for part in parts]).cpu().numpy()
        return float(loss.detach())


def make_engine(network: Network, device: str) -> Engine:
    """The fastest engine there is for a network.

    An affine flow of this size is an order of magnitude faster in compiled code than on a GPU,
    where every batch of 256 rows costs hundreds of kernel launches.
    """
    import torch

    if device == "auto":
        if network.architecture.kind == "maf":
            return _Compiled(network)
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device != "cpu" and not torch.cuda.is_available() and device.startswith("cuda"):
        raise ModelError(f"There is no device {device!r} here; choose 'auto' or 'cpu'.")
    if device == "cpu" and network.architecture.kind == "maf":
        return _Compiled(network)
    return _Automatic(network, device)


def run_epochs(
    network: Network,
    engine: Engine,
    training: Batch,
    validation: Batch,
    settings: Settings,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Kept:
    """Train with Adam; the untrained state never counts.

    Raises
    ------
    ModelError
        If the loss is not finite in any epoch.
    """
    kept = Kept()
    step = _stepper(network, settings, math.ceil(len(training.z) / settings.batch_size))
    waited = 0
    for epoch in range(1, settings.epochs + 1):
        order = rng.permutation(len(training.z))
        losses = []
        for start in range(0, len(order), settings.batch_size):
            batch = training.take(order[start : start + settings.batch_size])
            if not batch.weight.any():
                continue
            losses.append(engine.gradient(batch))
            step()
        kept.train.append(float(np.mean(losses)))
        loss = engine.loss(validation)
        kept.validation.append(loss)
        waited = 0 if kept.offer(loss, epoch, network.flat, settings.keep) else waited + 1
        if progress is not None:
            progress("training the flow", epoch, settings.epochs)
        if settings.patience and waited >= settings.patience:
            break
    if not kept.states:
        raise ModelError(
            "The flow did not converge: its loss was never finite. Lower the learning rate, or "
            'look at the features (preprocessing "normal" takes any tails).'
        )
    return kept


def _stepper(network: Network, settings: Settings, batches: int) -> Callable[[], None]:
    """A function that makes one step with the gradient that ``network.grad`` holds."""
    adam = Adam(network.flat, settings.weight_decay)
    total = settings.epochs * batches

    def step() -> None:
        size = float(np.linalg.norm(network.grad.astype(np.float64)))
        if not math.isfinite(size):
            # one batch with a wild row must not end the training
            return
        if settings.clip and size > settings.clip:
            network.grad *= np.float32(settings.clip / size)
        rate = settings.learning_rate
        if settings.schedule == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * adam.steps / total))
        adam.step(network.grad, rate)

    return step
