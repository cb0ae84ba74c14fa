"""``hepml ml top-systematics``: judge a top tagger again, from its scores alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli.bars import print_notes, result_console
from hepml.cli.options import Formats, NewFolder, Plots

if TYPE_CHECKING:
    from rich.table import Table

    from hepml.ml.toptag.results import TaggerResult

__all__ = ["metric_table", "show_result", "top_systematics", "uncertainty_table"]


def top_systematics(
    scores: Annotated[
        Path,
        typer.Argument(
            help="Folder of a tagger (--out of hepml ml top-tagger), or Parquet files of scores "
            "in folders named like their datasets.",
            show_default=False,
        ),
    ],
    out: NewFolder,
    score: Annotated[str, typer.Option(help="Column of the scores.")] = "score",
    nominal: Annotated[
        str | None,
        typer.Option(help="Dataset to compare with; default: test_nominal, or the only one."),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Name of the tagger; default: as trained.")
    ] = None,
    benchmarks: Annotated[
        Path | None,
        typer.Option(help="Published bg50_benchmarks.npz, drawn beside the result."),
    ] = None,
    max_jets: Annotated[
        int | None, typer.Option(help="Most jets of a dataset; the published code: 3000000.")
    ] = None,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Rejections of a top tagger with their systematic uncertainty.

    By the published procedure: areas under the ROC curve, accuracies and background rejections
    of the nominal jets and of every varied sample that there is; the largest variation of each
    source, sources in quadrature. Samples that are missing are named, and counted as nothing.
    """
    from hepml.ml.folder import check_free
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    check_free(out)
    options = {"score": score, "nominal": nominal, "max_jets": max_jets}
    found = _judge(scores, out, title, benchmarks, options)
    show_result(found)
    if plots:
        from hepml.cli.hunt import save_figures
        from hepml.plots.toptag import draw_tagger

        save_figures(lambda progress: draw_tagger(out, out, wanted, progress=progress))
    typer.echo(f"results in {out}")


def _judge(
    scores: Path, out: Path, title: str | None, benchmarks: Path | None, options: dict[str, Any]
) -> TaggerResult:
    """Evaluate and write."""
    from hepml.cli.bars import progress_bar
    from hepml.ml.folder import output_folder
    from hepml.ml.toptag.again import judge_again

    with progress_bar() as progress, output_folder(out) as folder:
        return judge_again(
            scores, folder, title=title, benchmarks=benchmarks, progress=progress, **options
        )


def show_result(found: TaggerResult) -> None:
    """Print metrics, uncertainties and notes."""

    console = result_console()
    console.print(metric_table(found))
    if found.systematics is not None:
        console.print(uncertainty_table(found))
    print_notes(console, found.notes)


def metric_table(found: TaggerResult) -> Table:
    """One line a set: jets, area, accuracy and rejections."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=f"{found.title}: metrics of {found.nominal.signal:,} top and "
        f"{found.nominal.background:,} QCD jets, and of variations",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("set")
    for name in ("top", "QCD", "AUC", "accuracy", "rejection at 0.5", "at 0.8"):
        table.add_column(name, justify="right", no_wrap=True)
    for item in found.sets:
        table.add_row(
            item.name,
            f"{item.signal:,}",
            f"{item.background:,}",
            "-" if item.auc is None else f"{item.auc:.4f}",
            "-" if item.accuracy is None else f"{item.accuracy:.4f}",
            *(_rejection(point) for point in item.rejections),
        )
    return table


def _rejection(point: Any) -> str:
    if point.value is not None:
        return f"{point.value:.4g} ± {point.error or 0:.2g}"
    return "-" if point.least is None else f"> {point.least:.3g}"


def uncertainty_table(found: TaggerResult) -> Table:
    """One line a source of uncertainty, then their sums."""
    from rich import box
    from rich.table import Table

    doubts = found.systematics
    table = Table(
        title="Uncertainty of the background rejection"
        + (f" at {doubts.efficiency:g}" if doubts else ""),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("source")
    table.add_column("[%]", justify="right", no_wrap=True)
    table.add_column("statistical", justify="right", no_wrap=True)
    table.add_column("remark")
    for part in doubts.components if doubts else ():
        remark = "" if part.status == "complete" else f"{part.status}: no {', '.join(part.missing)}"
        table.add_row(part.title, _percent(part.value), _percent(part.error), remark)
    table.add_section()
    for item in doubts.combinations if doubts else ():
        lacks = _lacks(len(item.missing)) if item.value is not None else "not known"
        table.add_row(item.title, _percent(item.value), _percent(item.error), lacks)
    return table


def _percent(value: float | None) -> str:
    from hepml.stats.wording import percent

    return "-" if value is None else percent(value)


def _lacks(missing: int) -> str:
    if not missing:
        return ""
    return f"lower bound: {missing} {'source' if missing == 1 else 'sources'} not known"
