"""Train priors: classifiers of decay modes at any masses, kept by what they were trained on."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.anomaly.store import Store, digest, kept
from hepml.ml.class_results import History
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.bridge import SIGNAL_SHARE, background_weights
from hepml.ml.dijet.kappa import Kappa
from hepml.ml.dijet.normalise import normalise
from hepml.ml.dijet.priors import FILES, Member, Priors
from hepml.ml.dijet.published_settings import network_settings
from hepml.ml.dijet.stages import Stages

__all__ = ["learner_of", "train_priors"]

Progress = Callable[[str, int, int], None]
Rows = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
Mask = NDArray[np.bool_]

# Largest step between masses [GeV] at which density ratios are searched for a signal.
_STEP = 25.0


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
    members: list[Member] = []
    everything = tuple(range(len(asked.modes)))
    # the published study has a network for each mode
    groups = [(place,) for place in everything] if kind == "published" else [everything]
    for group in groups:
        rows = tuple(_rows(stages, asked, group, role) for role in ("train", "validation"))
        for number in range(asked.prior_count):
            if progress is not None:
                progress("priors", len(members), len(groups) * asked.prior_count)
            estimator, history, identity = _kept(kind, rows, asked, number, folder)
            name = "_".join([*(asked.modes[place] for place in group), str(number)])
            members.append(Member(f"prior_{name}", group, estimator, identity))
            histories[f"prior {name.replace('_', ' ')}"] = history
    nodes = _nodes(np.unique(stages.events.grid()), kind)
    held_out = np.flatnonzero(stages.of("prior_validation") & _known(stages, asked))
    found = Priors(
        asked.modes, nodes, tuple(members), kind, histories, stages.events.x[held_out],
        np.full(len(held_out), 1 / len(held_out)),
    )  # fmt: skip
    seconds = time.monotonic() - began
    weights, kappa = _normalisation(found, _origin(stages, held_out, nodes), folder, progress)
    return replace(found, weights=weights, kappa=kappa, seconds=seconds)


def _nodes(masses: NDArray[np.float64], kind: str) -> NDArray[np.float64]:
    """Simulated masses [GeV], and masses in between where priors know of them."""
    # trees are the same from one simulated mass to the next
    if kind == "trees":
        return masses
    parts = [
        np.linspace(low, high, math.ceil((high - low) / _STEP), endpoint=False)
        for low, high in itertools.pairwise(masses)
    ]
    return np.concatenate([*parts, masses[-1:]])


def _normalisation(
    priors: Priors, origin: NDArray[np.int64], store: Store, progress: Progress | None
) -> tuple[NDArray[np.float64], Kappa]:
    """Weights that make background of held-out events, and the normalisation by them."""
    members = [[member.identity, list(member.modes)] for member in priors.members]

    def make() -> tuple[tuple[NDArray[np.float64], Kappa], dict[str, Any]]:
        log_odds = priors.all_logits(priors.rest, progress)
        weights = background_weights(log_odds.reshape(-1, len(origin)), origin)[0]
        kappa = normalise(priors.grid_of(log_odds), weights, refine=2, progress=progress)
        return (weights, kappa), {"members": members}

    def load(folder: Path, _: dict[str, Any]) -> tuple[NDArray[np.float64], Kappa]:
        return np.load(folder / "weights.npy", allow_pickle=False), Kappa.load(folder)

    def save(item: tuple[NDArray[np.float64], Kappa], folder: Path) -> None:
        np.save(folder / "weights.npy", item[0], allow_pickle=False)
        item[1].save(folder)

    identity = digest(members, priors.rest, origin, priors.nodes, SIGNAL_SHARE)
    return kept(store, "normalisation", identity, load, make, save)


def _origin(
    stages: Stages, held_out: NDArray[np.int64], nodes: NDArray[np.float64]
) -> NDArray[np.int64]:
    """-1 for background, else the place of the mode and of the masses among all of them."""
    events, size = stages.events, len(nodes)
    mode = events.mode[held_out].astype(np.int64)
    ordered = -np.sort(-events.masses[held_out].astype(np.float64), axis=1)
    # places of the larger mass and of the smaller one in the order of `Priors.points`
    i, j = (np.searchsorted(nodes, np.nan_to_num(column)) for column in ordered.T)
    place = i * (i + 1) // 2 + j
    return np.where(mode < 0, -1, mode * (size * (size + 1) // 2) + place)


def _known(stages: Stages, asked: DijetOptions) -> Mask:
    """Background, and signal of the mass points that priors may know."""
    events = stages.events
    found = ~_among(events.masses, asked.exclude)
    if asked.include:
        for point in asked.include:
            if not _among(events.masses, (point,)).any():
                # names those that there are
                events.at(point)
        found &= events.background | _among(events.masses, asked.include)
    return found


def _rows(stages: Stages, asked: DijetOptions, group: tuple[int, ...], role: str) -> Rows:
    """Background, signal with its masses and its modes, of one role."""
    events = stages.events
    own = stages.of(f"prior_{role}")
    background = own & events.background
    signal = own & ~background & _known(stages, asked)
    for place in group:
        count = int((signal & events.of_mode(place)).sum())
        if not count or not background.any():
            raise ModelError(
                f"The prior of mode {asked.modes[place]} has {count} signal and "
                f"{int(background.sum())} background events for {role}: give a run with more."
            )
    signal &= np.isin(events.mode, group)
    mode = events.mode[signal].astype(np.int64) - group[0]
    return events.x[background], events.x[signal], events.masses[signal], mode


def _among(masses: NDArray[np.float32], points: tuple[tuple[float, float], ...]) -> Mask:
    """Which events have the masses of a point, in either order."""
    found = np.zeros(len(masses), bool)
    for point in points:
        for pair in (point, point[::-1]):
            found |= (masses == np.asarray(pair, np.float32)).all(axis=1)
    return found


def _kept(
    kind: str, rows: tuple[Rows, ...], asked: DijetOptions, number: int, store: Store
) -> tuple[Any, History, str]:
    """A trained prior and its identity, out of the store if it is there."""
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
        estimator = _class(kind).load(folder / FILES[kind])
        return estimator, History.model_validate(record["history"])

    def save(item: tuple[Any, History], folder: Path) -> None:
        item[0].save(folder / FILES[kind])

    return (*kept(store, "prior", identity, load, make, save), identity)


def _settings(kind: str, quick: bool) -> dict[str, Any]:
    if kind == "trees":
        return {"n_estimators": 150 if quick else 400}
    if kind == "published":
        own = network_settings(quick=quick)
        # of each class; without weight decay AdamW is Adam
        half = {"batch": own["batch"] // 2, "weight_decay": 0.0}
        return own | half | {"schedule": "plateau"}
    return {"epochs": 12, "learning_rate": 5e-3} if quick else {"epochs": 30}


def _class(kind: str) -> Any:
    if kind == "trees":
        from hepml.ml.dijet.boosted import ParametricTrees

        return ParametricTrees
    from hepml.ml.dijet.parametric import ParametricNetwork

    return ParametricNetwork


def _estimator(kind: str, settings: dict[str, Any], seed: int) -> Any:
    return _class(kind)(**settings, random_state=seed)
