"""``hepml demo``: a whole analysis on simulated files, without network."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hepml.cli.options import Workers

__all__ = ["demo"]


def demo(
    channel: Annotated[
        str, typer.Argument(help="Channel: diphoton, dimuon, shower, topjet or dijet.")
    ] = "diphoton",
    out: Annotated[Path, typer.Option(help="Folder to create.")] = Path("demo"),
    events: Annotated[
        int | None,
        typer.Option(
            help="Simulated events; default 100,000, 100 showers, 20,000 jets to train on.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    workers: Workers = 2,
) -> None:
    """Simulate, run, plot: from detector files to the channel's result in under two minutes."""
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
    size = events or EVENTS.get(channel, 100_000)
    end = CHANNELS[channel](_Demo(out, size, seed, workers))
    print(f"\ndone in {time.monotonic() - began:.0f} s; the data are simulated. {end}")


@dataclass(frozen=True, slots=True)
class _Demo:
    """What was asked for."""

    out: Path
    events: int
    seed: int
    workers: int


def _diphoton(asked: _Demo) -> str:
    """Higgs bosons that decay to two photons: a mass spectrum with its categories."""
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate import diphoton

    files, made = asked.out / "files", asked.out / "diphoton"
    print(f"1/3  simulating {asked.events:,} data events and five Higgs production modes")
    diphoton(events=asked.events, seed=asked.seed, out=files)
    print("2/3  selecting photon pairs")
    run(
        "diphoton",
        [str(files)],
        out=str(made),
        workers=asked.workers,
        chunk_size=50_000,
        systematics=True,
    )
    print("3/3  drawing")
    plot(made)
    return (
        "Look at\n"
        f"  {made / 'plots' / 'diphoton_mass.png'}  (and the other figures there)\n"
        f"  {made / 'cutflow.json'}, {made / 'report.json'}\n"
        f"  {made / 'features'}  (one row per selected event, Parquet)\n"
        "in Python:\n"
        f"  import hepml; run = hepml.Run({str(made)!r}); run.features.to_pandas()"
    )


# Presets of the two hunts and what is left of the Upsilons.
HUNTS = {"upsilon": "all of them", "upsilon-unisolated": "only those among hadrons"}
# All pairs with what the anomaly search cuts on: its trigger is a column, not a condition.
PAIRS = ['paths=["TrkMu15_DoubleTrkMu5NoFiltersNoVtx"]']
# What the anomaly detection of the published study learns, as plain cuts [cm].
PROMPT = ["lead_ip3d<0.006", "trail_ip3d<0.006"]


def _dimuon(asked: _Demo) -> str:
    """Muon pairs: the whole spectrum, and Upsilons hunted before and after anti-isolation."""
    from hepml.cli.hunt import hunt
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate import dimuon

    files, whole = asked.out / "files", asked.out / "dimuon"
    print(f"1/4  simulating {asked.events:,} muon pairs")
    dimuon(events=asked.events, seed=asked.seed, simulated=0, out=files)
    inputs = [f"DoubleMuon={files}"]
    print("2/4  selecting all pairs, Upsilon candidates, and those that are not isolated")
    run("dimuon", inputs, out=str(whole), preset="tight", cut=PAIRS, workers=asked.workers)
    for preset in HUNTS:
        run("dimuon", inputs, out=str(asked.out / preset), preset=preset, workers=asked.workers)
    print("3/4  drawing the spectrum")
    plot(whole)
    print("4/4  hunting for Upsilons")
    for preset, which in HUNTS.items():
        print(f"     {which}")
        hunt(asked.out / preset)
    everything, hidden = (asked.out / preset for preset in HUNTS)
    print(f"     the same with {' and '.join(PROMPT)}")
    hunt(hidden, where=PROMPT, out=hidden / "hunt_prompt")
    return f"{_truth(files)} Look at\n" + "\n".join(
        (
            f"  {whole / 'plots' / 'dimuon_mass.png'}  (and the other figures there)",
            f"  {everything / 'hunt' / 'spectrum.png'}  (Upsilons)",
            f"  {hidden / 'hunt' / 'spectrum.png'}  (those among hadrons, where they hide)",
            f"  {hidden / 'hunt_prompt' / 'spectrum.png'}  (the same, muons from the vertex only)",
            f"  {hidden / 'hunt' / 'hunt.json'}, {files / 'simulation.json'}  (found, and true)",
            f"  {hidden / 'features'}  (one row per pair, Parquet)",
            "find them without knowing that they are prompt:",
            f"  hepml ml upsilon-anomaly {whole} --out anomaly --quick",
        )
    )


def _truth(files: Path) -> str:
    """How many Upsilons there are to find, in one sentence."""
    selected = json.loads((files / "simulation.json").read_text())["selected"]
    before, after = (selected[name]["upsilons"] for name in ("before_isolation", "anti_isolated"))
    return f"In truth the signal region holds {before:,} Upsilons, {after:,} of them anti-isolated."


def _shower(asked: _Demo) -> str:
    """Electrons in an emulsion brick: their base-tracks among the noise, and their energy."""
    from hepml.cli.imports import shower as import_shower
    from hepml.cli.ml import shower_id
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate import shower

    out = asked.out
    brick, tiles, made, model = (out / name for name in ("brick", "tiles", "shower", "model"))
    print(f"1/5  simulating {asked.events:,} electrons of 2, 4 and 6 GeV in a small brick")
    # as many showers per area whatever their number, in films of 12 to 99 mm
    side = min(max(40.0 * math.sqrt(asked.events / EVENTS["shower"]), 12.0), 99.0)
    shower(showers=asked.events, energy="2,4,6", area=(side, side), seed=asked.seed, out=brick)
    print("2/5  importing its films, finding where showers start")
    import_shower(brick, out=tiles)
    print("3/5  selecting and linking candidates")
    run("shower", [str(tiles)], out=str(made), workers=asked.workers)
    print("4/5  learning which base-tracks belong to a shower")
    shower_id(made, out=model, workers=asked.workers)
    print("5/5  drawing")
    plot(made, formats=["png"])
    return "Look at\n" + "\n".join(
        (
            f"  {made / 'plots' / 'event_display_2.png'}  (a shower in its noise)",
            f"  {model / 'event_display_2.png'}  (what the model takes of one it never saw)",
            f"  {made / 'plots' / 'longitudinal_profile.png'}  (beside the published one)",
            f"  {model / 'roc.png'}, {model / 'energy_resolution.png'}, {model / 'metrics.json'}",
            f"  {made / 'cutflow.json'}, {brick / 'b000001' / 'brick.json'}  (found, and true)",
            f"  {made / 'features'}  (one row per candidate, Parquet)",
        )
    )


def _topjet(asked: _Demo) -> str:
    """Top and QCD jets: high-level quantities and constituents, nominal and varied."""
    from hepml.cli.imports import topjet as import_topjet
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate_jets import topjet

    out = asked.out
    files, jets, made = (out / name for name in ("files", "jets", "topjet"))
    test, varied = -(-asked.events // 4), -(-asked.events // 10)
    print(
        f"1/4  simulating {asked.events:,} jets to train on, {test:,} to test, and 15 varied "
        f"samples of {varied:,}"
    )
    topjet(jets=asked.events, test=test, systematics=varied, seed=asked.seed, out=files)
    print("2/4  importing them")
    import_topjet([files], out=jets, workers=asked.workers)
    print("3/4  selecting jets, aligning constituents")
    run("topjet", [str(jets)], out=str(made), workers=asked.workers)
    print("4/4  drawing")
    plot(made, formats=["png"])
    return "Look at\n" + "\n".join(
        (
            f"  {made / 'plots' / 'jet_m.png'}  (and the other figures there)",
            f"  {made / 'features'}  (one row per jet, constituents as lists, Parquet)",
            f"  {made / 'cutflow.json'}, {files / 'simulation.json'}",
            "train a tagger:",
            f"  hepml ml top-tagger {made} --model lightgbm --out tagger",
        )
    )


def _dijet(asked: _Demo) -> str:
    """A resonance of two resonances: jets with substructure, background and parametric signal."""
    from hepml.cli.imports import dijet as import_dijet
    from hepml.cli.plot import plot
    from hepml.cli.runs import run
    from hepml.cli.simulate_jets import dijet

    out = asked.out
    files, store, made = (out / name for name in ("files", "events", "dijet"))
    signal = max(asked.events // 100, 1)
    print(
        f"1/4  simulating {asked.events:,} events of QCD, as many in the signal region, and "
        f"{signal:,} of signal at each of 144 mass points, of two and of three prongs"
    )
    dijet(files, events=asked.events, extra=asked.events, signal=signal, seed=asked.seed)
    print("2/4  importing them, each event once")
    import_dijet([str(files)], out=store, workers=asked.workers)
    print("3/4  selecting the signal region")
    run("dijet", [str(store)], out=str(made), workers=asked.workers)
    print("4/4  drawing")
    plot(made, formats=["png"])
    return "Look at\n" + "\n".join(
        (
            f"  {made / 'plots' / 'spectrum.png'}  (and the other figures there)",
            f"  {made / 'features'}  (one row per event of the signal region, Parquet)",
            f"  {made / 'cutflow.json'}, {files / 'simulation.json'}",
            "all dijet masses:",
            f"  hepml run dijet {store} --preset inclusive --out RUN",
        )
    )


CHANNELS = {
    "diphoton": _diphoton,
    "dimuon": _dimuon,
    "shower": _shower,
    "topjet": _topjet,
    "dijet": _dijet,
}
EVENTS = {"shower": 100, "topjet": 20_000}
