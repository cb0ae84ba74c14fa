"""``hepml ml upsilon-anomaly`` and ``hepml ml anomaly``: learn what is odd, then hunt for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hepml.cli.anomaly_options import Out, SearchOptions
from hepml.cli.bars import print_notes, result_console
from hepml.cli.options import MassColumn, Rows, taking

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.anomaly.findings import AnomalyFindings
    from hepml.ml.anomaly.reading import Wish

__all__ = ["anomaly", "upsilon_anomaly"]


@taking(SearchOptions)
def upsilon_anomaly(
    run: Rows,
    out: Out,
    features: Annotated[
        str, typer.Option(help="Name of a published set, or columns with commas between.")
    ] = "mix_2",
    *,
    options: SearchOptions,
) -> None:
    """Find Upsilons among hadrons: density of the sidebands, boosted trees, significance.

    The published selection is applied to RUN. Trained models are kept in OUT/state: after an
    interruption the same command goes on. Same-sign pairs are scored as a validation.
    """
    from hepml.ml.anomaly.reading import Wish
    from hepml.ml.anomaly.upsilon import upsilon_conditions
    from hepml.windows import UPSILON

    def wish() -> Wish:
        first, loose = upsilon_conditions(run)
        return Wish(
            features=_named(features),
            window=UPSILON,
            where=(*first, *(options.where or ())),
            loose=loose,
            sign="same" if options.same_sign else "opposite",
            datasets=tuple(options.dataset or ()),
            accept_loss=tuple(options.accept_loss or ()),
        )

    _search("upsilon-anomaly", run, out, wish, options)


@taking(SearchOptions)
def anomaly(
    table: Rows,
    out: Out,
    window: Annotated[
        str,
        typer.Option(
            help="Name of a window, or four masses in GeV: 5,9,10.6,16.", show_default=False
        ),
    ],
    features: Annotated[
        str,
        typer.Option(help="Columns with commas between, or a published set.", show_default=False),
    ],
    mass: MassColumn = None,
    label: Annotated[
        str | None, typer.Option(help="Column above 0 for true signal: only judges the score.")
    ] = None,
    *,
    options: SearchOptions,
) -> None:
    """Find a resonance in any table: density of the sidebands, boosted trees, significance.

    A column charge_product makes same-sign pairs the control. Trained models are kept in
    OUT/state: after an interruption the same command goes on.
    """
    from hepml.ml.anomaly.reading import Wish
    from hepml.windows import find_window

    def wish() -> Wish:
        return Wish(
            features=_named(features),
            window=find_window(window),
            mass=mass,
            where=tuple(options.where or ()),
            sign="same" if options.same_sign else "opposite",
            datasets=tuple(options.dataset or ()),
            label=label,
            accept_loss=tuple(options.accept_loss or ()),
        )

    _search("anomaly", table, out, wish, options)


def _named(text: str) -> tuple[str, ...]:
    """Columns of a published set, or those that are written out."""
    from hepml.ml.feature_sets import FEATURE_SETS

    if text in FEATURE_SETS:
        return FEATURE_SETS[text].features
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _search(
    name: str, path: Path, out: Path, wish: Callable[[], Wish], given: SearchOptions
) -> None:
    """Search, show and draw."""

    from hepml.cli.bars import progress_bar
    from hepml.ml.anomaly.asked import QUICK, AnomalyOptions
    from hepml.ml.anomaly.scored import NOMINAL, Statistics
    from hepml.ml.anomaly.task import judge_folder, search_anomaly
    from hepml.plots.anomaly import draw_anomaly, figure_files
    from hepml.plots.style import check_formats

    wanted = check_formats(given.formats or ("png",))
    quick = QUICK if given.quick else {"seeds": 5, "ensemble": 20, "toys": 2000}
    said = {"seeds": given.seeds, "ensemble": given.ensemble, "toys": given.toys}
    number = quick | {key: value for key, value in said.items() if value is not None}
    asked = Statistics(
        degree=given.degree,
        bins=given.bins,
        rates=_rates(given.fpr),
        nominal=NOMINAL if given.nominal is None else given.nominal,
        toys=number["toys"],
        variations=given.variations,
        seed=given.seed,
        workers=given.workers,
    )
    console = result_console()
    former = figure_files(out)
    with progress_bar() as progress:
        if given.no_train:
            found = judge_folder(out, asked, nominal=given.nominal, progress=progress)
        else:
            options = AnomalyOptions(
                strategy=given.strategy,
                density=given.density,
                preprocessing=given.preprocessing,
                decorrelate=given.decorrelate,
                seeds=number["seeds"],
                folds=given.folds,
                ensemble=number["ensemble"],
                quick=given.quick,
                blind=given.blind,
            )
            found = search_anomaly(
                name, path, out, wish(), options, asked, nominal=given.nominal,
                progress=progress,
            )  # fmt: skip
    for old in former:
        old.unlink(missing_ok=True)
    _show(found, console)
    if given.plots:
        from hepml.cli.hunt import save_figures

        save_figures(lambda progress: draw_anomaly(out, out, wanted, progress=progress))
    console.print(f"results in {out}", highlight=False, soft_wrap=True)


def _rates(text: str) -> tuple[float, ...]:
    from hepml.ml.anomaly.scored import Statistics
    from hepml.stats.points import working_points

    return Statistics().rates if text == "all" else working_points(text)


def _show(found: AnomalyFindings, console: Console) -> None:
    from hepml.cli.anomalies import closure_text, sample_notes, sample_table, sensitivity_table

    for line in closure_text(found.training):
        console.print(line, highlight=False)
    console.print(sensitivity_table(found) if found.blind else sample_table(found))
    print_notes(console, dict.fromkeys((*found.training.notes, *found.notes, *sample_notes(found))))
