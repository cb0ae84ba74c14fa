"""``hepml run``, ``check``, ``resume`` and ``merge``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hepml.cli.bars import print_notes
from hepml.cli.clusters import (
    Adapt,
    Cluster,
    PerformanceReport,
    Scheduler,
    Ship,
    Site,
    cluster_options,
)
from hepml.cli.options import Workers

if TYPE_CHECKING:
    from hepml.engine import Run

__all__ = ["check", "merge", "resume", "run"]

Executor = Annotated[
    str, typer.Option(help="iterative, futures, dask or dask-awkward; the result is the same.")
]
Retries = Annotated[int, typer.Option(help="Further attempts at a chunk that failed.")]
AllowMissing = Annotated[
    bool, typer.Option("--allow-missing", help="Exit with 0 even if chunks are missing.")
]


def run(
    processor: Annotated[str, typer.Argument(help="Name of a processor, or module:Class.")],
    inputs: Annotated[
        list[str],
        typer.Argument(help="Files, directories, globs, NAME=FILES, or datasets of the catalogue."),
    ],
    out: Annotated[
        str, typer.Option(help="Run directory to create, or a URL to copy it to (root://...).")
    ],
    executor: Executor = "futures",
    workers: Workers = 2,
    scheduler: Scheduler = None,
    cluster: Cluster = "local",
    site: Site = None,
    adapt: Adapt = None,
    performance_report: PerformanceReport = None,
    ship: Ship = False,
    preset: Annotated[
        str | None, typer.Option(help="Named set of cuts; a wrong name lists them.")
    ] = None,
    cut: Annotated[
        list[str] | None, typer.Option(help="One cut value, FIELD=VALUE; may be repeated.")
    ] = None,
    weight: Annotated[
        str | None, typer.Option(help="Event weight by name; a wrong name lists them.")
    ] = None,
    luminosity: Annotated[
        float, typer.Option(help="Luminosity that simulation is scaled to, in pb^-1.")
    ] = 1.0,
    cross_section: Annotated[
        list[str] | None,
        typer.Option(help="DATASET=PB in place of the file's cross section; may be repeated."),
    ] = None,
    systematics: Annotated[
        bool, typer.Option("--systematics", help="Also fill the systematic variations.")
    ] = False,
    corrections: Annotated[
        Path | None,
        typer.Option(help="JSON list of correctionlib scale factors for simulation (dimuon)."),
    ] = None,
    lumi_mask: Annotated[
        Path | None, typer.Option(help="Golden JSON of certified luminosity blocks (dimuon).")
    ] = None,
    table: Annotated[
        bool, typer.Option("--table/--no-table", help="Emit the feature table, or histograms only.")
    ] = True,
    model: Annotated[
        Path | None,
        typer.Option(help="Trained model (folder of hepml ml): its scores become columns."),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(help="With --model: name of the score column(s); default: score."),
    ] = None,
    max_events: Annotated[
        int | None, typer.Option(help="At most this many events per dataset.")
    ] = None,
    chunk_size: Annotated[
        int | None,
        typer.Option(help="Wanted events a chunk; default: the processor's, as a rule 250,000."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="data or simulation, for files that do not say.")
    ] = None,
    retries: Retries = 2,
    allow_missing: AllowMissing = False,
    catalogue: Annotated[
        Path | None, typer.Option(help="Catalogue to use instead of the shipped one.")
    ] = None,
    mirror: Annotated[
        Path | None, typer.Option(help="Local folder to look for catalogue files first.")
    ] = None,
) -> None:
    """Run a processor over files and write a run directory."""
    from hepml.engine.executors import check_executor
    from hepml.engine.pool import warm_up

    check_executor(executor, workers)
    options = cluster_options(scheduler, cluster, site, adapt, performance_report, ship)
    if executor == "futures":
        warm_up()  # imports the stack in the background while this process does the same
    from hepml.catalogue import Catalogue, resolve_inputs
    from hepml.engine import run as run_processor
    from hepml.engine.remote import is_url
    from hepml.redaction import redacted
    from hepml.registry import find_processor

    found = find_processor(processor)
    instance = found.from_parameters(
        preset=preset,
        cuts=_pairs("--cut", cut, _value),
        weight=weight,
        luminosity=luminosity,
        systematics=systematics,
        table=table,
        cross_sections=_pairs("--cross-section", cross_section, _number),
        **_given(corrections=corrections, lumi_mask=lumi_mask, **_model_options(model, score)),
    )
    chosen = resolve_inputs(inputs, Catalogue.load(catalogue), found.name, mirror)
    with _resume_hint(out):
        result = run_processor(
            instance,
            chosen,
            out=out,
            executor=executor,
            workers=workers,
            cluster=options,
            chunk_size=chunk_size,
            max_events=max_events,
            kind=kind,
            retries=retries,
            progress=True,
            allow_missing=True,
        )
    if is_url(out) and result.complete:
        print(f"copied to {redacted(out)}")
    _show(result, allow_missing)


def resume(
    path: Annotated[Path, typer.Argument(help="Run directory.")],
    executor: Executor = "futures",
    workers: Workers = 2,
    scheduler: Scheduler = None,
    cluster: Cluster = "local",
    site: Site = None,
    adapt: Adapt = None,
    performance_report: PerformanceReport = None,
    ship: Ship = False,
    retries: Retries = 2,
    replan: Annotated[
        list[str] | None, typer.Option(help="A changed file: drop its chunks and redo them.")
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(help="A URL with its user or token, which a run does not keep."),
    ] = None,
    allow_missing: AllowMissing = False,
) -> None:
    """Process what a run lacks."""
    from hepml.engine.resume import resume as resume_run

    options = cluster_options(scheduler, cluster, site, adapt, performance_report, ship)
    with _resume_hint(path):
        result = resume_run(
            path,
            executor=executor,
            workers=workers,
            cluster=options,
            retries=retries,
            replan=replan or (),
            urls=url or (),
            progress=True,
            allow_missing=True,
        )
    _show(result, allow_missing)


def check(path: Annotated[Path, typer.Argument(help="Run directory.")]) -> None:
    """Compare a run's plan with what is on disk."""
    from hepml.engine.resume import check as check_run

    result = check_run(path)
    print(
        f"{path}: {result.report['processed']} of {result.report['planned']} chunks, "
        f"{result.report['events_processed']:,} events: complete"
    )


def merge(
    paths: Annotated[list[Path], typer.Argument(help="Run directories of one processor.")],
    out: Annotated[Path, typer.Option(help="Run directory to create.")],
) -> None:
    """Merge runs of the same processor."""
    from hepml.engine.merge import merge as merge_runs

    _show(merge_runs(paths, out), allow_missing=False)


def _show(result: Run, allow_missing: bool) -> None:
    """Print the cutflow and the account of a run; raise for a loss that was not accepted."""
    from rich.console import Console

    from hepml.cli.tables import account_table, cutflow_table
    from hepml.scoring import AppliedModel

    console = Console()
    console.print(cutflow_table(result.cutflow, console.width))
    console.print(account_table(result.report))
    for dataset, count in result.report["duplicates"].items():
        console.print(f"[yellow]warning:[/] {count} rows of {dataset!r} repeat an event key")
    print_notes(console, result.report["notes"])
    if not any(rows[-1]["raw"] for rows in result.cutflow.values() if rows):
        console.print("[yellow]note:[/] no event passed the selection; see the cutflow")
    if result.plan.parameters.get("model"):
        model = AppliedModel.of(result.plan.parameters["model"])
        console.print(f"scored by the model {model}", highlight=False, soft_wrap=True)
    console.print(f"results in {result.path}", highlight=False, soft_wrap=True)
    if not allow_missing:
        result.require_complete()


@contextmanager
def _resume_hint(out: str | Path) -> Iterator[None]:
    """Say how to go on after ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        from hepml.engine.remote import folder_of, is_url

        folder = folder_of(str(out)) if is_url(out) else Path(out)
        if (folder / "plan.json").exists():
            print(f"\nstopped; go on with  hepml resume {folder}")
        raise


def _model_options(model: Path | None, score: str | None) -> dict[str, Any]:
    """A trained model, and how its scores are called."""
    from hepml.errors import ParameterError

    if score is not None and model is None:
        raise ParameterError("--score names the scores of a model: add  --model DIR")
    return {"model": model, "score": score}


def _given(**options: Any) -> dict[str, Any]:
    """Options as far as they are given; a channel refuses what it lacks."""
    return {name: value for name, value in options.items() if value is not None}


def _pairs(flag: str, words: list[str] | None, read: Any) -> dict[str, Any]:
    """Split ``NAME=VALUE`` words."""
    from hepml.errors import ParameterError

    pairs = {}
    for word in words or ():
        name, separator, value = word.partition("=")
        if not separator or not name or not value:
            raise ParameterError(f"{flag} takes NAME=VALUE, not {word!r}.")
        pairs[name] = read(flag, name, value)
    return pairs


def _value(flag: str, name: str, text: str) -> Any:
    """A cut's value: JSON where it is JSON (numbers, true, lists), otherwise the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _number(flag: str, name: str, text: str) -> float:
    from hepml.errors import ParameterError

    try:
        return float(text)
    except ValueError:
        raise ParameterError(f"{flag} {name}={text}: {text!r} is not a number.") from None
