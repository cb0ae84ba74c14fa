"""``hepml ml top-tagger``: train a tagger of top quarks and judge it with its uncertainties."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from hepml.cli.options import Formats, ModelSeed, NewFolder, Plots

__all__ = ["top_tagger"]


def top_tagger(
    run: Annotated[
        Path,
        typer.Argument(
            help="Run directory of topjet, Parquet file or folder of them.", show_default=False
        ),
    ],
    out: NewFolder,
    model: Annotated[
        str, typer.Option(help="lightgbm, hldnn, dnn, efn, pfn, particlenet or part.")
    ] = "lightgbm",
    trained: Annotated[
        Path | None,
        typer.Option(help="Score by this tagger (folder of an earlier --out); train nothing."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Widths of a network: train_py (default), pub_note, or small: for a laptop."
        ),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Most passes over the jets; default: 20.")
    ] = None,
    batch: Annotated[int | None, typer.Option(help="Jets of a step; default: 256.")] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Default: that of the preset.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(help="Passes without a better loss before it stops; 0: never; default: 10."),
    ] = None,
    max_constits: Annotated[
        int | None, typer.Option(help="Constituents of a jet; default: 80.")
    ] = None,
    fraction: Annotated[
        bool, typer.Option("--fraction", help="EFN: weigh by the share of pT, not by ln(pT).")
    ] = False,
    train: Annotated[
        str | None, typer.Option(help="Dataset to train on; default: train_nominal.")
    ] = None,
    max_jets: Annotated[int | None, typer.Option(help="Most jets to train on.")] = None,
    max_test_jets: Annotated[
        int | None, typer.Option(help="Most jets of a dataset to score, the first ones.")
    ] = None,
    validation: Annotated[
        float, typer.Option(help="Share of the training jets that decides when to stop.")
    ] = 0.1,
    device: Annotated[
        str, typer.Option(help="auto (a GPU if there is one), cpu or cuda.")
    ] = "auto",
    precision: Annotated[
        str, typer.Option(help="auto (mixed on a GPU), full, or mixed: bfloat16.")
    ] = "auto",
    export: Annotated[
        str | None, typer.Option(help="Write the network also as pt2, onnx or torchscript.")
    ] = None,
    npz: Annotated[
        bool, typer.Option("--npz", help="Write metrics also as the published code does.")
    ] = False,
    seed: ModelSeed = 0,
    workers: Annotated[int, typer.Option(help="Threads; torch uses two at most.")] = 2,
    formats: Formats = None,
    plots: Plots = True,
) -> None:
    """Tell jets of top quarks from those of QCD.

    Trains on the dataset train_nominal, with its training weights, and scores all others: the
    nominal test jets for the metrics, the varied ones for their systematic uncertainty. Jets are
    read as they are needed. A training that is stopped (ctrl-C) goes on where it was when the
    same command is given again.
    """
    from hepml.cli.topsystematics import show_result
    from hepml.ml.folder import check_free
    from hepml.plots.style import check_formats

    wanted = check_formats(formats or ("png",))
    check_free(out)
    options = {
        "model": model,
        "preset": preset,
        "epochs": epochs,
        "batch": batch,
        "learning_rate": learning_rate,
        "patience": patience,
        "max_constits": max_constits,
        "fraction": fraction,
        "train": train,
        "max_jets": max_jets,
        "max_test_jets": max_test_jets,
        "validation": validation,
        "device": _one_of("--device", device, ("auto", "cpu", "cuda")),
        "precision": _one_of("--precision", precision, ("auto", "full", "mixed")),
        "export": _one_of("--export", export or "", ("", "pt2", "onnx", "torchscript")),
        "npz": npz,
        "seed": seed,
        "workers": workers,
    }
    with _resume_hint(out):
        found = _train(run, out, options, trained)
    show_result(found)
    if plots:
        from hepml.cli.hunt import save_figures
        from hepml.plots.toptag import draw_tagger

        save_figures(lambda progress: draw_tagger(out, out, wanted, progress=progress))
    typer.echo(f"results in {out}")


def _train(run: Path, out: Path, options: dict[str, Any], trained: Path | None) -> Any:
    from hepml.cli.bars import progress_bar
    from hepml.ml.toptag.task import TaggerOptions, tag_tops

    with progress_bar() as progress:
        return tag_tops(run, out, TaggerOptions(**options), trained=trained, progress=progress)


def _one_of(flag: str, value: str, known: tuple[str, ...]) -> str:
    from hepml.errors import ParameterError, did_you_mean

    if value not in known:
        names = [name for name in known if name]
        raise ParameterError(f"{flag} {value!r} is not known. " + did_you_mean(value, names))
    return value


@contextmanager
def _resume_hint(out: Path) -> Iterator[None]:
    """Say how to go on after ctrl-C."""
    from hepml.ml.toptag.task import training_area

    try:
        yield
    except KeyboardInterrupt:
        if training_area(out).exists():
            typer.echo("\nstopped; the same command goes on with the training", err=True)
        raise
