"""The shower processor on tiles: rows, counts, histograms, and independence of the tiles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.collect import ChunkResult, collect
from hepml.errors import ParameterError, ProcessorError
from processors.shower import (
    LEGACY_FEATURES,
    BasetrackError,
    ShowerCuts,
    ShowerProcessor,
    find_injectors,
)
from processors.shower_columns import COLUMNS
from tests.processors.shower_samples import Columns, brick, tiles

WIDE = tuple((x, y) for x in (9e3, 16e3, 23e3) for y in (8e3, 15e3, 24e3))


def run(events: Any, processor: ShowerProcessor | None = None) -> ChunkResult:
    processor = processor or ShowerProcessor()
    return collect(processor, processor.select(events), events.metadata)


def select(columns: Columns, kind: str = "simulation", **options: Any) -> ChunkResult:
    injectors, _ = find_injectors(columns, kind)
    return run(tiles(columns, injectors, kind=kind), ShowerProcessor(**options))


def counts(result: ChunkResult) -> dict[str, int]:
    return {name: step["raw"] for name, step in result.cutflow.items()}


def ordered(columns: dict[str, Any]) -> dict[str, Any]:
    order = np.lexsort([columns[name] for name in ("parent_row", "row", "shower")])
    return {name: values[order] for name, values in columns.items()}


def test_every_step_is_counted() -> None:
    result = select(brick(1))
    found = counts(result)
    assert next(iter(found)) == "tiles"
    assert [found[f"showers: {step}"] for step in ("injectors", "in the core", "linked")] == [2] * 3
    for which in ("base-tracks", "signal"):
        steps = [f"{which}: {s}" for s in ("window", "pyramid", "angle", "impact parameter")]
        numbers = [found[step] for step in (*steps, f"{which}: linked")]
        assert numbers == sorted(numbers, reverse=True)
        assert numbers[-1] > 0
    assert found["base-tracks: linked"] == len(result.columns["row"])
    assert found["signal: linked"] == result.columns["signal"].sum()


def test_a_row_says_which_base_track_of_which_shower_it_is() -> None:
    columns = brick(1)
    rows = select(columns).columns
    assert set(rows["brick"].tolist()) == {7}
    for name in ("event", "mctrack", "pid"):
        assert rows[name].tolist() == columns[name][rows["row"]].tolist()
    for name in ("x", "y", "z", "p"):
        assert rows[name].tolist() == columns[name][rows["row"]].tolist()
    assert (rows["signal"] == (rows["event"] == rows["shower"])).all()
    assert rows["depth"].tolist() == (rows["injector_pid"] - rows["pid"]).tolist()
    assert np.unique(np.stack([rows["shower"], rows["row"]]), axis=1).shape[1] == len(rows["row"])


def test_published_names_are_aliases() -> None:
    alias = {column.name: column.alias for column in COLUMNS}
    published = ["dx", "dy", "dTX", "dTY", "DeltaT", "Par_impact_nor", "Angolo_cono"]
    assert [alias[name] for name in LEGACY_FEATURES] == published
    features = [column.name for column in COLUMNS if column.role == "feature"]
    assert len(features) == 7 + 17


@pytest.mark.parametrize("preset", ["fixed", "legacy", "overlap"])
@pytest.mark.parametrize("kind", ["simulation", "data"])
def test_rows_do_not_depend_on_the_tiles(preset: str, kind: str) -> None:
    columns = brick(3, starts=WIDE, side=32e3, noise=2500)
    injectors, _ = find_injectors(columns, kind)
    assert len(injectors["row"]) == len(WIDE)
    whole = run(tiles(columns, injectors, kind=kind), ShowerProcessor(preset=preset))
    for edges in ((0.0, 16e3, 32e3), (0.0, 10e3, 15.5e3, 40e3)):
        cut = tiles(columns, injectors, edges, kind=kind)
        parts = run(cut, ShowerProcessor(preset=preset))
        assert counts(parts) == counts(whole) | {"tiles": len(cut)}
        ours, theirs = ordered(parts.columns), ordered(whole.columns)
        for name, values in theirs.items():
            assert np.array_equal(ours[name], values, equal_nan=name in ("injector_p", "energy")), (
                name
            )
        for name, histogram in whole.histograms.items():
            assert (parts.histograms[name].view(flow=True) == histogram.view(flow=True)).all()


def test_only_injectors_of_the_core_have_rows() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    events = tiles(columns, injectors, (0.0, 1e4))
    found = run(tiles(columns, injectors, (5000.0, 1e4)))
    assert set(run(events).columns["shower"].tolist()) == {0, 1}
    assert set(found.columns["shower"].tolist()) == {1}


def test_an_injector_that_is_listed_outside_the_core_is_counted() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    events = tiles(columns, injectors)
    events["x_high"] = np.array([5000.0])
    found = counts(run(events))
    assert (found["showers: injectors"], found["showers: in the core"]) == (2, 1)


@pytest.mark.parametrize("preset", ["fixed", "legacy"])
@pytest.mark.parametrize(
    "columns",
    [brick(1, starts=()), brick(1, starts=(), noise=0), brick(1, starts=((4e3, 4e3),), noise=0)],
)
def test_tiles_without_injector_or_noise_give_all_columns(columns: Columns, preset: str) -> None:
    result = select(columns, preset=preset)
    assert list(result.columns) == [column.name for column in COLUMNS]
    assert counts(result)["tiles"] == 1
    assert counts(result)["showers: injectors"] == len(
        np.unique(columns["event"][columns["event"] >= 0])
    )


def test_a_shower_without_candidates_is_counted() -> None:
    columns = brick(1, noise=0)
    injectors, _ = find_injectors(columns, "simulation")
    kept = np.isin(columns["row"], injectors["row"]) | (columns["event"] == 1)
    columns = {name: values[kept] for name, values in columns.items()}
    films = {pid: -1315.0 * pid for pid in range(8)}
    found = counts(run(tiles(columns, injectors, films=films)))
    assert (found["showers: injectors"], found["showers: candidates"]) == (2, 1)


def test_no_tiles_give_no_rows() -> None:
    columns = brick(1)
    result = run(tiles(columns, find_injectors(columns, "simulation")[0])[:0])
    assert len(result.columns["row"]) == 0
    assert set(counts(result).values()) == {0}


@pytest.mark.parametrize("missing", [(0,), (3, 4)])
def test_missing_films_are_passed_over(missing: tuple[int, ...]) -> None:
    columns = brick(1, missing=missing)
    result = select(columns)
    linked = result.columns["pid"][result.columns["signal"] == 1]
    assert set(linked.tolist()) == set(range(6)) - set(missing)


def test_the_published_selection_refuses_missing_films() -> None:
    with pytest.raises(BasetrackError, match="Films 4, 3 are missing"):
        select(brick(1, missing=(3, 4)), preset="legacy")


def test_lost_base_tracks_do_not_end_a_shower() -> None:
    columns = brick(5, efficiency=0.7, films=11)
    result = select(columns)
    assert counts(result)["showers: linked"] == len(find_injectors(columns, "simulation")[0]["row"])
    assert result.columns["pid"][result.columns["signal"] == 1].min() == 0


def test_useless_base_tracks_name_their_tile() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    columns["tx"][3] = np.nan
    with pytest.raises(BasetrackError, match=r"Brick 7, tile 0: 1 of .* have 'tx' = nan"):
        run(tiles(columns, injectors))


def test_a_margin_that_is_too_small_is_refused() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    with pytest.raises(BasetrackError, match=r"5500 um beyond the core.*larger --margin"):
        run(tiles(columns, injectors, margin=5500.0))
    smaller = ShowerProcessor(ShowerCuts(reach=5500.0))
    assert len(run(tiles(columns, injectors, margin=5500.0), smaller).columns["row"]) > 0


def test_signal_of_simulation_treated_as_data_follows_the_injector() -> None:
    columns = brick(1)
    columns["event"] = np.where(columns["event"] >= 0, columns["event"] + 40, -999).astype("i4")
    rows = select(columns, "data").columns
    assert set(rows["shower"].tolist()) == {0, 1}
    assert (rows["signal"] == (rows["event"] == rows["shower"] + 40)).all()
    assert rows["signal"].sum() > 0
    columns["event"][:] = -999
    rows = select(columns, "data").columns
    assert rows["signal"].sum() == 0


def test_an_injector_that_is_not_among_the_base_tracks_has_no_momentum() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    injectors["row"] = np.array([-1, injectors["row"][1]])
    rows = run(tiles(columns, injectors)).columns
    momentum = rows["injector_p"]
    assert np.isnan(momentum[rows["shower"] == 0]).all()
    assert set(momentum[rows["shower"] == 1].tolist()) == {1.0}
    assert set(rows["parent_row"][rows["depth"] == 1].tolist()) == {-1, int(injectors["row"][1])}


def test_histograms_tell_signal_from_background() -> None:
    result = select(brick(1))
    depth = result.histograms["depth"][0, 0, :, :].values(flow=True)
    signal = result.columns["signal"]
    assert depth.sum(axis=1)[:2].tolist() == [(signal == 0).sum(), (signal == 1).sum()]
    for name in ("candidates", "injector_film", "cut_based_size"):
        assert result.histograms[name].sum(flow=True).value == 2


def test_without_a_table_the_counts_are_the_same() -> None:
    columns = brick(1)
    alone, full = select(columns, table=False), select(columns)
    assert counts(alone) == counts(full)
    assert alone.columns == {}
    assert set(alone.histograms) < set(full.histograms)
    assert (alone.histograms["depth"].view() == full.histograms["depth"].view()).all()


def test_parameters_go_through_json_and_back() -> None:
    made = ShowerProcessor.from_parameters(preset="legacy", cuts={"impact": 0.3})
    again = ShowerProcessor.from_parameters(**json.loads(json.dumps(made.parameters())))
    assert again.cuts == ShowerCuts(mode="legacy", impact=0.3)
    with pytest.raises(ParameterError, match="Did you mean 'pyramid_slope'"):
        ShowerProcessor.from_parameters(cuts={"pyramid_slop": 1})


def test_data_are_never_guessed() -> None:
    columns = brick(1)
    events = tiles(columns, find_injectors(columns, "simulation")[0], kind="")
    with pytest.raises(ProcessorError, match="data or simulation"):
        ShowerProcessor().select(events)


@pytest.mark.parametrize(
    ("preset", "kind", "track"), [("fixed", "data", False), ("legacy", "data", True)]
)
def test_the_tracks_of_data_are_needed_by_the_published_selection(
    preset: str, kind: str, track: bool
) -> None:
    needed = ShowerProcessor(preset=preset).required_branches("Events", kind)
    assert ("basetrack_track" in needed) == track
    assert {"margin", "basetrack_row", "film_z", "injector_row"} <= set(needed)


def test_tiles_from_a_file_give_the_same_rows(tmp_path: Path) -> None:
    """Through the importer's files and coffea's own reader."""
    from coffea.processor import IterativeExecutor, Runner

    from hepml.importers.brick import Brick
    from hepml.importers.tiles import cut_tiles, write_tiles
    from tests.processors.shower_samples import film_positions

    columns = brick(3, starts=WIDE, side=32e3, noise=500)
    columns |= {"flag": np.zeros_like(columns["mctrack"])}
    injectors, _ = find_injectors(columns, "simulation")
    source = Brick(7, "simulation", columns, film_positions(columns))
    path = tmp_path / "brick.parquet"
    assert write_tiles(path, cut_tiles(source, injectors, core=8000.0), {}) > 2
    runner = Runner(
        IterativeExecutor(status=False),
        schema=ShowerProcessor.schema,
        format="parquet",
        savemetrics=False,
    )
    fileset = {"toy": {"files": {str(path): ""}, "metadata": {"kind": "simulation"}}}
    result = runner(fileset, ShowerProcessor())
    theirs = {name: item.value for name, item in result["features"]["toy"].items()}
    ours = run(tiles(columns, injectors)).columns
    assert len(theirs["row"]) == len(ours["row"]) > 0
    for name, values in ordered(ours).items():
        assert np.array_equal(ordered(theirs)[name], values, equal_nan=True), name


def test_seeds_of_other_showers_are_no_candidates_of_the_published_data() -> None:
    columns = brick(1, starts=((4000.0, 4500.0), (4100.0, 4600.0), (4050.0, 4400.0)))
    seeds = find_injectors(columns, "data")[0]["row"]
    for preset, found in (("legacy", False), ("fixed", True)):
        rows = select(columns, "data", preset=preset).columns["row"]
        assert bool(np.isin(rows, seeds).any()) == found


def test_rows_know_the_energy_of_their_shower_where_the_tiles_do() -> None:
    columns = brick(1)
    injectors, _ = find_injectors(columns, "simulation")
    known = injectors | {"energy": np.array([2.0, 6.0], np.float32)[injectors["shower"]]}
    rows = run(tiles(columns, known), ShowerProcessor()).columns
    assert len(np.unique(rows["energy"])) == 2
    assert np.array_equal(rows["energy"], np.where(rows["shower"] == 0, 2.0, 6.0))
