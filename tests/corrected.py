"""Tiny correctionlib files with factors that can be worked out by hand, and a list of them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import correctionlib.schemav2 as cs

PILEUP = {
    "name": "pileup",
    "file": "pileup.json.gz",
    "correction": "pu",
    "inputs": {"n": {"column": "Pileup_nTrueInt"}, "shift": {"variation": True}},
    "nominal": "nominal",
    "up": "up",
    "down": "down",
}
MUON = {
    "name": "muon_id",
    "file": "muon.json",
    "correction": "id",
    "per": "muon",
    "inputs": {
        "pt": {"column": "pt", "minimum": 10.0, "maximum": 99.0},
        "eta": {"column": "eta", "absolute": True},
        "era": {"constant": "2016"},
        "what": {"variation": True},
    },
    "nominal": "sf",
    "up": "systup",
    "down": "systdown",
}


def _variable(name: str, kind: str) -> cs.Variable:
    return cs.Variable(name=name, type=kind)


def _category(name: str, values: dict[str, Any]) -> cs.Category:
    content = [cs.CategoryItem(key=key, value=value) for key, value in values.items()]
    return cs.Category(nodetype="category", input=name, content=content)


def _binning(name: str, edges: list[float], content: list[Any]) -> cs.Binning:
    return cs.Binning(nodetype="binning", input=name, edges=edges, content=content, flow="error")


def write_corrections(folder: Path, *sources: dict[str, Any]) -> Path:
    """Write the list and two files.

    ``pu``: 2 below 10 interactions and 0.5 up to 50; up and down are 10 % more and less.
    ``id``: 0.9 for abs(eta) below 1.2 and 0.8 up to 2.4 for 10 <= pt < 100 GeV, errors elsewhere;
    the systematic shifts add and take 0.1.
    """
    output = _variable("weight", "real")
    pu = cs.Correction(
        name="pu",
        version=1,
        inputs=[_variable("n", "real"), _variable("shift", "string")],
        output=output,
        data=_category(
            "shift",
            {
                name: _binning("n", [0, 10, 50], [2 * scale, 0.5 * scale])
                for name, scale in (("nominal", 1.0), ("up", 1.1), ("down", 0.9))
            },
        ),
    )
    identity = cs.Correction(
        name="id",
        version=1,
        inputs=[
            _variable("era", "string"),
            _variable("eta", "real"),
            _variable("pt", "real"),
            _variable("what", "string"),
        ],
        output=output,
        data=_category(
            "what",
            {
                name: _binning(
                    "eta",
                    [0, 1.2, 2.4],
                    [_binning("pt", [10, 100], [value + shift]) for value in (0.9, 0.8)],
                )
                for name, shift in (("sf", 0.0), ("systup", 0.1), ("systdown", -0.1))
            },
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    pileup = cs.CorrectionSet(schema_version=2, corrections=[pu]).model_dump_json()
    (folder / "pileup.json.gz").write_bytes(gzip.compress(pileup.encode(), mtime=0))
    muon = cs.CorrectionSet(schema_version=2, corrections=[identity]).model_dump_json()
    (folder / "muon.json").write_text(muon)
    path = folder / "corrections.json"
    path.write_text(json.dumps({"sources": list(sources or (PILEUP, MUON))}))
    return path
