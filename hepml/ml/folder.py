"""Output folders that are either whole or absent."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hepml.errors import OutputError

__all__ = ["check_free", "output_folder"]


def check_free(path: str | Path) -> Path:
    """The path of a folder to be made, before anything expensive begins.

    Raises
    ------
    OutputError
        If something is there already, or its parent cannot be written.
    """
    target = Path(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{target} exists and is not empty; choose another --out.")
    parent = next(item for item in target.absolute().parents if item.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError(f"Cannot write to {target}: {parent} cannot be written.")
    return target


@contextmanager
def output_folder(path: str | Path) -> Iterator[Path]:
    """A folder to fill beside the final one, which it becomes when the block ends well.

    Raises
    ------
    OutputError
        If the folder is taken, or cannot be written.
    """
    target = check_free(path)
    scratch = target.absolute().with_name(f".{target.absolute().name}.{os.getpid()}.tmp")
    try:
        scratch.mkdir(parents=True)
        yield scratch
        if target.exists():
            # empty, as checked
            target.rmdir()
        scratch.rename(target.absolute())
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"Cannot write to {target}: {reason}.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
