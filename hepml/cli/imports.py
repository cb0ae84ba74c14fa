"""``hepml import``: bring other formats to the Parquet files that runs read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from hepml.importers.dijet_work import DijetOutcome
    from hepml.importers.shower import Imported
    from hepml.importers.topjet_work import JetOutcome

__all__ = ["app"]

Kept = Annotated[
    Path, typer.Option("--out", help="Folder; what is finished there already is kept.")
]
Readers = Annotated[int, typer.Option(help="Processes; each reads one file at a time.")]

app = typer.Typer(no_args_is_help=True, help="Import a channel's files to Parquet, once.")


@app.callback()
def _import() -> None:
    """Import a channel's files to Parquet, once."""


@app.command()
def shower(
    source: Annotated[
        Path,
        typer.Argument(help="Folder of FEDRA couples (bricks), a CSV file, or a folder of CSV."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to create.")],
    kind: Annotated[
        str | None,
        typer.Option(
            help="data or simulation: which rule finds the injectors; default: what the brick's "
            "sidecar says, else simulation where base-tracks have a simulated event.",
            show_default=False,
        ),
    ] = None,
    unit: Annotated[str, typer.Option(help="Of lengths in the files: um, mm or cm.")] = "um",
    geometry: Annotated[
        Path | None,
        typer.Option(help="JSON with z and alignment of the films; default: brick.json beside."),
    ] = None,
    quality: Annotated[
        bool | None,
        typer.Option(
            "--quality/--no-quality",
            help="Quality cut on FEDRA's base-tracks; default: to data.",
            show_default=False,
        ),
    ] = None,
    core: Annotated[float, typer.Option(help="Wanted side of a tile in um.")] = 25_000.0,
    margin: Annotated[
        float, typer.Option(help="What tiles overlap on every side, in um.")
    ] = 6_000.0,
    background: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of a measured brick whose base-tracks replace the noise of the "
            "simulation; may be repeated."
        ),
    ] = None,
    background_rule: Annotated[
        str,
        typer.Option(
            help="two-films: the first two of each, mirrored and flipped for every film; "
            "ten-films: the first ten of one brick."
        ),
    ] = "two-films",
) -> None:
    """Emulsion bricks, FEDRA trees or CSV, to tiles that a run processes in parallel."""
    from hepml.importers.shower import import_showers
    from processors.shower_injectors import find_injectors

    with _progress() as advance:
        bricks = import_showers(
            source,
            out,
            injectors=find_injectors,
            kind=kind,
            quality=quality,
            unit=unit,
            geometry=geometry,
            core=core,
            margin=margin,
            background=background or (),
            background_rule=background_rule,
            progress=advance,
        )
    for brick in bricks:
        _account(brick)
    _say(f"tiles in {out}:  hepml run shower {out} --out RUN")


@app.command()
def topjet(
    sources: Annotated[
        list[Path], typer.Argument(help="HDF5 files (.h5, .h5.gz) or folders of them.")
    ],
    out: Kept,
    workers: Readers = 2,
    max_constits: Annotated[
        int | None,
        typer.Option(help="Keep no more constituents a jet; default: all.", show_default=False),
    ] = None,
    bad_jets: Annotated[
        str, typer.Option(help="Jets with NaN or no energy: refuse their file, or drop them.")
    ] = "refuse",
) -> None:
    """Jets of the top tagging open data (2022, 2024), HDF5 to Parquet without zero padding."""
    from hepml.importers.topjet import import_jets

    with _progress() as advance:
        found = import_jets(
            sources,
            out,
            workers=workers,
            max_constits=max_constits,
            bad_jets=bad_jets,
            progress=advance,
        )
    for dataset, outcomes in found.datasets.items():
        _jets(dataset, outcomes)
    _finish([item.reason for item in found.failed], len(found.outcomes))
    _say(f"jets in {out}:  hepml run topjet {out} --out RUN")


@app.command()
def dijet(
    sources: Annotated[
        list[str],
        typer.Argument(help="HDF5 files of pandas (.h5, .h5.gz), folders of them, NAME=FILES."),
    ],
    out: Kept,
    workers: Readers = 2,
    key: Annotated[
        str | None,
        typer.Option(help="Frame in the file; default: the one that has jets.", show_default=False),
    ] = None,
    bad_events: Annotated[
        str, typer.Option(help="Events with NaN or without label: refuse their file, or drop them.")
    ] = "refuse",
) -> None:
    """Dijet events of the LHC Olympics and of parametric W' -> XY, each event once."""
    from hepml.importers.dijet import import_dijets

    with _progress() as advance:
        found = import_dijets(
            sources, out, workers=workers, key=key, bad_events=bad_events, progress=advance
        )
    for dataset, outcomes in found.datasets.items():
        _dijets(dataset, outcomes)
    _finish([item.reason for item in found.failed], len(found.outcomes))
    _say(f"events in {out}:  hepml run dijet {out} --out RUN")


def _finish(reasons: Sequence[str], files: int) -> None:
    """Name what was not imported, and fail if there is any."""
    from hepml.errors import IncompleteRunError

    for reason in reasons:
        _say(f"not imported: {reason}")
    if reasons:
        raise IncompleteRunError(
            f"{len(reasons)} of {files} files were not imported (see above); the others are. When "
            "they are repaired, the same command imports what is missing."
        )


def _dijets(dataset: str, outcomes: Sequence[DijetOutcome]) -> None:
    """Print what was read of a sample of events."""
    events = sum(item.events for item in outcomes)
    points = {point[:2] for item in outcomes for point in item.mass_points}
    text = f"{dataset}: {events:,} events in {len(outcomes)} files"
    if points:
        text += f", {len(points)} mass points"
    _counted(text, [item.state for item in outcomes], [item.counts for item in outcomes])


def _counted(text: str, states: Sequence[str], accounts: Sequence[Mapping[str, int]]) -> None:
    """Print what is there of a data set, and what its reader should know."""
    if kept := sum(state == "kept" for state in states):
        text += f", {kept} of them kept from before"
    _say(text)
    counts: dict[str, int] = {}
    for account in accounts:
        for what, number in account.items():
            counts[what] = counts.get(what, 0) + number
    for what, number in counts.items():
        _say(f"  {number:,} {what}")


def _jets(dataset: str, outcomes: Sequence[JetOutcome]) -> None:
    """Print what was read of a data set."""
    jets = sum(item.jets for item in outcomes)
    constituents = sum(item.constituents for item in outcomes)
    text = f"{dataset}: {jets:,} jets, {constituents:,} constituents in {len(outcomes)} files"
    new = [item for item in outcomes if item.state == "imported"]
    megabytes = sum(item.input_bytes for item in new) / 1e6
    if megabytes > 100:
        seconds = sum(item.seconds for item in new)
        text += f", {megabytes / seconds:.0f} MB/s of input a process"
    _counted(text, [item.state for item in outcomes], [item.counts for item in outcomes])


def _account(brick: Imported) -> None:
    """Print what was read of a brick, and what was not used and why."""
    account = brick.account
    read = account["films"] - len(account["missing_films"])
    _say(
        f"brick {brick.brick}: {brick.basetracks:,} base-tracks in {read} of {account['films']} "
        f"films, {brick.injectors:,} injectors, {len(brick.files)} tiles"
    )
    for name in ("missing_films", "empty_films"):
        if account[name]:
            positions = ", ".join(map(str, account[name]))
            _say(f"  {name.replace('_', ' ')} (PID, 0 = furthest downstream): {positions}")
    if "background" in account:
        _say(f"  {account['background']:,} base-tracks of measured bricks as background")
    if account["rejected"]:
        _say(f"  {account['rejected']:,} base-tracks failed the quality cut")
    for reason, count in _skipped(account).items():
        _say(f"  no injector: {count:,} {reason}")


def _skipped(account: Mapping[str, Any]) -> dict[str, int]:
    return {reason: count for reason, count in account["skipped"].items() if count}


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar: what is read or written, how much is done and how much there is."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*bar, transient=True) as progress:
        task = progress.add_task("import", total=None)
        yield lambda what, done, total: progress.update(
            task, description=what, completed=done, total=total or None
        )


def _say(text: str) -> None:
    from rich.console import Console

    Console().print(text, soft_wrap=True, highlight=False)
