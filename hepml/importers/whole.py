"""Imports that are whole or nothing: parts on several processes, what is finished is kept."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic

from hepml.errors import OverlapError, ParameterError
from hepml.importers.hdf5 import plain_stem
from hepml.importers.work import OutcomeT, TaskT, failed, remove_leftovers
from hepml.processes import follow_parent, without_main

__all__ = [
    "BAD_ROWS",
    "KILLED",
    "Imports",
    "Progress",
    "add_up",
    "claim",
    "drops",
    "import_all",
    "parts_of",
]

Progress = Callable[[str, int, int], None]

BAD_ROWS = ("refuse", "drop")
KILLED = "its process was killed, perhaps for want of memory. Import again with --workers 1."


@dataclass(frozen=True, slots=True)
class Imports(Generic[OutcomeT]):
    """What became of every file.

    Attributes
    ----------
    outcomes : tuple
        One for each file written, kept or failed, in the order of the input.
    """

    outcomes: tuple[OutcomeT, ...]

    @property
    def failed(self) -> tuple[OutcomeT, ...]:
        """Files of which nothing was written."""
        return tuple(item for item in self.outcomes if item.state == "failed")

    @property
    def datasets(self) -> dict[str, tuple[OutcomeT, ...]]:
        """Data set to its files that are there now."""
        found: dict[str, list[OutcomeT]] = {}
        for item in self.outcomes:
            if item.state != "failed":
                found.setdefault(item.dataset, []).append(item)
        return {name: tuple(items) for name, items in found.items()}


def drops(bad: str, rows: str, workers: int) -> bool:
    """Whether bad rows are left out, rather than their file refused.

    Raises
    ------
    ParameterError
        If that or the number of processes makes no sense.
    """
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    if bad not in BAD_ROWS:
        raise ParameterError(f"--bad-{rows} is {' or '.join(BAD_ROWS)}, not {bad!r}.")
    return bad == "drop"


def import_all(
    tasks: Sequence[TaskT],
    workers: int,
    work: Callable[[TaskT], OutcomeT],
    outcome: type[OutcomeT],
    progress: Progress | None = None,
) -> tuple[OutcomeT, ...]:
    """Outcomes of all tasks, in their order.

    Parameters
    ----------
    tasks : sequence of Task
        Files to write.
    workers : int
        Processes.
    work : callable
        Writes one; never raises for what is wrong with the input or the disk.
    outcome : type
        Of what becomes of a task.
    progress : callable, optional
        Called with the data set, how many files are done and how many there are.
    """
    found: dict[Path, OutcomeT] = {}
    for item in _outcomes(tasks, workers, work, outcome):
        found[item.target] = item
        if progress is not None:
            progress(item.dataset, len(found), len(tasks))
    return tuple(found[task.target] for task in tasks)


def _outcomes(
    tasks: Sequence[TaskT],
    workers: int,
    work: Callable[[TaskT], OutcomeT],
    outcome: type[OutcomeT],
) -> Iterator[OutcomeT]:
    """Outcomes as they come; a process that is killed takes only its own file with it."""
    size = min(workers, len(tasks))
    if size < 2:
        yield from map(work, tasks)
        return
    lost: list[TaskT] = []
    yield from _pooled(tasks, size, work, lost)
    while lost:
        # one at a time: then it is known whose process was killed
        again, lost = lost, []
        yield from _pooled(again, 1, work, lost)
        if lost:
            task = lost.pop(0)
            remove_leftovers(task.target)
            yield failed(task, outcome, f"{task.source}: {KILLED}")


def _pooled(
    tasks: Sequence[TaskT], size: int, work: Callable[[TaskT], OutcomeT], lost: list[TaskT]
) -> Iterator[OutcomeT]:
    """Outcomes of one pool; when a process is killed, what has none goes to ``lost``, in order."""
    context = multiprocessing.get_context("forkserver")
    with without_main():
        pool = ProcessPoolExecutor(size, mp_context=context, initializer=follow_parent)
        futures = {pool.submit(work, task): task for task in tasks}
    missing = set()
    try:
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                missing.add(futures[future].target)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    lost += [task for task in tasks if task.target in missing]


def parts_of(file: Path, rows: int, most: int) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """Names and rows of the files that one input becomes, each of ``most`` rows at most."""
    stem = plain_stem(file)
    if rows <= most:
        yield stem, None
        return
    for number, part in enumerate(pairwise([*range(0, rows, most), rows])):
        yield f"{stem}_part{number:03d}", part


def claim(owners: dict[Path, Path], target: Path, file: Path, rows: str) -> None:
    """Note which input becomes a target.

    Raises
    ------
    OverlapError
        If another one does already.
    """
    if target in owners:
        raise OverlapError(
            f"{owners[target]} and {file} would both become {target}: the same {rows} twice? "
            "Name one of them, or import them to two folders."
        )
    owners[target] = file


def add_up(total: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add numbers by name."""
    for name, value in part.items():
        total[name] = total.get(name, 0) + value
