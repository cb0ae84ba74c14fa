"""Run directories at a URL: made in a folder here, and copied there when they are complete."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from hepml.errors import OutputError
from hepml.redaction import redacted

__all__ = ["folder_of", "is_url", "publish", "refuse_taken"]

# of "root://host" a path leaves "root:/host"
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:/")
_PIECE = 1 << 20
# what a reader looks for first comes last: it vouches for the rest
_LAST = "report.json"
_PRIVATE = (".lock",)


def is_url(out: str | Path) -> bool:
    """Whether a run directory is to be somewhere that is no folder of this machine."""
    return bool(_URL.match(str(out)))


def folder_of(url: str) -> Path:
    """The folder here in which a run is made that will be copied to a URL."""
    name = redacted(url).partition("?")[0].rstrip("/").rpartition("/")[2]
    return Path(name or "run")


def refuse_taken(url: str) -> None:
    """Raise an OutputError if there is something at the URL, or no way to get there."""
    files, root = _file_system(url)
    try:
        taken = files.exists(root)
    except OSError as error:
        raise OutputError(f"Cannot write to {redacted(url)}: {error}") from error
    if taken:
        raise OutputError(f"{redacted(url)} exists; choose another --out.")


def publish(folder: Path, url: str) -> None:
    """Copy a finished run to a URL, and read every file back to see that it is whole.

    Raises
    ------
    OutputError
        If a file does not arrive as it was sent; the run stays where it was made.
    """
    files, root = _file_system(url)
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name not in _PRIVATE]
    try:
        for path in sorted(paths, key=lambda item: (item == folder / _LAST, item)):
            _copy(files, path, f"{root}/{path.relative_to(folder).as_posix()}")
    except OSError as error:
        raise OutputError(
            f"Cannot write to {redacted(url)}: {error}. The run is in {folder}; copy it yourself, "
            f"for example  xrdcp -r {folder} {redacted(url)}"
        ) from error


def _file_system(url: str) -> tuple[Any, str]:
    import fsspec

    from hepml.xrootd import limit_xrootd_patience

    limit_xrootd_patience()
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise OutputError(f"--out {redacted(url)}: {error}") from error
    return files, str(root).rstrip("/")


def _copy(files: Any, path: Path, target: str) -> None:
    files.makedirs(target.rpartition("/")[0], exist_ok=True)
    with path.open("rb") as source, files.open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, _PIECE)
    with path.open("rb") as source, files.open(target, "rb") as arrived:
        if _digest(source) != _digest(arrived):
            raise OSError(f"{target} did not arrive as it was sent")


def _digest(handle: BinaryIO) -> bytes:
    digest = hashlib.sha256()
    while piece := handle.read(_PIECE):
        digest.update(piece)
    return digest.digest()
