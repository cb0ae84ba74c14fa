"""Imports that are whole or nothing: parts on several processes, what is finished is kept."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import pyarrow.parquet as pq

from hepml.errors import FileAccessError, HepmlError, OutputError, OverlapError
from hepml.files import explain_write, make_folder
from hepml.notes import file_notes
from hepml.processes import follow_parent, without_main

__all__ = [
    "KILLED",
    "Imports",
    "Part",
    "add_up",
    "claim",
    "finished_notes",
    "make_output",
    "outcomes_of",
    "read_notes",
    "reason_of",
    "remove_leftovers",
    "verified",
]

KILLED = "its process was killed, perhaps for want of memory. Import again with --workers 1."


class Part(Protocol):
    """One file to write."""

    @property
    def source(self) -> Path:
        """What it is made of."""

    @property
    def target(self) -> Path:
        """The file."""

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""


class Done(Protocol):
    """What became of a part."""

    @property
    def dataset(self) -> str:
        """Name of its data set."""

    @property
    def state(self) -> str:
        """``imported``, ``kept`` or ``failed``."""


PartT = TypeVar("PartT", bound=Part)
DoneT = TypeVar("DoneT", bound=Done)
Verify = Callable[[Path, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class Imports(Generic[DoneT]):
    """What became of every file.

    Attributes
    ----------
    outcomes : tuple
        One for each file written, kept or failed, in the order of the input.
    """

    outcomes: tuple[DoneT, ...]

    @property
    def failed(self) -> tuple[DoneT, ...]:
        """Files of which nothing was written."""
        return tuple(item for item in self.outcomes if item.state == "failed")

    @property
    def datasets(self) -> dict[str, tuple[DoneT, ...]]:
        """Data set to its files that are there now."""
        found: dict[str, list[DoneT]] = {}
        for item in self.outcomes:
            if item.state != "failed":
                found.setdefault(item.dataset, []).append(item)
        return {name: tuple(items) for name, items in found.items()}


def outcomes_of(
    tasks: Sequence[PartT],
    workers: int,
    work: Callable[[PartT], DoneT],
    killed: Callable[[PartT], DoneT],
) -> Iterator[DoneT]:
    """Outcomes as they come; a process that is killed takes only its own file with it.

    Parameters
    ----------
    tasks : sequence
        Files to write.
    workers : int
        Processes.
    work : callable
        Writes one; never raises for what is wrong with the input or the disk.
    killed : callable
        Outcome of a part whose process was killed, see ``KILLED``.
    """
    size = min(workers, len(tasks))
    if size < 2:
        yield from map(work, tasks)
        return
    lost: list[PartT] = []
    yield from _pooled(tasks, size, work, lost)
    while lost:
        # one at a time: then it is known whose process was killed
        again, lost = lost, []
        yield from _pooled(again, 1, work, lost)
        if lost:
            task = lost.pop(0)
            remove_leftovers(task.target)
            yield killed(task)


def _pooled(
    tasks: Sequence[PartT], size: int, work: Callable[[PartT], DoneT], lost: list[PartT]
) -> Iterator[DoneT]:
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


def make_output(folder: Path, target: Path | None = None) -> None:
    """Make a folder, for messages that of a target.

    Raises
    ------
    OutputError
        If that is not possible.
    """
    try:
        make_folder(folder)
    except OSError as error:
        raise OutputError(explain_write(target or folder, error)) from error


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


def reason_of(error: Exception, source: Path) -> str:
    """Why nothing was written, for people."""
    if isinstance(error, HepmlError):
        return str(error)
    if isinstance(error, OSError):
        return f"{source}: {error.strerror or error}"
    # a damaged file may raise anything
    return f"{source} cannot be read: {type(error).__name__}: {error}"


def finished_notes(part: Part, verify: Verify) -> dict[str, Any] | None:
    """Notes of a target that was made of this very source, and is sound; else ``None``."""
    if not part.target.exists():
        return None
    notes = read_notes(part.target)
    if notes is None or notes.get("source") != part.identity() or "sums" not in notes:
        return None
    try:
        verify(part.target, notes["sums"])
    except (OSError, ValueError, OutputError):
        return None
    return notes


def verified(target: Path, sums: Mapping[str, float], verify: Verify) -> None:
    """Read the written file back; one that is not right does not stay."""
    try:
        verify(target, sums)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def remove_leftovers(target: Path) -> None:
    """Drop what a killed import left of this very file."""
    for path in target.parent.glob(f".{target.name}.*.tmp"):
        with suppress(OSError):
            path.unlink()


def read_notes(path: Path) -> dict[str, Any] | None:
    """What the import noted in a file; ``None`` if there is no whole file of this format."""
    try:
        with pq.ParquetFile(path) as file:
            return file_notes(file, str(path))
    except (OSError, ValueError, FileAccessError):
        return None


def add_up(total: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add numbers by name."""
    for name, value in part.items():
        total[name] = total.get(name, 0) + value
