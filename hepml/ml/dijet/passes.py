"""Passes of a training over background with drawn masses and signal with its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = ["Passes", "checked_rows"]

Array = NDArray[Any]
Singles = NDArray[np.float32]
History = dict[str, list[float]]

# Rows that are judged at once.
_PART = 65_536


@dataclass(frozen=True, slots=True)
class Passes:
    """How a network is trained.

    Attributes
    ----------
    learning_rate : float
        Of Adam, at first.
    batch : int
        Rows of a step, half of them signal.
    epochs, patience : int
        Most passes, and those without a better loss.
    halve : int
        Passes without a better loss after which steps become half as long.
    """

    learning_rate: float
    batch: int
    epochs: int
    patience: int
    halve: int = 3

    def train(
        self,
        model: Any,
        rows: tuple[Any, Any, Any],
        judged: tuple[Any, Any],
        rng: np.random.Generator,
    ) -> tuple[dict[str, Singles], History, int]:
        """Train until the loss on other rows grows.

        Parameters
        ----------
        model : torch module
            From inputs to one logit.
        rows : tensors
            Features of background and of signal, and masses of signal.
        judged : tensors
            Inputs of background and signal that decide when to stop.
        rng : numpy Generator
            Draws rows and masses.

        Returns
        -------
        state : dict of str to array
            The best weights.
        history : dict of str to list of float
            Loss after each pass.
        rounds : int
            The best pass, from 1 on.

        Raises
        ------
        ModelError
            If the loss is never a number.
        """
        import torch

        optimiser = torch.optim.Adam(model.parameters(), lr=self.learning_rate)
        calm = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=0.5, patience=self.halve - 1, min_lr=1e-6
        )
        history: History = {"train": [], "validation": []}
        best, rounds, state = math.inf, 0, model.state_dict()
        for epoch in range(1, self.epochs + 1):
            losses = []
            for background, signal in _batches(rows, max(self.batch // 2, 1), rng):
                optimiser.zero_grad()
                loss = _loss(model, background, signal)
                loss.backward()
                optimiser.step()
                losses.append(float(loss.detach()))
            with torch.no_grad():
                value = _judge(model, *judged)
            calm.step(value)
            history["train"].append(float(np.mean(losses)))
            history["validation"].append(value)
            if value < best:
                best, rounds = value, epoch
                state = {name: item.clone() for name, item in model.state_dict().items()}
            elif epoch - rounds >= self.patience:
                break
        if not rounds:
            raise ModelError("The training diverged: the loss is no number. Scale the features.")
        return {name: item.numpy().copy() for name, item in state.items()}, history, rounds


def checked_rows(
    background: Array, signal: Array, masses: Array | None
) -> tuple[Singles, Singles, Singles]:
    """Background, signal and its masses as arrays that belong together.

    Raises
    ------
    ModelError
        If there are no events of a kind, or the shapes disagree.
    """
    b, s = np.asarray(background, np.float32), np.asarray(signal, np.float32)
    m = np.empty((len(s), 0), np.float32) if masses is None else np.asarray(masses, np.float32)
    if not len(b) or not len(s):
        raise ModelError(
            f"A network learns from both kinds of events: there are {len(s)} of signal and "
            f"{len(b)} of background."
        )
    if b.ndim != 2 or b.shape[1:] != s.shape[1:] or m.ndim != 2 or len(m) != len(s):
        raise ModelError(
            f"Background {b.shape}, signal {s.shape} and masses {m.shape} do not fit together."
        )
    if np.isinf(b).any() or np.isinf(s).any():
        raise ModelError("A feature is infinite: leave out those events, or the feature.")
    if not np.isfinite(m).all():
        raise ModelError("Signal events need finite masses: leave out those without.")
    return b, s, m


def _batches(
    rows: tuple[Any, Any, Any], half: int, rng: np.random.Generator
) -> Iterator[tuple[Any, Any]]:
    """Batches of background and signal, until the larger of them has been seen once."""
    import torch

    background, signal, masses = rows
    steps = max(math.ceil(max(len(background), len(signal)) / half), 1)
    own, other = (_cycle(len(item), half * steps, rng) for item in (background, signal))
    drawn = torch.from_numpy(rng.integers(0, len(masses), half * steps))
    for start in range(0, half * steps, half):
        part = slice(start, start + half)
        chosen = other[part]
        yield (
            torch.cat([background[own[part]], masses[drawn[part]]], 1),
            torch.cat([signal[chosen], masses[chosen]], 1),
        )


def _cycle(size: int, count: int, rng: np.random.Generator) -> Any:
    """Numbers below ``size`` in random order, over and over."""
    import torch

    rounds = [rng.permutation(size) for _ in range(math.ceil(count / size))]
    return torch.from_numpy(np.concatenate(rounds)[:count])


def _loss(model: Any, background: Any, signal: Any) -> Any:
    """Cross-entropy with equal weights of both kinds."""
    from torch.nn.functional import softplus

    below, above = (model(item)[:, 0] for item in (background, signal))
    return (softplus(below).mean() + softplus(-above).mean()) / 2


def _judge(model: Any, background: Any, signal: Any) -> float:
    """The same of many events, in parts that memory holds."""
    from torch.nn.functional import softplus

    total = 0.0
    for rows, sign in ((background, 1.0), (signal, -1.0)):
        sums = (float(softplus(sign * model(part)[:, 0]).sum()) for part in rows.split(_PART))
        total += sum(sums) / len(rows) / 2
    return total
