"""A web server on this machine that can misbehave, for tests of downloads."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Site:
    """What the server holds and how it behaves.

    Attributes
    ----------
    files : dict
        Content by path, ``/store/file.root``.
    ranges : bool
        Whether it honours ``Range``.
    breaks_after : list of int
        For each answer to come: bytes after which the connection is cut.
    requested : list
        ``Range`` header of every request so far, ``None`` where there was none.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    breaks_after: list[int] = field(default_factory=list)
    content_type: str = "application/octet-stream"
    requested: list[str | None] = field(default_factory=list)


@contextmanager
def serve() -> Iterator[Site]:
    """Run a server on a free port of the loopback interface."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, *arguments: Any) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}/store/"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _answer(request: BaseHTTPRequestHandler, site: Site) -> None:
    wanted = request.headers.get("Range")
    site.requested.append(wanted)
    content = site.files.get(request.path)
    if content is None:
        request.send_error(404)
        return
    match = re.fullmatch(r"bytes=(\d+)-", wanted or "")
    start = int(match.group(1)) if match and site.ranges else 0
    if start and start >= len(content):
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(content)}")
        request.end_headers()
        return
    request.send_response(206 if start else 200)
    if start:
        last = len(content) - 1
        request.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
    request.send_header("Content-Length", str(len(content) - start))
    request.send_header("Content-Type", site.content_type)
    request.end_headers()
    body = content[start:]
    request.wfile.write(body[: site.breaks_after.pop(0)] if site.breaks_after else body)
