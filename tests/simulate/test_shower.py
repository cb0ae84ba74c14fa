"""Simulated bricks on disk: FEDRA's trees, the published CSV columns, and the sidecar."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import replace
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from hepml.errors import OutputError, ParameterError
from hepml.simulate.shower import Settings, read_record, simulate

SMALL = Settings(showers=6, energy="2,6", films=8, missing=(3,), width=14, height=14, noise=1)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "shower"


@pytest.fixture(scope="module")
def brick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulate(tmp_path_factory.mktemp("fedra"), SMALL, 5, brick=21)[0]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    path = simulate(tmp_path_factory.mktemp("csv"), SMALL, 5, brick=21, format="csv")[0]
    with path.open() as file:
        return list(csv.DictReader(file))


def couples(brick: Path, plate: int) -> ak.Array:
    path = brick / f"p{plate:03d}" / f"21.{plate}.0.0.cp.root"
    with uproot.open(path) as file:
        return file["couples"].arrays()


def tracks(brick: Path) -> ak.Array:
    with uproot.open(brick / "b000021.0.0.0.trk.root") as file:
        return file["tracks"].arrays()


def test_files_have_fedras_names_and_missing_films_have_none(brick: Path) -> None:
    files = {str(path.relative_to(brick)) for path in brick.rglob("*") if path.is_file()}
    plates = {f"p{plate:03d}/21.{plate}.0.0.cp.root" for plate in (1, 2, 4, 5, 6, 7, 8)}
    assert files == plates | {"b000021.0.0.0.trk.root", "brick.json"}


def test_couples_are_a_flat_tree_with_fedras_branches(brick: Path) -> None:
    with uproot.open(brick / "p001" / "21.1.0.0.cp.root") as file:
        assert file.classnames()["couples;1"] == "TTree"
        types = {name: branch.typename for name, branch in file["couples"].items()}
        assert json.loads(str(file["hepml_simulation"]))["simulated"] is True
    expected = {"pid1": "int32_t", "eCHI2P": "float", "eN1": "int32_t", "s1.eFlag": "int32_t"}
    expected |= {"s.eX": "float", "s.eMCEvt": "int32_t", "s.eP": "float", "s.eW": "float"}
    assert {name: types[name] for name in expected} == expected


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference data are not here")
def test_couples_have_the_branches_of_the_reference_sample(brick: Path) -> None:
    def branches(path: Path) -> dict[str, str]:
        with uproot.open(path) as file:
            return {name: branch.typename for name, branch in file["couples"].items()}

    ours = branches(brick / "p001" / "21.1.0.0.cp.root")
    assert ours == branches(SHARED / "b000021" / "p001" / "21.1.0.0.cp.root")


def test_a_film_is_at_one_z_and_numbers_its_base_tracks(brick: Path) -> None:
    film = couples(brick, 2)
    assert set(film["s.ePID"]) == {6}
    assert set(film["s.eZ"]) == {-6 * 1315.0}
    assert film["s.eID"].to_list() == list(range(len(film)))
    assert set(film["s.eScanID.ePlate"]) == {2}


def test_the_first_film_holds_every_electron(brick: Path) -> None:
    film = couples(brick, 1)
    primary = film[film["s.eMCTrack"] == 0]
    assert sorted(primary["s.eMCEvt"]) == list(range(6))
    by_event = primary["s.eP"][ak.argsort(primary["s.eMCEvt"])]
    assert by_event.to_list() == pytest.approx([2, 6, 2, 6, 2, 6], rel=1e-6)


def test_noise_has_no_truth(brick: Path) -> None:
    film = couples(brick, 1)
    noise = film[film["s.eMCEvt"] < 0]
    assert len(noise) > 100
    for name in ("s.eMCEvt", "s.eMCTrack", "s.eP", "s.eFlag"):
        assert set(noise[name]) == {-999}


def test_tracks_lead_to_the_base_tracks_of_the_couples(brick: Path) -> None:
    linked = tracks(brick)
    films = {8 - plate: couples(brick, plate) for plate in (1, 2, 4, 5, 6, 7, 8)}
    assert len(linked) > 5
    for track in linked:
        assert len(track["s.eX"]) == track["nseg"] >= 2
        assert track["npl"] == track["s.ePID"][0] - track["s.ePID"][-1] + 1
        assert track["n0"] == track["npl"] - track["nseg"]
        assert set(track["s.eTrack"]) == {track["trid"]}
        for pid, number, x, event in zip(
            track["s.ePID"], track["s.eID"], track["s.eX"], track["s.eMCEvt"], strict=True
        ):
            assert films[pid]["s.eX"][number] == x
            assert films[pid]["s.eMCEvt"][number] == event


def test_a_track_crosses_the_missing_film(brick: Path) -> None:
    linked = tracks(brick)
    assert ak.any(linked["n0"] == 1)
    assert not ak.any(linked["s.ePID"] == 5)


def test_the_sidecar_tells_what_was_put_in(brick: Path) -> None:
    record = json.loads((brick / "brick.json").read_text())
    assert record == read_record(brick)
    assert (record["kind"], record["simulated"], record["brick"]) == ("simulation", True, 21)
    assert record["films"] == 8
    assert record["z"] == {str(plate): -1315.0 * (8 - plate) for plate in (1, 2, 4, 5, 6, 7, 8)}
    assert record["affine"]["1"] == [1, 0, 0, 1, 0, 0]
    assert record["showers"]["energy"] == [2, 6, 2, 6, 2, 6]
    found = sum(len(couples(brick, plate)) for plate in (1, 2, 4, 5, 6, 7, 8))
    assert record["basetracks"] == found
    first = couples(brick, 1)
    start = first["s.eX"][(first["s.eMCTrack"] == 0) & (first["s.eMCEvt"] == 4)]
    assert record["showers"]["x"][4] == pytest.approx(start[0], abs=0.01)


def test_csv_has_the_published_columns(table: list[dict[str, str]]) -> None:
    assert ",".join(table[0]) == "ID,PID,x,y,z,TX,TY,MCEvent,MCTrack,P,Flag,TrackID"


def test_csv_and_fedra_hold_the_same_base_tracks(table: list[dict[str, str]], brick: Path) -> None:
    film = couples(brick, 4)
    rows = [row for row in table if row["PID"] == "4"]
    assert [int(row["ID"]) for row in rows] == film["s.eID"].to_list()
    for name, branch in (("x", "s.eX"), ("TY", "s.eTY"), ("P", "s.eP"), ("z", "s.eZ")):
        values = np.array([float(row[name]) for row in rows], dtype=np.float32)
        np.testing.assert_array_equal(values, ak.to_numpy(film[branch]))


def test_csv_knows_the_volume_tracks(table: list[dict[str, str]], brick: Path) -> None:
    linked = tracks(brick)
    counts = np.bincount([int(row["TrackID"]) for row in table if row["TrackID"] != "-1"])
    assert counts.tolist() == linked["nseg"].to_list()


def test_csv_may_be_compressed(tmp_path: Path, table: list[dict[str, str]]) -> None:
    packed, sidecar = simulate(tmp_path, SMALL, 5, brick=21, format="csv.gz")
    assert (packed.name, sidecar.name) == ("brick000021.csv.gz", "brick000021.json")
    with gzip.open(packed, "rt") as file:
        assert list(csv.DictReader(file)) == table
    assert read_record(packed) is None


def test_bricks_differ_and_count_up(tmp_path: Path) -> None:
    tiny = replace(SMALL, noise=0, films=2, missing=(), showers=2)
    first, second = simulate(tmp_path, tiny, 1, bricks=2)
    assert (first.name, second.name) == ("b000001", "b000002")
    one, two = read_record(first), read_record(second)
    assert one is not None
    assert two is not None
    assert one["showers"]["x"] != two["showers"]["x"]
    assert list(second.glob("p001/*")) == [second / "p001" / "2.1.0.0.cp.root"]


def test_a_brick_without_any_base_track_has_empty_trees(tmp_path: Path) -> None:
    blind = replace(SMALL, noise=0, efficiency=0, films=2, missing=())
    folder = simulate(tmp_path, blind, 1, brick=21)[0]
    assert len(couples(folder, 1)) == 0
    assert len(tracks(folder)) == 0


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b000099").mkdir()
    with pytest.raises(OutputError, match="exists already"):
        simulate(tmp_path, SMALL, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["b000099"]


def test_progress_counts_films(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    tiny = replace(SMALL, noise=0, films=3, missing=(), showers=1)
    simulate(tmp_path, tiny, bricks=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 6) for done in range(1, 7)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"format": "fedora"}, "Did you mean 'fedra'"),
        ({"seed": -1}, "seed must not be negative"),
        ({"bricks": 0}, "At least 1 brick"),
        ({"brick": 1_000_000}, "six digits"),
    ],
)
def test_what_cannot_be_written_is_refused(
    tmp_path: Path, wrong: dict[str, object], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        simulate(tmp_path / "new", SMALL, **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()
