"""Tiles: every injector in one, all its surroundings with it, whole files only."""

from __future__ import annotations

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.errors import EmptyInputError, OutputError, ParameterError
from hepml.importers.shower import import_showers, read_bricks
from hepml.importers.tiles import MARGIN
from tests.importers.emulsion import couples, first_of_each, write_brick


def brick(folder: Path, size: int = 400) -> Path:
    plates = {
        plate: couples(
            size,
            plate,
            s__eMCEvt=np.where(np.arange(size) < 9, np.arange(size), -999).astype(np.int32),
        )
        for plate in range(1, 5)
    }
    return write_brick(folder / "in", plates)


def test_every_injector_is_in_the_core_of_exactly_one_tile(tmp_path: Path) -> None:
    (done,) = import_showers(brick(tmp_path), tmp_path / "out", injectors=first_of_each, core=9_000)
    tiles = ak.concatenate([ak.from_parquet(path) for path in done.files])
    assert len(done.files) > 4
    assert sorted(ak.flatten(tiles.injector_shower).to_list()) == list(range(9))
    for axis in ("x", "y"):
        place = tiles[f"injector_{axis}"]
        assert ak.all((place >= tiles[f"{axis}_low"]) & (place < tiles[f"{axis}_high"]))


def test_a_tile_holds_all_base_tracks_up_to_its_margin(tmp_path: Path) -> None:
    source = brick(tmp_path)
    (done,) = import_showers(source, tmp_path / "out", injectors=first_of_each, core=9_000)
    ((whole, _),) = read_bricks(source)
    for path in done.files:
        tile = ak.from_parquet(path)[0]
        inside = np.ones(len(whole), dtype=bool)
        for axis in ("x", "y"):
            values = whole.columns[axis]
            inside &= (values >= tile[f"{axis}_low"] - MARGIN) & (
                values < tile[f"{axis}_high"] + MARGIN
            )
        assert set(tile.basetrack_row.to_list()) == set(whole.columns["row"][inside].tolist())


def test_base_tracks_are_sorted_by_film_and_position(tmp_path: Path) -> None:
    (done,) = import_showers(brick(tmp_path), tmp_path / "out", injectors=first_of_each)
    tile = ak.from_parquet(done.files[0])[0]
    pid, x = tile.basetrack_pid.to_numpy(), tile.basetrack_x.to_numpy()
    assert (np.diff(pid) <= 0).all()
    bounds = [*tile.film_first.to_list(), len(pid)]
    for film, start, stop in zip(tile.film_pid.to_list(), bounds[:-1], bounds[1:], strict=True):
        assert set(pid[start:stop].tolist()) == {film}
        assert (np.diff(x[start:stop]) >= 0).all()


def test_a_tile_file_knows_what_it_is(tmp_path: Path) -> None:
    (done,) = import_showers(brick(tmp_path), tmp_path / "out", injectors=first_of_each)
    notes = json.loads(pq.read_schema(done.files[0]).metadata[b"hepml"])
    assert (notes["channel"], notes["brick"], notes["kind"]) == ("shower", 7, "simulation")
    assert len(notes["uuid"]) == 36
    assert notes["account"]["basetracks"] == 1600


def test_an_existing_folder_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("precious")
    with pytest.raises(OutputError, match="choose another --out"):
        import_showers(brick(tmp_path), tmp_path / "out", injectors=first_of_each)


def test_a_brick_without_injectors_leaves_nothing_behind(tmp_path: Path) -> None:
    def none(
        columns: dict[str, np.ndarray], kind: str
    ) -> tuple[dict[str, np.ndarray], dict[str, int]]:
        found, _ = first_of_each(columns, kind)
        return {name: values[:0] for name, values in found.items()}, {"too short": 9}

    with pytest.raises(EmptyInputError, match="no injector, so no shower: 9 too short"):
        import_showers(brick(tmp_path), tmp_path / "out", injectors=none)
    assert not (tmp_path / "out").exists()


def test_senseless_parameters_are_refused(tmp_path: Path) -> None:
    source = brick(tmp_path, 20)
    for bad, words in (
        ({"unit": "inch"}, "no unit 'inch'"),
        ({"kind": "both"}, "no kind 'both'"),
        ({"margin": 10.0}, "margin of at least"),
        ({"core": 0.0}, "core above 0"),
    ):
        with pytest.raises(ParameterError, match=words):
            import_showers(source, tmp_path / "out", injectors=first_of_each, **bad)
    assert not (tmp_path / "out").exists()


def test_without_a_word_of_it_the_energy_is_not_known(tmp_path: Path) -> None:
    (done,) = import_showers(brick(tmp_path), tmp_path / "out", injectors=first_of_each)
    for path in done.files:
        assert np.isnan(ak.flatten(ak.from_parquet(path).injector_energy)).to_numpy().all()
