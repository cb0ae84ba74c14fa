"""Complete events: made of one component, joined, shuffled, flattened."""

from __future__ import annotations

import numpy as np

from hepml.simulate.components import COMPONENTS
from hepml.simulate.dimuon_events import (
    flat_columns,
    generated_block,
    joined_blocks,
    triggered_block,
)
from hepml.simulate.nanoaod import PATHS


def block(name: str, n: int):
    return triggered_block(np.random.default_rng(3), COMPONENTS[name], n)


def test_exactly_the_asked_events_fire_a_path() -> None:
    found = block("heavy_flavour_os", 150)
    assert len(found) == 150
    assert np.any([found.scalars[name] for name in PATHS], axis=0).all()


def test_no_event_can_be_asked_for() -> None:
    assert len(block("z", 0)) == 0


def test_generated_events_need_not_fire_and_tell_their_numbers() -> None:
    found, kept = generated_block(np.random.default_rng(3), COMPONENTS["upsilon_1s"], 200)
    assert len(found) == len(kept) < 200
    assert kept.max() < 200
    assert not np.any([found.scalars[name] for name in PATHS], axis=0).all()


def test_joined_events_keep_their_objects_together() -> None:
    parts = [block("upsilon_1s", 4), block("heavy_flavour_os", 5)]
    order = np.random.default_rng(1).permutation(9)
    mixed = joined_blocks(parts, order)
    jets = np.split(mixed.jets["Jet_pt"], np.cumsum(mixed.counts)[:-1])
    before = [
        list_
        for part in parts
        for list_ in np.split(part.jets["Jet_pt"], np.cumsum(part.counts)[:-1])
    ]
    muons = np.concatenate([part.muons["Muon_pt"] for part in parts])
    missing = np.concatenate([part.scalars["MET_pt"] for part in parts])
    for place, origin in enumerate(order):
        np.testing.assert_array_equal(jets[place], before[origin])
        np.testing.assert_array_equal(mixed.muons["Muon_pt"][place], muons[origin])
        assert mixed.scalars["MET_pt"][place] == missing[origin]


def test_flat_columns_hold_the_muons_that_are_there() -> None:
    found = block("heavy_flavour_os", 60)
    columns = flat_columns(found)
    assert columns["nMuon"].sum() == len(columns["Muon_pt"]) == len(columns["Muon_jetIdx"])
    assert columns["Muon_pt"].min() > 0
    assert set(columns["nMuon"]) == {2, 3}
