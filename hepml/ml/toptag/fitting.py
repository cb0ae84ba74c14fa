"""Train a network on batches of jets: weighted, with early stopping, and it can be gone on with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ModelError
from hepml.ml.class_results import History
from hepml.ml.steps import Progress
from hepml.ml.toptag.checkpoints import TrainingState
from hepml.ml.toptag.devices import THREADS, need_torch, pick_device, quiet_torch
from hepml.ml.toptag.loader import Batch, JetLoader
from hepml.ml.toptag.presets import NetworkPlan
from hepml.ml.toptag.stopping import deferred_interrupts

__all__ = ["FitOptions", "Fitted", "fit_network"]

STATE = "training.safetensors"
_SHOWN = 0.2  # seconds between two words on how far it is


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a network is trained.

    Attributes
    ----------
    epochs : int
        Most passes over the jets.
    patience : int
        Passes without a better loss on the validation jets before it stops; 0: never.
    seed : int
        Of the first weights, the dropout and the order of the jets.
    threads : int
        Of torch on the processor, at most 2.
    device : {"auto", "cpu", "cuda"}
        ``auto``: a GPU where there is one.
    precision : {"auto", "full", "mixed"}
        ``mixed``: products in bfloat16; ``auto``: so on a GPU.
    save_every : float
        Seconds after which the state is kept; it is at each end of an epoch and when it is
        stopped.
    """

    epochs: int = 20
    patience: int = 10
    seed: int = 0
    threads: int = THREADS
    device: str = "auto"
    precision: str = "auto"
    save_every: float = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A trained network.

    Attributes
    ----------
    module : torch.nn.Module
        With the weights of the best epoch, on the processor.
    history : History
        Weighted cross entropy after each epoch.
    seconds : float
        Of training, those before an interruption included.
    jets : int
        That steps were made with.
    device : str
        Where it was trained.
    """

    module: Any
    history: History
    seconds: float
    jets: int
    device: str


def fit_network(
    plan: NetworkPlan,
    training: JetLoader,
    validation: JetLoader,
    options: FitOptions,
    *,
    area: Path | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Fitted:
    """Train until the loss on the validation jets no longer falls.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    training, validation : JetLoader
        Jets; their training weights always count.
    options : FitOptions
        All else.
    area : path, optional
        Folder that keeps the state, and which a stopped training goes on from.
    about : mapping, optional
        JSON values that say what is trained on what: those of a kept state must be the same.
    progress : callable, optional
        Told of the epoch, the loss and the speed; counts jets.

    Raises
    ------
    ModelError
        If torch is not installed, the loss is no number, or the kept state is of something else.
    """
    need_torch()
    import torch

    from hepml.ml.toptag.networks import make_network

    asked = {"network": plan.to_json(), "seed": options.seed, **dict(about or {})}
    path = None if area is None else area / STATE
    with quiet_torch(options.seed, options.threads):
        device = pick_device(options.device)
        module = make_network(plan).to(device)
        optimiser = torch.optim.Adam(module.parameters(), lr=plan.learning_rate, eps=1e-7)
        state = TrainingState(module, optimiser, best=_copied(module))
        if path is not None and path.exists():
            state.load(path, asked)

        def keep() -> None:
            if path is not None:
                state.save(path, asked)

        job = _Job(plan, training, validation, options, state, device, keep, progress)
        with deferred_interrupts() as stopped:
            job.run(stopped)
        module.load_state_dict(state.best)
    return Fitted(
        module=module.cpu().eval(),
        history=History(
            metric="weighted cross entropy",
            losses={name: tuple(values) for name, values in state.losses.items()},
            best=state.best_epoch or None,
        ),
        seconds=state.seconds,
        jets=state.jets,
        device=device,
    )


def _copied(module: Any) -> dict[str, Any]:
    return {name: item.detach().clone() for name, item in module.state_dict().items()}


@dataclass(slots=True, eq=False)
class _Job:
    """One training, epoch by epoch."""

    plan: NetworkPlan
    training: JetLoader
    validation: JetLoader
    options: FitOptions
    state: TrainingState
    device: str
    keep: Callable[[], None]
    progress: Progress | None
    shown: float = 0.0
    saved: float = field(default_factory=time.monotonic)
    speed: float = 0.0

    def run(self, stopped: Callable[[], bool]) -> None:
        """Train to the end, or to an interrupt."""
        state, options = self.state, self.options
        while state.epoch < options.epochs and not self._enough() and not stopped():
            value = self._validated(stopped) if self._epoch(stopped) else None
            if value is None:
                self.keep()
                return
            train = state.loss / max(state.weight, 1e-300)
            better = value < min(state.losses["validation"], default=np.inf)
            state.losses["train"].append(train)
            state.losses["validation"].append(value)
            state.epoch, state.step, state.loss, state.weight = state.epoch + 1, 0, 0.0, 0.0
            if better:
                state.best, state.best_epoch = _copied(state.module), state.epoch
            self.keep()

    def _enough(self) -> bool:
        state, patience = self.state, self.options.patience
        return bool(patience) and state.epoch - state.best_epoch >= patience

    def _epoch(self, stopped: Callable[[], bool]) -> bool:
        """One pass, or the rest of one; ``False`` where it was stopped."""
        state = self.state
        state.module.train()
        mean = self.training.rows.mean_weight
        began, jets = time.monotonic(), state.jets
        batches = self.training.epoch(state.epoch, state.step)
        before = state.seconds
        try:
            for batch in batches:
                self._step(batch, mean)
                now = time.monotonic()
                state.seconds = before + now - began
                self.speed = (state.jets - jets) / max(now - began, 1e-9)
                self._say(now)
                if stopped():
                    return False
                if now - self.saved > self.options.save_every:
                    self.keep()
                    self.saved = time.monotonic()
        finally:
            batches.close()
        return True

    def _step(self, batch: Batch, mean: float) -> None:
        state = self.state
        state.step += 1
        if len(batch.y) < 2:  # a normalisation needs more than one jet
            return
        state.optimiser.zero_grad(set_to_none=True)
        weighted, weight = self._loss(batch)
        loss = weighted / (len(batch.y) * mean)
        if self.plan.penalty:
            from hepml.ml.toptag.networks import penalised

            penalty = sum(item.abs().sum() for item in penalised(state.module))
            loss = loss + self.plan.penalty * penalty
        loss.backward()
        state.optimiser.step()
        value = float(weighted.detach())
        if not np.isfinite(value):
            raise ModelError(
                f"The loss of {self.plan.title} is no number after {state.step} steps of epoch "
                f"{state.epoch + 1}. Give a smaller --learning-rate."
            )
        state.loss, state.weight = state.loss + value, state.weight + weight
        state.jets += len(batch.y)

    def _loss(self, batch: Batch) -> tuple[Any, float]:
        """Sum of weighted cross entropies, and of weights."""
        import torch

        mixed = self.options.precision == "mixed" or (
            self.options.precision == "auto" and self.device != "cpu"
        )
        x, y, weight = (
            torch.from_numpy(item).to(self.device, non_blocking=True)
            for item in (batch.x, batch.y, batch.weight)
        )
        with torch.autocast(self.device, torch.bfloat16) if mixed else nullcontext():
            logits = self.state.module(x)
        losses = torch.nn.functional.binary_cross_entropy_with_logits(
            logits.float(), y, reduction="none"
        )
        return (losses * weight).sum(), float(batch.weight.sum(dtype=np.float64))

    def _validated(self, stopped: Callable[[], bool]) -> float | None:
        """Weighted cross entropy of the validation jets; ``None`` where it was stopped."""
        import torch

        self.state.module.eval()
        total, weights = 0.0, 0.0
        batches = self.validation.epoch()
        with torch.no_grad(), closing(batches):
            for batch in batches:
                weighted, weight = self._loss(batch)
                total, weights = total + float(weighted), weights + weight
                if stopped():
                    return None
        return total / weights

    def _say(self, now: float) -> None:
        if self.progress is None or now - self.shown < _SHOWN:
            return
        self.shown = now
        state, size = self.state, len(self.training.rows)
        loss = state.loss / max(state.weight, 1e-300)
        name = f"epoch {state.epoch + 1}/{self.options.epochs}  loss {loss:.4f}"
        done = state.epoch * size + min(state.step * self.training.batch, size)
        self.progress(f"{name}  {self.speed:,.0f} jets/s", done, self.options.epochs * size)
