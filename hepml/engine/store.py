"""Names inside a run directory, and files that are either whole or absent."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hepml.errors import OutputError
from hepml.files import explain_write, make_folder, open_private, whole_file

__all__ = ["Layout", "locked", "plain_name", "write_bytes", "write_json", "write_text"]


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it; its folder is made if need be.

    Raises
    ------
    OutputError
        If the disk is full, or the folder cannot be written.
    """
    try:
        make_folder(path.parent)
        with whole_file(path) as handle:
            handle.write(content)
    except OSError as error:
        raise OutputError(explain_write(path, error)) from error


def write_text(path: Path, text: str) -> None:
    """Write text under a temporary name, then rename it."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any, *, indent: int | None = 2) -> None:
    """Write JSON under a temporary name, then rename it."""
    write_text(path, json.dumps(content, indent=indent) + "\n")


def plain_name(name: str) -> str:
    """Return a name if it stays in its folder.

    Datasets and the identity of a file are named by files and plans that somebody else wrote.

    Raises
    ------
    OutputError
        If it would lead somewhere else.
    """
    if not name or name in (".", "..") or "/" in name or os.sep in name or "\0" in name:
        raise OutputError(
            f"{name!r} cannot be the name of a file or folder in a run directory. "
            "Give the dataset another name:  NAME=FILES"
        )
    return name


class Layout:
    """Where things are in a run directory."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self.plan = self.root / "plan.json"
        self.report = self.root / "report.json"
        self.provenance = self.root / "provenance.json"
        self.histograms = self.root / "histograms.json"
        self.cutflow = self.root / "cutflow.json"
        self.features = self.root / "features"
        self.checkpoints = self.root / "checkpoints"
        self.vetoes = self.root / "vetoes"
        self.lock = self.root / ".lock"
        self._made = False

    def part(self, dataset: str, chunk: str) -> Path:
        """Parquet part of one chunk."""
        return self.features / plain_name(dataset) / plain_name(f"{chunk}.parquet")

    def checkpoint(self, chunk: str) -> Path:
        """Checkpoint of one chunk."""
        return self.checkpoints / plain_name(f"{chunk}.json")

    def veto(self, chunk: str, digest: str) -> Path:
        """Keys of the events that one chunk leaves out; another list never takes its place."""
        return self.vetoes / plain_name(f"{chunk}-{digest}.parquet")

    def create(self) -> None:
        """Make the folder of a new run.

        Raises
        ------
        OutputError
            If the folder belongs to something else, or cannot be written.
        """
        self.refuse_taken()
        self._made = not self.root.exists()
        try:
            make_folder(self.checkpoints)
            make_folder(self.features)
        except OSError as error:
            raise OutputError(f"Cannot write to {self.root}: {error.strerror}.") from error

    def refuse_taken(self) -> None:
        """Raise an OutputError if the folder belongs to another run or to something else."""
        try:
            if self.plan.exists():
                raise OutputError(
                    f"{self.root} already holds a run. Finish it with  hepml resume {self.root}  "
                    "or choose another --out."
                )
            if self.root.exists() and not (self.root.is_dir() and self._is_unused()):
                raise OutputError(
                    f"{self.root} exists and is not a run directory; choose another --out."
                )
            parent = next(path for path in self.root.absolute().parents if path.exists())
        except OSError as error:
            raise OutputError(f"Cannot write to {self.root}: {error.strerror}.") from error
        if not parent.is_dir():
            raise OutputError(f"Cannot write to {self.root}: {parent} is not a directory.")

    def _is_unused(self) -> bool:
        """Whether the folder is empty, but for what a run leaves that is killed before its plan."""
        made = {self.checkpoints, self.features, self.lock}
        for path in self.root.iterdir():
            if path in made and not (path.is_dir() and any(path.iterdir())):
                continue
            if not (path.name.startswith(".plan.json.") and path.suffix == ".tmp"):
                return False
        return True

    def discard_unused(self) -> None:
        """Remove a run that never began; a folder that was there before stays."""
        if any(self.checkpoints.iterdir()):
            return
        for folder in (self.checkpoints, self.features):
            shutil.rmtree(folder)
        for file in (self.plan, self.lock):
            file.unlink(missing_ok=True)
        if self._made:
            self.root.rmdir()


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the run directory: two processes that write to one run would corrupt its report."""
    import fcntl

    try:
        handle = os.fdopen(open_private(layout.lock, os.O_WRONLY | os.O_CREAT), "w")
    except OSError as error:
        raise OutputError(f"Cannot write to {layout.root}: {error.strerror}.") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(
                f"Another process is writing to {layout.root}. Wait for it, or stop it first."
            ) from None
        yield
