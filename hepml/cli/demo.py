"""``hepml demo``: a whole analysis on simulated files, without network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    channel: Annotated[str, typer.Argument(help="Channel to demonstrate: diphoton.")] = "diphoton",
    out: Annotated[Path, typer.Option(help="Folder to create.")] = Path("demo"),
    events: Annotated[int, typer.Option(help="Simulated data events.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    workers: Annotated[int, typer.Option(help="Processes on this machine.")] = 2,
) -> None:
    """Simulate, run, plot: from detector files to a mass spectrum in under two minutes."""
    from hepml.engine.executors import warm_up
    from hepml.errors import ParameterError, did_you_mean

    if channel not in ("diphoton",):
        raise ParameterError(
            f"There is no demo of {channel!r}. " + did_you_mean(channel, ["diphoton"])
        )
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
    print(
        f"\nLook at {out / channel / 'plots' / 'diphoton_mass.png'} (simulated data), "
        f"{out / channel / 'cutflow.json'} and the table in {out / channel / 'features'}.\n"
        f"In Python:  import hepml; run = hepml.Run({str(out / channel)!r}); "
        "run.features.to_pandas()"
    )
