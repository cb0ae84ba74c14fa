"""``hepml ml dijet``: look for a resonance of two resonances among dijets, four ways."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli.bars import result_console
from hepml.cli.options import Formats, Plots

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.dijet.results import DijetResult, Fitted
    from hepml.ml.results import Interval

__all__ = ["dijet"]


def dijet(
    run: Annotated[
        Path,
        typer.Argument(
            help="Run directory of dijet, Parquet file or folder of them.", show_default=False
        ),
    ],
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
    alpha: Annotated[
        float, typer.Option(help="Share of the second mode in the signal, with two modes.")
    ] = 0.5,
    modes: Annotated[
        str, typer.Option(help="Decay modes of the signal: qq, qqq, or qq,qqq.")
    ] = "qq,qqq",
    trials: Annotated[
        int | None,
        typer.Option(
            help="Trainings, or starts of the fit; default 10, supervised 3.", show_default=False
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
    learner: Annotated[
        str, typer.Option(help="trees, network (published; needs the extra deep), or auto.")
    ] = "auto",
    priors: Annotated[
        Path | None,
        typer.Option(
            help="Folder of trained priors to use and to add to, shared by runs; default: none.",
            show_default=False,
        ),
    ] = None,
    networks: Annotated[
        int | None,
        typer.Option(help="Priors of each mode, averaged; default 3, quick 1.", show_default=False),
    ] = None,
    loss: Annotated[
        str, typer.Option(help="Of the fit: cross-entropy of data and reference, or likelihood.")
    ] = "cross-entropy",
    exclude: Annotated[
        list[str] | None,
        typer.Option(help="Mass point that priors are not trained on; may be repeated."),
    ] = None,
    folds: Annotated[
        int, typer.Option(help="0: one split; from 5 on: every event is tested once.")
    ] = 0,
    poisson: Annotated[
        bool, typer.Option("--poisson", help="Let the numbers of events in the data fluctuate.")
    ] = False,
    features: Annotated[
        str | None,
        typer.Option(help="Columns with commas between; default: masses and tau ratios."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same result.")] = 0,
    quick: Annotated[
        bool, typer.Option("--quick", help="Short trainings, to see that everything works.")
    ] = False,
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
        "mass_point": _mass_point("--mass-point", mass_point),
        "mu": mu,
        "alpha": alpha,
        "modes": _words(modes),
        "trials": trials,
        "keep": keep,
        "noise": noise,
        "seed": seed,
        "learner": learner,
        "priors": networks,
        "loss": loss,
        "exclude": tuple(_mass_point("--exclude", text) for text in exclude or ()),
        "folds": folds,
        "poisson": poisson,
        "quick": quick,
    }
    if features is not None:
        options["features"] = _words(features)
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
            typer.echo("\nstopped; the same command goes on with the trained priors", err=True)
        raise


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _mass_point(flag: str, text: str) -> tuple[float, float]:
    from hepml.errors import ParameterError

    try:
        first, second = (float(word) for word in text.replace(":", ",").split(","))
    except ValueError as error:
        raise ParameterError(f"{flag} {text!r}: give two masses in GeV, as in 300,300.") from error
    return first, second


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
            text += f"  (put in: {item.truth:{form}})"
        table.add_row(f"{item.name}{unit}", text)
    if fit.p is not None:
        table.add_row("local p-value of no signal", f"{fit.p:.2g}  (Z = {fit.Z or 0:.1f})")


def _text(found: Interval, form: str) -> str:
    if found.value is None:
        return "-"
    return f"{found.value:{form}}" + (f" ± {found.error:{form}}" if found.error is not None else "")
