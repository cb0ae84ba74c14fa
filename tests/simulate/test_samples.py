"""What goes into each simulated file, before it is written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.simulate.samples import Job, data_clusters, simulation_clusters


def clusters(mode: str, sizes: tuple[int, ...], seed: int, period: str = "A") -> list[Any]:
    source = data_clusters if mode == "data" else simulation_clusters
    return list(source(Job("file.root", mode, sizes, period), seed))


def same(one: Any, two: Any) -> bool:
    return all(np.array_equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("mode", ["data", "gg", "VBF", "Wp", "Z", "tt"])
def test_a_cluster_depends_on_the_seed_and_its_place(mode: str) -> None:
    first, second = clusters(mode, (40, 40), 1)
    assert same(first, clusters(mode, (40, 40), 1)[0])
    assert not np.array_equal(first["photon_pt"], second["photon_pt"])
    assert not np.array_equal(first["photon_pt"], clusters(mode, (40, 40), 2)[0]["photon_pt"])


def test_two_periods_hold_different_events() -> None:
    one, two = (clusters("data", (40,), 1, period)[0] for period in "AB")
    assert not np.array_equal(one["photon_pt"], two["photon_pt"])


def test_the_sum_of_weights_is_known_before_the_last_cluster() -> None:
    job = Job("file.root", "gg", (30, 50))
    parts = list(simulation_clusters(job, 1))
    assert {float(value) for part in parts for value in part["SumWeights"]} == {
        job.record["sum_of_weights"]
    }
    assert job.record["generated"] == 80


def test_every_jagged_column_has_as_many_values_as_its_counter_says() -> None:
    (part,) = clusters("tt", (200,), 1)
    for name, values in part.items():
        prefix = name.split("_")[0]
        if f"{prefix}_n" in part and not name.endswith("_n"):
            assert len(values) == part[f"{prefix}_n"].sum(), name
