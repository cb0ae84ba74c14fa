"""Small NanoAOD files with everything that the dimuon presets read: TTree or RNTuple."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from tests.events import Object, _jagged, muon

TRIGGER = "HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx"
_MUON = {
    **dict.fromkeys(("pt", "eta", "phi", "mass"), "float32"),
    "charge": "int32",
    "tightId": "bool",
    **dict.fromkeys(("ip3d", "jetRelIso", "pfRelIso04_all"), "float32"),
}
_JET = dict.fromkeys(("pt", "eta", "phi", "mass", "btagDeepB"), "float32")


def full_muon(pt: float, eta: float = 0.0, phi: float = 0.0, charge: int = 1, **more: Any) -> Any:
    """Make a tight muon inside a jet: isolation 1, impact parameter 0.01 cm."""
    usual = {"tightId": True, "ip3d": 0.01, "jetRelIso": 0.5, "pfRelIso04_all": 1.0}
    return muon(pt, eta, phi, charge, **(usual | more))


def nano_jet(pt: float, eta: float = 1.0, phi: float = -1.0, **more: Any) -> Object:
    """Make a jet as NanoAOD stores it."""
    return {"pt": pt, "eta": eta, "phi": phi, "mass": 5.0, "btagDeepB": 0.25} | more


def write_full_nanoaod(
    path: Path,
    muons: Sequence[Sequence[Object]],
    *,
    jets: Sequence[Sequence[Object]] | None = None,
    fired: Mapping[str, Sequence[bool]] | None = None,
    branches: Mapping[str, Any] | None = None,
    drop: Sequence[str] = (),
    clusters: int = 1,
    rntuple: bool = False,
    sum_of_weights: float | None = None,
) -> Path:
    """Write muons, jets, event ids (run 1, block 2, event from 0) and trigger decisions.

    Parameters
    ----------
    muons, jets : sequence of sequence of dict
        From :func:`full_muon` and :func:`nano_jet`; no jets if left out.
    fired : mapping of str to sequence of bool, optional
        Decisions by path; the trigger of the Upsilon presets, fired always, if left out.
    branches : mapping of str to array, optional
        Further branches with one value per event, or ids to replace.
    drop : sequence of str
        Branches to leave out.
    clusters : int
        Number of clusters the events are spread over.
    rntuple : bool
        Write an RNTuple in place of a TTree.
    sum_of_weights : float, optional
        Write the tree Runs with it.
    """
    size = len(muons)
    content: dict[str, Any] = {
        "run": np.full(size, 1, np.uint32),
        "luminosityBlock": np.full(size, 2, np.uint32),
        "event": np.arange(size, dtype=np.uint64),
    }
    content |= {name: np.asarray(values) for name, values in (branches or {}).items()}
    decisions = {TRIGGER: [True] * size} if fired is None else fired
    content |= {name: np.asarray(values, np.bool_) for name, values in decisions.items()}
    groups = {"Muon": (muons, _MUON), "Jet": (jets or [[]] * size, _JET)}
    for name, (objects, layout) in groups.items():
        records = _jagged(objects, layout, scale=1.0)
        content[f"n{name}"] = np.asarray([len(items) for items in objects], np.int32)
        content |= {f"{name}_{field}": records[field] for field in layout}
    content = {name: values for name, values in content.items() if name not in drop}
    with uproot.recreate(path) as file:
        if rntuple:
            file["Events"] = content
        else:
            _write_tree(file, content, size, clusters)
        if sum_of_weights is not None:
            file.mktree("Runs", {"genEventSumw": "float64", "genEventCount": "int64"})
            file["Runs"].extend({"genEventSumw": [sum_of_weights], "genEventCount": [size]})
    return path


def _write_tree(file: Any, content: Mapping[str, Any], size: int, clusters: int) -> None:
    types = {
        name: values.dtype if isinstance(values, np.ndarray) else str(values.type.content)
        for name, values in content.items()
        if name not in ("nMuon", "nJet")
    }
    # uproot writes one counter for each jagged branch: give them the names that NanoAOD has
    tree = file.mktree("Events", types, counter_name=lambda name: f"n{name.split('_')[0]}")
    edges = np.linspace(0, size, clusters + 1).astype(int)
    for start, stop in itertools.pairwise(edges):
        if stop > start:
            tree.extend({name: content[name][start:stop] for name in types})
