"""Small tables of muon pairs, and run directories around them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import feature, key, label, observer, weight
from hepml.parts import write_part

COLUMNS = (
    key("run"),
    key("event"),
    observer("dimuon_mass", "GeV", alias="dimu_mass"),
    observer("charge_product", dtype="int32"),
    feature("lead_iso04", alias="mu0_iso04"),
    feature("score"),
    weight("weight"),
    label("label"),
)


def pairs(masses: Any, **columns: Any) -> dict[str, Any]:
    """Rows with the given masses: opposite sign, isolation 1, score 0, weight 1, label ``a``."""
    size = len(masses)
    usual = {
        "run": np.ones(size, np.int64),
        "event": np.arange(size),
        "dimuon_mass": np.asarray(masses, float),
        "charge_product": np.full(size, -1),
        "lead_iso04": np.ones(size),
        "score": np.zeros(size),
        "weight": np.ones(size),
        "label": np.full(size, "a"),
    }
    return usual | {name: np.asarray(values) for name, values in columns.items()}


def write_pairs(path: Path, masses: Any, **columns: Any) -> Path:
    """Write one Parquet file."""
    write_part(path, COLUMNS, pairs(masses, **columns))
    return path


def write_pair_run(
    folder: Path, datasets: Mapping[str, Mapping[str, Any]], **facts: Mapping[str, Any]
) -> Path:
    """Write a run directory: rows of each dataset, and what differs in its account."""
    for name, columns in datasets.items():
        values = dict(columns)
        write_pairs(folder / "features" / name / "part.parquet", values.pop("masses"), **values)
    account = {
        name: {
            "kind": "data",
            "simulated": False,
            "published": False,
            "luminosity": None,
            "complete": True,
            "incomplete_because": "",
        }
        | dict(facts.get(name, {}))
        for name in datasets
    }
    (folder / "plan.json").write_text("{}")
    provenance = {"processor": "dimuon", "parameters": {}, "datasets": account}
    report = {"planned": 1, "processed": 1, "failed": [], "datasets": account, "duplicates": {}}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return folder
