"""The published fit of a mixture: Adam on a few scalars, over mini batches of data and reference.

As in arXiv:2405.08889 and its code, on density ratios that were computed beforehand. It is here for
comparison: `hepml.ml.dijet.fit.fit_mixture` finds the minimum itself, with intervals.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.class_results import History
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.objective import Loss, MixtureObjective
from hepml.ml.dijet.published_scalars import Scalars
from hepml.ml.dijet.published_settings import Optimiser

__all__ = ["PublishedTrial", "fit_published"]

Array = NDArray[np.float64]
Sample = tuple[RatioGrid, RatioGrid | None]
Progress = Callable[[str, int, int], None]

# Draws of this fit must not follow from those of others with the same seed.
_SALT = 0x50554253


@dataclass(frozen=True, slots=True, eq=False)
class PublishedTrial:
    """One descent from masses drawn at random.

    Attributes
    ----------
    names : tuple of str
        Of the parameters.
    start, values : tuple of float
        Parameters at the beginning and in the best pass: masses [GeV], mu, alphas.
    scalars : tuple of float
        What was moved, in the best pass.
    validation : float
        Loss of the validation events there, without penalties: what trials are chosen by.
    stopped : bool
        Whether it stopped before its last pass.
    history : History
        Losses after each pass, with penalties.
    seconds : float
        Of the descent.
    """

    names: tuple[str, ...]
    start: tuple[float, ...]
    values: tuple[float, ...]
    scalars: tuple[float, ...]
    validation: float
    stopped: bool
    history: History
    seconds: float


def fit_published(
    train: Sample,
    validation: Sample,
    *,
    loss: Loss = "cross-entropy",
    trials: int = 10,
    seed: int = 0,
    settings: Optimiser | None = None,
    progress: Progress | None = None,
) -> tuple[PublishedTrial, ...]:
    """Fit masses, mu and alpha from several starts, as published.

    Parameters
    ----------
    train, validation : (RatioGrid, RatioGrid or None)
        Density ratios of data and of the reference, which has as much background as the data.
        The reference is not needed for the likelihood.
    loss : {"cross-entropy", "likelihood"}
        Of data against reference, or of the data alone.
    trials : int
        Starts.
    seed : int
        Of the starts and of the order of the events, which is the same in all passes and trials.
    settings : Optimiser, optional
        Numbers of the descent.
    progress : callable, optional
        Told of each trial.

    Returns
    -------
    tuple of PublishedTrial
        On a symmetric grid the first mass is the larger; on another one masses are exchanged
        where the validation loss is lower then.

    Raises
    ------
    ModelError, ParameterError
        If there are no events, or no reference where one is needed.
    """
    if trials < 1 or seed < 0:
        raise ParameterError(f"trials = {trials} must be positive, and seed = {seed} not negative.")
    used = settings or Optimiser()
    scalars = Scalars.of(train[0], used)
    batches = [
        _Mean(sample, loss, scalars, used.scale)
        for sample in _batches(train, loss, used.batch, np.random.default_rng([seed, _SALT, 0]))
    ]
    judge = _Mean(validation, loss, scalars, used.scale)
    rng = np.random.default_rng([seed, _SALT, 1])
    found = []
    for number in range(trials):
        if progress is not None:
            progress("fit", number, trials)
        found.append(_descend(batches, judge, scalars.start(rng), used))
    return tuple(found)


def _batches(sample: Sample, loss: Loss, size: int, rng: np.random.Generator) -> list[Sample]:
    """Data and reference shuffled once, in parts; a part without one of them is no part."""
    data, reference = sample
    if loss == "likelihood" or reference is None:
        order = rng.permutation(len(data))
        starts = range(0, len(data), size)
        return [(data.take(order[start : start + size]), None) for start in starts]
    order = rng.permutation(len(data) + len(reference))
    own = order < len(data)
    counts = np.append(0, np.cumsum(own))
    edges = [0]
    for end in range(size, len(order), size):
        part, rest = counts[end] - counts[edges[-1]], counts[-1] - counts[end]
        if 0 < part < end - edges[-1] and 0 < rest < len(order) - end:
            edges.append(end)
    edges.append(len(order))
    parts: list[Sample] = []
    for begin, end in pairwise(edges):
        rows, mine = order[begin:end], own[begin:end]
        parts.append((data.take(rows[mine]), reference.take(rows[~mine] - len(data))))
    return parts


class _Mean:
    """Loss of an event, and its slopes by the scalars."""

    def __init__(self, sample: Sample, loss: Loss, scalars: Scalars, scale: float) -> None:
        data, reference = sample
        # as much background in both, by construction
        self.objective = MixtureObjective(data, reference, loss=loss, background_ratio=1.0)
        self.scalars = scalars
        used = self.objective.reference
        # the deviance is twice the sum
        self.factor = scale / 2 / (len(data) + (0 if used is None else len(used)))
        self.offset = 0.0 if used is None else scale * math.log(2)
        what = "-ln likelihood" if used is None else "cross entropy - ln 2"
        self.metric = f"{what}, times {scale:g}"

    def __call__(self, scalars: Array) -> tuple[float, Array]:
        values, slopes = self.scalars.parameters(scalars)
        deviance, gradient = self.objective.evaluate(values)
        return self.factor * deviance - self.offset, self.factor * gradient * slopes

    def penalised(self, scalars: Array) -> tuple[float, Array]:
        """With the penalties outside the limits."""
        value, gradient = self(scalars)
        more, push = self.scalars.penalty(scalars)
        return value + more, gradient + push


class _Adam:
    """Adam's steps (arXiv:1412.6980) along clipped slopes."""

    def __init__(self, size: int, settings: Optimiser) -> None:
        self.rate, self.clip = settings.learning_rate, settings.clip
        self.mean, self.square, self.steps = np.zeros(size), np.zeros(size), 0

    def step(self, gradient: Array) -> Array:
        """What to add to the scalars."""
        if self.clip is not None:
            # each scalar is a variable of its own: by value and by norm are the same
            gradient = np.clip(gradient, -self.clip, self.clip)
        self.steps += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        length = self.rate * math.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        return -length * self.mean / (np.sqrt(self.square) + 1e-7)


def _descend(batches: list[_Mean], judge: _Mean, start: Array, used: Optimiser) -> PublishedTrial:
    """Passes over the batches until the validation loss gets no better."""
    began = time.monotonic()
    adam = _Adam(len(start), used)
    here, kept = start.copy(), start
    best, rounds, calm = math.inf, 0, 0
    losses: dict[str, list[float]] = {"train": [], "validation": []}
    stopped = False
    for epoch in range(1, used.epochs + 1):
        seen = []
        for batch in batches:
            value, gradient = batch.penalised(here)
            seen.append(value)
            here = here + adam.step(gradient)
        value = judge.penalised(here)[0]
        losses["train"].append(float(np.mean(seen)))
        losses["validation"].append(value)
        if value < best:
            best, rounds, calm, kept = value, epoch, 0, here
            continue
        calm += 1
        if calm >= used.halve:
            adam.rate, calm = max(adam.rate / 2, used.least_rate), 0
        if epoch - rounds >= used.patience:
            stopped = True
            break
    kept, validation = _ordered(judge, kept)
    return PublishedTrial(
        judge.scalars.names,
        tuple(judge.scalars.parameters(start)[0].tolist()),
        tuple(judge.scalars.parameters(kept)[0].tolist()),
        tuple(kept.tolist()),
        validation,
        stopped,
        History(
            metric=judge.metric,
            losses={name: tuple(values) for name, values in losses.items()},
            best=rounds or None,
        ),
        time.monotonic() - began,
    )


def _ordered(judge: _Mean, kept: Array) -> tuple[Array, float]:
    """Masses in the order that the validation events prefer; by size where they cannot tell."""
    validation = judge(kept)[0]
    if judge.scalars.masses < 2:
        return kept, validation
    swapped = kept.copy()
    swapped[[0, 1]] = swapped[[1, 0]]
    if judge.objective.data.symmetric:
        return (swapped if kept[0] < kept[1] else kept), validation
    other = judge(swapped)[0]
    return (swapped, other) if other < validation else (kept, validation)
