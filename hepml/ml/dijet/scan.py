"""Scans of dijet searches: one file a point, so that what was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from pathlib import Path
from typing import Any

from hepml.engine.store import write_json
from hepml.errors import FileAccessError, HepmlError, OutputError, ParameterError
from hepml.ml.dijet.results import DijetJudgement
from hepml.ml.dijet.scan_metrics import scan_metrics
from hepml.ml.dijet.scan_pool import end_if_told, worker_pool
from hepml.ml.dijet.scan_results import FailedPoint, PointOptions, ScanPoint, ScanResult
from hepml.ml.dijet.summary import summarise

__all__ = ["FLAT", "SIGNAL_FRACTIONS", "Point", "point_key", "run_scan", "scan_grid"]

logger = logging.getLogger(__name__)

Point = Callable[[PointOptions], DijetJudgement]
Progress = Callable[[str, int, int], None]
Found = ScanPoint | FailedPoint
Job = tuple[PointOptions, str, Path]

SIGNAL_FRACTIONS = tuple(10 ** (-3.5 + 2.2 * place / 9) for place in range(10))
"""The published scan of mu."""

FLAT = frozenset({"supervised", "parametric"})
"""Strategies that learn from labels: what they find does not depend on mu; points have mu 0."""

_FOLDER = "points"


def scan_grid(
    strategies: Sequence[str],
    mu: Sequence[float] = SIGNAL_FRACTIONS,
    mass_points: Sequence[tuple[float, float]] = ((300.0, 300.0),),
    noise: Sequence[int] = (0,),
    seeds: Sequence[int] = (0,),
    *,
    alpha: float | None = 0.5,
) -> tuple[PointOptions, ...]:
    """All combinations, each once, seed by seed: figures of the first one can be drawn early.

    Parameters
    ----------
    strategies : sequence of str
        Those in ``FLAT`` have one point for all mu.
    mu : sequence of float
        Signal fractions of the data.
    mass_points : sequence of (float, float)
        Masses of X and Y [GeV].
    noise : sequence of int
        Numbers of noise features.
    seeds : sequence of int
        Independent repetitions.
    alpha : float or None
        Share of three-prong signal, the same for all.

    Raises
    ------
    ParameterError
        If there is nothing to scan.
    """
    found = [
        PointOptions(
            strategy=strategy, mu=fraction, mass_point=masses, alpha=alpha, noise=extra, seed=seed
        )
        for seed, masses, extra, strategy in itertools.product(
            seeds, mass_points, noise, strategies
        )
        for fraction in ((0.0,) if strategy in FLAT else mu)
    ]
    if not found:
        raise ParameterError("A scan needs a strategy, a signal fraction, a mass point and a seed.")
    unique = {item.model_dump_json(): item for item in found}
    return tuple(unique.values())


def point_key(options: PointOptions, identity: Mapping[str, Any] | None = None) -> str:
    """Name of a point's file: a hash of everything that decides its result.

    Parameters
    ----------
    options : PointOptions
        What is varied.
    identity : mapping, optional
        What is common to the scan, as JSON: events, other options, version.
    """
    content = {"options": options.to_json(), "identity": dict(identity or {})}
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def run_scan(
    point: Point,
    grid: Sequence[PointOptions],
    folder: str | Path,
    *,
    identity: Mapping[str, Any] | None = None,
    task: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    background: int | None = None,
    shared: Callable[[PointOptions], Hashable] | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> ScanResult:
    """Judge every point of a grid that has no result yet, and write what was found.

    ``result.json`` has all points and summaries, ``metrics.json`` a few figures.

    Parameters
    ----------
    point : callable
        Gives the judgement of its options, the same each time; can be pickled for ``workers``
        above 1.
    grid : sequence of PointOptions
        See :func:`scan_grid`.
    folder : path
        Made where it does not exist. Points of an earlier scan in it are kept and used again
        where everything that decides them is the same.
    identity : mapping, optional
        See :func:`point_key`.
    task, source : mapping, optional
        Written into the result.
    background : int, optional
        Background events in the data, for figures.
    shared : callable, optional
        What a point has in common with others, and costs much but once (trained priors): the
        first point of each is finished before the others begin. ``None``: nothing.
    workers : int
        Processes; the result does not depend on them.
    progress : callable, optional
        Called with a text, points done and points in all.

    Returns
    -------
    ScanResult
        Points that a user's input made impossible are in ``failed``; they are tried again by the
        next scan.

    Raises
    ------
    OutputError
        If the folder holds something else.
    """
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    root = _own_folder(Path(folder))
    keys = [point_key(options, identity) for options in grid]
    found: dict[str, Found] = {}
    for key in keys:
        if (stored := _stored(root / _FOLDER / f"{key}.json", key)) is not None:
            found[key] = stored
    todo = [
        (options, key, root / _FOLDER / f"{key}.json")
        for options, key in zip(grid, keys, strict=True)
        if key not in found
    ]
    for key, item in _judged(point, todo, workers, shared):
        found[key] = item
        if progress is not None:
            progress(_text(item.options), len(found), len(keys))
    ordered = [found[key] for key in keys]
    points = tuple(item for item in ordered if isinstance(item, ScanPoint))
    result = ScanResult(
        task=dict(task or {}),
        source=dict(source or {}),
        background=background,
        points=points,
        failed=tuple(item for item in ordered if isinstance(item, FailedPoint)),
        summary=summarise(points),
    )
    result.write(root / "result.json")
    write_json(root / "metrics.json", scan_metrics(result))
    return result


def _text(options: PointOptions) -> str:
    x, y = options.mass_point
    return f"{options.strategy}, mu = {options.mu:.2g}, ({x:g}, {y:g}) GeV"


def _own_folder(root: Path) -> Path:
    """A folder that is empty, or of an earlier scan."""
    if root.exists() and not root.is_dir():
        raise OutputError(f"{root} is a file; choose another --out.")
    if root.is_dir() and any(root.iterdir()) and not (root / _FOLDER).is_dir():
        raise OutputError(f"{root} exists and holds no scan; choose another --out.")
    try:
        (root / _FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot write to {root}: {error.strerror}.") from error
    return root


def _stored(path: Path, key: str) -> ScanPoint | None:
    """A point that an earlier scan judged; ``None`` if there is none that can be read."""
    if not path.exists():
        return None
    try:
        found = ScanPoint.read(path)
    except FileAccessError as error:
        logger.warning("%s It is judged again.", error)
        return None
    return found if found.key == key else None


def _judged(
    point: Point,
    todo: Sequence[Job],
    workers: int,
    shared: Callable[[PointOptions], Hashable] | None,
) -> Iterator[tuple[str, Found]]:
    """Results as they come, each written already."""
    if workers == 1 or len(todo) < 2:
        for options, key, path in todo:
            yield key, _judge(point, options, key, path)
        return
    first, waiting = _in_order(todo, shared)
    with worker_pool(min(workers, len(todo))) as pool:
        running = {pool.submit(_judge, point, *item): item for item in first}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done = running.pop(future)
                yield done[1], future.result()
                for item in waiting.pop(done[1], []):
                    running[pool.submit(_judge, point, *item)] = item


def _in_order(
    todo: Sequence[Job], shared: Callable[[PointOptions], Hashable] | None
) -> tuple[list[Job], dict[str, list[Job]]]:
    """Points to begin with, and those that wait for one of them, by its key."""
    leaders: dict[Hashable, str] = {}
    first: list[Job] = []
    waiting: dict[str, list[Job]] = {}
    for item in todo:
        common = None if shared is None else shared(item[0])
        if common is None or common not in leaders:
            first.append(item)
            if common is not None:
                leaders[common] = item[1]
        else:
            waiting.setdefault(leaders[common], []).append(item)
    return first, waiting


def _judge(point: Point, options: PointOptions, key: str, path: Path) -> Found:
    """One point, written by whoever made it: an interrupt loses nothing that was finished."""
    end_if_told()
    try:
        judgement = point(options)
    except HepmlError as error:
        return FailedPoint(options=options, reason=str(error))
    found = ScanPoint(key=key, options=options, judgement=judgement)
    found.write(path)
    return found
