"""Showers are read whole, and their injectors are found again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.plots.showertable import count_films, find_injector, typical_showers
from hepml.tables import FeatureTable
from tests.plots.emulsion import INJECTOR, shower_rows, write_showers


def test_the_injector_follows_from_the_first_link() -> None:
    found = find_injector(shower_rows())
    assert found is not None
    for name, value in INJECTOR.items():
        # features are stored in single precision
        assert found[name] == pytest.approx(value, abs=0.01 if name in "xyz" else 1e-6)


def test_links_that_begin_elsewhere_give_no_injector() -> None:
    rows = shower_rows()
    rows["link_dx"] = rows["link_dx"] / 2
    assert find_injector(rows) is None


def test_without_a_first_link_there_is_no_injector() -> None:
    rows = shower_rows()
    rows["parent_row"] = rows["row"]
    assert find_injector(rows) is None


def test_showers_from_small_to_large_are_read_whole(tmp_path: Path) -> None:
    sizes = {1: 3, 2: 1, 3: 2, 4: 4, 5: 5}
    parts = [shower_rows(number, times=times) for number, times in sizes.items()]
    found = typical_showers(FeatureTable.open(write_showers(tmp_path, parts)), 3)
    assert [(rows.dataset, rows.brick, rows.shower) for rows in found] == [
        ("brick", 1, 2),
        ("brick", 1, 1),
        ("brick", 1, 5),
    ]
    assert [(len(rows), int(rows.signal.sum())) for rows in found] == [(3, 2), (9, 6), (15, 10)]
    np.testing.assert_allclose(found[0].film_z, [-2000.0, -1000.0, 0.0], atol=0.01)
    np.testing.assert_allclose(found[0].x, [50_030.0, 50_200.0, 50_080.0])


def test_in_data_the_size_is_what_the_cut_based_algorithm_takes(tmp_path: Path) -> None:
    parts = [shower_rows(1, times=3, signal=False), shower_rows(2, times=2, signal=False)]
    parts[0]["cut_based"][:] = 0
    found = typical_showers(FeatureTable.open(write_showers(tmp_path, parts)), 2)
    assert [rows.shower for rows in found] == [1, 2]


def test_a_table_without_rows_has_no_showers(tmp_path: Path) -> None:
    empty = {name: values[:0] for name, values in shower_rows().items()}
    table = FeatureTable.open(write_showers(tmp_path, [empty]))
    assert typical_showers(table) == []
    assert count_films(table).background.tolist() == []


def test_base_tracks_are_counted_by_film_from_upstream(tmp_path: Path) -> None:
    parts = [shower_rows(1), shower_rows(2, times=2)]
    films = count_films(FeatureTable.open(write_showers(tmp_path, parts)))
    assert films.showers == {0.0: 2}
    assert films.signal[0.0].tolist() == [0, 3, 3]
    assert films.background.tolist() == [0, 3, 0]


def test_energies_of_a_beam_are_counted_apart(tmp_path: Path) -> None:
    parts = [shower_rows(n, times=n, energy=energy) for n, energy in ((1, 2.0), (2, 6.0), (3, 6.0))]
    films = count_films(FeatureTable.open(write_showers(tmp_path, parts)))
    assert films.showers == {2.0: 1, 6.0: 2}
    assert {energy: counts.tolist() for energy, counts in films.signal.items()} == {
        2.0: [0, 1, 1],
        6.0: [0, 5, 5],
    }


@pytest.mark.parametrize("together", [1, 9])
def test_energies_of_a_range_are_counted_together(tmp_path: Path, together: int) -> None:
    # every part alone, or the last one, could be of a beam
    energies = (*np.linspace(1, 5, 9), 6.0)
    showers = [shower_rows(number, energy=energy) for number, energy in enumerate(energies)]
    parts = [
        {name: np.concatenate([one[name] for one in showers[at : at + together]]) for name in rows}
        for at in range(0, 10, together)
        for rows in showers[:1]
    ]
    films = count_films(FeatureTable.open(write_showers(tmp_path, parts)))
    assert films.showers == {0.0: 10}
    assert films.signal[0.0].tolist() == [0, 10, 10]
    assert films.background.tolist() == [0, 10, 0]
