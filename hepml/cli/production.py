"""``hepml ml higgs-production``: which way a Higgs boson was produced."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli.bars import print_notes, result_console
from hepml.cli.options import Formats, ModelSeed, NewFolder, Plots, Rows, Threads, Without

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from hepml.ml.production.results import Categories, ProductionResult
    from hepml.ml.results import Interval

__all__ = ["higgs_production"]


def higgs_production(
    run: Rows,
    out: NewFolder,
    preset: Annotated[
        str, typer.Option(help="default, or seed: the reference notebook's models and weights.")
    ] = "default",
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--models",
            help="boosted, boosted_nojets, boosted_mass, forest, ensemble, network; may be "
            "repeated; default: all but the network.",
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Modes to tell apart: VBF,ggH; the score of two is of the first."),
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--feature", help="Input; may be repeated; default: all."),
    ] = None,
    without: Without = None,
    jets: Annotated[bool, typer.Option("--with-jets/--without-jets", help="Use jets.")] = True,
    mass: Annotated[
        bool, typer.Option("--with-mass/--without-mass", help="Use the diphoton mass.")
    ] = False,
    weights: Annotated[
        str, typer.Option(help="Training weight of negative events: absolute, or positive: none.")
    ] = "absolute",
    split: Annotated[
        str, typer.Option(help="Shares of events for training, validation and test.")
    ] = "0.72,0.08,0.20",
    folds: Annotated[
        int, typer.Option(help="Judge all events, each by a model of the other folds; 0: do not.")
    ] = 0,
    search: Annotated[
        int, typer.Option(help="Sets of parameters to try for the boosted trees; 0: none.")
    ] = 0,
    luminosity: Annotated[
        float | None,
        typer.Option(help="Expected events at so many pb^-1; default: that of the data."),
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Draws of events for intervals.")] = 200,
    seed: ModelSeed = 0,
    workers: Threads = 2,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Say which production mode of the Higgs boson an event is of.

    Trains LightGBM on all features (the main model), on those without jets, and with the mass, a
    random forest and an EasyEnsemble, on simulated events; judges them by events that they never
    saw, with the signed physics weights. A search that is stopped goes on where it was when the
    same command is given again.
    """

    from hepml.cli.ml import shares
    from hepml.ml.folder import check_free
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    check_free(out)
    console = result_console()
    options = {
        "preset": preset,
        "models": tuple(models or ()),
        "classes": tuple(part.strip() for part in classes.split(",")) if classes else (),
        "features": tuple(features) if features else None,
        "without": tuple(without or ()),
        "jets": jets,
        "mass": mass,
        "policy": _policy(weights),
        "split": shares(split),
        "folds": folds,
        "search": search,
        "luminosity": luminosity,
        "repeats": bootstrap,
        "seed": seed,
        "workers": workers,
    }
    _train(run, out, options, console)
    if plots:
        from hepml.cli.hunt import save_figures
        from hepml.plots.ml_production import draw_production

        save_figures(lambda progress: draw_production(out, out, wanted, progress=progress))
    console.print(f"results in {out}", highlight=False, soft_wrap=True)


def _policy(name: str) -> str:
    from hepml.errors import ParameterError, did_you_mean

    known = ("absolute", "positive")
    if name not in known:
        raise ParameterError(f"There are no weights {name!r}. " + did_you_mean(name, known))
    return name


def _train(run: Path, out: Path, options: dict[str, Any], console: Console) -> None:
    """Train, judge, write and show."""
    from hepml.cli.bars import progress_bar
    from hepml.ml.production.output import search_area, write_classified
    from hepml.ml.production.task import ProductionOptions, classify_modes

    area = search_area(out) if options["search"] else None
    with progress_bar() as progress:
        found = classify_modes(run, ProductionOptions(**options), area=area, progress=progress)
    write_classified(found, out, area)
    result = found.result
    for classes in dict.fromkeys(item.classes for item in result.judgements):
        console.print(mode_table(result, classes))
    for item in result.categories:
        console.print(category_table(item))
    if result.search:
        console.print(_found(result.search), highlight=False, soft_wrap=True)
    print_notes(console, result.notes)


def mode_table(found: ProductionResult, classes: Sequence[str]) -> Table:
    """Area of each class against the rest, by model, on rows that no model saw."""
    from rich import box
    from rich.table import Table

    judged = [item for item in found.judgements if item.classes == tuple(classes)]
    title = f"Weighted AUC, each class against the rest, on {judged[0].rows:,} unseen events"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for name in (*classes, "mean", "VBF/gg", "accuracy", "log loss"):
        table.add_column(name, justify="right", no_wrap=True)
    for item in judged:
        table.add_row(
            item.title,
            *(_value(item.auc[name]) if name in item.auc else "-" for name in classes),
            _value(item.macro_auc),
            next((_value(p.auc) for p in item.pairs if {p.first, p.second} == {"VBF", "gg"}), "-"),
            _value(item.balanced_accuracy, error=False),
            _value(item.log_loss, error=False),
        )
    predicted = zip(classes, judged[0].predicted, strict=True)
    table.caption = f"{judged[0].title} predicts " + ", ".join(f"{n} {c:,}" for n, c in predicted)
    table.caption_justify = "left"
    return table


def category_table(found: Categories) -> Table:
    """Expected events and significance of each category, and of all together."""
    from rich import box
    from rich.table import Table

    low, high = found.window
    title = f"Expected in {low:g}-{high:g} GeV, categories by {found.by}"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("category")
    for name in (*found.of_class, "background", "Z"):
        table.add_column(name, justify="right", no_wrap=True)
    for item in (*found.categories, found.inclusive):
        table.add_row(
            item.name,
            *(f"{item.signal[name]:.3g}" for name in found.of_class),
            f"{item.background:.3g}",
            f"{item.significance:.3f}",
        )
    gain = "" if found.gain is None else f", {found.gain:.2f} times the inclusive one"
    table.caption = f"all categories together: Z = {found.significance:.3f}{gain}"
    table.caption_justify = "left"
    return table


def _found(record: dict[str, Any]) -> str:
    best = ", ".join(f"{name} {value:.3g}" for name, value in record["best"].items())
    return (
        f"search: log loss {record['loss_before']:.4f} -> {record['loss']:.4f} in "
        f"{len(record['trials'])} trials; {best}"
    )


def _value(item: Interval, *, error: bool = True) -> str:
    if item.value is None:
        return "-"
    text = f"{item.value:.3f}"
    return f"{text} ± {item.error:.3f}" if error and item.error is not None else text
