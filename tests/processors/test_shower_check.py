"""Useless base-tracks are refused in words that say what to do."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from processors.shower_basetracks import BasetrackError, Basetracks, by_film
from processors.shower_check import check_basetracks, missing_films
from processors.shower_grid import Grid
from tests.processors.shower_samples import Columns, brick


def spoiled(**changes: Any) -> Columns:
    columns = brick(1)
    for name, change in changes.items():
        columns[name] = change(columns[name].copy())
    return columns


def put(value: float, place: int = 5) -> Any:
    def change(values: Any) -> Any:
        values[place] = value
        return values

    return change


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        (spoiled(x=put(np.nan)), r"1 of \d+ base-tracks have 'x' = nan \(the first is number 5\)"),
        (spoiled(ty=put(np.inf)), r"have 'ty' = inf"),
        (spoiled(tx=lambda v: v * 1000), "milliradians are divided by 1000"),
        (
            spoiled(**{name: lambda v: v / 1e4 for name in ("x", "y", "z")}),
            r"films are 0\.1315 apart.*centimetres.*times 10,000",
        ),
        (
            spoiled(**{name: lambda v: v / 1e3 for name in ("x", "y", "z")}),
            r"films are 1\.315 apart.*millimetres.*times 1,000",
        ),
        (spoiled(z=lambda v: -v), "PID 0 must be the film furthest downstream"),
        (spoiled(z=put(-9000.0)), r"film 7 has base-tracks from z = -9205 to -9000 um"),
        (spoiled(row=put(7.0)), "1 of .* base-tracks repeat row of another one"),
        (spoiled(pid=lambda v: v - 1), "a film has the position -1"),
    ],
)
def test_useless_base_tracks_are_refused(columns: Columns, text: str) -> None:
    with pytest.raises(BasetrackError, match=f"(?s)^tile 3: .*{text}"):
        check_basetracks(columns, "tile 3")


def test_good_base_tracks_pass() -> None:
    check_basetracks(brick(1))
    check_basetracks(brick(1, missing=(3,), efficiency=0.5))


def test_repeated_numbers_are_found_without_rows() -> None:
    columns = brick(1)
    del columns["row"]
    check_basetracks(columns)
    first = int(columns["pid"][0])
    same = np.flatnonzero((columns["pid"] == first) & (columns["event"] == -999))[:2]
    columns["id"][same[1]] = columns["id"][same[0]]
    with pytest.raises(BasetrackError, match="repeat pid, id, event"):
        check_basetracks(columns)


def test_noise_and_signal_may_share_a_number() -> None:
    columns = brick(1)
    del columns["row"]
    here = columns["pid"] == columns["pid"][0]
    signal = np.flatnonzero(here & (columns["event"] == 0))[0]
    noise = np.flatnonzero(here & (columns["event"] == -999))[0]
    columns["id"][signal] = columns["id"][noise]
    check_basetracks(columns)


def test_a_missing_column_and_unequal_lengths_are_named() -> None:
    columns = brick(1)
    with pytest.raises(BasetrackError, match="no column 'ty'"):
        check_basetracks({name: values for name, values in columns.items() if name != "ty"})
    with pytest.raises(BasetrackError, match="differ in length"):
        check_basetracks(columns | {"x": columns["x"][1:]})


def test_no_base_tracks_are_no_mistake() -> None:
    check_basetracks({name: values[:0] for name, values in brick(1).items()})


def test_missing_films_are_listed() -> None:
    assert missing_films(brick(1, missing=(3, 6))["pid"], 9) == [8, 6, 3]


def test_the_error_survives_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(BasetrackError("x")))  # noqa: S301
    assert (str(error), error.exit_code) == ("x", 2)


def test_base_tracks_out_of_order_are_refused() -> None:
    columns = {name: values[::-1] for name, values in brick(1).items()}
    with pytest.raises(BasetrackError, match="not ordered by film"):
        Basetracks.of(columns)
    assert len(Basetracks.of(by_film(columns))) == len(columns["x"])


def test_films_are_those_of_the_list() -> None:
    columns = brick(1, films=3, noise=20)
    films = {pid: -1315.0 * pid for pid in range(5)}
    tracks = Basetracks.of(columns, films)
    assert tracks.pid.tolist() == [4, 3, 2, 1, 0]
    assert tracks.first.tolist()[:3] == [0, 0, 0]
    assert tracks.contiguous
    with pytest.raises(BasetrackError, match="PID 2, and the list of films has no"):
        Basetracks.of(columns, {0: 0.0, 1: -1315.0})
    with pytest.raises(BasetrackError, match="Film 0 is downstream of film 1"):
        Basetracks.of(columns, {0: -9999.0, 1: -1315.0, 2: -2630.0})


def test_a_search_among_positions_that_are_no_numbers_is_refused() -> None:
    with pytest.raises(BasetrackError, match="finite position"):
        Grid.of(Basetracks.of(spoiled(x=put(np.nan))))


def test_a_stray_position_does_not_take_all_memory() -> None:
    grid = Grid.of(Basetracks.of(spoiled(x=put(1e9))))
    assert len(grid.starts) < 8 * 500**2
    assert sorted(grid.order.tolist()) == list(range(len(grid.order)))
