"""Ordered endpoints of one file: open the first that answers, say why the others did not."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hepml.errors import FileAccessError
from hepml.xrootd import limit_xrootd_patience

__all__ = ["ROOT", "Reader", "are_silent", "explain", "is_remote", "open_first", "preferred"]

# A server that did not answer is tried behind the others for this long [s]: waiting for it anew
# for every chunk would cost seconds each time.
SILENCE = 300.0
_SILENT: dict[str, float] = {}

# first bytes of files that are taken for files of another format
FORMATS = {
    b"root": "a ROOT file",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a numpy file",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """How files of one format are opened, and what to say where there is none.

    Attributes
    ----------
    name : str
        What the format is called.
    magic : bytes
        How such a file begins.
    open : callable
        Opens a path or URL.
    advice : str
        Goes on behind "it is a ... file".
    """

    name: str
    magic: bytes
    open: Callable[[str], Any]
    advice: str


def _open_root(endpoint: str) -> Any:
    from hepml.engine import reading

    return reading.open_root(endpoint)


ROOT = Reader("ROOT", b"root", _open_root, "and ROOT files are read here")


def open_first(endpoints: Sequence[str], reader: Reader = ROOT) -> tuple[Any, str]:
    """Open a file at its first endpoint that answers.

    Returns
    -------
    file : object
        The open file: what ``reader.open`` returns, of ROOT files an uproot directory.
    endpoint : str
        The endpoint that served it.

    Raises
    ------
    FileAccessError
        If none answers; every endpoint is listed with its reason.
    """
    limit_xrootd_patience()
    reasons = []
    for endpoint in preferred(endpoints):
        try:
            opened = reader.open(endpoint)
        except FileAccessError as error:
            reasons.append(str(error))
        # damaged headers are reported as any of these, depending on where the damage is
        except (OSError, ValueError, KeyError, NotImplementedError, ImportError, EOFError) as error:
            _remember(endpoint, error)
            reasons.append(f"{endpoint}: {explain(endpoint, error, reader)}")
        else:
            _SILENT.pop(_server(endpoint), None)
            return opened, endpoint
    raise FileAccessError("Cannot open " + "\n  then ".join(reasons))


def preferred(endpoints: Sequence[str]) -> list[str]:
    """Endpoints in their order, those of servers that did not answer of late behind the others."""
    return sorted(endpoints, key=_is_silent)


def are_silent(endpoints: Sequence[str]) -> bool:
    """Whether none of the servers answered of late, so that nothing is gained by insisting."""
    return all(map(_is_silent, endpoints))


def is_remote(endpoint: str) -> bool:
    """Whether an endpoint is a URL, not a path."""
    return "://" in endpoint


def _is_silent(endpoint: str) -> bool:
    since = time.monotonic() - SILENCE
    return _SILENT.get(_server(endpoint), since) > since


def _remember(endpoint: str, error: BaseException) -> None:
    """Take note of a server that did not answer, as opposed to one that has no such file."""
    if _server(endpoint) and isinstance(error, ConnectionError | TimeoutError):
        _SILENT[_server(endpoint)] = time.monotonic()


def _server(endpoint: str) -> str:
    return urlsplit(endpoint).netloc if is_remote(endpoint) else ""


def explain(endpoint: str, error: BaseException, reader: Reader = ROOT) -> str:
    """One line on why a file did not open, or could not be read further on."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    # the XRootD client puts what happened behind its own call
    first = re.sub(r"^.*\[(FATAL|ERROR)\]\s*", "", first)
    said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    if "://" in endpoint:
        if isinstance(error, ImportError):
            return 'reading it needs the extra: pip install "hepml-columnar[xrootd]"'
        if isinstance(error, FileNotFoundError):
            return "there is no such file"
        if isinstance(error, ConnectionError | TimeoutError):
            return f"no answer from there ({said})"
        if isinstance(error, OSError):
            return f"no answer from there, or no such file ({said})"
    else:
        path = Path(endpoint)
        if not path.exists():
            return "there is no such file"
        if path.is_dir():
            return "it is a directory"
        if path.stat().st_size == 0:
            return "the file is empty (0 bytes)"
        begin = _first_bytes(path)
        for magic, name in FORMATS.items():
            if begin.startswith(magic) and magic != reader.magic:
                return f"it is {name}, {reader.advice}{_channel(path, magic)}"
        if reader is not ROOT and not begin.startswith(reader.magic):
            return f"it is no {reader.name} file, {reader.advice}"
    return f"it is not a readable {reader.name} file, damaged or cut short ({said})"


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as handle:
            return handle.read(8)
    except OSError:
        return b""


def _channel(path: Path, magic: bytes) -> str:
    """Which processor an imported file is for, where another one was given it."""
    if magic != b"PAR1":
        return ""
    from hepml.engine.parquet import open_parquet

    try:
        with open_parquet(str(path)) as file:
            channel = file.notes.get("channel")
    except (OSError, ValueError, FileAccessError):
        return ""
    return f". It was imported for another channel:  hepml run {channel} {path}" if channel else ""
