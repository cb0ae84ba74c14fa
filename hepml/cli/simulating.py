"""What commands that simulate share: the seed, a bar, and what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["NewFiles", "Seed", "listed", "progress", "say"]

NewFiles = Annotated[Path, typer.Option("--out", help="Directory; no file in it is overwritten.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same events.")]


@contextmanager
def progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar while files are simulated."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = (TextColumn("simulate"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, transient=True) as progress:
        task = progress.add_task("simulate", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def listed(paths: Sequence[Path]) -> Any:
    """Print the files; the last of them is the truth, which is returned."""
    import json

    for path in paths:
        say(str(path))
    return json.loads(paths[-1].read_text())


def say(text: str) -> None:
    from rich.console import Console

    Console().print(text, soft_wrap=True, highlight=False)
