"""``hepml export``: results and tables for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["dedicated", "export", "parameterised"]


def export(
    run: Annotated[Path, typer.Argument(help="Run directory.")],
    form: Annotated[str, typer.Option("--format", help="root, csv or pyhf.")] = "root",
    out: Annotated[
        Path | None, typer.Option(help="File, or folder for CSV; default: in RUN/export.")
    ] = None,
    luminosity: Annotated[
        float | None,
        typer.Option(help="Scale simulation to this luminosity, in pb^-1; default: the data's."),
    ] = None,
    histogram: Annotated[
        str | None, typer.Option(help="Histogram of the pyhf workspace; default: the first.")
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Export an incomplete run.")
    ] = False,
) -> None:
    """Export histograms, cutflow and features to ROOT, CSV or a pyhf workspace.

    Files of the published package for dijets: hepml export dedicated RUN, and hepml export
    parameterised RUN. A run directory of such a name is written ./dedicated.
    """
    from hepml.engine import Run
    from hepml.export import export as export_run

    path = export_run(
        Run(run),
        form,
        out,
        luminosity=luminosity,
        histogram=histogram,
        allow_missing=allow_missing,
    )
    print(f"wrote {path}")


RunArgument = Annotated[
    Path,
    typer.Argument(
        help="Run directory of dijet, Parquet file or folder of them.", show_default=False
    ),
]
FormatOption = Annotated[str, typer.Option("--format", help="tfrecord or parquet.")]
OutOption = Annotated[
    Path,
    typer.Option(
        "--out",
        help="Folder of data of the published package; what is finished there is kept.",
        show_default=False,
    ),
]
PointsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mass-points",
        help="Masses of X and Y in GeV, 500:100; may be repeated; grid: the published 144; "
        "default: all of the table.",
        show_default=False,
    ),
]
SamplesOption = Annotated[
    str | None,
    typer.Option(
        help="Names with commas between, ours or published; default: QCD, extra_QCD, W_qq, "
        "W_qqq, and your own.",
        show_default=False,
    ),
]
FeaturesOption = Annotated[
    str, typer.Option(help="Of a jet, with commas between; default: the published seven.")
]
WorkersOption = Annotated[int, typer.Option(help="Threads on this machine.")]
_SEVEN = "pt,eta,phi,m,N,tau12,tau23"


def dedicated(
    run: RunArgument,
    out: OutOption,
    form: FormatOption = "tfrecord",
    shards: Annotated[int, typer.Option(help="Files of each sample and mass point.")] = 100,
    mass_points: PointsOption = None,
    samples: SamplesOption = None,
    features: FeaturesOption = _SEVEN,
    workers: WorkersOption = 2,
) -> None:
    """Write dijets as the published package does: files of each sample and mass point.

    Background is written again for each mass point, with its masses. Nothing of hepml needs
    these files.
    """
    _materialise(
        run,
        workers,
        kind="dedicated",
        form=form,
        out=out,
        shards=shards,
        mass_points=_points(mass_points),
        samples=_words(samples),
        features=_words(features) or (),
    )


def parameterised(
    run: RunArgument,
    out: OutOption,
    form: FormatOption = "tfrecord",
    shards: Annotated[int, typer.Option(help="Files of each decay mode.")] = 100,
    seed: Annotated[int, typer.Option(help="Mixes shard 0; shard N has the seed plus N.")] = 2023,
    mass_points: PointsOption = None,
    samples: SamplesOption = None,
    features: FeaturesOption = _SEVEN,
    workers: WorkersOption = 2,
) -> None:
    """Write dijets as the published package does: files of each decay mode, mass points mixed.

    Each mode has its signal and all background, which is written again for each mass point.
    Nothing of hepml needs these files.
    """
    _materialise(
        run,
        workers,
        kind="parameterised",
        form=form,
        out=out,
        shards=shards,
        seed=seed,
        mass_points=_points(mass_points),
        samples=_words(samples),
        features=_words(features) or (),
    )


def _materialise(run: Path, workers: int, **options: object) -> None:
    from hepml.cli.bars import progress_bar, result_console
    from hepml.export.dijet import DijetExport, plan_dijets, write_dijets

    console = result_console()
    plan = plan_dijets(run, DijetExport(**options))  # type: ignore[arg-type]
    names = ", ".join(item.name for item in plan.samples)
    size = f"{plan.bytes / 1e9:,.1f} GB" if plan.bytes > 1e9 else f"{plan.bytes / 1e6:,.1f} MB"
    console.print(
        f"{names}: {plan.events:,} events in {plan.files:,} files, {size}, below {plan.asked.root}",
        highlight=False,
        soft_wrap=True,
    )
    for text in plan.notes:
        console.print(f"[yellow]note:[/] {text}", highlight=False, soft_wrap=True)
    try:
        with progress_bar() as progress:
            found = write_dijets(plan, workers=workers, progress=progress)
    except KeyboardInterrupt:
        typer.echo("\nstopped; the same command writes what is missing", err=True)
        raise
    kept = f", {found.kept:,} were there" if found.kept else ""
    console.print(f"wrote {found.files:,} files{kept}", highlight=False)


def _points(texts: list[str] | None) -> tuple[tuple[float, float], ...] | None:
    from hepml.simulate.dijet import read_mass_points

    return None if not texts else tuple(p for text in texts for p in read_mass_points(text))


def _words(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(word.strip() for word in text.split(",") if word.strip())
