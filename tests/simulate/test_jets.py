"""Jets of the dimuon simulator: around muons, ordered, and found again by index."""

from __future__ import annotations

import numpy as np

from hepml.simulate.components import COMPONENTS
from hepml.simulate.jets import event_quantities, reconstructed_jets


def one_event(pt: list[float], eta: list[float], activity: list[float], name: str = "z"):
    """Jets of one event with muons at azimuth 0."""
    muons = {
        "pt": np.array([pt]),
        "eta": np.array([eta]),
        "phi": np.zeros((1, 3)),
        "pfRelIso04_all": np.array([activity]) / np.maximum([pt], 1.0),
    }
    return reconstructed_jets(
        np.random.default_rng(2), COMPONENTS[name], muons, np.array([activity]), np.array([0.0])
    )


def test_two_close_muons_share_a_jet() -> None:
    jets, counts, links = one_event([30.0, 20.0, 0.0], [0.0, 0.2, 0.0], [10.0, 10.0, 0.0])
    index = links["jetIdx"][0]
    assert index[0] == index[1] >= 0
    assert jets["nMuons"][index[0]] == 2
    assert jets["pt"][index[0]] > 50.0
    assert len(jets["pt"]) == counts[0]


def test_two_distant_muons_have_jets_of_their_own() -> None:
    jets, _, links = one_event([30.0, 20.0, 0.0], [0.0, 1.0, 0.0], [10.0, 10.0, 0.0])
    first, second = links["jetIdx"][0, :2]
    assert first != second
    assert jets["nMuons"][[first, second]].tolist() == [1, 1]
    np.testing.assert_allclose(
        links["jetRelIso"][0, :2], jets["pt"][[first, second]] / [30.0, 20.0] - 1.0
    )


def test_a_soft_muon_has_no_jet_and_keeps_its_isolation() -> None:
    _, _, links = one_event([30.0, 6.0, 0.0], [0.0, 1.0, 0.0], [10.0, 3.0, 0.0])
    assert links["jetIdx"][0, 1] == -1
    assert links["jetRelIso"][0, 1] == 0.5


def test_jets_are_above_15_gev_and_ordered() -> None:
    n = 300
    rng = np.random.default_rng(5)
    muons = {
        "pt": np.column_stack([rng.uniform(10, 50, n), rng.uniform(3, 10, n), np.zeros(n)]),
        "eta": rng.uniform(-2, 2, (n, 3)),
        "phi": rng.uniform(-3, 3, (n, 3)),
        "pfRelIso04_all": np.ones((n, 3)),
    }
    component = COMPONENTS["heavy_flavour_os"]
    activity = rng.exponential(20.0, (n, 3))
    jets, counts, _ = reconstructed_jets(rng, component, muons, activity, np.full(n, 40.0))
    assert jets["pt"].min() > 15.0
    event = np.repeat(np.arange(n), counts)
    assert np.all(np.diff(jets["pt"])[np.diff(event) == 0] <= 0)
    for name in ("btagCSVV2", "btagDeepB", "btagDeepFlavB", "qgl"):
        assert 0.0 <= jets[name].min() <= jets[name].max() <= 1.0


def test_jets_of_heavy_flavour_look_like_b_jets() -> None:
    tags = []
    for name in ("heavy_flavour_os", "drell_yan"):
        jets, _, links = one_event([30.0, 20.0, 0.0], [0.0, 1.0, 0.0], [10.0, 10.0, 0.0], name)
        tags.append(jets["btagDeepFlavB"][links["jetIdx"][0, 0]])
    assert tags[0] > tags[1]


def test_more_pile_up_means_more_vertices() -> None:
    found = event_quantities(np.random.default_rng(1), np.full(500, 30.0))
    assert np.corrcoef(found["PV_npvsGood"], found["Pileup_nTrueInt"])[0, 1] > 0.8
    assert found["MET_pt"].min() >= 0.0
