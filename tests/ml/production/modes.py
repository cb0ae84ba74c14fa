"""Small tables of production modes with features that tell them apart, for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import Column, feature, key, label, observer, weight
from hepml.parts import write_part

MODES = {"ggH": "gg", "VBF": "VBF", "WpH": "Wp", "ZH": "Z", "ttH": "tt"}
# sums of weights as different as those of the published table
SCALES = {"gg": 6e-3, "VBF": 6e-4, "Wp": 1e-4, "Z": 1e-4, "tt": 2e-7}
JETS = {"gg": 0.7, "VBF": 2.0, "Wp": 1.5, "Z": 1.5, "tt": 5.0}

COLUMNS: tuple[Column, ...] = (
    key("channel", alias="channelNumber"),
    key("run", alias="runNumber"),
    key("event", alias="eventNumber"),
    feature("lead_pt", "GeV", alias="photon_1lead_pt"),
    feature("lead_eta", alias="photon_1lead_eta"),
    feature("met", "GeV", alias="met_et"),
    feature("n_leptons", dtype="int32", alias="lep_n"),
    feature("lep_pt_sum", "GeV", alias="lep_pt_sum"),
    feature("n_jets", dtype="int32", alias="jet_n"),
    feature("jet_pt_sum", "GeV", alias="jet_pt_sum"),
    feature("jet_eta_std", alias="jet_eta_std"),
    observer("diphoton_mass", "GeV", alias="h_mass"),
    weight("weight"),
    label("label"),
)
Rows = dict[str, Any]


def rows(mode: str, size: int, seed: int = 0) -> Rows:
    """Events of a mode, a twentieth of them with a negative weight; NaN where there is nothing."""
    rng = np.random.default_rng([seed, sorted(SCALES).index(mode)])
    jets = rng.poisson(JETS[mode], size)
    leptons = (rng.random(size) < (0.3 if mode in ("Wp", "Z", "tt") else 0.0)).astype(np.int32)
    spread = rng.gamma(4.0 if mode == "VBF" else 1.5, 0.6, size)
    signs = np.where(rng.random(size) < 0.05, -1.0, 1.0)
    with np.errstate(invalid="ignore"):
        return {
            "channel": np.full(size, 345000 + sorted(SCALES).index(mode)),
            "run": np.full(size, 300000),
            "event": np.arange(size),
            "lead_pt": 40 + rng.gamma(2.0, 15.0 if mode == "gg" else 25.0, size),
            "lead_eta": rng.normal(0, 1.2, size),
            "met": rng.gamma(2.0, 10.0, size) + 30 * leptons * (mode == "Wp"),
            "n_leptons": leptons,
            "lep_pt_sum": np.where(leptons > 0, rng.gamma(3.0, 15.0, size), np.nan),
            "n_jets": jets.astype(np.int32),
            "jet_pt_sum": np.where(jets > 0, jets * rng.gamma(4.0, 10.0, size), np.nan),
            "jet_eta_std": np.where(jets > 1, spread, np.nan),
            "diphoton_mass": rng.normal(125, 2, size),
            "weight": signs * SCALES[mode] / size * rng.uniform(0.9, 1.1, size),
            "label": np.full(size, mode, dtype=object),
        }


def background(size: int, seed: int = 0) -> Rows:
    """Events of data."""
    found = rows("gg", size, seed + 100)
    rng = np.random.default_rng([seed, 99])
    return found | {
        "channel": np.zeros(size, dtype=np.int64),
        "diphoton_mass": rng.uniform(105, 160, size),
        "weight": np.ones(size),
        "label": np.full(size, "data", dtype=object),
    }


def write_modes(
    folder: Path,
    size: int = 400,
    *,
    seed: int = 0,
    data: int = 0,
    change: Callable[[str, Rows], Rows] | None = None,
    columns: tuple[Column, ...] = COLUMNS,
) -> Path:
    """Write a table of five modes; ``change`` may alter the rows of each."""
    for dataset, mode in MODES.items():
        found = rows(mode, size, seed)
        if change is not None:
            found = change(mode, found)
        write_part(folder / dataset / "part-00000.parquet", columns, found)
    if data:
        write_part(folder / "data_A" / "part-00000.parquet", columns, background(data, seed))
    return folder
