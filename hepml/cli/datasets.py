"""``hepml datasets``: list the catalogue, check a mirror directory, download into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hepml.cli.bars import result_console

if TYPE_CHECKING:
    from hepml.catalogue import Catalogue
    from hepml.records import Dataset, File

app = typer.Typer(no_args_is_help=True, help="Public datasets: list, check, download.")

_NAMES = "Names or patterns: ggH, 'data_*', 'diphoton/*'; or of releases: 'lhco-*'."
Patterns = Annotated[list[str] | None, typer.Argument(help=_NAMES, show_default=False)]
Wanted = Annotated[list[str], typer.Argument(help=_NAMES)]
ChannelOption = Annotated[
    str | None, typer.Option("--channel", help="Only datasets of this channel.")
]
CatalogueOption = Annotated[
    Path | None, typer.Option("--catalogue", help="Another catalogue than the shipped one.")
]
MirrorOption = Annotated[
    Path | None,
    typer.Option("--mirror", envvar="HEPML_MIRROR", help="Local directory of the files."),
]

STYLES = {"ok": "green", "damaged": "bold red", "missing": "dim"}
GIVE_UP = 3  # files in a row of which no byte arrived


@app.command("list")
def list_datasets(
    patterns: Patterns = None,
    channel: ChannelOption = None,
    files: Annotated[bool, typer.Option("--files", help="Every file and its locations.")] = False,
    catalogue: CatalogueOption = None,
    mirror: MirrorOption = None,
) -> None:
    """Show the datasets of the catalogue."""
    from hepml.catalogue import Catalogue

    loaded = Catalogue.load(catalogue)
    datasets = loaded.match(patterns or "*", _channel(loaded, channel))
    if files:
        _print_files(loaded, datasets, mirror)
    else:
        _print_datasets(loaded, datasets)


@app.command()
def check(
    patterns: Patterns = None,
    channel: ChannelOption = None,
    catalogue: CatalogueOption = None,
    mirror: MirrorOption = None,
) -> None:
    """Compare the files of a mirror directory with the catalogue: size and checksum.

    Without names, the files that are there; with names, every file of those datasets.
    """
    from rich.table import Table

    from hepml.catalogue import Catalogue, mirror_path
    from hepml.download import verify
    from hepml.errors import FileAccessError

    loaded = Catalogue.load(catalogue)
    folder = _folder(mirror)
    table = Table("dataset", "file", "state", "detail", title=f"mirror {folder}")
    faults = 0
    for dataset in loaded.match(patterns or "*", _channel(loaded, channel)):
        for file in dataset.members:
            verdict = verify(mirror_path(folder, dataset, file), file)
            if verdict.state == "missing" and not patterns:
                continue
            faults += verdict.state not in ("ok", "unverified")
            state = f"[{STYLES.get(verdict.state, 'yellow')}]{verdict.state}"
            table.add_row(dataset.key, file.name, state, verdict.detail)
    result_console().print(
        table if table.row_count else f"{folder} holds no file of the catalogue."
    )
    if faults:
        raise FileAccessError(
            f"{faults} of {table.row_count} files in {folder} are missing or not whole. "
            "Get them with: hepml datasets download NAME"
        )


@app.command()
def download(
    patterns: Wanted,
    channel: ChannelOption = None,
    catalogue: CatalogueOption = None,
    mirror: MirrorOption = None,
) -> None:
    """Download datasets into a mirror directory; a broken download resumes."""
    from hepml.catalogue import Catalogue
    from hepml.errors import CatalogueError, DownloadError

    loaded = Catalogue.load(catalogue)
    folder = _folder(mirror)
    datasets = loaded.match(patterns, _channel(loaded, channel))
    wanted = [(dataset, file) for dataset in datasets for file in dataset.members]
    if not wanted:
        release = loaded.releases[datasets[0].release]
        raise CatalogueError(
            f"the files of {datasets[0].key!r} are not listed in the catalogue. "
            f"Look at {release.url or release.title}."
        )
    _need_space(folder, wanted)
    failures, untried = _download_all(loaded, wanted, folder)
    if failures:
        tail = [f"{untried} more files were not tried."] if untried else []
        raise DownloadError("\n".join(failures + tail))


def _download_all(
    catalogue: Catalogue, wanted: list[tuple[Dataset, File]], folder: Path
) -> tuple[list[str], int]:
    from rich import progress as bars

    from hepml.catalogue import mirror_path
    from hepml.download import download as fetch
    from hepml.errors import DownloadError

    console = result_console()
    failures: list[str] = []
    idle = 0
    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.DownloadColumn(),
        bars.TransferSpeedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=console) as progress:
        for index, (dataset, file) in enumerate(wanted):
            task = progress.add_task(f"{dataset.name}: {file.name}", total=file.size)

            def report(received: int, expected: int | None, task: bars.TaskID = task) -> None:
                progress.update(task, completed=received, total=expected)

            try:
                path = fetch(catalogue, dataset, file, folder, report)
                size = path.stat().st_size
                progress.update(task, completed=size, total=size)
                progress.console.print(str(path), soft_wrap=True)
                idle = 0
            except DownloadError as error:
                failures.append(error.message)
                part = mirror_path(folder, dataset, file)
                idle = 0 if part.with_name(part.name + ".part").exists() else idle + 1
                if idle == GIVE_UP:
                    return failures, len(wanted) - index - 1
    return failures, 0


def _need_space(folder: Path, wanted: list[tuple[Dataset, File]]) -> None:
    import shutil

    from hepml.catalogue import mirror_path
    from hepml.errors import OutputError

    missing = [f for d, f in wanted if not mirror_path(folder, d, f).is_file()]
    needed = sum(file.size or 0 for file in missing)
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed > free:
        raise OutputError(
            f"{_bytes(needed)} are needed and {_bytes(free)} are free in {folder}. "
            "Name fewer datasets, or another --mirror."
        )


def _print_datasets(catalogue: Catalogue, datasets: tuple[Dataset, ...]) -> None:
    from rich.table import Table

    table = Table("dataset", "kind", "class", title="datasets")
    for heading in ("files", "entries", "size", "cross section [pb]", "luminosity [1/pb]"):
        table.add_column(heading, justify="right")
    table.add_column("record")
    for dataset in datasets:
        release = catalogue.releases[dataset.release]
        table.add_row(
            dataset.key,
            dataset.kind,
            dataset.label,
            f"{dataset.file_count:,}" if dataset.file_count is not None else "",
            f"{dataset.entries:,}" if dataset.entries is not None else "",
            _bytes(dataset.size),
            f"{dataset.cross_section:g}" if dataset.cross_section else "",
            f"{dataset.luminosity:g}" if dataset.luminosity else "",
            str(release.record or ""),
        )
    result_console().print(table)


def _print_files(catalogue: Catalogue, datasets: tuple[Dataset, ...], mirror: Path | None) -> None:
    from rich.markup import escape

    console = result_console()
    for dataset in datasets:
        release = catalogue.releases[dataset.release]
        console.print(f"[bold]{dataset.key}[/]  {escape(release.title)}", soft_wrap=True)
        for note in filter(None, (dataset.note, release.note)):
            console.print(f"  {note}", markup=False, soft_wrap=True)
        if not dataset.members:
            console.print(f"  files are not listed: see {release.url}", soft_wrap=True)
        for file in dataset.members:
            facts = filter(None, (file.name, _bytes(file.size), file.checksum))
            console.print("  " + "  ".join(facts), markup=False, soft_wrap=True)
            for url in catalogue.endpoints(dataset, file, mirror):
                console.print(f"    {url}", markup=False, highlight=False, soft_wrap=True)


def _channel(catalogue: Catalogue, channel: str | None) -> str | None:
    from hepml.errors import CatalogueError, did_you_mean

    if channel is not None and channel not in catalogue.channels:
        hint = did_you_mean(channel, catalogue.channels)
        raise CatalogueError(f"there is no channel {channel!r} in the catalogue. {hint}")
    return channel


def _folder(mirror: Path | None) -> Path:
    from hepml.errors import OutputError

    if mirror is None:
        raise OutputError("which directory? Give --mirror DIR, or set HEPML_MIRROR.")
    return mirror.expanduser()


def _bytes(size: int | None) -> str:
    if size is None:
        return ""
    from rich.filesize import decimal

    return decimal(size)
