"""``hepml ml dijet-scan``: dijet searches at many signal fractions, masses and noise features."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli.bars import result_console
from hepml.cli.dijet_options import (
    Alpha,
    DijetRun,
    Exclude,
    Features,
    FitLoss,
    Include,
    Learner,
    Modes,
    Networks,
    Poisson,
    Preset,
    Quick,
    mass_points,
    refused,
    values,
)
from hepml.cli.options import Formats, Plots

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.dijet.scan_results import PointOptions, Quantiles, ScanResult

__all__ = ["dijet_scan"]

# Notes of points that are shown.
_NOTES = 5


def dijet_scan(
    run: DijetRun,
    out: Annotated[
        Path,
        typer.Option("--out", help="Folder to create, or of an earlier scan.", show_default=False),
    ],
    strategy: Annotated[
        list[str] | None,
        typer.Option(
            help="supervised, parametric, weak or prior-assisted; commas between, or repeated; "
            "default: all but parametric.",
            show_default=False,
        ),
    ] = None,
    mu: Annotated[
        list[str] | None,
        typer.Option(
            help="Signal fractions S/(S+B); default: the ten published ones.", show_default=False
        ),
    ] = None,
    mass_point: Annotated[
        list[str] | None,
        typer.Option(
            help="Masses of X and Y [GeV] as 500,100, repeated; or grid: the 144 published ones; "
            "default: 300,300.",
            show_default=False,
        ),
    ] = None,
    noise: Annotated[
        list[str] | None,
        typer.Option(help="Numbers of noise features; default: 0.", show_default=False),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Independent repetitions of each point: medians are over them.")
    ] = 1,
    seed: Annotated[int, typer.Option(help="The first of them.")] = 0,
    alpha: Alpha = 0.5,
    modes: Modes = "qq,qqq",
    trials: Annotated[
        int | None, typer.Option(help="Trainings, or starts of the fit.", show_default=False)
    ] = None,
    preset: Preset = "default",
    learner: Learner = "auto",
    networks: Networks = None,
    priors: Annotated[
        Path | None,
        typer.Option(help="Folder of trained priors; default: OUT/priors.", show_default=False),
    ] = None,
    loss: FitLoss = None,
    include: Include = None,
    exclude: Exclude = None,
    features: Features = None,
    poisson: Poisson = False,
    quick: Quick = False,
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Repeat a dijet search over signal fractions, mass points and noise features.

    Each point has a file of its own: a scan that is stopped goes on where it was when the same
    command is given again, and points can be added later. Priors are trained once.
    """

    from hepml.ml.dijet.asked import DijetOptions
    from hepml.ml.dijet.scan import SIGNAL_FRACTIONS, scan_grid
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    names = tuple(values("--modes", [modes], str))
    if seeds < 1:
        raise refused("--seeds", seeds, "at least one repetition")
    grid = scan_grid(
        values("--strategy", strategy, str) or ["supervised", "prior-assisted", "weak"],
        values("--mu", mu, float) or SIGNAL_FRACTIONS,
        _points(mass_point),
        values("--noise", noise, int) or [0],
        range(seed, seed + seeds),
        alpha=alpha if len(names) > 1 else None,
    )
    options: dict[str, Any] = {
        "preset": preset,
        "modes": names,
        "trials": trials,
        "learner": learner,
        "priors": networks,
        "loss": loss,
        "include": mass_points("--include", include),
        "exclude": mass_points("--exclude", exclude),
        "poisson": poisson,
        "quick": quick,
    }
    if features is not None:
        options["features"] = tuple(values("--features", [features], str))
    base = DijetOptions(**options)
    found = _scan(run, out, grid, base, {"priors": priors, "workers": workers})
    console = result_console()
    _show(found, console)
    if plots and found.points:
        from hepml.cli.hunt import save_figures
        from hepml.plots.dijet import draw_dijet

        save_figures(lambda progress: draw_dijet(out, out, wanted, progress=progress))
    console.print(f"results in {out}", highlight=False, soft_wrap=True)
    if found.failed:
        raise typer.Exit(3)


def _scan(
    run: Path, out: Path, grid: tuple[PointOptions, ...], base: Any, options: dict[str, Any]
) -> ScanResult:
    from hepml.cli.bars import progress_bar
    from hepml.ml.dijet.scan_task import DijetPoint, scan_dijets

    point = DijetPoint(str(run), base)
    for item in grid:
        # what can never be is refused before anything is trained
        point.asked(item)
    try:
        with progress_bar() as progress:
            return scan_dijets(run, out, grid, base, progress=progress, **options)
    except KeyboardInterrupt:
        typer.echo("\nstopped; the same command goes on with what is finished", err=True)
        raise


def _points(texts: list[str] | None) -> list[tuple[float, float]]:
    from hepml.simulate.dijet import GRID

    found: list[tuple[float, float]] = []
    for text in texts or ["300,300"]:
        found += GRID if text == "grid" else mass_points("--mass-point", [text])
    return found


def _show(found: ScanResult, console: Console) -> None:
    from rich.table import Table

    table = Table(title=f"{len(found.points)} points")
    for name in ("strategy", "mu", "mX, mY [GeV]", "noise", "AUC", "SIC(0.1 %)", "largest SIC"):
        table.add_column(name, justify="left" if name == "strategy" else "right")
    fitted = any(row.parameters for row in found.summary)
    if fitted:
        table.add_column("fitted mX, mY, mu", justify="right")
    for row in found.summary:
        cells = [
            row.strategy,
            f"{row.mu:.3g}" if row.mu else "any",
            f"{row.mass_point[0]:g}, {row.mass_point[1]:g}",
            str(row.noise),
            _text(row.auc, ".4f"),
            _text(row.sic_1e3, ".1f"),
            _text(row.sic_max, ".1f"),
        ]
        if fitted:
            there = [row.parameters[name] for name in ("mx", "my", "mu") if name in row.parameters]
            forms = (".0f", ".0f", ".2g")
            words = [
                f"{item.median:{form}}"
                for item, form in zip(there, forms, strict=False)
                if item.median is not None
            ]
            cells.append(", ".join(words) or "-")
        table.add_row(*cells)
    console.print(table)
    notes = Counter(text for point in found.points for text in point.judgement.notes)
    for text, count in notes.most_common(_NOTES):
        console.print(f"[yellow]note:[/] {text} ({count} of these points)", highlight=False)
    if len(notes) > _NOTES:
        console.print(f"[yellow]note:[/] {len(notes) - _NOTES} more notes are in result.json")
    for item in found.failed:
        options = item.options
        x, y = options.mass_point
        text = f"{options.strategy}, mu = {options.mu:g}, ({x:g}, {y:g}) GeV, seed {options.seed}"
        console.print(f"[red]no result:[/] {text}: {item.reason}", highlight=False)


def _text(found: Quantiles, form: str) -> str:
    if found.median is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.median:{form}}"
    return f"{found.median:{form}} [{found.low:{form}}, {found.high:{form}}]"
