"""``hepml demo``: a whole analysis on simulated files, without network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]

CHANNELS = ("diphoton",)


def demo(
    channel: Annotated[str, typer.Argument(help="Channel to demonstrate: diphoton.")] = "diphoton",
    out: Annotated[Path, typer.Option(help="Folder to create.")] = Path("demo"),
    events: Annotated[int, typer.Option(help="Simulated data events.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 2,
) -> None:
    """Simulate, run, plot: from detector files to a mass spectrum in under two minutes."""
    from hepml.errors import OutputError, ParameterError, did_you_mean

    began = time.monotonic()
    if channel not in CHANNELS:
        raise ParameterError(f"There is no demo of {channel!r}. " + did_you_mean(channel, CHANNELS))
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise OutputError(f"{out} exists; choose another --out, or remove it first.")
    from hepml.engine.executors import check_executor
    from hepml.engine.pool import warm_up

    check_executor("futures", workers)
    warm_up()  # workers import the stack while the files are simulated
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate import diphoton

    print(f"1/3  simulating {events:,} data events and five Higgs production modes")
    diphoton(events=events, seed=seed, out=out / "files")
    print("2/3  selecting photon pairs")
    run(
        "diphoton",
        [str(out / "files")],
        out=out / channel,
        workers=workers,
        chunk_size=50_000,
        systematics=True,
    )
    print("3/3  drawing")
    plot(out / channel)
    made = out / channel
    print(
        f"\ndone in {time.monotonic() - began:.0f} s; the data are simulated. Look at\n"
        f"  {made / 'plots' / 'diphoton_mass.png'}  (and the other figures there)\n"
        f"  {made / 'cutflow.json'}, {made / 'report.json'}\n"
        f"  {made / 'features'}  (one row per selected event, Parquet)\n"
        "in Python:\n"
        f"  import hepml; run = hepml.Run({str(made)!r}); run.features.to_pandas()"
    )
