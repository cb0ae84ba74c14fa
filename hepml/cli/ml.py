"""``hepml ml``: train models on feature tables, judge them, apply them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli import anomaly, apply, dijet, dijetscan, production, topsystematics, toptagger
from hepml.cli.bars import print_notes, result_console
from hepml.cli.options import Formats, ModelSeed, NewFolder, Plots, Rows, Threads, Without

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.shower.apply import Applied

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Train models on feature tables and apply them.")


@app.callback()
def _ml() -> None:
    """Train models on feature tables and apply them."""


@app.command("shower-id")
def shower_id(
    run: Rows,
    out: NewFolder,
    test: Annotated[
        Path | None,
        typer.Option(help="Independent run to be judged by; default: a share of RUN."),
    ] = None,
    calibrate: Annotated[
        Path | None,
        typer.Option(help="Independent run, of several energies, for the energy scale."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Apply this trained model (folder of an earlier --out) instead."),
    ] = None,
    score: Annotated[str, typer.Option(help="With --model: name of the score column.")] = "score",
    preset: Annotated[
        str, typer.Option(help="default, or legacy: the published forest alone.")
    ] = "default",
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models", help="boosted, boosted_legacy, forest_legacy; may be repeated; all."
        ),
    ] = None,
    forest: Annotated[
        str,
        typer.Option(help="fast (100 trees, 120,000 rows), or published (500 trees, all rows)."),
    ] = "fast",
    features: Annotated[
        list[str] | None,
        typer.Option("--feature", help="Input of the main model; may be repeated; default: all."),
    ] = None,
    without: Without = None,
    split: Annotated[
        str, typer.Option(help="Shares of showers for training, validation and test.")
    ] = "0.72,0.08,0.20",
    energy: Annotated[
        float | None,
        typer.Option(help="True energy of all showers in GeV, where the table has none."),
    ] = None,
    energy_column: Annotated[
        str | None, typer.Option(help="Column with the true energy; default: energy.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Draws of showers for intervals.")] = 200,
    seed: ModelSeed = 0,
    workers: Threads = 2,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Say which base-tracks belong to a shower, and measure its energy.

    Trains boosted trees on all features (the main model) and, on the seven published ones,
    boosted trees and a random forest. Showers are split as wholes. With --model nothing is
    trained: an earlier model scores another run, also one of real data.
    """

    from hepml.ml.folder import check_free
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    check_free(out)
    console = result_console()
    if model is not None:
        _refuse_training(preset, models, features, without, test, calibrate)
        from hepml.ml.shower.apply import apply_showers

        found = apply_showers(run, model, out, score=score, repeats=bootstrap, seed=seed)
        _show_applied(found, console)
        console.print(f"results in {out}", highlight=False, soft_wrap=True)
        return
    options = {
        "preset": preset,
        "models": tuple(models or ()),
        "forest": forest,
        "features": tuple(features) if features else None,
        "without": tuple(without or ()),
        "split": shares(split),
        "energy": energy,
        "energy_column": energy_column,
        "repeats": bootstrap,
        "seed": seed,
        "workers": workers,
    }
    _train(run, out, options, test, calibrate, console)
    if plots:
        from hepml.cli.hunt import save_figures
        from hepml.plots.ml_shower import draw_identification
        from hepml.plots.selected import draw_selected

        save_figures(
            lambda progress: [
                *draw_identification(out, out, wanted, progress=progress),
                *draw_selected(test or run, out, out, wanted, progress=progress),
            ]
        )
    console.print(f"results in {out}", highlight=False, soft_wrap=True)


def _train(
    run: Path,
    out: Path,
    options: dict[str, Any],
    test: Path | None,
    calibrate: Path | None,
    console: Console,
) -> None:
    """Train, judge, write and show."""
    from hepml.cli.bars import progress_bar
    from hepml.cli.models import energy_table, model_table
    from hepml.ml.shower.output import write_identified
    from hepml.ml.shower.task import ShowerOptions, identify_showers

    with progress_bar() as progress:
        found = identify_showers(
            run, ShowerOptions(**options), test=test, calibrate=calibrate, progress=progress
        )
    write_identified(found, out)
    console.print(model_table(found.result))
    if found.result.energy:
        console.print(energy_table(found.result))
    print_notes(console, found.result.notes)


def _show_applied(found: Applied, console: Console) -> None:
    console.print(
        f"{found.rows:,} rows of {found.showers:,} showers scored by {found.model.name!r}; "
        f"{found.taken:,} taken, {found.size:.1f} ± {found.size_rms:.1f} (spread) per shower",
        highlight=False,
    )
    if found.judgement is not None:
        chosen = found.judgement.points[0]
        console.print(
            f"against true labels: AUC {found.judgement.auc.value or 0:.4f}, "
            f"F1 {chosen.f1.value or 0:.3f}",
            highlight=False,
        )
    print_notes(console, found.notes)


def shares(text: str) -> dict[str, float]:
    """``0.72,0.08,0.20`` as shares by name."""
    from hepml.errors import ParameterError

    names = ("train", "validation", "test")
    try:
        values = [float(part) for part in text.split(",")]
        return dict(zip(names, values, strict=True))
    except ValueError as error:
        raise ParameterError(
            f"--split {text!r}: give three shares, training, validation and test: 0.72,0.08,0.20."
        ) from error


def _refuse_training(
    preset: str,
    models: object,
    features: object,
    without: object,
    test: object,
    calibrate: object,
) -> None:
    """Raise a ParameterError for options that only training has."""
    from hepml.errors import ParameterError

    given = {
        "--preset": preset != "default",
        "--models": models,
        "--feature": features,
        "--without": without,
        "--test": test,
        "--calibrate": calibrate,
    }
    for name, value in given.items():
        if value:
            raise ParameterError(f"{name} is for training; --model applies a trained model.")


app.command("apply")(apply.apply)
app.command("higgs-production")(production.higgs_production)
app.command("upsilon-anomaly")(anomaly.upsilon_anomaly)
app.command("anomaly")(anomaly.anomaly)
app.command("top-systematics")(topsystematics.top_systematics)
app.command("top-tagger")(toptagger.top_tagger)
app.command("dijet")(dijet.dijet)
app.command("dijet-scan")(dijetscan.dijet_scan)
