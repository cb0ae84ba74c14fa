"""Trained priors: parametric classifiers of each decay mode, kept by what they were trained on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from hepml.errors import ModelError
from hepml.ml.anomaly.store import Store, digest, kept
from hepml.ml.class_results import History
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.published_settings import network_settings
from hepml.ml.dijet.ratios import log_kappa
from hepml.ml.dijet.stages import Stages

__all__ = ["Priors", "learner_of", "train_priors"]

Progress = Callable[[str, int, int], None]
Rows = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
Mask = NDArray[np.bool_]

_FILES = {
    "trees": "model.txt",
    "network": "model.safetensors",
    "published": "model.safetensors",
}


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """Priors of each mode.

    Attributes
    ----------
    modes : tuple of str
        Decay modes.
    nodes : array
        Masses [GeV] at which density ratios are computed.
    members : tuple of tuple
        Classifiers of each mode; their logits are averaged.
    kind : {"trees", "network", "published"}
        What they are.
    histories : dict of str to History
        Of their training.
    rest : array, shape (events, features)
        Background events that density ratios are normalised by.
    kappa : Kappa or None
        Normalisation at all masses.
    seconds : float
        Of the training; what was kept took no time.
    """

    modes: tuple[str, ...]
    nodes: NDArray[np.float64]
    members: tuple[tuple[Any, ...], ...]
    kind: str
    histories: dict[str, History]
    rest: NDArray[np.float32]
    kappa: Kappa | None = None
    seconds: float = 0.0

    def grid(self, x: NDArray[np.float32], progress: Progress | None = None) -> RatioGrid:
        """ln L of events at all masses, normalised where ``kappa`` is there."""
        size = len(self.nodes)
        values = np.empty((len(self.modes), size, size, len(x)), np.float32)
        pairs = [(i, j) for i in range(size) for j in range(i + 1)]
        for done, (i, j) in enumerate(pairs):
            if progress is not None:
                progress("density ratios", done, len(pairs))
            point = (float(self.nodes[i]), float(self.nodes[j]))
            values[:, i, j] = self.logits(x, point)
            values[:, j, i] = values[:, i, j]
        grid = RatioGrid(
            values, {"mx": self.nodes, "my": self.nodes}, names=self.modes, symmetric=True
        )
        return grid.with_kappa(self.kappa)

    def log_ratios(self, x: NDArray[np.float32], masses: tuple[float, float]) -> NDArray[Any]:
        """ln L of events at one mass point, normalised there, shape (modes, events)."""
        offsets = log_kappa(self.logits(self.rest, masses))
        return self.logits(x, masses) + offsets[:, None]

    def logits(self, x: NDArray[np.float32], masses: tuple[float, float]) -> NDArray[Any]:
        """Log odds of events at one mass point, not normalised, shape (modes, events)."""
        # matrices so small are multiplied faster by one thread where cores are busy
        with threadpool_limits(1, user_api="blas"):
            return np.stack(
                [np.mean([one.logits(x, masses) for one in own], axis=0) for own in self.members]
            )

    def save(self, folder: Path) -> None:
        """Write every classifier into a folder."""
        for name, member in self._named():
            (folder / name).mkdir()
            member.save(folder / name / _FILES[self.kind])

    def files(self) -> list[str]:
        """Names of the files that :meth:`save` writes."""
        return [f"models/{name}/{_FILES[self.kind]}" for name, _ in self._named()]

    def _named(self) -> list[tuple[str, Any]]:
        return [
            (f"prior_{mode}_{number}", member)
            for mode, members in zip(self.modes, self.members, strict=True)
            for number, member in enumerate(members)
        ]


def learner_of(asked: DijetOptions) -> str:
    """What priors are: networks where torch is installed, else trees; or the published network.

    Raises
    ------
    ModelError
        If networks are wanted and torch is not there.
    """
    there = find_spec("torch") is not None and find_spec("safetensors") is not None
    if asked.learner == "auto":
        return "network" if there else "trees"
    if asked.learner == "network" and not there:
        raise ModelError(
            "Networks are trained by torch, which is not installed. Install the extra: pip "
            "install 'hepml-columnar[deep]', or take boosted trees as priors: --learner trees."
        )
    return "published" if asked.published and asked.learner == "network" else asked.learner


def train_priors(
    stages: Stages,
    asked: DijetOptions,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Priors:
    """Train the priors of all modes, or take what is kept of them, and normalise them.

    Parameters
    ----------
    stages : Stages
        Events; only those for priors are used.
    asked : DijetOptions
        Seed, priors of each mode, mass points to leave out.
    store : path, optional
        Folder of trained priors.
    progress : callable, optional
        Told of what is done.
    """
    began = time.monotonic()
    kind = learner_of(asked)
    folder = Store(None if store is None else Path(store))
    histories: dict[str, History] = {}
    members = []
    jobs = len(asked.modes) * asked.prior_count
    for place, mode in enumerate(asked.modes):
        rows = tuple(_rows(stages, asked, place, role) for role in ("train", "validation"))
        own = []
        for number in range(asked.prior_count):
            if progress is not None:
                progress(f"prior {mode}", len(histories), jobs)
            member, history = _kept(kind, rows, asked, number, folder)
            own.append(member)
            histories[f"prior {mode} {number}"] = history
        members.append(tuple(own))
    nodes = np.unique(stages.events.grid())
    rest = stages.events.x[stages.of("prior_validation") & stages.events.background]
    found = Priors(asked.modes, nodes, tuple(members), kind, histories, rest)
    seconds = time.monotonic() - began
    kappa = found.grid(rest, progress).normalisation(progress=progress)
    return replace(found, kappa=kappa, seconds=seconds)


def _rows(stages: Stages, asked: DijetOptions, place: int, role: str) -> Rows:
    """Background, signal and its masses, of one role and mode."""
    events = stages.events
    own = stages.of(f"prior_{role}")
    signal = own & events.of_mode(place) & ~_among(events.masses, asked.exclude)
    if asked.include:
        for point in asked.include:
            if not _among(events.masses, (point,)).any():
                # names those that there are
                events.at(point)
        signal &= _among(events.masses, asked.include)
    background = own & events.background
    if not signal.any() or not background.any():
        raise ModelError(
            f"The prior of mode {asked.modes[place]} has {int(signal.sum())} signal and "
            f"{int(background.sum())} background events for {role}: give a run with more."
        )
    return events.x[background], events.x[signal], events.masses[signal]


def _among(masses: NDArray[np.float32], points: tuple[tuple[float, float], ...]) -> Mask:
    """Which events have the masses of a point, in either order."""
    found = np.zeros(len(masses), bool)
    for point in points:
        for pair in (point, point[::-1]):
            found |= (masses == np.asarray(pair, np.float32)).all(axis=1)
    return found


def _kept(
    kind: str, rows: tuple[Rows, ...], asked: DijetOptions, number: int, store: Store
) -> tuple[Any, History]:
    """A trained prior, out of the store if it is there."""
    seed = 1000 * asked.seed + number
    settings = _settings(kind, asked.quick)
    identity = digest(*(array for part in rows for array in part), kind, settings, seed)

    def make() -> tuple[tuple[Any, History], dict[str, Any]]:
        estimator = _estimator(kind, settings, seed)
        estimator.fit(*rows[0], validation=rows[1])
        losses = {name: tuple(map(float, v)) for name, v in estimator.history_.items()}
        history = History(metric="cross entropy", losses=losses, best=int(estimator.rounds_))
        return (estimator, history), {"history": history.to_json()}

    def load(folder: Path, record: dict[str, Any]) -> tuple[Any, History]:
        estimator = _class(kind).load(folder / _FILES[kind])
        return estimator, History.model_validate(record["history"])

    def save(item: tuple[Any, History], folder: Path) -> None:
        item[0].save(folder / _FILES[kind])

    return kept(store, "prior", identity, load, make, save)


def _settings(kind: str, quick: bool) -> dict[str, Any]:
    if kind == "trees":
        return {"n_estimators": 150 if quick else 400}
    if kind == "published":
        return network_settings(quick=quick)
    return {"epochs": 8 if quick else 30}


def _class(kind: str) -> Any:
    if kind == "trees":
        from hepml.ml.dijet.boosted import ParametricTrees

        return ParametricTrees
    if kind == "published":
        from hepml.ml.dijet.networks import ParametricNetwork

        return ParametricNetwork
    from hepml.ml.dijet.parametric import ParametricPrior

    return ParametricPrior


def _estimator(kind: str, settings: dict[str, Any], seed: int) -> Any:
    return _class(kind)(**settings, random_state=seed)
