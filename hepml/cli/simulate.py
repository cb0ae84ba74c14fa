"""``hepml simulate``: write small simulated data sets in the experiments' own formats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

Seed = Annotated[int, typer.Option("--seed", help="Same seed, same events.")]
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
    out: Annotated[Path, typer.Option("--out", help="Directory; no file in it is overwritten.")],
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

    with _progress() as advance:
        paths = simulate(
            out,
            events,
            seed,
            clusters=clusters,
            simulated=simulated,
            periods=periods,
            progress=advance,
        )
    truth = _listed(paths)
    _say(
        f"{truth['data_events']:,} simulated data events, as many as {truth['luminosity']:,.0f} "
        f"pb^-1 would give; {sum(truth['higgs_in_data'].values()):,} of them are Higgs bosons, "
        f"{truth['higgs_factor']:g} times the true rate."
    )


@app.command()
def dimuon(
    out: Annotated[Path, typer.Option("--out", help="Directory; no file in it is overwritten.")],
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
    with _progress() as advance:
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
    truth = _listed(paths)
    upsilons = {name: found["upsilons"] for name, found in truth["selected"].items()}
    _say(
        f"{truth['data_events']:,} simulated data events, as many as {truth['luminosity']:,.0f} "
        f"pb^-1 would give. The published selection finds {upsilons['before_isolation']:,} "
        f"Upsilons in 9-10.6 GeV, {upsilons['anti_isolated']:,} of them after anti-isolation."
    )
    for name, found in truth["files"].items():
        if found["kind"] == "simulation":
            _say(f"{name}: cross section {found['cross_section']:.4g} pb")


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
    with _progress() as advance:
        paths = write(out, settings, seed, bricks=bricks, brick=brick, progress=advance)
    for path in paths:
        _say(str(path))
        truth = read_record(path)
        if truth is not None:
            _say(
                f"brick {truth['brick']}: {truth['showers']['number']:,} showers of {energy} GeV "
                f"left {sum(truth['showers']['basetracks']):,} of {truth['basetracks']:,} "
                f"base-tracks in {len(truth['z'])} films."
            )


@app.command()
def topjet(
    out: Annotated[Path, typer.Option("--out", help="Directory; no file in it is overwritten.")],
    jets: Annotated[
        int, typer.Option("--jets", help="Training jets, half of them tops.")
    ] = 100_000,
    test: Annotated[
        int | None,
        typer.Option("--test", help="Test jets; default: a quarter of --jets.", show_default=False),
    ] = None,
    systematics: Annotated[
        int | None,
        typer.Option(
            "--systematics",
            help="Jets of each of the 15 varied samples, 0 for none; default: as many as test "
            "jets, at most 10,000.",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            help="Only this sample, as in train_nominal or 'ttbar_*'; may be repeated.",
            show_default=False,
        ),
    ] = None,
    layout: Annotated[
        str, typer.Option("--layout", help="2024, or 2022: no taste, event numbers, scales.")
    ] = "2024",
    format: Annotated[str, typer.Option("--format", help="h5 or h5.gz.")] = "h5",
    jets_per_file: Annotated[
        int, typer.Option("--jets-per-file", help="Jets of a file at most.")
    ] = 100_000,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same jets.")] = 1,
) -> None:
    """Top and QCD jets with systematic variations, as HDF5 of the ATLAS top tagging open data."""
    from hepml.simulate.topjet import simulate

    with _progress() as advance:
        paths = simulate(
            out,
            jets,
            seed,
            test=test,
            systematics=systematics,
            datasets=dataset or (),
            layout=layout,
            format=format,
            jets_per_file=jets_per_file,
            progress=advance,
        )
    truth = _listed(paths)
    files = truth["files"].values()
    total, tops = (sum(item[name] for item in files) for name in ("jets", "tops"))
    _say(f"{total:,} simulated jets, {tops:,} of them tops:  hepml import topjet {out} --out JETS")


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar while files are simulated."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = (TextColumn("simulate"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*bar, transient=True) as progress:
        task = progress.add_task("simulate", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _listed(paths: Sequence[Path]) -> Any:
    """Print the files; the last of them is the truth, which is returned."""
    import json

    for path in paths:
        _say(str(path))
    return json.loads(paths[-1].read_text())


def _say(text: str) -> None:
    from rich.console import Console

    Console().print(text, soft_wrap=True, highlight=False)


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
