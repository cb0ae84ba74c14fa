"""What a task is at, step by step."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "Steps"]

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many steps are done and how many there are."""


class Steps:
    """Counts what is done.

    Parameters
    ----------
    progress : callable or None
        Told of every step.
    total : int
        How many there will be.
    """

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress = progress
        self.total = total
        self.done = 0

    def __call__(self, name: str) -> None:
        """Say what begins."""
        if self.progress is not None:
            self.progress(name, self.done, self.total)
        self.done += 1
