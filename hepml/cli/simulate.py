"""``hepml simulate``: write small simulated data sets in the experiments' own formats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hepml.cli.simulate_jets import dijet, topjet
from hepml.cli.simulating import NewFiles, Seed, listed, progress, say

Clusters = Annotated[
    int | None,
    typer.Option(
        "--clusters",
        help="Clusters per file; default 8, more above 800,000 events.",
        show_default=False,
    ),
]

app = typer.Typer(no_args_is_help=True, help="Simulate a channel's input files.")


@app.callback()
def _simulate() -> None:
    """Simulate a channel's input files."""


@app.command()
def diphoton(
    out: NewFiles,
    events: Annotated[
        int, typer.Option("--events", help="Data events in all, shared among the periods.")
    ] = 100_000,
    seed: Seed = 1,
    simulated: Annotated[
        int | None,
        typer.Option(
            "--simulated",
            help="Events generated per production mode (about 3/4 are kept); "
            "default: a fifth of --events, at least 4,000.",
            show_default=False,
        ),
    ] = None,
    periods: Annotated[
        str, typer.Option("--periods", help="Data periods, one file each.")
    ] = "ABCD",
    clusters: Clusters = None,
) -> None:
    """H -> two photons: data and the five production modes as ATLAS open-data `mini` trees."""
    from hepml.simulate.diphoton import simulate

    with progress() as advance:
        paths = simulate(
            out,
            events,
            seed,
            clusters=clusters,
            simulated=simulated,
            periods=periods,
            progress=advance,
        )
    truth = listed(paths)
    say(
        f"{truth['data_events']:,} simulated data events, as many as {truth['luminosity']:,.0f} "
        f"pb^-1 would give; {sum(truth['higgs_in_data'].values()):,} of them are Higgs bosons, "
        f"{truth['higgs_factor']:g} times the true rate."
    )


@app.command()
def dimuon(
    out: NewFiles,
    events: Annotated[
        int, typer.Option("--events", help="Data events of the default mixture.")
    ] = 100_000,
    seed: Seed = 1,
    yields: Annotated[
        list[str] | None,
        typer.Option(
            "--yield",
            help="COMPONENT=EVENTS in the data instead of its share of --events, as in "
            "'upsilon_*_in_jets=0'; may be repeated.",
            show_default=False,
        ),
    ] = None,
    files: Annotated[int, typer.Option("--files", help="Data files.")] = 4,
    simulated: Annotated[
        int | None,
        typer.Option(
            "--simulated",
            help="Events generated per simulated process (about 3/4 are kept), 0 for none; "
            "default: a fifth of --events, at least 4,000.",
            show_default=False,
        ),
    ] = None,
    clusters: Clusters = None,
) -> None:
    """Muon pairs: Upsilons, J/psi, Z and what lies under them, as CMS NanoAOD."""
    from hepml.simulate.dimuon import simulate

    changes = _numbers(yields or ())
    with progress() as advance:
        paths = simulate(
            out,
            events,
            seed,
            yields=changes,
            files=files,
            clusters=clusters,
            simulated=simulated,
            progress=advance,
        )
    truth = listed(paths)
    upsilons = {name: found["upsilons"] for name, found in truth["selected"].items()}
    say(
        f"{truth['data_events']:,} simulated data events, as many as {truth['luminosity']:,.0f} "
        f"pb^-1 would give. The published selection finds {upsilons['before_isolation']:,} "
        f"Upsilons in 9-10.6 GeV, {upsilons['anti_isolated']:,} of them after anti-isolation."
    )
    for name, found in truth["files"].items():
        if found["kind"] == "simulation":
            say(f"{name}: cross section {found['cross_section']:.4g} pb")


@app.command()
def shower(
    out: Annotated[Path, typer.Option("--out", help="Directory; no brick in it is overwritten.")],
    showers: Annotated[int, typer.Option("--showers", help="Electrons per brick.")] = 360,
    energy: Annotated[
        str, typer.Option("--energy", help="GeV: 6, in turns 2,4,6, or uniform 1-10.")
    ] = "6",
    noise: Annotated[
        float, typer.Option("--noise", help="Other base-tracks per mm^2 and film.")
    ] = 40.0,
    area: Annotated[
        tuple[float, float], typer.Option("--area", help="Width and height of the films [mm].")
    ] = (125.0, 99.0),
    margin: Annotated[
        float, typer.Option("--margin", help="Distance of the beam from their edges [mm].")
    ] = 5.0,
    slope: Annotated[
        tuple[float, float], typer.Option("--slope", help="dx/dz and dy/dz of the beam.")
    ] = (0.0, 0.0),
    material: Annotated[
        str, typer.Option("--material", help="Of the slabs: lead or tungsten.")
    ] = "lead",
    films: Annotated[int, typer.Option("--films", help="Films, one more than slabs.")] = 29,
    missing: Annotated[
        list[int] | None,
        typer.Option(
            "--missing", help="Plate without film, 1 = first; may be repeated.", show_default=False
        ),
    ] = None,
    efficiency: Annotated[
        float, typer.Option("--efficiency", help="Of a film; real ones have about 0.9.")
    ] = 1.0,
    angle_smearing: Annotated[
        float, typer.Option("--angle-smearing", help="Gaussian, of each slope.")
    ] = 0.003,
    position_smearing: Annotated[
        float, typer.Option("--position-smearing", help="Gaussian, of x and y [um].")
    ] = 0.0,
    momentum: Annotated[
        float, typer.Option("--momentum", help="Least momentum of a base-track [GeV].")
    ] = 0.03,
    bad_noise: Annotated[
        float, typer.Option("--bad-noise", help="Share of noise that fails the quality cut.")
    ] = 0.2,
    bricks: Annotated[int, typer.Option("--bricks", help="Number of bricks.")] = 1,
    brick: Annotated[int, typer.Option("--brick", help="Number of the first one.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bricks.")] = 1,
    format: Annotated[str, typer.Option("--format", help="fedra, csv, csv.gz or tiles.")] = "fedra",
) -> None:
    """Electron showers in emulsion bricks, with noise: FEDRA trees, CSV or imported tiles."""
    from hepml.simulate.shower import Settings, read_record, simulate

    settings = Settings(
        showers=showers,
        energy=energy,
        slope=slope,
        margin=margin,
        material=material,
        films=films,
        missing=tuple(missing or ()),
        width=area[0],
        height=area[1],
        noise=noise,
        bad_noise=bad_noise,
        efficiency=efficiency,
        angle_smearing=angle_smearing,
        position_smearing=position_smearing,
        momentum=momentum,
    )
    write = partial(simulate, format=format)
    if format == "tiles":
        from hepml.simulate.shower_tiles import simulate_tiles
        from processors.shower_injectors import find_injectors

        write = partial(simulate_tiles, injectors=find_injectors)
    with progress() as advance:
        paths = write(out, settings, seed, bricks=bricks, brick=brick, progress=advance)
    for path in paths:
        say(str(path))
        truth = read_record(path)
        if truth is not None:
            say(
                f"brick {truth['brick']}: {truth['showers']['number']:,} showers of {energy} GeV "
                f"left {sum(truth['showers']['basetracks']):,} of {truth['basetracks']:,} "
                f"base-tracks in {len(truth['z'])} films."
            )


def _numbers(options: Sequence[str]) -> dict[str, int]:
    """Read ``COMPONENT=EVENTS``."""
    from hepml.errors import ParameterError

    found = {}
    for option in options:
        name, equals, text = option.partition("=")
        try:
            found[name] = int(text)
        except ValueError:
            equals = ""
        if not name or not equals:
            raise ParameterError(
                f"--yield {option!r}: write COMPONENT=EVENTS, a name and a whole number, as in "
                "upsilon_1s=500."
            )
    return found


app.command()(topjet)
app.command()(dijet)
