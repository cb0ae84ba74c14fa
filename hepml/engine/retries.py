"""Try again after a while, and wait longer each time."""

from __future__ import annotations

import time
from collections.abc import Iterator

__all__ = ["attempts"]

FIRST_WAIT = 0.2  # seconds before the first retry; doubles each time


def attempts(retries: int) -> Iterator[int]:
    """Count from 0 to the number of retries, with a wait before each retry."""
    for attempt in range(retries + 1):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        yield attempt
