"""Passes of a training: background with drawn masses, and signal of each mode with its own."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = ["Passes", "Rows", "Schedule", "checked_rows"]

Array = NDArray[Any]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
History = dict[str, list[float]]
Schedule = Literal["cosine", "plateau"]

# Rows that are judged at once.
_PART = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Events to learn from or to judge by.

    Attributes
    ----------
    background, signal : array of float32, shape (events, features)
        Features.
    masses : array of float32, shape (signal events, masses)
        Masses of the signal; no columns where there are none.
    mode : array of int64, shape (signal events,)
        Place of the decay mode.
    places : list of array of int64
        Signal events of each mode.
    chances : list of array
        Cumulated chances of these events to be drawn.
    """

    background: Singles
    signal: Singles
    masses: Singles
    mode: Ints
    places: list[Ints] = field(init=False, repr=False)
    chances: list[Floats] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        places = [np.flatnonzero(self.mode == k) for k in range(self.modes)]
        object.__setattr__(self, "places", places)
        object.__setattr__(self, "chances", [_cumulated(self.masses[rows]) for rows in places])

    @property
    def modes(self) -> int:
        """How many decay modes there are."""
        return int(self.mode.max()) + 1

    @property
    def largest(self) -> int:
        """Signal events of the mode that has most."""
        return max(len(rows) for rows in self.places)

    def draw(self, place: int, count: int, rng: np.random.Generator) -> Ints:
        """Signal events of a mode at random; each of its mass points is as likely."""
        found = np.searchsorted(self.chances[place], rng.random(count), side="right")
        own = self.places[place]
        return own[np.minimum(found, len(own) - 1)]

    def draw_masses(self, count: int, rng: np.random.Generator) -> Ints:
        """Signal events whose masses background is given: as the signal's, modes alike."""
        sizes = np.diff(np.linspace(0, count, self.modes + 1).astype(int))
        drawn = [self.draw(place, int(size), rng) for place, size in enumerate(sizes)]
        return rng.permutation(np.concatenate(drawn))


def _cumulated(masses: Singles) -> Floats:
    """Cumulated chances of events such that mass points are equally likely."""
    if not masses.shape[1]:
        return np.arange(1, len(masses) + 1) / len(masses)
    _, point, counts = np.unique(masses, axis=0, return_inverse=True, return_counts=True)
    chance = 1 / counts[point.ravel()]
    return np.asarray(np.cumsum(chance) / chance.sum())


def checked_rows(
    background: Array, signal: Array, masses: Array | None, mode: Array | None
) -> Rows:
    """Background, signal, its masses and modes as arrays that belong together.

    Raises
    ------
    ModelError
        If there are no events of a kind, or the shapes disagree.
    """
    b, s = np.asarray(background, np.float32), np.asarray(signal, np.float32)
    m = np.empty((len(s), 0), np.float32) if masses is None else np.asarray(masses, np.float32)
    k = np.zeros(len(s), np.int64) if mode is None else np.asarray(mode, np.int64)
    if not len(b) or not len(s):
        raise ModelError(
            f"A network learns from both kinds of events: there are {len(s)} of signal and "
            f"{len(b)} of background."
        )
    if b.ndim != 2 or b.shape[1:] != s.shape[1:] or m.ndim != 2 or {len(m), len(k)} != {len(s)}:
        raise ModelError(
            f"Background {b.shape}, signal {s.shape}, masses {m.shape} and modes {k.shape} do not "
            "fit together."
        )
    if np.isinf(b).any() or np.isinf(s).any():
        raise ModelError("A feature is infinite: leave out those events, or the feature.")
    if not np.isfinite(m).all():
        raise ModelError("Signal events need finite masses: leave out those without.")
    if not np.array_equal(np.unique(k), np.arange(int(k.max()) + 1)):
        raise ModelError("A decay mode has no signal events to learn from.")
    return Rows(b, s, m, k)


@dataclass(frozen=True, slots=True)
class Passes:
    """How a network is trained; see `hepml.ml.dijet.parametric.ParametricNetwork`."""

    learning_rate: float
    weight_decay: float
    batch: int
    epochs: int
    schedule: Schedule
    patience: int
    halve: int

    def train(
        self, model: Any, rows: Rows, other: Rows, rng: np.random.Generator
    ) -> tuple[dict[str, Singles], History, int]:
        """Train, and keep the pass with the best loss on other rows.

        Parameters
        ----------
        model : torch module
            From features and masses to one logit a mode.
        rows, other : Rows
            What is learned from and judged by, scaled.
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

        steps = max(rows.largest // self.batch, 1)
        optimiser = torch.optim.AdamW(
            model.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay
        )
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps * self.epochs)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=0.5, patience=self.halve - 1, min_lr=1e-6
        )
        judged = _inputs(other, None, rng)
        history: History = {"train": [], "validation": []}
        best, rounds, state = math.inf, 0, model.state_dict()
        for epoch in range(1, self.epochs + 1):
            losses = []
            drawn = [part.split(self.batch) for part in _inputs(rows, steps * self.batch, rng)]
            for parts in zip(*drawn, strict=True):
                optimiser.zero_grad()
                loss = _loss(model, parts)
                loss.backward()
                optimiser.step()
                if self.schedule == "cosine":
                    cosine.step()
                losses.append(float(loss.detach()))
            value = _judge(model, judged)
            if self.schedule == "plateau":
                plateau.step(value)
            history["train"].append(float(np.mean(losses)))
            history["validation"].append(value)
            if value < best:
                best, rounds = value, epoch
                state = {name: item.clone() for name, item in model.state_dict().items()}
            elif self.schedule == "plateau" and epoch - rounds >= self.patience:
                break
        if not rounds:
            raise ModelError("The training diverged: the loss is no number. Scale the features.")
        return {name: item.numpy().copy() for name, item in state.items()}, history, rounds


def _inputs(rows: Rows, count: int | None, rng: np.random.Generator) -> list[Any]:
    """Inputs of background and of each mode: so many drawn ones of each, or all there are."""
    import torch

    size = len(rows.background)
    chosen = np.arange(size) if count is None else rng.integers(0, size, count)
    drawn = rows.draw_masses(len(chosen), rng)
    found = [np.hstack([rows.background[chosen], rows.masses[drawn]])]
    for place in range(rows.modes):
        own = rows.places[place] if count is None else rows.draw(place, count, rng)
        found.append(np.hstack([rows.signal[own], rows.masses[own]]))
    return [torch.from_numpy(item) for item in found]


def _loss(model: Any, parts: tuple[Any, ...]) -> Any:
    """Cross entropy of as many events of each class; the logit of background is 0."""
    import torch
    from torch.nn.functional import cross_entropy, pad

    labels = torch.arange(len(parts)).repeat_interleave(len(parts[0]))
    return cross_entropy(pad(model(torch.cat(parts)), (1, 0)), labels)


def _judge(model: Any, inputs: list[Any]) -> float:
    """The same of many events, all classes with the same weight, in parts that memory holds."""
    import torch
    from torch.nn.functional import log_softmax, pad

    total = 0.0
    with torch.no_grad():
        for label, rows in enumerate(inputs):
            parts = (log_softmax(pad(model(part), (1, 0)), 1) for part in rows.split(_PART))
            total -= sum(float(part[:, label].sum()) for part in parts) / len(rows)
    return total / len(inputs)
