"""One file of an import: what it is made of, what became of it, written whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import pyarrow.parquet as pq

from hepml.errors import FileAccessError, HepmlError, OutputError
from hepml.files import explain_write, make_folder, whole_file
from hepml.notes import file_notes

__all__ = [
    "Outcome",
    "Task",
    "carry_out",
    "failed",
    "make_output",
    "remove_leftovers",
    "written_whole",
]

Verify = Callable[[Path, Mapping[str, float]], None]


@dataclass(frozen=True, slots=True)
class Task:
    """One file to write.

    Attributes
    ----------
    source, target : Path
        HDF5 file, gzipped or not, and the Parquet file that it becomes.
    dataset : str
        Name of the data set.
    rows : (int, int) or None
        First row and the one behind the last; ``None``: all.
    drop : bool
        Leave out rows with unusable numbers.
    """

    source: Path
    target: Path
    dataset: str
    rows: tuple[int, int] | None = None
    drop: bool = False

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""
        state = self.source.stat()
        return {
            "name": self.source.name,
            "size": state.st_size,
            "modified": state.st_mtime_ns,
            "rows": None if self.rows is None else list(self.rows),
            "drop": self.drop,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task.

    Attributes
    ----------
    source, target : Path
        As of the task.
    dataset : str
        Name of the data set.
    state : {"imported", "kept", "failed"}
        ``kept``: it was there already, and is sound.
    seconds : float
        Time it took.
    counts : dict
        What a reader should know, by what it is.
    reason : str
        Why it failed.
    """

    source: Path
    target: Path
    dataset: str
    state: str
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    reason: str = ""


TaskT = TypeVar("TaskT", bound=Task)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


def carry_out(
    task: TaskT,
    outcome: type[OutcomeT],
    write: Callable[[TaskT, dict[str, Any]], dict[str, Any]],
    verify: Verify,
    figures: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> OutcomeT:
    """Write and verify one file; never raises for what is wrong with the input or the disk.

    Parameters
    ----------
    task : Task
        What to write.
    outcome : type
        Of what becomes of it.
    write : callable
        Writes the target, given its task and the identity of that, and returns its notes.
    verify : callable
        Reads a target back; raises if it does not hold the sums of its notes.
    figures : callable
        What the type of the outcome has beside those of `Outcome`, from the notes.
    """
    began = time.perf_counter()
    try:
        notes = _finished_notes(task, verify)
        state = "kept"
        if notes is None:
            notes, state = _written(task, write, verify), "imported"
    # a damaged file may raise anything; the other files are imported all the same
    except Exception as error:  # noqa: BLE001
        return failed(task, outcome, _reason_of(error, task.source))
    return outcome(
        task.source,
        task.target,
        task.dataset,
        state,
        seconds=time.perf_counter() - began,
        counts=notes["counts"],
        **figures(notes),
    )


def _written(
    task: TaskT, write: Callable[[TaskT, dict[str, Any]], dict[str, Any]], verify: Verify
) -> dict[str, Any]:
    # of before it is read: a source that changes meanwhile is imported again
    identity = task.identity()
    make_output(task.target.parent, task.target)
    remove_leftovers(task.target)
    notes = write(task, identity)
    try:
        verify(task.target, notes["sums"])
    except BaseException:
        task.target.unlink(missing_ok=True)  # one that is not right does not stay
        raise
    return notes


def failed(task: Task, outcome: type[OutcomeT], reason: str) -> OutcomeT:
    """Outcome of a task of which nothing was written."""
    return outcome(task.source, task.target, task.dataset, "failed", reason=reason)


@contextmanager
def written_whole(target: Path) -> Iterator[BinaryIO]:
    """Write into a file under another name, which gets its own at the end.

    Raises
    ------
    OutputError
        If the disk is full, or nobody may write there.
    """
    try:
        with whole_file(target) as handle:
            yield handle
    except OSError as error:
        if error.errno is None:  # HDF5 reports damage as an OSError without a number
            raise
        raise OutputError(explain_write(target, error)) from error


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


def remove_leftovers(target: Path) -> None:
    """Drop what a killed import left of this very file."""
    for path in target.parent.glob(f".{target.name}.*.tmp"):
        with suppress(OSError):
            path.unlink()


def _read_notes(path: Path) -> dict[str, Any] | None:
    """What the import noted in a file; ``None`` if there is no whole file of this format."""
    try:
        with pq.ParquetFile(path) as file:
            return file_notes(file, str(path))
    except (OSError, ValueError, FileAccessError):
        return None


def _reason_of(error: Exception, source: Path) -> str:
    """Why nothing was written, for people."""
    if isinstance(error, HepmlError):
        return str(error)
    if isinstance(error, OSError):
        return f"{source}: {error.strerror or error}"
    # a damaged file may raise anything
    return f"{source} cannot be read: {type(error).__name__}: {error}"


def _finished_notes(task: Task, verify: Verify) -> dict[str, Any] | None:
    """Notes of a target that was made of this very source, and is sound; else ``None``."""
    if not task.target.exists():
        return None
    notes = _read_notes(task.target)
    if notes is None or notes.get("source") != task.identity() or "sums" not in notes:
        return None
    try:
        verify(task.target, notes["sums"])
    except (OSError, ValueError, OutputError):
        return None
    return notes
