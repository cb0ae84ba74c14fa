"""FEDRA bricks: named branches, quality, alignment, tracks, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from hepml.errors import (
    BranchError,
    CatalogueError,
    EmptyInputError,
    FileAccessError,
    ParameterError,
    TableError,
    TreeError,
)
from hepml.importers.fedra import find_bricks, read_films
from hepml.importers.shower import read_bricks
from tests.importers.emulsion import couples, write_brick

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "shower"


def test_plate_one_is_the_most_upstream_film(tmp_path: Path) -> None:
    write_brick(tmp_path, {1: couples(3), 2: couples(4), 3: couples(5)})
    ((brick, _),) = read_bricks(tmp_path)
    assert brick.films == {2: -2630.0, 1: -1315.0, 0: 0.0}
    assert np.bincount(brick.columns["pid"]).tolist() == [5, 4, 3]
    assert brick.columns["row"].tolist() == list(range(12))
    assert brick.kind == "simulation"


def test_a_missing_plate_leaves_its_position_open(tmp_path: Path) -> None:
    write_brick(tmp_path, {1: couples(3), 4: couples(4)}, films=5)
    ((brick, _),) = read_bricks(tmp_path)
    assert list(brick.films) == [4, 1]
    assert brick.account["missing_films"] == [3, 2, 0]


def test_an_empty_plate_is_noted(tmp_path: Path) -> None:
    write_brick(tmp_path, {1: couples(3), 2: couples(0)})
    ((brick, _),) = read_bricks(tmp_path)
    assert brick.account["empty_films"] == [0]
    assert len(brick) == 3


def test_the_quality_cut_is_for_data(tmp_path: Path) -> None:
    bad = couples(6)
    bad["eCHI2P"][0] = 3.0
    bad["s.eW"][1] = 13.0
    bad["eN1"][2] = 2
    bad["s2.eFlag"][3] = -1
    write_brick(tmp_path, {1: bad}, kind="data")
    ((data, notes),) = read_bricks(tmp_path)
    assert (len(data), data.account["rejected"]) == (2, 4)
    assert "eCHI2P<2.5" in notes["quality_cut"]
    ((simulation, _),) = read_bricks(tmp_path, kind="simulation")
    assert (len(simulation), simulation.account["rejected"]) == (6, 0)


def test_without_simulated_events_a_brick_is_data_and_is_cut(tmp_path: Path) -> None:
    columns = couples(4, s__eMCEvt=np.full(4, -999, np.int32))
    columns["s.eW"][1] = 5.0
    write_brick(tmp_path, {1: columns})
    ((brick, _),) = read_bricks(tmp_path)
    assert (brick.kind, len(brick)) == ("data", 3)


def test_alignment_moves_positions_and_turns_slopes(tmp_path: Path) -> None:
    columns = couples(2)
    write_brick(
        tmp_path, {1: columns}, affine={"1": [0.0, -1.0, 1.0, 0.0, 100_000.0, 50.0]}, z={"1": 42.0}
    )
    ((brick, _),) = read_bricks(tmp_path)
    np.testing.assert_allclose(brick.columns["x"], 100_000 - columns["s.eY"], rtol=1e-6)
    np.testing.assert_allclose(brick.columns["y"], columns["s.eX"] + 50, rtol=1e-6)
    np.testing.assert_allclose(brick.columns["tx"], -columns["s.eTY"])
    np.testing.assert_allclose(brick.columns["ty"], columns["s.eTX"])
    assert brick.columns["z"].tolist() == [42.0, 42.0]


def test_linked_tracks_are_joined_by_film_and_id(tmp_path: Path) -> None:
    folder = write_brick(tmp_path, {1: couples(3), 2: couples(3)})
    with uproot.recreate(folder / "b000007" / "b000007.0.0.0.trk.root") as file:
        tree = file.mktree(
            "tracks", {"trid": "int32", "s.ePID": "var * int32", "s.eID": "var * int32"}
        )
        tree.extend(
            {
                "trid": np.array([10, 11], np.int32),
                "s.ePID": ak.values_astype(ak.Array([[1, 0], [0]]), "int32"),
                "s.eID": ak.values_astype(ak.Array([[2, 0], [1]]), "int32"),
            }
        )
    ((brick, _),) = read_bricks(tmp_path)
    assert brick.columns["track"].tolist() == [-1, -1, 0, 0, 1, -1]


def test_other_units_are_converted_when_named(tmp_path: Path) -> None:
    columns = couples(3)
    for name in ("s.eX", "s.eY"):
        columns[name] = (columns[name] / 10_000).astype(np.float32)
    write_brick(tmp_path, {1: columns})
    with pytest.raises(TableError, match=r"positions reach only .*--unit cm"):
        list(read_bricks(tmp_path))
    ((brick, _),) = read_bricks(tmp_path, unit="cm")
    assert brick.columns["x"].min() > 39_000


def test_positions_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    columns = couples(3)
    columns["s.eX"][1] = np.nan
    write_brick(tmp_path, {1: columns})
    with pytest.raises(TableError, match="1 of 3 base-tracks have no finite 'x'"):
        list(read_bricks(tmp_path))


def test_repeated_base_tracks_are_refused(tmp_path: Path) -> None:
    columns = couples(3, s__eMCEvt=np.zeros(3, np.int32), s__eID=np.array([1, 5, 1], np.int32))
    write_brick(tmp_path, {1: columns})
    with pytest.raises(TableError, match="1 of 3 base-tracks repeat the id"):
        list(read_bricks(tmp_path))


def test_signal_and_noise_may_share_ids(tmp_path: Path) -> None:
    columns = couples(2, s__eID=np.array([4, 4], np.int32))
    write_brick(tmp_path, {1: columns})
    ((brick, _),) = read_bricks(tmp_path)
    assert len(brick) == 2


def test_two_files_of_one_plate_are_refused(tmp_path: Path) -> None:
    write_brick(tmp_path / "a", {1: couples(3)})
    write_brick(tmp_path / "b", {1: couples(3)})
    with pytest.raises(ParameterError, match="Plate 1 of brick 7 has two files"):
        find_bricks(tmp_path)


def test_a_folder_without_couples_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="No FEDRA couples"):
        find_bricks(tmp_path)


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "b000007" / "p001"
    folder.mkdir(parents=True)
    path = folder / "7.1.0.0.cp.root"
    with uproot.recreate(path) as file:
        file.mktree("other", {"x": "float32"}).extend({"x": np.zeros(2, np.float32)})
    with pytest.raises(TreeError, match="no tree 'couples'"):
        list(read_bricks(tmp_path))
    with uproot.recreate(path) as file:
        file.mktree("couples", {"s.eID": "int32"}).extend({"s.eID": np.zeros(2, np.int32)})
    with pytest.raises(BranchError, match=r"lacks the branch 's\.eX' and 7 more"):
        list(read_bricks(tmp_path))
    path.write_bytes(b"not a ROOT file")
    with pytest.raises(FileAccessError, match="Cannot read"):
        list(read_bricks(tmp_path))


def test_a_wrong_sidecar_is_named(tmp_path: Path) -> None:
    write_brick(tmp_path, {1: couples(3)}, pitch=-5)
    with pytest.raises(CatalogueError, match="pitch"):
        find_bricks(tmp_path)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference data are absent")
def test_files_that_root_wrote_with_split_objects_are_read() -> None:
    from hepml.importers.fedra import _couples, _linked

    columns = _couples(SHARED / "fedra_couples.cp.root", quality=True)
    assert len(columns["x"]) + int(columns["kept"][0]) == 1000
    assert len(_linked(SHARED / "fedra_linked_tracks.root")) > 0


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference data are absent")
def test_the_reference_brick_is_the_same_from_fedra_and_csv() -> None:
    ((fedra, _),) = read_bricks(SHARED / "b000021")
    ((table, _),) = read_bricks(SHARED / "brick000021_29films_20showers.csv.gz")
    assert len(fedra) == len(table) == 108_609
    order = [
        np.lexsort((b.columns["x"], b.columns["id"], b.columns["event"], -b.columns["pid"]))
        for b in (fedra, table)
    ]
    for name in ("pid", "event", "mctrack", "id"):
        np.testing.assert_array_equal(fedra.columns[name][order[0]], table.columns[name][order[1]])
    for name in ("x", "y", "z", "tx", "ty"):
        np.testing.assert_allclose(
            fedra.columns[name][order[0]], table.columns[name][order[1]], atol=0.06
        )


def test_films_come_one_by_one(tmp_path: Path) -> None:
    write_brick(tmp_path, {1: couples(3), 2: couples(4)})
    (brick,) = find_bricks(tmp_path)
    films = read_films(brick, quality=False)
    assert next(films).pid == 1
