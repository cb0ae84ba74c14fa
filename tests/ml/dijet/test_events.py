"""Dijet events are read by mode and mass point, and noise belongs to the event."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import EmptyInputError, ModelError, ParameterError, TableError
from hepml.ml.dijet.events import STUDY, noise_features, read_dijets

from .tables import POINTS, write_table


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table"), background=60, signal=4)


def test_background_and_both_modes_are_read(table: Path) -> None:
    found = read_dijets(table)
    assert found.features == STUDY
    assert np.bincount(found.mode + 1).tolist() == [60, 12, 12]
    assert [tuple(point) for point in found.grid()] == list(POINTS)


def test_signal_of_one_mode_alone_leaves_the_other_out(table: Path) -> None:
    found = read_dijets(table, ("qqq",))
    assert np.bincount(found.mode + 1).tolist() == [60, 12]


def test_one_mass_point_alone_is_read(table: Path) -> None:
    found = read_dijets(table, mass_point=(300.0, 300.0))
    assert found.at((300.0, 300.0)).sum() == 8
    assert len(found) == 68


def test_a_mass_point_that_is_not_there_names_the_nearest(table: Path) -> None:
    with pytest.raises(ModelError, match="Nearest of 3 mass points: 300,300"):
        read_dijets(table).at((310.0, 300.0))


def test_swapped_masses_are_another_mass_point(table: Path) -> None:
    with pytest.raises(ModelError, match="100 and 200 GeV"):
        read_dijets(table).at((100.0, 200.0))


def test_the_number_of_constituents_is_no_feature(table: Path) -> None:
    with pytest.raises(ParameterError, match="heavy_constituents"):
        read_dijets(table, features=("heavy_mass", "heavy_constituents"))


def test_an_unknown_mode_is_refused(table: Path) -> None:
    with pytest.raises(ParameterError, match="no decay mode 'qqqq'"):
        read_dijets(table, ("qqqq",))


def test_a_table_without_background_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmptyInputError, match="no background"):
        read_dijets(write_table(tmp_path, background=0, signal=4))


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"mass": [1.0]}), tmp_path / "other.parquet")
    with pytest.raises(TableError, match="hepml run dijet"):
        read_dijets(tmp_path)


def test_noise_is_the_same_for_the_same_event_in_any_order() -> None:
    keys = (np.arange(50),)
    found = noise_features(keys, 3, seed=4)
    again = noise_features((keys[0][::-1],), 3, seed=4)
    np.testing.assert_array_equal(found, again[::-1])


def test_noise_is_standard_normal_and_its_features_independent() -> None:
    found = noise_features((np.arange(20_000),), 2)
    # five standard errors of mean, spread and correlation
    assert np.abs(found.mean(axis=0)).max() < 5 / np.sqrt(20_000)
    assert np.abs(found.std(axis=0) - 1).max() < 5 / np.sqrt(40_000)
    assert abs(np.corrcoef(found.T)[0, 1]) < 5 / np.sqrt(20_000)


def test_another_seed_gives_other_noise() -> None:
    assert not np.array_equal(*(noise_features((np.arange(9),), 1, seed=s) for s in (1, 2)))
