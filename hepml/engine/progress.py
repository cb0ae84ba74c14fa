"""Progress bars of a run: files opened, and checkpoints, the same for every executor."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hepml.engine.plan import Chunk
from hepml.engine.store import Layout

__all__ = ["chunk_progress", "file_progress"]

INTERVAL = 0.25  # seconds between looks at the checkpoint folder
MANY_FILES = 40  # files that take a second to open


@contextmanager
def chunk_progress(
    layout: Layout, chunks: Sequence[Chunk], *, show: bool, description: str = "Processing"
) -> Iterator[None]:
    """Show events done, events per second and the time left while the body runs.

    Parameters
    ----------
    layout : Layout
        Run directory whose checkpoints are counted.
    chunks : sequence of Chunk
        Work still to do.
    show : bool
        Whether to show anything.
    """
    if not show or not chunks:
        yield
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    entries = {f"{chunk.id}.json": chunk.entries for chunk in chunks}
    # a file bound now: the executor redirects sys.stderr while it runs
    console = Console(file=sys.stderr)
    stop = threading.Event()
    with Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        MofNCompleteColumn(),
        TextColumn("events  {task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        job = bar.add_task(description, total=sum(entries.values()), rate="")

        def look() -> None:
            done = {item.name for item in os.scandir(layout.checkpoints)} & entries.keys()
            completed = sum(entries[name] for name in done)
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f"{completed / elapsed:,.0f} events/s" if completed and elapsed else ""
            bar.update(job, completed=completed, rate=rate)

        def watch() -> None:
            while not stop.wait(INTERVAL):
                look()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            look()


@contextmanager
def file_progress(total: int, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Show how many files have been opened, where these are many; yields what to tell it."""
    if not show or total < MANY_FILES:
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn("[bold]Opening files"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as bar:
        job = bar.add_task("", total=total)
        yield lambda count: bar.advance(job, count)
