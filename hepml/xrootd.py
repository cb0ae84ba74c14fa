"""The XRootD client: loaded with sane time-outs, its errors as ours, directories and globs."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hepml.errors import EmptyInputError, FileAccessError, did_you_mean
from hepml.redaction import redacted

__all__ = [
    "XROOTD_PATIENCE",
    "Listed",
    "is_xrootd",
    "limit_xrootd_patience",
    "list_files",
    "load_client",
    "raise_status",
    "size_of",
]

# Seconds, except for the number of retries. The client's own values hang for minutes, forget a
# server that was away for half an hour, and look at the clock every 15 s only.
XROOTD_PATIENCE = {
    "XRD_CONNECTIONWINDOW": "4",
    "XRD_CONNECTIONRETRY": "1",
    "XRD_STREAMERRORWINDOW": "1",
    "XRD_STREAMTIMEOUT": "15",
    "XRD_REQUESTTIMEOUT": "60",
    "XRD_TIMEOUTRESOLUTION": "1",
}

SCHEMES = ("root", "roots", "xroot", "xroots")
LISTING_TIMEOUT = 30  # seconds for one directory

# Answers of a server, as opposed to no answer: XrdCl's errErrorResponse and errRedirect.
ANSWERED = (304, 400)
# kXR_NotAuthorized, kXR_NotFound of the protocol, and the code of an address nobody knows.
NOT_AUTHORIZED, NOT_FOUND = 3010, 3011
EXPIRED = 206


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a listing.

    Attributes
    ----------
    url : str
        Where it is read.
    size : int
        Bytes.
    """

    url: str
    size: int


def is_xrootd(url: str) -> bool:
    """Whether a URL is read through XRootD."""
    return url.partition("://")[0] in SCHEMES and "://" in url


def limit_xrootd_patience() -> None:
    """Let a dead XRootD server fail within seconds; by default its client waits for minutes.

    The client reads these when it is first loaded. What the user has set is kept.
    """
    for name, value in XROOTD_PATIENCE.items():
        os.environ.setdefault(name, value)


def load_client() -> Any:
    """Load the client library, with its time-outs set.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    limit_xrootd_patience()
    from XRootD import client

    return client


def raise_status(status: Any, url: str) -> None:
    """Raise what a status says, unless it says that all went well.

    Raises
    ------
    FileNotFoundError, PermissionError, OSError
        If the server answered and refused.
    TimeoutError, ConnectionError
        If it did not answer.
    """
    if status.ok:
        return
    lines = [line.strip() for line in str(status.message).splitlines() if line.strip()]
    said = lines[0].removeprefix("[ERROR] ").removeprefix("[FATAL] ") if lines else "no reason"
    text = f"{said} ({redacted(url)})"
    if status.errno == NOT_FOUND:
        raise FileNotFoundError(text)
    if status.errno == NOT_AUTHORIZED:
        raise PermissionError(text)
    if status.code in ANSWERED:
        raise OSError(text)
    raise TimeoutError(text) if status.code == EXPIRED else ConnectionError(text)


def size_of(url: str) -> int | None:
    """Bytes of a file, ``None`` where the server does not say."""
    try:
        state = _Server(url).state(_path(url))
    except (OSError, ImportError, FileAccessError):
        return None
    return None if state is None or state[0] else state[1]


def list_files(url: str, suffixes: tuple[str, ...]) -> list[Listed] | None:
    """Files that a URL with wildcards, or the URL of a directory, stands for.

    Parameters
    ----------
    url : str
        ``root://host//path``; ``*``, ``?`` and ``[...]`` match within a directory's names, a
        ``**`` between slashes any number of directories. What follows a ``?`` behind the last
        slash stays with every URL if it holds a ``=``.
    suffixes : tuple of str
        Endings of the files that are wanted of a directory.

    Returns
    -------
    list of Listed or None
        Sorted by URL; ``None`` for a URL of one file, which needs no listing.

    Raises
    ------
    FileAccessError
        If the directory does not exist or cannot be listed.
    EmptyInputError
        If no file matches.
    """
    path = _path(url)
    pattern = any(character in path for character in "*?[")
    if not pattern and path.endswith(suffixes):
        return None
    try:
        server = _Server(url)
        if not pattern:
            return _directory(server, path, suffixes)
        found = sorted(_matching(server, path))
    except ImportError:
        raise FileAccessError(
            f'{redacted(url)}: listing it needs the extra: pip install "hepml-columnar[xrootd]"'
        ) from None
    except OSError as error:
        raise FileAccessError(f"{redacted(url)} cannot be listed: {error}") from error
    if not found:
        raise FileAccessError(f"no file matches {redacted(url)!r}. {_beside(server, path)}")
    return [Listed(server.url(name), size) for name, size in found]


def _directory(server: _Server, path: str, suffixes: tuple[str, ...]) -> list[Listed] | None:
    state = server.state(path)
    if state is None or not state[0]:
        if path.endswith("/"):
            raise FileNotFoundError("there is no such directory")
        return None
    entries = server.entries(path)
    found = [(name, size) for name, folder, size in entries if not folder]
    wanted = sorted(item for item in found if item[0].endswith(suffixes))
    if not wanted:
        folders = ", ".join(sorted(name for name, folder, _ in entries if folder)[:5])
        raise EmptyInputError(
            f"the directory {server.url(path)} holds no ROOT or Parquet file."
            + (f" Directories in it: {folders}." if folders else " Name the files instead.")
        )
    return [Listed(server.url(f"{path.rstrip('/')}/{name}"), size) for name, size in wanted]


def _matching(server: _Server, pattern: str) -> Iterator[tuple[str, int]]:
    """Files that match a pattern, directory by directory; only those that can match are listed."""
    parts = [part for part in pattern.split("/") if part]
    yield from _descend(server, "", parts)


def _descend(server: _Server, folder: str, parts: list[str]) -> Iterator[tuple[str, int]]:
    part, *rest = parts
    if part == "**":
        if rest:
            yield from _descend(server, folder, rest)
        for name, is_folder, size in server.entries(folder or "/"):
            if is_folder:
                yield from _descend(server, f"{folder}/{name}", parts)
            elif not rest:
                yield f"{folder}/{name}", size
        return
    if not any(character in part for character in "*?["):
        if rest:
            yield from _descend(server, f"{folder}/{part}", rest)
            return
        state = server.state(f"{folder}/{part}")
        if state is not None and not state[0]:
            yield f"{folder}/{part}", state[1]
        return
    for name, is_folder, size in server.entries(folder or "/"):
        if fnmatch.fnmatchcase(name, part):
            if rest and is_folder:
                yield from _descend(server, f"{folder}/{name}", rest)
            elif not rest and not is_folder:
                yield f"{folder}/{name}", size


def _beside(server: _Server, pattern: str) -> str:
    """Names near a pattern that matches nothing."""
    folder, _, last = pattern.rpartition("/")
    try:
        names = [name for name, is_folder, _ in server.entries(folder or "/") if not is_folder]
    except OSError:
        return f"There is no directory {folder}."
    return f"Files in {folder}: {did_you_mean(last, names)}"


class _Server:
    """The server of a URL, and how URLs of its other files are written."""

    def __init__(self, url: str) -> None:
        self._client = load_client()
        parts = urlsplit(url)
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._query = _query(url)
        self._system = self._client.FileSystem(self._base)

    def url(self, path: str) -> str:
        """The URL of a path on this server, with the query of the one that was given."""
        return f"{self._base}//{path.lstrip('/')}{self._query}"

    def entries(self, folder: str) -> list[tuple[str, bool, int]]:
        """Name, whether it is a directory, and bytes of everything in a directory."""
        flags = self._client.flags
        status, found = self._system.dirlist(
            folder + self._query, flags.DirListFlags.STAT, timeout=LISTING_TIMEOUT
        )
        raise_status(status, self.url(folder))
        return [
            (item.name, _is_folder(flags, item.statinfo), int(item.statinfo.size))
            for item in found or ()
            if item.statinfo is not None
        ]

    def state(self, path: str) -> tuple[bool, int] | None:
        """Whether a path is a directory, and its bytes; ``None`` if there is nothing."""
        status, found = self._system.stat(path + self._query, timeout=LISTING_TIMEOUT)
        if status.errno == NOT_FOUND:
            return None
        raise_status(status, self.url(path))
        return _is_folder(self._client.flags, found), int(found.size)


def _is_folder(flags: Any, state: Any) -> bool:
    return bool(state.flags & flags.StatInfoFlags.IS_DIR)


def _path(url: str) -> str:
    """The path on the server, always with one leading slash."""
    rest = url.partition("://")[2].partition("/")[2]
    return "/" + rest.removesuffix(_query(url)).lstrip("/")


def _query(url: str) -> str:
    """What goes to the server beside the path, ``?name=value``; a ``?`` alone is a wildcard."""
    _, mark, query = url.rpartition("?")
    return f"?{query}" if mark and "=" in query and "/" not in query.partition("=")[0] else ""
