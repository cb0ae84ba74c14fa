"""How many threads are worth starting."""

from __future__ import annotations

import os

__all__ = ["free_threads"]


def free_threads(wanted: int | None) -> int:
    """Threads for a training: those wanted, but no more than there are idle cores.

    LightGBM's threads wait for each other many times a tree, and spin while they do: on two busy
    cores two of them take six times as long as one. Models do not depend on the number.

    Parameters
    ----------
    wanted : int or None
        Most threads; ``None``: all cores.
    """
    cores = os.cpu_count() or 1
    try:
        busy = os.getloadavg()[0]
    except OSError:
        busy = 0.0
    return max(1, min(wanted or cores, cores, round(cores - busy)))
