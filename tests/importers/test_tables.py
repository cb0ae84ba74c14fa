"""CSV files of base-tracks: the published columns, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import EmptyInputError, TableError
from hepml.importers.shower import read_bricks
from tests.importers.emulsion import write_csv


def test_published_columns_become_base_tracks(tmp_path: Path) -> None:
    ((brick, notes),) = read_bricks(write_csv(tmp_path / "b.csv"))
    assert len(brick) == 12
    assert brick.films == {2: -2630.0, 1: -1315.0, 0: 0.0}
    assert brick.columns["event"].tolist()[:4] == [0, -999, -999, -999]
    assert set(brick.columns["track"]) == {-1}
    assert notes["kind"] == "simulation"


def test_missing_tracks_are_on_none(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "b.csv", films=1, TrackID=[3, np.nan, -1, 7])
    ((brick, _),) = read_bricks(path)
    assert brick.columns["track"].tolist() == [3, -1, -1, 7]


def test_every_csv_of_a_folder_is_a_brick(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv")
    write_csv(tmp_path / "b.csv")
    assert [brick.number for brick, _ in read_bricks(tmp_path)] == [1, 2]


def test_a_missing_column_is_named_with_near_misses(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("ID,PID,x,y,z,Tx,TY\n1,0,1,1,0,0,0\n")
    with pytest.raises(TableError, match=r"no column 'TX'\. Did you mean 'Tx'"):
        list(read_bricks(path))


def test_a_word_in_place_of_a_number_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("ID,PID,x,y,z,TX,TY\n1,0,here,1,0,0,0\n")
    with pytest.raises(TableError, match="here"):
        list(read_bricks(path))


def test_noise_at_another_z_than_the_film_is_refused(tmp_path: Path) -> None:
    z = np.repeat([-2630.0, -1315.0, 0.0], 4)
    z[5] = -1215.0
    with pytest.raises(TableError, match=r"film 1 has base-tracks at -1315 to -1215 um"):
        list(read_bricks(write_csv(tmp_path / "b.csv", z=z)))


def test_a_file_without_rows_is_empty_input(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text("ID,PID,x,y,z,TX,TY\n")
    with pytest.raises(EmptyInputError, match="has no film"):
        list(read_bricks(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="nowhere"):
        list(read_bricks(tmp_path / "nowhere.csv"))
