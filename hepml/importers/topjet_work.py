"""Import one file of jets, or a range of its rows: whole and verified, or nothing at all."""

from __future__ import annotations

import os
import secrets
import shutil
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from hepml.errors import FileAccessError, HepmlError, OutputError
from hepml.files import explain_write, make_folder, whole_file
from hepml.importers.topjet_jets import read_jets
from hepml.importers.topjet_layout import JetLayout, read_layout
from hepml.importers.topjet_store import read_notes, verify, write_jets

__all__ = ["Outcome", "Task", "import_part", "open_jets", "remove_leftovers"]

FORMAT = 1  # of the written files; another one is imported again
# Chunks that a block needs are unpacked once, however they are cut; for each dataset.
CACHE = 32 << 20
COPY = 1 << 22


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
        First jet and the one behind the last; ``None``: all.
    max_constits : int or None
        Most constituents a jet that are read.
    drop : bool
        Leave out jets with unusable numbers.
    """

    source: Path
    target: Path
    dataset: str
    rows: tuple[int, int] | None = None
    max_constits: int | None = None
    drop: bool = False

    def identity(self) -> dict[str, Any]:
        """What a finished file must have been made of to be kept."""
        state = self.source.stat()
        return {
            "format": FORMAT,
            "name": self.source.name,
            "size": state.st_size,
            "modified": state.st_mtime_ns,
            "rows": None if self.rows is None else list(self.rows),
            "max_constits": self.max_constits,
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
    jets, constituents : int
        What the file holds.
    input_bytes : int
        Bytes of the datasets that were read, uncompressed.
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
    jets: int = 0
    constituents: int = 0
    input_bytes: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    reason: str = ""


def import_part(task: Task) -> Outcome:
    """Write and verify one file; never raises for what is wrong with the input or the disk."""
    began = time.perf_counter()
    try:
        notes = _finished(task)
        state, size = "kept", 0
        if notes is None:
            notes, size = _written(task)
            state = "imported"
    except HepmlError as error:
        return _failed(task, str(error))
    except OSError as error:
        return _failed(task, f"{task.source}: {error.strerror or error}")
    # a damaged file may raise anything; the other files are imported all the same
    except Exception as error:  # noqa: BLE001
        return _failed(task, f"{task.source} cannot be read: {type(error).__name__}: {error}")
    return Outcome(
        task.source,
        task.target,
        task.dataset,
        state,
        jets=int(notes["sums"]["jets"]),
        constituents=int(notes["sums"]["constituents"]),
        input_bytes=size,
        seconds=time.perf_counter() - began,
        counts=notes["counts"],
    )


def _failed(task: Task, reason: str) -> Outcome:
    return Outcome(task.source, task.target, task.dataset, "failed", reason=reason)


def _finished(task: Task) -> dict[str, Any] | None:
    """Notes of a target that was made of this very source, and is sound; else ``None``."""
    if not task.target.exists():
        return None
    notes = read_notes(task.target)
    if notes is None or notes.get("source") != task.identity() or "sums" not in notes:
        return None
    try:
        verify(task.target, notes["sums"])
    except (OSError, ValueError, OutputError):
        return None
    return notes


def _written(task: Task) -> tuple[dict[str, Any], int]:
    """Import into a file under another name, give it its own, and read it back."""
    identity = task.identity()
    try:
        make_folder(task.target.parent)
    except OSError as error:
        raise OutputError(explain_write(task.target, error)) from error
    remove_leftovers(task.target)
    where = task.source.name
    with open_jets(task.source, task.target.parent) as file:
        layout = read_layout(file, where)
        training = task.dataset.startswith("train") or (
            "training_weight" in layout.names and not task.dataset.startswith("test")
        )
        notes = _notes(task, layout, identity, training)
        rows = task.rows or (0, layout.jets)
        blocks = read_jets(
            file,
            layout,
            where,
            rows=rows,
            training=training,
            max_constits=task.max_constits,
            drop=task.drop,
        )
        try:
            with whole_file(task.target) as handle:
                totals = write_jets(handle, layout, blocks, notes)
        except OSError as error:
            if error.errno is None:  # HDF5 reports damage as an OSError without a number
                raise
            raise OutputError(explain_write(task.target, error)) from error
        _verified(task.target, totals["sums"])
        row = sum(_row_bytes(file[name], task.max_constits) for name in layout.names.values())
    return {**notes, **totals}, row * (rows[1] - rows[0])


def _verified(target: Path, sums: dict[str, float]) -> None:
    """Read the written file back; one that is not right does not stay."""
    try:
        verify(target, sums)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _row_bytes(dataset: Any, max_constits: int | None) -> int:
    width = dataset.shape[1] if dataset.ndim > 1 else 1
    return int(dataset.dtype.itemsize * min(width, max_constits or width))


def _notes(
    task: Task, layout: JetLayout, identity: dict[str, Any], training: bool
) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "channel": "topjet",
        "kind": "simulation",
        "dataset": task.dataset,
        "simulated": layout.simulation is not None,
        "simulation": layout.simulation,
        "role": "training" if training else "evaluation",
        "layout": layout.year,
        "high_level": list(layout.high_level),
        "training_weights": "training_weight" in layout.names,
        "attributes": layout.attributes,
        "source": identity,
    }


def remove_leftovers(target: Path) -> None:
    """Drop what a killed import left of this very file."""
    for path in target.parent.glob(f".{target.name}.*.tmp"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def open_jets(source: Path, scratch: Path) -> Iterator[Any]:
    """Open an HDF5 file; a gzipped one is unpacked once, beside the output, and gone at the end.

    Raises
    ------
    FileAccessError
        If it cannot be read, or is no HDF5 file.
    """
    if not source.name.endswith(".gz"):
        with _opened(source, source) as file:
            yield file
        return
    unpacked = scratch / f".{source.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        _unpack(source, unpacked)
        with _opened(unpacked, source) as file:
            unpacked.unlink()  # it stays until it is closed, and nothing is left after a kill
            yield file
    finally:
        with suppress(OSError):
            unpacked.unlink()


def _opened(path: Path, source: Path) -> Any:
    import h5py

    with suppress(ImportError):
        import_module("hdf5plugin")  # further compressions, where somebody installed them
    try:
        # no lock: published files lie on disks that one may not write to
        return h5py.File(path, "r", rdcc_nbytes=CACHE, rdcc_nslots=10_007, locking=False)
    except OSError as error:
        raise FileAccessError(
            f"{source} cannot be opened as HDF5: {str(error).splitlines()[0]}. "
            "Is it the whole file? Download it again."
        ) from error


def _unpack(source: Path, target: Path) -> None:
    igzip: Any = import_module("isal.igzip")  # twice as fast as gzip
    try:
        with igzip.open(source, "rb") as packed, target.open("xb") as plain:
            shutil.copyfileobj(packed, plain, COPY)
    except (EOFError, zlib.error, igzip.BadGzipFile, igzip.isal_zlib.error) as error:
        raise FileAccessError(
            f"{source} is damaged ({error}), or was not downloaded to its end. Download it again."
        ) from error
    except OSError as error:
        if error.errno is None:
            raise FileAccessError(f"{source} cannot be unpacked: {error}") from error
        raise OutputError(explain_write(target, error)) from error
