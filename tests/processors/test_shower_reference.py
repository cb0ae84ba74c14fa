"""The shower selection against loops over rows that share no code with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from processors.shower_basetracks import Basetracks, Injectors, by_film
from processors.shower_cuts import LEGACY, ShowerCuts
from processors.shower_features import SelectedShowers, select_showers
from processors.shower_injectors import data_injectors, find_injectors, simulation_injectors
from processors.shower_neighbours import NEIGHBOURS
from tests.events import shared_file
from tests.processors import shower_reference as reference
from tests.processors.shower_samples import Columns, brick, film_positions

Kind = Literal["simulation", "data"]

# seed and options; rounded slopes make parents tie, 11 films reach beyond the pyramid's middle
SAMPLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "ties": {"seed": 2, "digits": 2},
    "many ties": {"seed": 3, "digits": 1, "noise": 60},
    "sparse": {"seed": 4, "noise": 10, "efficiency": 0.7},
    "deep": {"seed": 5, "films": 11, "noise": 150},
    "signal only": {"seed": 6, "noise": 0},
    "overlaid": {"seed": 7, "starts": ((4000.0, 4500.0), (4100.0, 4600.0), (4050.0, 4400.0))},
}


def sample(name: str, **options: Any) -> Columns:
    return brick(**({"seed": 1} | SAMPLES[name] | options))


def select(
    columns: Columns, cuts: ShowerCuts, kind: Kind, injectors: Columns | None = None
) -> tuple[Injectors, SelectedShowers]:
    starts = Injectors.of(find_injectors(columns, kind)[0] if injectors is None else injectors)
    excluded = None
    if kind == "data" and cuts.mode == "legacy":
        excluded = np.isin(np.arange(len(columns["x"])), data_injectors(columns).index)
    tracks = Basetracks.of(columns)
    return starts, select_showers(tracks, starts, cuts, kind=kind, excluded=excluded)


def expected(
    columns: Columns, cuts: ShowerCuts, kind: Kind, starts: Injectors
) -> list[list[dict[str, Any]]]:
    """Rows of each shower from the loops."""
    rows, films = reference.rows_of(columns), film_positions(columns)
    legacy, everything = cuts.mode == "legacy", cuts.overlap or kind == "data"
    seeds = {row["i"] for row in reference.data_injectors(rows).values()}
    result = []
    for place in starts.row.tolist():
        injector = next(row for row in rows if row["row"] == place)
        others = [row for row in rows if not (legacy and kind == "data" and row["i"] in seeds)]
        found = reference.candidates(others, injector, films, legacy=legacy, everything=everything)
        if not legacy:
            result.append(reference.links_fixed(found, injector, films, cuts.link_gap))
        elif kind == "data":
            result.append(reference.links_of_data(found, injector))
        else:
            result.append(reference.links_of_simulation(found, films))
    return result


def assert_same(selected: SelectedShowers, rows: list[list[dict[str, Any]]], starts: Any) -> None:
    """Equal rows in equal order, every number to the last bit."""
    flat = [row for shower in rows for row in shower]
    assert np.diff(selected.links.first).tolist() == [len(shower) for shower in rows]
    assert selected.index.tolist() == [row["i"] for row in flat]
    for ours, theirs in {
        "link_dx": "dx",
        "link_dy": "dy",
        "link_dtx": "dtx",
        "link_dty": "dty",
        "link_dtheta": "dt",
        "delta_theta": "delta_theta",
        "impact_over_dz": "impact_over_dz",
        "cone_tangent": "cone_tangent",
        "pid": "pid",
    }.items():
        assert selected.features[ours].tolist() == [row[theirs] for row in flat], ours
    parent = selected.candidates.index[selected.links.parent]
    parent = np.where(selected.links.parent < 0, starts.row[selected.shower], parent)
    assert parent.tolist() == [row["parent"] for row in flat]


@pytest.mark.parametrize("kind", ["simulation", "data"])
@pytest.mark.parametrize("mode", ["fixed", "legacy", "overlap"])
@pytest.mark.parametrize("name", SAMPLES)
def test_rows_agree_exactly_with_loops(name: str, mode: str, kind: Kind) -> None:
    cuts = {"fixed": ShowerCuts(), "legacy": LEGACY, "overlap": ShowerCuts(overlap=True)}[mode]
    columns = sample(name)
    if mode == "legacy" and set(film_positions(columns)) != set(range(int(columns["pid"][0]) + 1)):
        pytest.skip("legacy needs every film")
    starts, selected = select(columns, cuts, kind)
    assert len(starts) > 0
    assert_same(selected, expected(columns, cuts, kind, starts), starts)


def test_the_samples_have_tied_parents() -> None:
    _, selected = select(sample("many ties"), LEGACY, "simulation")
    assert len(np.unique(selected.index)) < len(selected.index)


@pytest.mark.parametrize("missing", [(4,), (3, 4), (6,), (0,)])
@pytest.mark.parametrize("gap", [0, 1, 3])
def test_rows_agree_where_films_are_missing(missing: tuple[int, ...], gap: int) -> None:
    columns = sample("plain", missing=missing, noise=40)
    cuts = ShowerCuts(link_gap=gap)
    starts, selected = select(columns, cuts, "simulation")
    assert_same(selected, expected(columns, cuts, "simulation", starts), starts)


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_rows_agree_where_base_tracks_are_lost(gap: int) -> None:
    columns = sample("plain", efficiency=0.5, noise=4, films=11)
    cuts = ShowerCuts(link_gap=gap)
    starts, selected = select(columns, cuts, "simulation")
    assert_same(selected, expected(columns, cuts, "simulation", starts), starts)


@pytest.mark.slow
def test_rows_do_not_depend_on_the_precision_they_are_given_in() -> None:
    single = sample("plain")
    double = {
        n: values.astype(np.float64) if values.dtype == np.float32 else values
        for n, values in single.items()
    }
    assert Basetracks.of(double).x.dtype == np.float64
    for cuts in (ShowerCuts(), LEGACY):
        one, two = (select(columns, cuts, "simulation")[1].features for columns in (single, double))
        for name in one:
            assert np.array_equal(one[name], two[name]), name


@pytest.mark.parametrize("kind", ["simulation", "data"])
@pytest.mark.parametrize("name", ["plain", "sparse", "overlaid"])
def test_neighbours_agree_with_loops(name: str, kind: Kind) -> None:
    columns = sample(name, noise=120)
    starts, selected = select(columns, ShowerCuts(), kind)
    rows, everything = reference.rows_of(columns), kind == "data"
    films = sorted(film_positions(columns), reverse=True)
    for r in range(0, len(selected.index), 7):
        row = rows[selected.index[r]]
        injector = rows[starts.row[selected.shower[r]]]
        for around, shift in NEIGHBOURS.items():
            place = films.index(row["pid"]) + shift
            pid = films[place] if 0 <= place < len(films) else None
            found = [selected.features[f"{around}_{what}"][r] for what in ("distance", "dr")]
            found.append(selected.features[f"{around}_dtheta"][r])
            best = reference.neighbour(row, rows, injector, pid, everything=everything)
            assert found == pytest.approx(best, rel=1e-9, abs=1e-9), (r, around)
        near = reference.density(row, rows, injector, everything=everything)
        assert selected.features["density"][r] == near


@pytest.mark.parametrize("kind", ["simulation", "data"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_cut_based_algorithm_agrees_with_loops(name: str, kind: Kind) -> None:
    columns = sample(name)
    starts, selected = select(columns, ShowerCuts(), kind)
    rows = reference.rows_of(columns)
    found = selected.cut_based
    for s, place in enumerate(starts.row.tolist()):
        theirs = reference.cut_based(rows, rows[place], everything=kind == "data")
        assert found.index[found.first[s] : found.first[s + 1]].tolist() == sorted(theirs)


@pytest.mark.parametrize("name", SAMPLES)
def test_injectors_agree_with_loops(name: str) -> None:
    columns = sample(name)
    rows = reference.rows_of(columns)
    found = simulation_injectors(columns)
    events = np.unique(columns["event"][columns["event"] >= 0]).tolist()
    theirs = {event: reference.simulated_injector(rows, event) for event in events}
    theirs = {event: row for event, row in theirs.items() if row is not None}
    assert dict(zip(found.shower.tolist(), found.index.tolist(), strict=True)) == {
        event: row["i"] for event, row in theirs.items() if row is not None
    }
    assert sum(map(len, found.skipped.values())) == len(events) - len(theirs)
    tracks = reference.data_injectors(rows)
    of_data = data_injectors(columns).index.tolist()
    assert of_data == [tracks[track]["i"] for track in sorted(tracks)]


def test_injectors_of_random_events_agree_with_loops() -> None:
    random = np.random.default_rng(11)
    size = 4000
    columns = by_film(
        {
            "event": random.integers(-1, 400, size),
            "pid": random.integers(0, 9, size) // random.integers(1, 3, size),
            "id": random.permutation(size),
        }
    )
    rows = reference.rows_of(columns)
    found = simulation_injectors(columns)
    ours = dict(zip(found.shower.tolist(), found.index.tolist(), strict=True))
    for event in range(400):
        theirs = reference.simulated_injector(rows, event)
        assert ours.get(event) == (theirs and theirs["i"]), event


@pytest.fixture(scope="module")
def shared_brick() -> Columns:
    path = shared_file("shower", "brick000021_29films_20showers.csv.gz")
    table = np.genfromtxt(path, delimiter=",", names=True)
    names = {"pid": "PID", "x": "x", "y": "y", "z": "z", "tx": "TX", "ty": "TY"}
    whole = {"id": "ID", "event": "MCEvent"}
    columns = {ours: table[theirs] for ours, theirs in names.items()}
    columns |= {ours: table[theirs].astype(np.int64) for ours, theirs in whole.items()}
    columns["pid"] = columns["pid"].astype(np.int64)
    columns = by_film(columns)
    return columns | {"row": np.arange(len(table)), "track": np.full(len(table), -1)}


@pytest.mark.shared
@pytest.mark.parametrize("mode", ["fixed", "legacy"])
def test_rows_of_the_reference_brick_agree_exactly(shared_brick: Columns, mode: str) -> None:
    cuts = LEGACY if mode == "legacy" else ShowerCuts()
    injectors, account = find_injectors(shared_brick, "simulation")
    assert len(injectors["row"]) + sum(account.values()) == 20
    few = {name: values[:3] for name, values in injectors.items()}
    starts, selected = select(shared_brick, cuts, "simulation", few)
    assert_same(selected, expected(shared_brick, cuts, "simulation", starts), starts)


@pytest.mark.shared
def test_most_signal_of_the_reference_brick_is_linked(shared_brick: Columns) -> None:
    starts, selected = select(shared_brick, replace(ShowerCuts(), link_gap=3), "simulation")
    signal = shared_brick["event"][selected.index] == starts.shower[selected.shower]
    # spec, section 7.3: 94.8 % of the base-tracks lie in the pyramid, 96 % of them pass the angles
    assert signal.sum() / selected.candidates.signal[:, 0].sum() == pytest.approx(0.90, abs=0.03)
