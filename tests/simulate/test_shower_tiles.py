"""Simulated tiles are what an import of the simulated trees gives."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hepml.errors import OutputError, ParameterError
from hepml.importers.shower import import_showers
from hepml.simulate.shower import Settings, read_record, simulate
from hepml.simulate.shower_tiles import simulate_tiles
from processors.shower_injectors import find_injectors

SMALL = Settings(showers=4, films=12, width=14, height=14, noise=1)


def test_tiles_are_those_of_the_imported_trees(tmp_path: Path) -> None:
    simulate(tmp_path / "trees", SMALL, 3, brick=2)
    import_showers(tmp_path / "trees", tmp_path / "imported", injectors=find_injectors)
    seen: list[tuple[int, int]] = []
    paths = simulate_tiles(
        tmp_path / "tiles",
        SMALL,
        3,
        injectors=find_injectors,
        bricks=2,
        progress=lambda done, total: seen.append((done, total)),
    )
    tables = [path for path in paths if path.name.startswith("brick000002_")]
    assert [path.name for path in tables] == sorted(
        p.name for p in (tmp_path / "imported").iterdir()
    )
    for path in tables:
        assert pq.read_table(path).equals(pq.read_table(tmp_path / "imported" / path.name))
    assert seen == [(done, 24) for done in range(1, 25)]
    record = read_record(paths[-1])
    assert record is not None
    assert record["brick"] == 2
    # nothing but the tiles and sidecars is left
    assert sorted((tmp_path / "tiles").iterdir()) == sorted(paths)


def test_tiles_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "brick000009_000.parquet").touch()
    with pytest.raises(OutputError, match="exists already"):
        simulate_tiles(tmp_path, SMALL, injectors=find_injectors)


def test_a_wrong_number_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="At least 1 brick"):
        simulate_tiles(tmp_path / "new", SMALL, injectors=find_injectors, bricks=0)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("format", ["fedra", "csv"])
def test_injectors_know_the_energy_that_was_put_in(tmp_path: Path, format: str) -> None:
    settings = Settings(showers=4, energy="2,6", films=12, width=14, height=14, noise=1)
    simulate(tmp_path / "in", settings, 3, format=format)
    (done,) = import_showers(tmp_path / "in", tmp_path / "out", injectors=find_injectors)
    for path in done.files:
        for row in pq.read_table(path, columns=["injector_shower", "injector_energy"]).to_pylist():
            expected = [(2.0, 6.0)[shower % 2] for shower in row["injector_shower"]]
            assert row["injector_energy"] == expected
