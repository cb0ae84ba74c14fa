"""Z candidates worked out by hand, and a fit that finds the mass that was put in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import awkward as ak
import numpy as np
import pytest

from zpeak import ZCuts, z_candidates
from zpeak.fit import fit_z

LEAD = {"pt": 46.0, "eta": 0.0, "phi": 0.0, "charge": 1, "pfRelIso04_all": 0.05, "tightId": True}
TRAIL = LEAD | {"pt": 45.0, "phi": np.pi, "charge": -1}


def candidates(**changes: Any) -> Any:
    """Pairs of one event whose second muon is changed: back to back, m = 2 sqrt(pt1 pt2)."""
    return z_candidates(ak.Array([[LEAD, TRAIL | changes]]), ZCuts())


def test_two_isolated_muons_make_a_candidate() -> None:
    pairs = candidates()
    assert pairs.features["dimuon_mass"].tolist() == pytest.approx([2 * np.sqrt(46 * 45)], abs=1e-3)
    assert pairs.opposite.tolist() == [True]


@pytest.mark.parametrize(
    "changes",
    [{"pt": 14.0}, {"pt": 18.0}, {"eta": 2.5}, {"pfRelIso04_all": 0.2}, {"tightId": False}],
    ids=str,
)
def test_a_muon_that_fails_a_cut_leaves_no_candidate(changes: dict[str, Any]) -> None:
    assert len(candidates(**changes).features["dimuon_mass"]) == 0


def test_the_pair_is_made_of_good_muons_alone() -> None:
    louder = LEAD | {"pt": 90.0, "pfRelIso04_all": 0.5}
    pairs = z_candidates(ak.Array([[louder, LEAD, TRAIL]]), ZCuts())
    assert pairs.lead.pt.tolist() == [46.0]


def test_cuts_can_be_changed() -> None:
    muons = ak.Array([[LEAD, TRAIL]])
    assert len(z_candidates(muons, replace(ZCuts(), mass_low=100.0)).lead.pt) == 0


def test_the_fit_finds_the_mass() -> None:
    rng = np.random.default_rng(1)
    z = 91.19 + 1.25 * rng.standard_cauchy(5000) + rng.normal(0, 1.2, 5000)
    found = fit_z(np.concatenate([z, 60 + rng.exponential(20, 500)]))
    assert found.fit.valid
    assert abs(found.mass - 91.19) < 4 * found.mass_error
