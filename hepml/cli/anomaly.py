"""``hepml ml upsilon-anomaly`` and ``hepml ml anomaly``: learn what is odd, then hunt for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from hepml.ml.anomaly.findings import AnomalyFindings
    from hepml.ml.anomaly.reading import Wish

__all__ = ["anomaly", "upsilon_anomaly"]

Out = Annotated[Path, typer.Option("--out", help="Folder to create, or to go on with.")]
Strategy = Annotated[
    str,
    typer.Option(help="cathode, cwola, anode, lacathode, random; with --label also supervised."),
]
Density = Annotated[
    str,
    typer.Option(help="maf, nsf, neighbours, trees, or auto: maf if the extra deep is there."),
]
Seeds = Annotated[
    int | None,
    typer.Option(help="Trainings of the density model; default 5.", show_default=False),
]
Ensemble = Annotated[
    int | None, typer.Option(help="Classifiers of each fold; default 20.", show_default=False)
]
Folds = Annotated[int, typer.Option(help="Parts that are scored in turn.")]
Quick = Annotated[
    bool, typer.Option("--quick", help="One seed, 5 classifiers, 500 toys, short trainings.")
]
NoTrain = Annotated[
    bool, typer.Option("--no-train", help="Only the statistics, from the scores in --out.")
]
Blind = Annotated[
    bool,
    typer.Option("--blind", help="Sidebands, closure and expected sensitivity alone."),
]
Degree = Annotated[
    int | None, typer.Option(help="Degree of the background; default: the window's.")
]
Bins = Annotated[int, typer.Option(help="Bins of the signal region.")]
Fpr = Annotated[
    str, typer.Option(help="Shares of sideband data that pass: all, fine, coarse, or 1,0.25,0.1.")
]
Nominal = Annotated[
    float | None,
    typer.Option(help="Rate that counts, fixed before unblinding; default 0.1.", min=0, max=1),
]
Toys = Annotated[
    int | None, typer.Option(help="Pseudo-experiments; default 2000.", show_default=False)
]
Variations = Annotated[
    bool, typer.Option("--variations/--no-variations", help="Other degrees and bins too.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(help="Condition on a column, 'lead_pt>=20'; may be repeated."),
]
Dataset = Annotated[
    list[str] | None,
    typer.Option(help="Dataset to read; may be repeated; default: data, else all simulation."),
]
AcceptLoss = Annotated[
    list[str] | None,
    typer.Option(help="Feature whose events without a finite value may be left out."),
]
SameSign = Annotated[
    bool,
    typer.Option("--same-sign", help="Train on same-sign pairs, validate on opposite-sign ones."),
]
Seed = Annotated[int, typer.Option(help="Of the pseudo-experiments.")]
Workers = Annotated[int, typer.Option(help="Processes for pseudo-experiments.")]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", help="png, pdf or svg; may be repeated; default: png."),
]
Plots = Annotated[bool, typer.Option("--plots/--no-plots", help="Draw figures.")]
Input = Annotated[
    Path, typer.Argument(help="Run directory, Parquet file or folder of them.", show_default=False)
]


def upsilon_anomaly(
    run: Input,
    out: Out,
    features: Annotated[
        str, typer.Option(help="Name of a published set, or columns with commas between.")
    ] = "mix_2",
    strategy: Strategy = "cathode",
    density: Density = "auto",
    seeds: Seeds = None,
    ensemble: Ensemble = None,
    folds: Folds = 5,
    quick: Quick = False,
    no_train: NoTrain = False,
    blind: Blind = False,
    same_sign: SameSign = False,
    degree: Degree = None,
    bins: Bins = 11,
    fpr: Fpr = "all",
    nominal: Nominal = None,
    toys: Toys = None,
    variations: Variations = True,
    where: Where = None,
    dataset: Dataset = None,
    accept_loss: AcceptLoss = None,
    seed: Seed = 0,
    workers: Workers = 2,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Find Upsilons among hadrons: density of the sidebands, boosted trees, significance.

    The published selection is applied to RUN. Trained models are kept in OUT/state: after an
    interruption the same command goes on. Same-sign pairs are scored as a validation.
    """
    given = dict(locals())
    from hepml.ml.anomaly.reading import Wish
    from hepml.ml.anomaly.upsilon import upsilon_conditions
    from hepml.windows import UPSILON

    def wish() -> Wish:
        first, loose = upsilon_conditions(run)
        return Wish(
            features=_named(features),
            window=UPSILON,
            where=(*first, *(where or ())),
            loose=loose,
            sign="same" if same_sign else "opposite",
            datasets=tuple(dataset or ()),
            accept_loss=tuple(accept_loss or ()),
        )

    _search("upsilon-anomaly", run, out, wish, given)


def anomaly(
    table: Input,
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
    mass: Annotated[
        str | None, typer.Option(help="Mass column, in GeV; default: the table's own.")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Column above 0 for true signal: only judges the score.")
    ] = None,
    strategy: Strategy = "cathode",
    density: Density = "auto",
    seeds: Seeds = None,
    ensemble: Ensemble = None,
    folds: Folds = 5,
    quick: Quick = False,
    no_train: NoTrain = False,
    blind: Blind = False,
    same_sign: SameSign = False,
    degree: Degree = None,
    bins: Bins = 11,
    fpr: Fpr = "all",
    nominal: Nominal = None,
    toys: Toys = None,
    variations: Variations = True,
    where: Where = None,
    dataset: Dataset = None,
    accept_loss: AcceptLoss = None,
    seed: Seed = 0,
    workers: Workers = 2,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Find a resonance in any table: density of the sidebands, boosted trees, significance.

    A column charge_product makes same-sign pairs the control. Trained models are kept in
    OUT/state: after an interruption the same command goes on.
    """
    given = dict(locals())
    from hepml.ml.anomaly.reading import Wish
    from hepml.windows import find_window

    def wish() -> Wish:
        return Wish(
            features=_named(features),
            window=find_window(window),
            mass=mass,
            where=tuple(where or ()),
            sign="same" if same_sign else "opposite",
            datasets=tuple(dataset or ()),
            label=label,
            accept_loss=tuple(accept_loss or ()),
        )

    _search("anomaly", table, out, wish, given)


def _named(text: str) -> tuple[str, ...]:
    """Columns of a published set, or those that are written out."""
    from hepml.ml.feature_sets import FEATURE_SETS

    if text in FEATURE_SETS:
        return FEATURE_SETS[text].features
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _search(
    name: str, path: Path, out: Path, wish: Callable[[], Wish], given: dict[str, Any]
) -> None:
    """Search, show and draw."""
    from rich.console import Console

    from hepml.cli.bars import progress_bar
    from hepml.ml.anomaly.asked import QUICK, AnomalyOptions
    from hepml.ml.anomaly.scored import NOMINAL, Statistics
    from hepml.ml.anomaly.task import judge_folder, search_anomaly
    from hepml.plots.anomaly import draw_anomaly, figure_files
    from hepml.plots.style import check_formats

    wanted = check_formats(given["formats"] or ("png",))
    quick = QUICK if given["quick"] else {"seeds": 5, "ensemble": 20, "toys": 2000}
    number = {key: quick[key] if given[key] is None else given[key] for key in quick}
    asked = Statistics(
        degree=given["degree"],
        bins=given["bins"],
        rates=_rates(given["fpr"]),
        nominal=NOMINAL if given["nominal"] is None else given["nominal"],
        toys=number["toys"],
        variations=given["variations"],
        seed=given["seed"],
        workers=given["workers"],
    )
    console = Console()
    if not console.is_terminal:
        # in a pipe or a file nothing limits the width
        console = Console(width=200)
    former = figure_files(out)
    with progress_bar() as progress:
        if given["no_train"]:
            found = judge_folder(out, asked, nominal=given["nominal"], progress=progress)
        else:
            options = AnomalyOptions(
                strategy=given["strategy"],
                density=given["density"],
                seeds=number["seeds"],
                folds=given["folds"],
                ensemble=number["ensemble"],
                quick=given["quick"],
                blind=given["blind"],
            )
            found = search_anomaly(
                name, path, out, wish(), options, asked, nominal=given["nominal"],
                progress=progress,
            )  # fmt: skip
    for old in former:
        old.unlink(missing_ok=True)
    _show(found, console)
    if given["plots"]:
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
    for text in dict.fromkeys((*found.training.notes, *found.notes, *sample_notes(found))):
        console.print(f"[yellow]note:[/] {text}", highlight=False)
