"""Try again after a while, and wait longer each time."""

from __future__ import annotations

import time
from collections.abc import Iterator

__all__ = ["FIRST_WAIT", "REMOTE_WAIT", "attempts"]

# Seconds before the first retry; doubles each time. A server takes a while to start again.
FIRST_WAIT = 0.2
REMOTE_WAIT = 1.0


def attempts(retries: int, first_wait: float = FIRST_WAIT) -> Iterator[int]:
    """Count from 0 to the number of retries, with a wait before each retry."""
    for attempt in range(retries + 1):
        if attempt:
            time.sleep(first_wait * 2 ** (attempt - 1))
        yield attempt
