"""``hepml simulate topjet`` and ``dijet``: jets as HDF5."""

from __future__ import annotations

from typing import Annotated

import typer

from hepml.cli.simulating import NewFiles, Seed, listed, progress, say

__all__ = ["dijet", "topjet"]


def topjet(
    out: NewFiles,
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

    with progress() as advance:
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
    truth = listed(paths)
    files = truth["files"].values()
    total, tops = (sum(item[name] for item in files) for name in ("jets", "tops"))
    say(f"{total:,} simulated jets, {tops:,} of them tops:  hepml import topjet {out} --out JETS")


def dijet(
    out: NewFiles,
    events: Annotated[
        int, typer.Option("--events", help="Events of QCD at all dijet masses.")
    ] = 100_000,
    extra: Annotated[
        int, typer.Option("--extra", help="Further events of QCD in 3300 < m_jj < 3700 GeV.")
    ] = 0,
    signal: Annotated[
        int, typer.Option("--signal", help="Events of each mass point and number of prongs.")
    ] = 500,
    mass_points: Annotated[
        str,
        typer.Option(
            "--mass-points", help="Masses of X and Y in GeV, as in 500:100,300:300; grid: all 144."
        ),
    ] = "grid",
    prongs: Annotated[
        str, typer.Option("--prongs", help="Prongs of the resonances: 2, 3 or 2,3.")
    ] = "2,3",
    benchmark: Annotated[
        int | None,
        typer.Option(
            "--benchmark",
            help="Signal events (500:100) at the end of the QCD file; default: a tenth of it.",
            show_default=False,
        ),
    ] = None,
    seed: Seed = 1,
) -> None:
    """QCD and W' to two resonances, as HDF5 of the LHC Olympics and their parametric signals."""
    from hepml.errors import ParameterError
    from hepml.simulate.dijet import read_mass_points, simulate

    try:
        numbers = tuple(int(word) for word in prongs.split(","))
    except ValueError:
        raise ParameterError(f"--prongs {prongs!r}: write 2, 3 or 2,3.") from None
    with progress() as advance:
        paths = simulate(
            out,
            events,
            seed,
            extra=extra,
            benchmark=benchmark,
            signal=signal,
            mass_points=read_mass_points(mass_points),
            prongs=numbers,
            progress=advance,
        )
    files = listed(paths)["files"].values()
    background, found = (sum(item.get(name, 0) for item in files) for name in ("qcd", "signal"))
    say(
        f"{background:,} simulated events of QCD, {found:,} of signal:  "
        f"hepml import dijet {out} --out EVENTS"
    )
