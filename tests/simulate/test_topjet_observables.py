"""High-level quantities: by hand, and those of the reference sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.simulate.topjet_observables import OBSERVABLES, observables

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "topjet"


def observed(*jets: list[tuple[float, float, float]]) -> list[dict[str, float]]:
    offsets = np.cumsum([0, *map(len, jets)])
    rows = np.array([row for jet in jets for row in jet], float).reshape(-1, 3)
    found = observables(*rows.T, offsets)
    return [dict(zip(OBSERVABLES, row.tolist(), strict=True)) for row in found]


def test_two_prongs() -> None:
    (found,) = observed([(30.0, 0.0, 0.0), (10.0, 0.4, 0.0)])
    assert found["Tau1_wta"] == pytest.approx(10 * 0.4 / 40)
    assert found["Tau2_wta"] == found["Split23"] == found["Qw"] == found["L2"] == 0
    assert found["Split12"] == pytest.approx(10 * 0.4)
    assert (found["ECF1"], found["ECF2"]) == pytest.approx((40, 30 * 10 * 0.4))
    assert found["ECF3"] == found["C2"] == found["D2"] == 0


def test_three_prongs() -> None:
    # a triangle with sides 0.3, 0.4 and 0.5
    (found,) = observed([(30.0, 0.0, 0.0), (20.0, 0.3, 0.0), (10.0, 0.0, 0.4)])
    two = 30 * 20 * 0.3 + 30 * 10 * 0.4 + 20 * 10 * 0.5
    three = 30 * 20 * 10 * 0.3 * 0.4 * 0.5
    assert found["ECF2"] == pytest.approx(two)
    assert found["ECF3"] == pytest.approx(three)
    assert found["C2"] == pytest.approx(three * 60 / two**2)
    assert found["D2"] == pytest.approx(three * 60**3 / two**3)
    share = 30 * 20 * 10 / 60**3
    assert found["L2"] == pytest.approx(share * 0.06 / (share * 0.09) ** 1.5)
    assert found["L3"] == pytest.approx(share * 0.3 / (share * 0.06) ** (1 / 3))
    assert found["Split23"] == pytest.approx(10 * 0.4)
    assert found["Tau3_wta"] == 0
    assert found["Tau2_wta"] == pytest.approx(10 * 0.4 / 60)
    masses = [2 * 30 * 20 * (np.cosh(0.3) - 1), 2 * 30 * 10 * (1 - np.cos(0.4))]
    assert found["Qw"] == pytest.approx(np.sqrt(min(masses)))


def test_a_planar_star_at_rest_has_the_thrust_major_of_its_second_axis() -> None:
    # back to back along x with 3 units, along y with 1: a rest frame by itself
    (found,) = observed([(3.0, 0, 0), (3.0, 0, np.pi), (1.0, 0, np.pi / 2), (1.0, 0, -np.pi / 2)])
    assert found["ThrustMaj"] == pytest.approx(2 / 8)


def test_no_jets_and_jets_without_constituents() -> None:
    assert observables(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(1, int)).shape == (0, 15)
    empty, single = observed([], [(5.0, 0.1, 0.2)])
    assert set(empty.values()) == {0.0}
    assert single["ECF1"] == 5.0
    assert single["Tau1_wta"] == 0


def test_turning_and_shifting_a_jet_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    rows = np.stack([rng.exponential(5, 12), rng.normal(0, 0.3, 12), rng.normal(0, 0.3, 12)])
    offsets = np.array([0, 12])
    there = observables(
        rows[0], rows[1] + 0.7, (rows[2] + 3 + np.pi) % (2 * np.pi) - np.pi, offsets
    )
    assert there == pytest.approx(observables(*rows, offsets), rel=1e-9)


@pytest.mark.shared
def test_they_are_those_of_the_reference_sample() -> None:
    if not SHARED.is_dir():
        pytest.skip("the reference sample is not here")
    h5py = pytest.importorskip("h5py")
    with h5py.File(SHARED / "train_nominal_000.h5") as file:
        lists = [file[f"fjet_clus_{name}"][:300] for name in ("pt", "eta", "phi")]
        wanted = np.stack([file[f"fjet_{name}"][:300] for name in OBSERVABLES], axis=1)
    filled = lists[0] > 0
    offsets = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    found = observables(*(values[filled] for values in lists), offsets)
    assert found == pytest.approx(wanted, rel=1e-6)
