"""How many threads are worth starting."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["free_threads", "set_threads"]


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


def set_threads(estimator: Any, count: int | None) -> None:
    """Let an estimator, and those that it is made of, use so many threads."""
    if not hasattr(estimator, "get_params"):
        return
    names = [
        name for name in estimator.get_params() if name == "n_jobs" or name.endswith("__n_jobs")
    ]
    estimator.set_params(**dict.fromkeys(names, count))
