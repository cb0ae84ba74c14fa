"""Counting what the published selection finds."""

from __future__ import annotations

from typing import Any

import numpy as np

from hepml.simulate.dimuon_events import Block
from hepml.simulate.dimuon_truth import selected_counts, summed
from hepml.simulate.nanoaod import TRIGGER


def events(**changes: Any) -> Block:
    """One event: muons of 20, 20 and 6 GeV, the first two 9.4 GeV apart in mass."""
    muons = {
        "pt": [20.0, 20.0, 6.0],
        "eta": [0.0, 0.47, 0.0],
        "phi": [0.0, 0.0, 0.0],
        "charge": [1, -1, 1],
        "tightId": [True, True, True],
        "pfRelIso04_all": [0.6, 0.55, 0.0],
    }
    fired = changes.pop("fired", True)
    columns = {f"Muon_{name}": np.array([value]) for name, value in (muons | changes).items()}
    columns["Muon_pfRelIso04_all"] = columns["Muon_pfRelIso04_all"].astype(np.float32)
    return Block(columns, {}, np.zeros(1, np.int64), {TRIGGER: np.array([fired])})


def count(upsilon: bool = True, **changes: Any) -> dict[str, Any]:
    return selected_counts(events(**changes), np.array([upsilon]))


def test_an_event_in_the_signal_region_is_counted_once() -> None:
    # m = 2 * 20 GeV * sinh(0.235) = 9.49 GeV
    expected = {"opposite_sign": [0, 1, 0], "same_sign": [0, 0, 0], "upsilons": 1}
    assert count() == {"before_isolation": expected, "anti_isolated": expected}


def test_isolation_signs_and_origin_are_told_apart() -> None:
    assert count(pfRelIso04_all=[0.6, 0.54, 9.0])["anti_isolated"]["opposite_sign"] == [0, 0, 0]
    same = count(charge=[1, 1, -1])["anti_isolated"]
    assert same == {"opposite_sign": [0, 0, 0], "same_sign": [0, 1, 0], "upsilons": 0}
    assert count(upsilon=False)["before_isolation"]["upsilons"] == 0


def test_trigger_and_momenta_are_asked_for() -> None:
    for changes in ({"fired": False}, {"pt": [16.9, 16.9, 6.0]}, {"pt": [20.0, 7.9, 6.0]}):
        assert count(**changes)["before_isolation"]["opposite_sign"] == [0, 0, 0]


def test_a_muon_that_is_not_tight_is_passed_over() -> None:
    # the third muon is then the second of the pair, and too soft
    assert count(tightId=[True, False, True])["before_isolation"]["opposite_sign"] == [0, 0, 0]


def test_counts_add_up_over_clusters() -> None:
    assert summed(count(), count())["anti_isolated"]["opposite_sign"] == [0, 2, 0]
