"""Files that are either whole or absent, in folders that not everybody can write to."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

__all__ = ["FILE_MODE", "explain_write", "make_folder", "open_private", "whole_file"]

# Whatever the umask: others may look, and not touch. What the umask forbids stays forbidden.
FILE_MODE = 0o664
FOLDER_MODE = 0o775

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; one that is there is left as it is."""
    if path.is_dir():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):  # another process was faster
        path.mkdir(mode=FOLDER_MODE)
    if not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def open_private(path: Path, flags: int) -> int:
    """Open a file that only its owner and group may change; a descriptor as of ``os.open``."""
    return os.open(path, flags | os.O_CLOEXEC, FILE_MODE)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file under a name that no other process takes, then give it its own.

    A process that is killed leaves nothing but a hidden ``.tmp`` file; one that fails not even
    that. Whoever writes last wins, and whoever reads sees one or the other, whole.
    """
    # the process number alone is not enough: two hosts, or two containers, may share a folder
    mark = f"{os.getpid()}-{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.name}.{mark}.tmp")
    try:
        with open(open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as handle:
            yield handle
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def explain_write(path: Path, error: OSError) -> str:
    """Say why a file could not be written, and what to do about it."""
    text = f"Cannot write {path}: {error.strerror or error}."
    if error.errno in FULL:
        text += " Make room there; a run keeps what it has and goes on with  hepml resume."
    return text
