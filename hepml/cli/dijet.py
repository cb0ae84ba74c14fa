"""``hepml ml dijet``: look for a resonance of two resonances among dijets, four ways."""

from __future__ import annotations

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
    values,
)
from hepml.cli.options import Formats, Plots

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.dijet.results import DijetResult, Fitted
    from hepml.ml.results import Interval

__all__ = ["dijet"]


def dijet(
    run: DijetRun,
    out: Annotated[Path, typer.Option("--out", help="Folder to create.", show_default=False)],
    strategy: Annotated[
        str, typer.Option(help="supervised, parametric, weak or prior-assisted.")
    ] = "prior-assisted",
    mass_point: Annotated[
        str, typer.Option(help="Masses of X and Y [GeV] of the signal in the data.")
    ] = "300,300",
    mu: Annotated[
        float, typer.Option(help="Signal fraction S/(S+B) of the data; 0: none.")
    ] = 0.003,
    alpha: Alpha = 0.5,
    modes: Modes = "qq,qqq",
    preset: Preset = "default",
    trials: Annotated[
        int | None,
        typer.Option(
            help="Trainings, or starts of the fit; default 10, supervised 3 (published 1).",
            show_default=False,
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            help="Best trials by validation loss that are averaged; default: 5 networks, all "
            "trees.",
            show_default=False,
        ),
    ] = None,
    noise: Annotated[int, typer.Option(help="Features of noise to add.")] = 0,
    learner: Learner = "auto",
    priors: Annotated[
        Path | None,
        typer.Option(
            help="Folder of trained priors to use and to add to, shared by runs; default: none.",
            show_default=False,
        ),
    ] = None,
    networks: Networks = None,
    loss: FitLoss = None,
    kappa: Annotated[
        str | None,
        typer.Option(
            help="Density ratio over the odds of a prior, one number or one a mode, with --preset "
            "published; default: mean ratio over background is 1.",
            show_default=False,
        ),
    ] = None,
    include: Include = None,
    exclude: Exclude = None,
    toys: Annotated[
        int,
        typer.Option(
            help="Prior-assisted: searches of data and reference shuffled, for a global p-value."
        ),
    ] = 0,
    folds: Annotated[
        int, typer.Option(help="0: one split; from 5 on: every event is tested once.")
    ] = 0,
    poisson: Poisson = False,
    features: Features = None,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    quick: Quick = False,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Look for X and Y in dijets: W' to X Y, with signal of known truth put into the data.

    supervised learns one mass point by its labels, parametric all of them at once; weak learns
    data against a reference without any label; prior-assisted fits masses, mu and alpha to the
    data with frozen parametric priors. No event is in two of training, fit, choice and test.
    """

    from hepml.ml.dijet.asked import DijetOptions
    from hepml.ml.folder import check_free
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    check_free(out)
    options: dict[str, Any] = {
        "strategy": strategy,
        "mass_point": mass_points("--mass-point", [mass_point])[0],
        "mu": mu,
        "alpha": alpha,
        "modes": tuple(values("--modes", [modes], str)),
        "preset": preset,
        "trials": trials,
        "keep": keep,
        "noise": noise,
        "seed": seed,
        "learner": learner,
        "priors": networks,
        "loss": loss,
        "kappa": tuple(values("--kappa", [kappa or ""], float)),
        "include": mass_points("--include", include),
        "exclude": mass_points("--exclude", exclude),
        "toys": toys,
        "folds": folds,
        "poisson": poisson,
        "quick": quick,
    }
    if features is not None:
        options["features"] = tuple(values("--features", [features], str))
    console = result_console()
    _show(_search(run, out, DijetOptions(**options), priors), console)
    if plots:
        from hepml.cli.hunt import save_figures
        from hepml.plots.dijet import draw_dijet

        save_figures(lambda progress: draw_dijet(out, out, wanted, progress=progress))
    console.print(f"results in {out}", highlight=False, soft_wrap=True)


def _search(run: Path, out: Path, asked: Any, priors: Path | None) -> DijetResult:
    from hepml.cli.bars import progress_bar
    from hepml.ml.dijet.task import state_area, tell_dijets

    try:
        with progress_bar() as progress:
            return tell_dijets(run, out, asked, priors=priors, progress=progress)
    except KeyboardInterrupt:
        if state_area(out).exists():
            typer.echo(
                "\nstopped; the same command goes on with the trained priors and finished toys",
                err=True,
            )
        raise


def _show(found: DijetResult, console: Console) -> None:
    from rich.table import Table

    main = found.main
    table = Table(title=f"{found.title}, {main.efficiency.background:,} background events")
    for name in ("figure", "value"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    table.add_row("AUC", _text(main.auc, ".4f"))
    for point in main.efficiency.points:
        name = f"SIC at a false-positive rate of {point.fpr:g}"
        table.add_row(name, _text(point.sic, ".1f"))
    table.add_row("largest SIC", _text(main.efficiency.sic_max, ".1f"))
    if main.fit is not None:
        _fit_rows(table, main.fit)
    console.print(table)
    for text in dict.fromkeys((*found.notes, *main.notes)):
        console.print(f"[yellow]note:[/] {text}", highlight=False)


def _fit_rows(table: Any, fit: Fitted) -> None:
    for item in fit.parameters:
        unit = " [GeV]" if item.name in ("mx", "my") else ""
        form = ".0f" if unit else ".3g"
        text = format(item.value, form)
        if item.low is not None and item.high is not None:
            text += f"  [{item.low:{form}}, {item.high:{form}}]"
        if item.truth is not None:
            # how far trials agree is no error to measure a distance by
            pull = None if fit.spread else item.pull
            text += f"  (put in: {item.truth:{form}}"
            text += ")" if pull is None else f", pull {pull:+.1f})"
        table.add_row(f"{item.name}{unit}", text)
    if fit.p is not None:
        table.add_row("local p-value of no signal", f"{fit.p:.2g}  (Z = {fit.Z or 0:.1f})")
    if fit.q0_toys is not None:
        toys = fit.q0_toys
        text = f"{toys.p:.2g}  [{toys.p_low:.2g}, {toys.p_high:.2g}]  (Z = {toys.Z:.1f})"
        table.add_row(f"global p-value, {toys.number:,} toys", text)


def _text(found: Interval, form: str) -> str:
    if found.value is None:
        return "-"
    return f"{found.value:{form}}" + (f" ± {found.error:{form}}" if found.error is not None else "")
