"""Variations change the constituents they are about, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_samples import Jets
from hepml.simulate.topjet_variations import VARIATIONS, vary

LOSSES = ("teg", "tej", "tfl", "tfj")


def jets(number: int = 40, size: int = 30) -> Jets:
    rng = np.random.default_rng(3)
    pt = -np.sort(-rng.exponential(8e3, (number, size)) - 500, axis=1)
    shifts = rng.normal(0, 0.1, (2, number, size))
    columns = np.stack([pt, *shifts], axis=2).reshape(-1, 3).astype(np.float32)
    return Jets(
        np.arange(number + 1) * size,
        columns,
        rng.integers(0, 3, number * size).astype(np.int32),
        np.tile(np.float32([9e5, 0, 0, 1e5]), (number, 1)),
        np.ones(number, np.int32),
        np.arange(number),
    )


def varied(name: str, seed: int = 1) -> Jets:
    return vary(jets(), name, np.random.default_rng(seed))


def test_a_nominal_sample_is_not_varied() -> None:
    given = jets()
    assert vary(given, "test_nominal", np.random.default_rng(1)) is given


@pytest.mark.parametrize("name", VARIATIONS)
def test_the_jet_stays_and_constituents_are_sorted(name: str) -> None:
    found, given = varied(name), jets()
    for field in ("jet", "label", "number"):
        assert np.array_equal(getattr(found, field), getattr(given, field))
    assert (found.counts >= 3).all()
    for begin, end in zip(found.offsets[:-1], found.offsets[1:], strict=True):
        assert (np.diff(found.constituents[begin:end, 0]) <= 0).all()
    assert not np.array_equal(found.constituents, given.constituents)


@pytest.mark.parametrize("name", ["esup", "esdown", "cer", "cpos"])
def test_variations_of_clusters_leave_tracks_alone(name: str) -> None:
    found, given = varied(name), jets()
    assert np.array_equal(found.counts, given.counts)
    tracks = [np.sort(item.constituents[item.taste != 1, 0]) for item in (found, given)]
    assert np.array_equal(*tracks)


@pytest.mark.parametrize("name", [*LOSSES, "bias"])
def test_variations_of_tracks_leave_clusters_alone(name: str) -> None:
    found, given = varied(name), jets()
    clusters = [np.sort(item.constituents[item.taste == 1, 0]) for item in (found, given)]
    assert np.array_equal(*clusters)


def test_the_energy_scale_goes_up_and_down_by_two_to_six_percent() -> None:
    given = jets()
    total = given.constituents[given.taste == 1, 0].sum()
    for name, sign in (("esup", 1), ("esdown", -1)):
        found = varied(name)
        change = found.constituents[found.taste == 1, 0].sum() / total - 1
        assert 0.02 < sign * change < 0.06


@pytest.mark.parametrize("name", LOSSES)
def test_some_tracks_are_lost_but_never_the_leading_three(name: str) -> None:
    found, given = varied(name), jets()
    lost = 1 - found.counts.sum() / given.counts.sum()
    assert 0 < lost < 0.06
    for place in range(3):
        leading = [item.constituents[item.offsets[:-1] + place, 0] for item in (found, given)]
        assert np.array_equal(*leading)


def test_a_very_hard_cluster_has_the_full_uncertainty() -> None:
    columns = np.float32([[4e5, 0, 0], [2e5, 0, 0.1], [1e5, 0, 0.2]])
    one = Jets(
        np.array([0, 3]),
        columns,
        np.ones(3, np.int32),
        np.float32([[7e5, 0, 0, 1e5]]),
        np.ones(1, np.int32),
        np.ones(1, np.int64),
    )
    found = vary(one, "esup", np.random.default_rng(1)).constituents[:, 0] / columns[:, 0]
    assert found == pytest.approx([1.1, 1.02 + 0.04 / 21, 1.02 + 0.04 / 11], rel=1e-5)
