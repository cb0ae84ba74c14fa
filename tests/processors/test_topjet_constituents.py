"""Constituents as networks see them: the golden jet, frames by hand, short jets, and padding."""

from __future__ import annotations

import math
from itertools import pairwise

import awkward as ak
import numpy as np
import pytest

from processors.topjet_constituents import (
    NETWORK_FEATURES,
    align_constituents,
    aligned,
    flat_inputs,
    network_inputs,
    reference_inputs,
)

PT = [200e3, 100e3, 50e3, 25e3]
ETA = [0.50, 0.70, 0.30, 0.55]
PHI = [3.10, -3.10, 2.90, 3.00]
# of the published preprocessing, worked out once; the last slot is padding
GOLDEN = [
    [0.000000, 0.000000, 12.206073, 12.326187, -0.628609, -0.650425, 0.000000],
    [0.000000, -0.216610, 11.512925, 11.740196, -1.321756, -1.236417, 0.216610],
    [0.107857, 0.261470, 10.819778, 10.864119, -2.014903, -2.112494, 0.282843],
    [0.111534, -0.007763, 10.126631, 10.270819, -2.708050, -2.705793, 0.111803],
    [0.0] * 7,
]


def jets(*sizes: int) -> ak.Array:
    """The first constituents of the golden jet, as stored [MeV, rad]."""
    columns = {
        "pt": ak.Array([PT[:n] for n in sizes]),
        "eta": ak.Array([ETA[:n] for n in sizes]),
        "phi": ak.Array([PHI[:n] for n in sizes]),
        "energy": ak.Array([(np.array(PT) * np.cosh(ETA))[:n].tolist() for n in sizes]),
    }
    return ak.values_astype(ak.zip(columns), np.float32)


def slow(jet: list[tuple[float, float]]) -> list[list[float]]:
    """The frame of one jet, one constituent after the other; the reference of the kernel."""

    def wrapped(angle: float) -> float:
        if angle > math.pi:
            return angle - 2 * math.pi
        return angle + 2 * math.pi if angle < -math.pi else angle

    moved = [(eta - jet[0][0], wrapped(phi - jet[0][1])) for eta, phi in jet]
    if len(moved) > 1:
        turn = math.atan2(moved[1][1], moved[1][0]) + math.pi / 2
        moved = [
            (x * math.cos(turn) + y * math.sin(turn), -x * math.sin(turn) + y * math.cos(turn))
            for x, y in moved
        ]
    if len(moved) > 2 and moved[2][0] < 0:
        moved = [(-x, y) for x, y in moved]
    return [list(item) for item in moved]


def test_the_golden_jet_is_exact() -> None:
    found = reference_inputs(jets(4), 5)
    assert found.shape == (1, 5, len(NETWORK_FEATURES))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], GOLDEN, rtol=0, atol=1e-6)


def test_other_jets_of_the_batch_change_nothing() -> None:
    found = reference_inputs(jets(2, 0, 4, 1), 5)
    np.testing.assert_array_equal(found[2], reference_inputs(jets(4), 5)[0])


def test_frames_agree_with_one_jet_after_the_other() -> None:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, 200)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    eta = rng.normal(0, 1, offsets[-1]).astype(np.float32)
    phi = rng.uniform(-np.pi, np.pi, offsets[-1]).astype(np.float32)
    found = np.stack(aligned(eta, phi, offsets), axis=1)
    for first, last in pairwise(offsets.tolist()):
        if last > first:
            jet = list(zip(eta[first:last].tolist(), phi[first:last].tolist(), strict=True))
            np.testing.assert_allclose(found[first:last], slow(jet), atol=2e-6)


def test_the_second_lies_below_and_the_third_to_the_right() -> None:
    eta, phi = align_constituents(jets(4, 3).eta, jets(4, 3).phi)
    assert ak.all(abs(eta[:, 0]) == 0)
    assert ak.all(abs(phi[:, 0]) == 0)
    np.testing.assert_allclose(eta[:, 1], 0, atol=1e-7)
    assert ak.all(phi[:, 1] < 0)
    assert ak.all(eta[:, 2] >= 0)


def test_jets_of_fewer_than_three_constituents_are_aligned_as_far_as_it_goes() -> None:
    eta, phi = align_constituents(jets(0, 1, 2).eta, jets(0, 1, 2).phi)
    assert eta.to_list()[:2] == [[], [0.0]]
    assert phi[1].to_list() == [0.0]
    np.testing.assert_allclose(phi[2], [0, -0.2166098], atol=1e-6)
    assert np.isfinite(reference_inputs(jets(0, 1, 2), 4)).all()


def test_input_is_not_changed() -> None:
    given = jets(4, 2)
    before = given.to_list()
    reference_inputs(given, 3)
    assert given.to_list() == before
    eta = np.array(ETA, np.float32)
    aligned(eta, np.array(PHI, np.float32), np.array([0, 4]))
    assert eta.tolist() == np.array(ETA, np.float32).tolist()


def test_everything_uses_only_the_constituents_that_are_kept() -> None:
    found = reference_inputs(jets(4), 2)
    np.testing.assert_allclose(np.exp(found[0, :, 4]), [2 / 3, 1 / 3], rtol=1e-6)
    assert found.shape == (1, 2, 7)


def test_padded_arrays_and_lists_give_the_same() -> None:
    given = jets(4, 1, 3)
    eta, phi = align_constituents(given.eta, given.phi)
    columns = (eta, phi, given.pt / 1000, given.energy / 1000)
    padded = [
        ak.to_numpy(ak.fill_none(ak.pad_none(values, 6, clip=True), 0)).astype(np.float32)
        for values in columns
    ]
    np.testing.assert_array_equal(network_inputs(*padded), network_inputs(*columns, max_constits=6))
    np.testing.assert_array_equal(
        network_inputs(*padded, max_constits=2), network_inputs(*columns, max_constits=2)
    )
    assert network_inputs(*columns).shape == (3, 4, 7)


def test_an_empty_slot_in_between_stays_empty() -> None:
    pt = np.array([[3.0, 0.0, 1.0]], np.float32)
    found = network_inputs(np.ones((1, 3)), np.ones((1, 3)), pt, pt)
    assert (found[0, 1] == 0).all()
    np.testing.assert_allclose(np.exp(found[0, [0, 2], 4]), [0.75, 0.25], rtol=1e-6)


def test_offsets_may_begin_anywhere_and_memory_is_reused() -> None:
    columns = [np.arange(1, 7, dtype=np.float32)] * 4
    out = np.full((1, 3, 7), 9, np.float32)
    found = flat_inputs(*columns, offsets=np.array([2, 4]), max_constits=3, out=out)
    assert found is out
    np.testing.assert_array_equal(
        found, flat_inputs(*[c[2:4] for c in columns], offsets=np.array([0, 2]), max_constits=3)
    )
    with pytest.raises(ValueError, match="out must be float32 of shape"):
        flat_inputs(*columns, offsets=np.array([2, 4]), max_constits=2, out=out)


def test_no_jet_is_no_row() -> None:
    assert reference_inputs(jets(4)[:0], 5).shape == (0, 5, 7)


def test_lists_of_different_lengths_are_refused() -> None:
    given = jets(4)
    with pytest.raises(ValueError, match="differ in length"):
        network_inputs(given.eta, given.phi[:, :3], given.pt, given.energy)
