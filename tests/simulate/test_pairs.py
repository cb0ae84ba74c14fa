"""Muon pairs of the dimuon simulator: masses, widths, signs."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.components import COMPONENTS
from hepml.simulate.pairs import Pairs, generated_pairs, pair_mass

GENERATED = 4_000


def pairs(name: str) -> Pairs:
    return generated_pairs(np.random.default_rng(4), COMPONENTS[name], GENERATED)[0]


@pytest.mark.parametrize(
    ("name", "mass", "width"),
    [
        ("jpsi_prompt", 3.0969, 0.021),
        ("psi_prime_displaced", 3.6861, 0.025),
        ("upsilon_1s", 9.4604, 0.065),
        ("upsilon_2s", 10.0234, 0.069),
        ("upsilon_3s_in_jets", 10.3551, 0.071),
    ],
)
def test_a_peak_is_at_its_mass_with_the_width_of_the_resolution(
    name: str, mass: float, width: float
) -> None:
    # 0.69 % of the mass (65 MeV at the Upsilon); 3,000 pairs: 5 sigma of the mean is 0.09 widths,
    # of the width 7 %, and the spread of the resolution in eta is worth as much again
    found = pairs(name)
    values = pair_mass(found.pt, found.eta, found.phi)
    assert len(values) > 2_500
    assert values.mean() == pytest.approx(mass, abs=0.1 * width)
    assert values.std() == pytest.approx(width, rel=0.14)


def test_the_z_boson_has_its_natural_width() -> None:
    # quartiles of a Breit-Wigner lie half a width from the pole (within 5 widths: 0.45);
    # 0.63 GeV of resolution adds little
    found = pairs("z")
    low, middle, high = np.percentile(pair_mass(found.pt, found.eta, found.phi), [25, 50, 75])
    assert middle == pytest.approx(91.188, abs=0.25)
    assert (high - low) / 2 == pytest.approx(1.27, abs=0.2)


def test_same_sign_pairs_are_of_both_charges_and_have_no_peak() -> None:
    found = pairs("heavy_flavour_ss")
    assert set(found.charge.sum(axis=1)) == {-2, 2}
    masses = pair_mass(found.pt, found.eta, found.phi)
    # a smooth spectrum: the middle third of a window holds about a third; 5 sigma of 900 is 0.08
    window = masses[(masses > 7.0) & (masses < 13.0)]
    assert np.mean((window > 9.0) & (window < 11.0)) == pytest.approx(0.32, abs=0.08)


def test_opposite_sign_pairs_are_neutral() -> None:
    found = pairs("upsilon_1s")
    assert set(found.charge.sum(axis=1)) == {0}
    assert set(found.charge[:, 0]) == {-1, 1}


def test_muons_are_ordered_and_inside_the_acceptance() -> None:
    found, kept = generated_pairs(np.random.default_rng(4), COMPONENTS["drell_yan"], 500)
    assert len(found) == len(kept) < 500
    assert np.all(np.diff(kept) > 0)
    assert np.all(found.pt[:, 0] >= found.pt[:, 1])
    assert found.pt[:, 0].min() > 10.0
    assert found.pt[:, 1].min() > 3.0
    assert np.abs(found.eta).max() < 2.4


@pytest.mark.parametrize("n", [0, 1])
def test_few_pairs_are_no_special_case(n: int) -> None:
    found, kept = generated_pairs(np.random.default_rng(4), COMPONENTS["z"], n)
    assert len(found) == len(kept) <= n
