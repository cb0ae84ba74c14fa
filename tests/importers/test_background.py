"""Measured base-tracks under simulated showers: replicas, mirrors, and z of the simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.importers.background import replicas, with_background
from hepml.importers.brick import Brick
from hepml.importers.shower import import_showers, read_bricks
from tests.importers.emulsion import couples, first_of_each, write_brick


def bricks(folder: Path, films: int, kind: str, number: int = 7, size: int = 3) -> Brick:
    noise = np.full(size, -999, np.int32)
    plates = {
        plate: couples(
            size, 10 * number + plate, **({"s__eMCEvt": noise} if kind == "data" else {})
        )
        for plate in range(1, films + 1)
    }
    write_brick(folder, plates, number, kind=kind)
    ((brick, _),) = read_bricks(folder)
    return brick


def test_29_films_are_groups_of_7_7_7_and_8() -> None:
    found = replicas(4, 29)
    assert [sum(source == s for source, _ in found) for s in range(4)] == [7, 7, 7, 8]
    assert [change for _, change in found[:7]] == list(range(7))
    assert found[-1] == (3, 7)


def test_27_films_are_the_first_of_the_29() -> None:
    assert replicas(4, 27) == replicas(4, 29)[:27]


def test_19_films_are_groups_of_4_and_three_with_flipped_slopes() -> None:
    found = replicas(4, 19)
    assert found[:8] == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3)]
    # films 16, 17 and 18 are films 0, 4 and 8 with both slopes flipped
    assert found[16:] == [(0, 4), (1, 4), (2, 4)]


def test_more_films_than_eight_of_each_are_refused() -> None:
    with pytest.raises(ParameterError, match="2 films of background cannot stand for 17"):
        replicas(2, 17)


def test_two_films_of_each_brick_are_mirrored_and_flipped(tmp_path: Path) -> None:
    simulation = bricks(tmp_path / "sim", 8, "simulation")
    data = bricks(tmp_path / "data", 3, "data", number=9)
    made = with_background(simulation, [data], "two-films")
    noise = made.columns["event"] == -999
    source = data.columns["pid"] == 2  # its most upstream film
    for pid, (mirror_x, mirror_y, flip_x, flip_y) in (
        (7, (0, 0, 0, 0)),
        (6, (1, 1, 0, 0)),
        (5, (1, 0, 0, 1)),
        (3, (0, 0, 1, 1)),
        (0, (0, 0, 0, 0)),
    ):
        # eight films of two sources: the first source has seven, the last one eight changes
        if pid == 0:
            source = data.columns["pid"] == 1
        film = noise & (made.columns["pid"] == pid)
        x, y, tx, ty = (data.columns[name][source] for name in ("x", "y", "tx", "ty"))
        np.testing.assert_allclose(made.columns["x"][film], 125_000 - x if mirror_x else x)
        np.testing.assert_allclose(made.columns["y"][film], 100_000 - y if mirror_y else y)
        np.testing.assert_array_equal(made.columns["tx"][film], -tx if flip_x else tx)
        np.testing.assert_array_equal(made.columns["ty"][film], -ty if flip_y else ty)
        assert set(made.columns["z"][film]) == {np.float32(simulation.films[pid])}


def test_the_noise_of_the_simulation_is_replaced_and_its_signal_stays(tmp_path: Path) -> None:
    simulation = bricks(tmp_path / "sim", 8, "simulation", size=5)
    made = with_background(simulation, [bricks(tmp_path / "data", 2, "data", 9)], "two-films")
    assert int((made.columns["event"] >= 0).sum()) == 8
    assert made.account["background"] == 8 * 3
    assert made.columns["row"].tolist() == list(range(32))
    assert (np.diff(made.columns["pid"]) <= 0).all()


def test_ten_films_are_projected_to_the_z_of_the_simulation(tmp_path: Path) -> None:
    simulation = bricks(tmp_path / "sim", 12, "simulation")
    data = bricks(tmp_path / "data", 11, "data", number=9)
    made = with_background(simulation, [data], "ten-films")
    assert sorted(made.films) == list(range(2, 12))
    assert made.account["missing_films"] == [1, 0]
    film = (made.columns["event"] == -999) & (made.columns["pid"] == 11)
    source = data.columns["pid"] == 10
    # plate 1 lies at -14465 um in the simulation, at -13150 um in the data
    shift = -1315.0
    expected = data.columns["x"][source] + shift * data.columns["tx"][source]
    np.testing.assert_allclose(made.columns["x"][film], expected, rtol=1e-6)


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    simulation = bricks(tmp_path / "sim", 3, "simulation")
    data = bricks(tmp_path / "data", 1, "data", number=9)
    with pytest.raises(ParameterError, match="no background rule 'five'"):
        with_background(simulation, [data], "five")
    with pytest.raises(ParameterError, match="has 1 films; its first 2"):
        with_background(simulation, [data], "two-films")
    with pytest.raises(ParameterError, match="Brick 9 is data"):
        with_background(data, [data], "two-films")
    with pytest.raises(ParameterError, match="takes one brick"):
        with_background(simulation, [data, data], "ten-films")


def test_an_import_takes_measured_bricks_as_background(tmp_path: Path) -> None:
    bricks(tmp_path / "sim", 8, "simulation")
    bricks(tmp_path / "data", 2, "data", number=9)
    (done,) = import_showers(
        tmp_path / "sim", tmp_path / "out", injectors=first_of_each, background=[tmp_path / "data"]
    )
    assert done.account["background"] == 24
