"""Read local files for uproot with plain positioned reads: no thread, no memory map.

A memory map is as fast, but a file that shrinks while it is read (or a failing network disk)
then kills the whole worker process instead of failing one chunk.
"""

from __future__ import annotations

import os
import queue
from pathlib import Path
from typing import Any

from uproot.source.chunk import Chunk, Source
from uproot.source.futures import TrivialFuture

__all__ = ["LocalSource", "is_local"]


class LocalSource(Source):
    """A ``handler`` for ``uproot.open`` that reads a file on this machine.

    Parameters
    ----------
    file_path : str
        Path of the file.
    **options
        uproot's other options; none is needed.
    """

    def __init__(self, file_path: str, **options: Any) -> None:
        super().__init__()
        self._file_path = file_path
        self._descriptor: int | None = None
        self._open()

    def _open(self) -> None:
        self._descriptor = os.open(self._file_path, os.O_RDONLY)
        self._num_bytes = os.fstat(self._descriptor).st_size

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._file_path!r}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_descriptor": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ = state
        self._open()

    def chunk(self, start: int, stop: int) -> Chunk:
        """Read one range of bytes."""
        return self.chunks([(start, stop)], None)[0]

    def chunks(
        self, ranges: list[tuple[int, int]], notifications: queue.Queue[Chunk] | None
    ) -> list[Chunk]:
        """Read ranges of bytes; a range beyond the end of the file is shorter than asked."""
        if self._descriptor is None:
            raise OSError(f"file {self._file_path!r} is closed")
        self._num_requests += 1
        self._num_requested_chunks += len(ranges)
        found = []
        for start, stop in ranges:
            self._num_requested_bytes += stop - start
            data = os.pread(self._descriptor, max(int(stop - start), 0), int(start))
            chunk = Chunk(self, start, stop, TrivialFuture(data))
            if notifications is not None:
                notifications.put(chunk)
            found.append(chunk)
        return found

    @property
    def closed(self) -> bool:
        """Whether the file was closed."""
        return self._descriptor is None

    def __enter__(self) -> LocalSource:
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.__exit__()


def is_local(path: str) -> bool:
    """Whether a path names a file on this machine that `LocalSource` can read."""
    return hasattr(os, "pread") and "://" not in path and "::" not in path and Path(path).is_file()
