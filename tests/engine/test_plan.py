"""The plan: chunk edges, limits, and inputs that are refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.engine.chunking import chunk_edges
from hepml.engine.plan import Plan
from hepml.engine.planning import make_plan
from hepml.engine.run import as_inputs
from hepml.errors import (
    BranchError,
    EmptyInputError,
    FileAccessError,
    OutputError,
    OverlapError,
    ParameterError,
    TreeError,
)
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import copy_files, truncate
from tests.events import diphoton_photons, mini_event, write_clusters, write_mini


def plan_of(files: Any, **options: Any) -> Plan:
    words = files if isinstance(files, dict) else [str(file) for file in files]
    inputs = as_inputs(words, "probe")
    return make_plan(ProbeProcessor(), inputs, name=None, **({"chunk_size": 50} | options))


def sizes(plan: Plan) -> dict[str, list[int]]:
    return {Path(f.endpoints[0]).stem: [b - a for a, b in pairwise(f.edges)] for f in plan.files}


@pytest.mark.parametrize("seed", range(5))
def test_chunks_cover_every_entry_once_and_stay_below_twice_the_wanted_size(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(200):
        entries = int(random.integers(1, 5000))
        size = int(random.integers(1, 600))
        clusters = [0, *sorted(set(random.integers(0, entries + 1, 20).tolist())), entries]
        edges = chunk_edges(clusters, entries, size)
        assert edges[0] == 0
        assert edges[-1] == entries
        assert all(0 < b - a <= 2 * size for a, b in pairwise(edges))


def test_edges_lie_on_clusters_where_there_is_one_nearby() -> None:
    assert chunk_edges([0, 95, 205, 300, 400], 400, 100) == (0, 95, 205, 300, 400)


def test_a_file_of_one_cluster_is_still_cut() -> None:
    assert chunk_edges([0, 400], 400, 100) == (0, 100, 200, 300, 400)


def test_a_small_file_is_one_chunk() -> None:
    assert chunk_edges([0, 10], 10, 1000) == (0, 10)


def test_no_entries_give_no_chunk() -> None:
    assert chunk_edges([0], 0, 100) == (0,)


def test_clusters_of_the_file_are_found(cluster_files: list[Path]) -> None:
    plan = plan_of(cluster_files, chunk_size=55)
    assert plan.files[0].edges == (0, 50, 100, 150, 200)
    assert [chunk.entries for chunk in plan.chunks()] == [50] * 16


def test_a_limit_holds_per_dataset_across_its_files(cluster_files: list[Path]) -> None:
    one, two, simulated, _ = map(str, cluster_files)
    plan = plan_of({"data": [one, two], "ggF": simulated}, max_events=270)
    assert sizes(plan) == {
        "data_one": [50, 50, 50, 50],
        "data_two": [50, 20],
        "ggF": [50, 50, 50, 50],
    }


def test_a_file_behind_the_limit_gives_no_chunk(cluster_files: list[Path]) -> None:
    one, two = map(str, cluster_files[:2])
    assert sizes(plan_of({"data": [one, two]}, max_events=200))["data_two"] == []


def test_a_plan_survives_being_saved(cluster_files: list[Path], tmp_path: Path) -> None:
    plan = plan_of(cluster_files, max_events=120)
    plan.save(tmp_path / "plan.json")
    loaded = Plan.load(tmp_path / "plan.json")
    assert list(loaded.chunks()) == list(plan.chunks())
    assert loaded.files == plan.files


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"version": 1}', '{"version": 99}'])
def test_a_damaged_plan_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(OutputError, match=r"plan\.json"):
        Plan.load(tmp_path / "plan.json")


def test_a_copy_of_a_file_is_refused(cluster_files: list[Path], tmp_path: Path) -> None:
    (copy,) = copy_files(cluster_files[:1], tmp_path)
    twin = copy.rename(tmp_path / "other.root")
    with pytest.raises(OverlapError, match=r"other\.root .* is a copy of .*data_one\.root"):
        plan_of([cluster_files[0], twin])


def test_data_and_simulation_do_not_mix(cluster_files: list[Path]) -> None:
    with pytest.raises(FileAccessError, match=r"'all' mixes data .* and simulation"):
        plan_of({"all": [str(cluster_files[0]), str(cluster_files[2])]})


def test_the_kind_is_read_from_the_file(cluster_files: list[Path]) -> None:
    kinds = {file.dataset: file.kind for file in plan_of(cluster_files).files}
    assert kinds == {
        "data_one": "data",
        "data_two": "data",
        "ggF": "simulation",
        "ttF": "simulation",
    }


def test_the_kind_is_never_guessed(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=["channelNumber"])
    with pytest.raises(ParameterError, match=r"whether .*x\.root is data or simulation"):
        plan_of([path])
    assert plan_of([path], kind="data").files[0].kind == "data"


def test_the_file_wins_over_what_the_user_says_of_its_kind(cluster_files: list[Path]) -> None:
    assert plan_of(cluster_files[:1], kind="simulation").files[0].kind == "data"


def test_one_unreadable_file_is_planned_as_one_lost_chunk(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path)
    truncate(files[1], 100)
    plan = plan_of(files)
    assert len(plan.files) == 1
    (lost,) = plan.unopened
    assert lost.dataset == "data_two"
    assert "damaged or cut short" in lost.reason
    assert lost.size == 100


def test_a_file_cut_short_behind_its_header_does_not_stop_the_plan(
    cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path)
    size = files[1].stat().st_size
    for fraction in (0.95, 0.8, 0.6, 0.4, 0.2, 0.05):
        truncate(files[1], int(size * fraction))
        plan = plan_of(files)
        assert len(plan.files) + len(plan.unopened) == 2


def test_without_a_single_readable_file_the_first_error_is_raised(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.root").write_bytes(b"")
    with pytest.raises(FileAccessError, match=r"one\.root: the file is empty \(0 bytes\)"):
        plan_of([tmp_path / "one.root", tmp_path / "two.root"])


def test_a_replica_stands_in_for_a_damaged_one(cluster_files: list[Path], tmp_path: Path) -> None:
    from dataclasses import replace

    (copy,) = copy_files(cluster_files[:1], tmp_path)
    truncate(copy, int(copy.stat().st_size * 0.6))
    (item,) = as_inputs([str(cluster_files[0])], "probe")
    item = replace(item, endpoints=(str(copy), str(cluster_files[0])))
    plan = make_plan(ProbeProcessor(), [item], name=None)
    assert plan.files[0].entries == 200


def test_no_event_at_all_is_an_error(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [])
    with pytest.raises(EmptyInputError, match=r"no events in .*x\.root"):
        plan_of([path])


def test_an_empty_file_among_others_is_noted(cluster_files: list[Path], tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [])
    plan = plan_of([cluster_files[0], path])
    assert plan.notes == (f"{path} holds no events.",)


def test_a_wrong_tree_is_named_with_those_there_are(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], tree="maxi")
    with pytest.raises(TreeError, match=r"it reads 'mini'\)\. Trees in the file: maxi"):
        plan_of([path])


def test_a_missing_branch_is_named_with_near_misses(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=["photon_pt"])
    with pytest.raises(BranchError, match=r"lacks 1 .*\n.*photon_pt: Did you mean 'photon_phi"):
        plan_of([path])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"chunk_size": 0}, "--chunk-size must be at least 1"),
        ({"max_events": 0}, "--max-events must be at least 1"),
        ({"kind": "mc"}, "--kind is data or simulation, not 'mc'"),
    ],
)
def test_impossible_options_are_refused(
    cluster_files: list[Path], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ParameterError, match=text):
        plan_of(cluster_files[:1], **options)


def test_an_own_file_of_several_clusters_gives_many_chunks(tmp_path: Path) -> None:
    path = write_clusters(tmp_path / "many.root", clusters=16, events=160)
    assert len(list(plan_of([path], chunk_size=10).chunks())) == 16
