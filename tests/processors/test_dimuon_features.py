"""Quantities of muon pairs are computed when asked for, of the pairs that are left."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest

from processors import dimuon_features
from processors.dimuon_features import PairFeatures
from processors.objects import Flat


@pytest.fixture
def features():
    def muon(pt, eta, phi, charge):
        fields = {"pt": pt, "eta": eta, "phi": phi, "charge": charge, "ip3d": [0.1, 0.2]}
        return Flat(ak.zip(fields))

    lead = muon([20.0, 30.0], [0.0, 1.0], [0.0, 3.0], [1, -1])
    trail = muon([10.0, 15.0], [0.0, 2.0], [np.pi / 2, -3.0], [-1, -1])
    return PairFeatures(lead, trail, ("ip3d",))


def test_components_add_up(features):
    assert features["dimuon_pt"][0] == pytest.approx(np.hypot(20, 10), rel=1e-12)
    assert features["dimuon_phi"][0] == pytest.approx(np.arctan2(10, 20), rel=1e-12)
    assert features["dimuon_eta"][0] == pytest.approx(0, abs=1e-12)
    assert features["delta_pt"].tolist() == [10.0, 15.0]
    assert features["charge_product"].tolist() == [-1, 1]


def test_quantities_of_the_muons_are_passed_on(features):
    assert features["trail_eta"].tolist() == [0.0, 2.0]
    assert features["lead_ip3d"].tolist() == [0.1, 0.2]
    assert {"lead_ip3d", "trail_ip3d"} <= set(features)
    assert "lead_iso04" not in features


def test_a_quantity_is_computed_once(features):
    assert features["dimuon_mass"] is features["dimuon_mass"]


def test_after_a_cut_only_what_is_left_is_computed(features, monkeypatch):
    kept = features.passing(np.asarray([False, True]))
    monkeypatch.setattr(dimuon_features, "delta_r", lambda lead, _: np.zeros(len(lead.pt)))
    assert kept["delta_r"].shape == (1,)
    assert kept["dimuon_mass"] == features["dimuon_mass"][1:]


def test_a_cut_that_all_pass_copies_nothing(features):
    assert features.passing(np.asarray([True, True])) is features


def test_further_columns_can_be_taken_in_and_are_cut_too(features):
    more = features.joined({"n_jets": np.asarray([3, 4])})
    assert "n_jets" not in features
    assert more.passing(np.asarray([False, True]))["n_jets"].tolist() == [4]
    assert len(more) == len(features) + 1


def test_an_unknown_quantity_is_an_error(features):
    with pytest.raises(KeyError, match="dimuon_charm"):
        features["dimuon_charm"]
