"""What commands write on: one progress bar, and one console for results and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Advance", "print_notes", "progress_bar", "result_console"]

Advance = Callable[[str, int, int], None]


@contextmanager
def progress_bar(prefix: str = "") -> Iterator[Advance]:
    """A bar on the terminal; gives the function that moves it: what, how many done, of how many."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(prefix + "{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def advance(name: str, done: int, total: int) -> None:
            bar.update(task, description=name, completed=done, total=total)

        yield advance


def result_console() -> Console:
    """Where tables go; in a pipe or a file nothing limits the width, and no name is cut."""
    from rich.console import Console

    console = Console()
    return console if console.is_terminal else Console(width=200)


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """Print what a reader must know, one line each."""
    for text in notes:
        console.print(f"[yellow]note:[/] {text}", highlight=False)
