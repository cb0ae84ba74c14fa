"""Types and precision of the NanoAOD branches that are simulated."""

from __future__ import annotations

import numpy as np

from hepml.simulate.nanoaod import PATHS, branches, rounded


def test_simulation_has_the_generator_branches_and_data_has_not() -> None:
    assert set(branches(True)) - set(branches(False)) == {"genWeight", "Pileup_nTrueInt"}


def test_a_branch_can_be_left_out() -> None:
    name = next(iter(PATHS))
    assert set(branches(False)) - set(branches(False, (name,))) == {name}


def test_values_are_rounded_to_the_bits_that_are_kept() -> None:
    # Muon_ip3d keeps 10 bits: neighbours of 1 lie 2^-10 apart
    values = np.array([1.0, 1.0 + 0.4 / 1024, 1.0 + 0.6 / 1024, -1.0 - 0.6 / 1024, 0.0])
    expected = np.array([1.0, 1.0, 1.0 + 1 / 1024, -1.0 - 1 / 1024, 0.0], np.float32)
    np.testing.assert_array_equal(rounded("Muon_ip3d", values), expected)


def test_types_are_those_of_the_branch() -> None:
    assert rounded("Muon_charge", np.array([-1])).dtype == np.int32
    assert rounded("Jet_nConstituents", np.array([12.7])).tolist() == [12]
    assert rounded("Muon_pt", np.array([1.0 / 3.0]))[0] == np.float32(1.0 / 3.0)
    assert rounded(next(iter(PATHS)), np.array([True])).dtype == bool
