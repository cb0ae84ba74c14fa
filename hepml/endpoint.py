"""Open a remote file at an offset, over HTTP, XRootD or anything that fsspec knows."""

from __future__ import annotations

import http.client
import importlib.util
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from hepml.xrootd import is_xrootd, limit_xrootd_patience

__all__ = [
    "EndpointError",
    "Source",
    "open_endpoint",
    "read_block",
]

BLOCK = 1 << 20
TIMEOUT = 30.0  # seconds without a byte


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes from an offset on.

    Attributes
    ----------
    stream : object
        Has ``read(size)``.
    offset : int
        Where it really begins: 0 for a server that does not resume.
    total : int or None
        Bytes of the whole file, where the server says it.
    """

    stream: _Stream
    offset: int
    total: int | None


class EndpointError(Exception):
    """Why one endpoint did not deliver."""


def read_block(stream: _Stream) -> bytes:
    """The next bytes, empty at the end; a broken connection is an `EndpointError`."""
    try:
        return stream.read(BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise EndpointError(f"the connection broke: {_reason(error)}") from error


@contextmanager
def open_endpoint(url: str, offset: int) -> Iterator[Source]:
    """Open an endpoint at an offset; what comes back says where it really begins."""
    if url.startswith(("http://", "https://")):
        with _open_http(url, offset) as source:
            yield source
    else:
        with _open_fsspec(url, offset) as source:
            yield source


@contextmanager
def _open_http(url: str, offset: int) -> Iterator[Source]:
    headers = {"Accept-Encoding": "identity", "User-Agent": "hepml"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        answer = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and offset:
            # Nothing lies beyond what is here: the size or the checksum has the last word.
            total = _total(error.headers.get("Content-Range"))
            if total == offset:
                yield Source(_Nothing(), offset, total)
            else:
                with _open_http(url, 0) as source:
                    yield source
            return
        raise EndpointError(f"HTTP {error.code} {error.reason}") from error
    except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise EndpointError(_reason(error)) from error
    with answer:
        yield _http_source(answer, offset)


def _http_source(answer: Any, offset: int) -> Source:
    if answer.headers.get_content_type() == "text/html":
        raise EndpointError("answers with a web page instead of the file")
    if answer.status == 206:
        span = answer.headers.get("Content-Range", "")
        if not span.startswith(f"bytes {offset}-"):
            raise EndpointError(f"answers with other bytes than asked for: {span!r}")
        return Source(answer, offset, _total(span))
    length = answer.headers.get("Content-Length")
    # 200: this server does not resume, and sends everything again.
    return Source(answer, 0, int(length) if length else None)


def _total(span: str | None) -> int | None:
    match = re.search(r"/(\d+)$", span or "")
    return int(match.group(1)) if match else None


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return str(reason) or type(reason).__name__


class _Nothing:
    def read(self, size: int, /) -> bytes:
        return b""


@contextmanager
def _open_fsspec(url: str, offset: int) -> Iterator[Source]:
    if is_xrootd(url):
        if importlib.util.find_spec("fsspec_xrootd") is None:
            raise EndpointError("needs XRootD: pip install 'hepml-columnar[xrootd]'")
        limit_xrootd_patience()
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
        total = system.size(path)
        offset = offset if total is None or offset <= total else 0
        stream = system.open(path, "rb")
        stream.seek(offset)
    except (OSError, ValueError, ImportError) as error:
        raise EndpointError(_reason(error)) from error
    with stream:
        yield Source(stream, offset, total)
