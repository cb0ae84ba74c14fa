"""Read files over XRootD for uproot: all the ranges of a chunk in vector reads, no thread of ours.

The requests of one call are all sent at once and answered one by one, so that baskets that have
arrived are decompressed while the others travel.
"""

from __future__ import annotations

import queue
from concurrent.futures import Future
from typing import Any

from uproot.source.chunk import Chunk, Source

from hepml.xrootd import load_client, raise_status

__all__ = ["XRootDSource"]

Ranges = list[tuple[int, int]]

# Of one vector read: the protocol's default limits, for servers that do not tell theirs.
MAX_RANGES = 1024
MAX_RANGE = 2_097_136  # bytes of one range
# Bytes after which a new request begins: small enough that decompression overlaps with travel.
REQUEST = 4 << 20

# Limits by server; asked for once per process.
_LIMITS: dict[str, tuple[int, int]] = {}


class XRootDSource(Source):
    """A ``handler`` for ``uproot.open`` that reads over XRootD.

    Parameters
    ----------
    file_path : str
        URL, ``root://host//path``.
    **options
        uproot's other options; none is needed.
    """

    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__()
        self._file_path = file_path
        self._file: Any = None
        self._open()

    def _open(self) -> None:
        client = load_client()
        file = client.File()
        status, _ = file.open(self._file_path)
        raise_status(status, self._file_path)
        self._file = file
        # the server told the size when the file was opened
        status, state = file.stat()
        raise_status(status, self._file_path)
        self._num_bytes = int(state.size)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._file_path!r}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_file": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state
        self._open()

    def chunk(self, start: int, stop: int) -> Chunk:
        """Read one range of bytes."""
        return self.chunks([(start, stop)], None)[0]

    def chunks(self, ranges: Ranges, notifications: queue.Queue[Chunk] | None) -> list[Chunk]:
        """Read ranges of bytes; a range beyond the end of the file is shorter than asked."""
        if self._file is None:
            raise OSError(f"file {self._file_path!r} is closed")
        pieces = _Pieces(self._file, self._file_path, self._limits(ranges))
        found = []
        for start, stop in ranges:
            begin, end = int(start), min(int(stop), self._num_bytes)
            future = pieces.ask(begin, max(end - begin, 0))
            found.append(Chunk(self, start, stop, future))
            self._num_requested_bytes += max(end - begin, 0)
        pieces.send()
        self._num_requests += pieces.requests
        self._num_requested_chunks += len(ranges)
        if notifications is not None:
            for chunk in found:
                notifications.put(chunk)
        return found

    def _limits(self, ranges: Ranges) -> tuple[int, int]:
        """Ranges of a vector read, and bytes of a range, that the server takes."""
        if len(ranges) <= 1:
            return MAX_RANGES, MAX_RANGE
        server = str(self._file.get_property("DataServer"))
        if server not in _LIMITS:
            _LIMITS[server] = _ask_limits(server)
        return _LIMITS[server]

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._file is None

    def __enter__(self) -> XRootDSource:
        return self

    def __exit__(self, *_: object) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class _Pieces:
    """Collects ranges into requests, and sends each when it is full."""

    def __init__(self, file: Any, url: str, limits: tuple[int, int]) -> None:
        self._file = file
        self._url = url
        self._most, self._longest = limits
        self._spans: list[tuple[int, int]] = []
        self._answer: Future[list[Any]] = Future()
        self._size = 0
        self.requests = 0

    def ask(self, start: int, size: int) -> _Joined:
        """Enter a range; its bytes are there when the request that it went into is answered."""
        parts: list[tuple[Future[list[Any]], int]] = []
        for begin in range(start, start + size, self._longest):
            length = min(self._longest, start + size - begin)
            if self._spans and (len(self._spans) >= self._most or self._size + length > REQUEST):
                self.send()
            parts.append((self._answer, len(self._spans)))
            self._spans.append((begin, length))
            self._size += length
        return _Joined(parts)

    def send(self) -> None:
        """Send what was collected."""
        if not self._spans:
            return
        spans, answer = self._spans, self._answer
        self._spans, self._answer, self._size = [], Future(), 0
        self.requests += 1
        url = self._url

        def arrived(status: Any, response: Any, _: Any) -> None:
            try:
                raise_status(status, url)
                answer.set_result(_buffers(response, spans))
            except OSError as error:
                answer.set_exception(error)

        if len(spans) == 1:
            ((start, size),) = spans
            status = self._file.read(start, size, callback=arrived)
        else:
            status = self._file.vector_read(spans, callback=arrived)
        raise_status(status, url)


def _buffers(response: Any, spans: list[tuple[int, int]]) -> list[Any]:
    """The bytes of each span, in the order in which they were asked for."""
    if len(spans) == 1:
        return [response]
    found = {(chunk.offset, chunk.length): chunk.buffer for chunk in response.chunks}
    try:
        return [found[span] for span in spans]
    except KeyError:
        raise OSError("the server sent other bytes than were asked for") from None


class _Joined:
    """The bytes of one range, which may have been split."""

    def __init__(self, parts: list[tuple[Future[list[Any]], int]]) -> None:
        self._parts = parts

    def result(self, timeout: float | None = None) -> Any:
        """Wait for the bytes."""
        found = [answer.result(timeout)[place] for answer, place in self._parts]
        return found[0] if len(found) == 1 else b"".join(found)


def _ask_limits(server: str) -> tuple[int, int]:
    client = load_client()
    status, told = client.FileSystem(f"root://{server}").query(
        client.flags.QueryCode.CONFIG, "readv_iov_max readv_ior_max"
    )
    try:
        most, longest = (int(word) for word in told.split())
    except (AttributeError, ValueError):
        return MAX_RANGES, MAX_RANGE  # it does not tell
    return (max(most, 1), max(longest, 1)) if status.ok else (MAX_RANGES, MAX_RANGE)
