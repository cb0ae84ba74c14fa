"""The layout of ATLAS Open Data: collections, units, laziness, variations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from coffea.nanoevents import NanoEventsFactory

from hepml.schemas import AtlasOpenData
from tests.events import (
    jet,
    lepton,
    mini_event,
    photon,
    shared_file,
    write_analysis,
    write_mini,
)

EVENTS = [
    mini_event(
        [photon(60, eta=0.5, phi=0.1, ptcone30=2.0, etcone20=-1.5), photon(25, eta=-1.0, phi=3.0)],
        [lepton(20)],
        [jet(30), jet(50)],
        met_et=33.0,
        XSection=0.1,
        SumWeights=50.0,
    ),
    mini_event([photon(40)], large_jets=[jet(300, m=80.0)], XSection=0.1, SumWeights=50.0),
]


def opened(path: Path, tree: str = "mini", **options: Any) -> Any:
    return NanoEventsFactory.from_root(
        {str(path): tree}, schemaclass=AtlasOpenData, **options
    ).events()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_mini(tmp_path / "mini.root", EVENTS)


@pytest.mark.parametrize("mode", ["eager", "virtual"])
def test_every_energy_comes_out_in_gev(path: Path, mode: str) -> None:
    events = opened(path, mode=mode)
    assert events.photon.pt.tolist() == [[60.0, 25.0], [40.0]]
    assert events.photon.E[0, 0] == pytest.approx(60 * np.cosh(0.5), rel=1e-6)
    assert events.photon.energy[0, 0] == events.photon.E[0, 0]
    assert events.photon.ptcone30[0, 0] == 2.0
    assert events.photon.etcone20[0, 0] == -1.5
    assert events.met.pt.tolist() == [33.0, 20.0]
    assert events.met.et_syst.tolist() == [1.0, 1.0]
    assert events.jet.pt.tolist() == [[30.0, 50.0], []]
    assert events.largeRjet.stored_mass.tolist() == [[], [80.0]]


def test_no_field_hands_out_mev_under_an_unmarked_name(path: Path) -> None:
    events = opened(path)
    for collection in (events.photon, events.lep, events.jet, events.tau, events.largeRjet):
        assert not {"pt", "E", "e", "m", "ptcone30", "etcone20", "pt_syst"} & set(collection.fields)
    assert not {"met_et", "met_et_syst", "et"} & {*events.fields, *events.met.fields}


def test_both_releases_give_the_same_numbers(path: Path, tmp_path: Path) -> None:
    old = opened(path)
    new = opened(write_analysis(tmp_path / "new.root", EVENTS), "analysis")
    for name in ("pt", "eta", "phi", "E", "mass"):
        for collection in ("photon", "lep", "jet"):
            first = ak.flatten(getattr(old[collection], name))
            second = ak.flatten(getattr(new[collection], name))
            assert np.allclose(first, second, rtol=1e-6, atol=0.05), (collection, name)
    assert new.met.pt.tolist() == old.met.pt.tolist()
    assert new.photon.ptcone20[0, 0] == 2.0
    assert new.generated_weights.tolist() == old.generated_weights.tolist() == [50.0, 50.0]


def test_cross_section_includes_k_factor_and_filter_efficiency(path: Path, tmp_path: Path) -> None:
    assert opened(path).cross_section.tolist() == pytest.approx([0.1, 0.1])
    new = opened(write_analysis(tmp_path / "new.root", EVENTS), "analysis")
    assert new.cross_section.tolist() == pytest.approx([0.1 * 0.5 * 0.5] * 2)


def test_collections_are_vectors(path: Path) -> None:
    events = opened(path)
    first, second = events.photon[:1, 0], events.photon[:1, 1]
    expected = np.sqrt(2 * 60 * 25 * (np.cosh(1.5) - np.cos(2.9)))
    assert (first + second).mass[0] == pytest.approx(expected, rel=1e-5)
    assert first.delta_r(second)[0] == pytest.approx(np.hypot(1.5, 2.9), rel=1e-6)
    assert (2 * first).pt[0] == pytest.approx(120.0)
    assert (first + events.jet[:1, 0]).pt[0] > 0
    assert first.px[0] == pytest.approx(60 * np.cos(0.1), rel=1e-6)


def test_an_angle_is_read_without_the_momentum(path: Path) -> None:
    log: list[Any] = []
    events = opened(path, mode="virtual", access_log=log)
    assert ak.flatten(events.photon.eta).tolist() == pytest.approx([0.5, -1.0, 0.1])
    assert {entry.branch for entry in log} == {"photon_n", "photon_eta"}


def test_a_file_without_counter_branches_takes_list_lengths_from_the_momentum(
    path: Path,
) -> None:
    log: list[Any] = []
    options = {"filter_branch": lambda branch: not branch.name.endswith("_n")}
    events = opened(path, access_log=log, iteritems_options=options)
    assert ak.num(events.photon.eta).tolist() == [2, 1]
    assert {entry.branch for entry in log} == {"photon_pt"}


def test_a_variation_scales_momentum_and_energy_alike(path: Path) -> None:
    photons = opened(path).photon
    for varied, factor in ((photons.pt_up, 1.01), (photons.pt_down, 0.99)):
        assert ak.all(abs(varied.pt / photons.pt - factor) < 1e-6)
        assert ak.all(abs(varied.E / photons.E - factor) < 1e-6)
        assert ak.all(varied.eta == photons.eta)
        assert varied.fields == photons.fields


def test_a_variation_leaves_the_nominal_collection_alone(path: Path) -> None:
    photons = opened(path).photon
    before = photons.pt.tolist()
    assert photons.pt_up.pt.tolist() != before
    assert photons.pt.tolist() == before


def test_a_variation_of_gev_files_works_too(tmp_path: Path) -> None:
    photons = opened(write_analysis(tmp_path / "new.root", EVENTS), "analysis").photon
    assert photons.pt_up.pt[0, 0] == pytest.approx(60.6)


def test_a_file_without_events_keeps_its_types(tmp_path: Path) -> None:
    events = opened(write_mini(tmp_path / "empty.root", []))
    assert len(events) == 0
    assert events.photon.pt.tolist() == []


def test_a_lazy_graph_reads_only_the_branches_it_needs(path: Path) -> None:
    import dask_awkward

    events = opened(path, mode="dask", metadata={"kind": "data"})
    shifted = events.photon.pt_up.pt
    (needed,) = dask_awkward.necessary_columns(shifted).values()
    assert needed == {"photon_n", "photon_pt", "photon_E", "photon_pt_syst"}
    assert shifted.compute().tolist()[1] == pytest.approx([40.4])
    assert events.metadata == {"kind": "data"}


@pytest.mark.shared
def test_vectors_written_by_root_agree_with_plain_uproot() -> None:
    path = shared_file("hgg", "mc_341081.ttH125_gamgam.GamGam.root")
    events = opened(path)
    with uproot.open(path) as file:
        plain = file["mini"].arrays(["photon_pt", "jet_E", "lep_charge", "largeRjet_m", "met_et"])
    assert ak.array_equal(events.photon.pt, plain.photon_pt / 1000, check_parameters=False)
    assert ak.array_equal(events.jet.E, plain.jet_E / 1000, check_parameters=False)
    assert ak.array_equal(events.lep.charge, plain.lep_charge, check_parameters=False)
    assert ak.array_equal(
        events.largeRjet.stored_mass, plain.largeRjet_m / 1000, check_parameters=False
    )
    assert ak.array_equal(events.met.pt, plain.met_et / 1000, check_parameters=False)
