"""What goes into each file of the dimuon simulator, before it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.simulate.dimuon_samples import (
    SAMPLES,
    DimuonJob,
    certified,
    data_clusters,
    file_runs,
    simulation_clusters,
)
from hepml.simulate.nanoaod import branches


def data(sizes: tuple[dict[str, int], ...], seed: int = 1, place: int = 0) -> list[Any]:
    full = tuple({"heavy_flavour_os": 0, "upsilon_1s": 0, "z": 0} | size for size in sizes)
    job = DimuonJob("data.root", place, tuple(_all(size) for size in full))
    return list(data_clusters(job, seed))


def _all(size: dict[str, int]) -> dict[str, int]:
    from hepml.simulate.components import COMPONENTS

    return dict.fromkeys(COMPONENTS, 0) | size


def simulation(number: int, seed: int = 1) -> tuple[list[Any], DimuonJob]:
    sizes = (SAMPLES["DYToMuMu"].numbers(number),) * 2
    job = DimuonJob("DYToMuMu.root", 1000, sizes, "DYToMuMu")
    return list(simulation_clusters(job, seed)), job


def test_a_cluster_depends_on_the_seed_the_file_and_its_place() -> None:
    sizes = ({"z": 40}, {"z": 40})
    first, second = data(sizes)
    again = data(sizes)[0]
    assert all(np.array_equal(first[name], again[name]) for name in first)
    for other in (second, data(sizes, seed=2)[0], data(sizes, place=1)[0]):
        assert not np.array_equal(first["Muon_pt"], other["Muon_pt"])


def test_a_component_has_the_same_events_whatever_else_there_is() -> None:
    (alone,) = data(({"upsilon_1s": 30},))
    (mixed,) = data(({"upsilon_1s": 30, "heavy_flavour_os": 50},))
    assert set(alone["Muon_pt"]) < set(mixed["Muon_pt"])
    assert set(alone["MET_pt"]) < set(mixed["MET_pt"])


@pytest.mark.parametrize("simulated", [False, True])
def test_every_branch_has_its_column_type_and_length(simulated: bool) -> None:
    part = simulation(200)[0][0] if simulated else data(({"heavy_flavour_os": 100, "z": 9},))[0]
    for name, kind in branches(simulated).items():
        size = len(part["run"])
        if kind.startswith("var * "):
            size = int(part["n" + name.split("_")[0]].sum())
        assert len(part[name]) == size, name
        if name not in ("run", "luminosityBlock", "event", "genWeight"):
            assert part[name].dtype == kind.removeprefix("var * "), name


def test_an_empty_cluster_has_every_column() -> None:
    (part,) = data(({"z": 0},))
    assert set(branches(False)) < set(part)
    assert all(len(values) == 0 for values in part.values())


def test_simulation_sums_the_weights_of_all_generated_events() -> None:
    parts, job = simulation(300)
    assert job.record["generated"] == job.runs["genEventCount"][0] == 600
    kept = sum(len(part["run"]) for part in parts)
    assert kept < 600
    assert {np.float32(abs(w)) for part in parts for w in part["genWeight"]} == {np.float32(8.4)}


def test_the_components_of_a_sample_are_generated_in_their_proportions() -> None:
    numbers = SAMPLES["UpsilonToMuMu"].numbers(1000)
    assert sum(numbers.values()) == 1000
    assert numbers["upsilon_1s"] > numbers["upsilon_2s"] > numbers["upsilon_3s"]
    assert numbers["upsilon_1s_in_jets"] < 0.1 * numbers["upsilon_1s"]


def test_runs_of_different_files_differ_and_have_certified_blocks() -> None:
    runs = [run for place in range(100) for run in file_runs(place)]
    assert len(set(runs)) == len(runs)
    assert {tuple(map(tuple, certified(run))) for run in runs} == {
        ((1, 400),),
        ((1, 150), (161, 380)),
    }
