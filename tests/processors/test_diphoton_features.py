"""The diphoton feature table: units, order, empty lists, published names."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from processors.diphoton import DiphotonProcessor
from processors.objects import STATISTICS
from tests.events import (
    diphoton_photons,
    jet,
    lepton,
    mini_event,
    photon,
    run_chunk,
    write_mini,
)


def test_rows_are_in_gev_and_ordered_by_momentum(tmp_path: Path) -> None:
    pair = [photon(50.0, 0.2, 0.0), photon(80.0, 0.1, math.pi)]
    event = mini_event(pair, met_et=33.0)
    columns = run_chunk(write_mini(tmp_path / "mini.root", [event]), DiphotonProcessor()).columns
    assert columns["lead_pt"].tolist() == [80.0]
    assert columns["sublead_pt"].tolist() == [50.0]
    assert columns["lead_energy"][0] == pytest.approx(80 * math.cosh(0.1), rel=1e-6)
    assert columns["met"].tolist() == [33.0]
    expected = math.sqrt(2 * 50 * 80 * (math.cosh(0.1) + 1))
    assert columns["diphoton_mass"][0] == pytest.approx(expected, rel=1e-6)
    assert columns["diphoton_mass"].dtype == np.float64


def test_list_columns_by_hand(tmp_path: Path) -> None:
    leptons = [lepton(20, eta=0.8, charge=1), lepton(40, eta=-0.8, charge=1)]
    event = mini_event(diphoton_photons(), leptons, [jet(30, MV2c10=0.5)])
    row = {
        name: v[0]
        for name, v in run_chunk(
            write_mini(tmp_path / "m.root", [event]), DiphotonProcessor()
        ).columns.items()
    }
    assert (row["n_leptons"], row["n_jets"], row["n_photons"]) == (2, 1, 2)
    pts = [row[f"lep_pt_{name}"] for name in STATISTICS]
    assert pts == pytest.approx([20.0, 40.0, 30.0, 60.0, 10.0])
    assert row["lep_theta_max"] == pytest.approx(math.atan(1 / math.sinh(0.8)), rel=1e-6)
    assert row["lep_theta_sum"] == pytest.approx(0.0, abs=1e-6)
    assert row["lep_charge_sum"] == 2.0
    assert row["jet_mv2c10_mean"] == pytest.approx(0.5)
    assert row["jet_pt_std"] == 0.0


def test_empty_lists_give_nan_never_infinity(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "mini.root", [mini_event(diphoton_photons())])
    columns = run_chunk(path, DiphotonProcessor()).columns
    listed = [name for name in columns if name.startswith(("lep_", "jet_"))]
    assert len(listed) == 8 * 5 + 5 * 5
    assert all(np.isnan(columns[name][0]) for name in listed)
    assert columns["n_leptons"].tolist() == columns["n_jets"].tolist() == [0]


def test_aliases_are_the_published_names() -> None:
    aliases = {column.alias for column in DiphotonProcessor.columns}
    photons = {
        f"photon_{rank}_{name}"
        for rank in ("1lead", "2lead")
        for name in ("pt", "eta", "phi", "E", "etcone20")
    }
    lists = {
        f"lep_{name}_{statistic}"
        for name in ("pt", "phi", "E", "theta", "charge", "z0", "ptcone30", "etcone20")
        for statistic in STATISTICS
    }
    others = {"photon_n", "h_mass", "lep_n", "weight", "met_et", "met_phi", "label"}
    published = photons | lists | others
    assert len(published) == 57
    assert published <= aliases
    jets = {alias for alias in aliases if alias.startswith("jet_")}
    assert len(jets) == 26
    keys = {"channelNumber", "runNumber", "eventNumber"}
    assert aliases == published | jets | keys
