"""Tiny ROOT files in the experiments' layouts, with answers that can be worked out by hand.

Everything is given in GeV and written in the unit of the layout. ``photon``, ``lepton``, ``jet``
and ``muon`` make objects that pass every cut; change one number to fail one cut.

>>> write_mini(path, [mini_event(photons=[photon(60), photon(40, phi=3.0)])])
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

Object = dict[str, Any]
Event = dict[str, Any]

_ENERGIES = {"pt", "E", "ptcone30", "etcone20", "pt_syst", "m"}
_VECTOR = dict.fromkeys(("pt", "eta", "phi", "E", "pt_syst"), "float32")
_LAYOUT: dict[str, dict[str, str]] = {
    "photon": _VECTOR
    | {"ptcone30": "float32", "etcone20": "float32", "isTightID": "bool"}
    | {"trigMatched": "bool", "truthMatched": "bool", "convType": "int32"},
    "lep": _VECTOR
    | {"ptcone30": "float32", "etcone20": "float32", "z0": "float32"}
    | {"charge": "int32", "type": "uint32", "isTightID": "bool"},
    "jet": _VECTOR | {"jvt": "float32", "MV2c10": "float32", "trueflav": "int32"},
    "tau": _VECTOR | {"charge": "int32", "BDTid": "float32"},
    "largeRjet": _VECTOR | {"m": "float32", "D2": "float32", "tau32": "float32"},
}
_FACTORS = ("PILEUP", "ELE", "MUON", "PHOTON", "TAU", "BTAG", "LepTRIGGER", "PhotonTRIGGER")
_SCALARS: dict[str, tuple[str, Any]] = {
    "runNumber": ("int32", 1),
    "eventNumber": ("int32", 0),
    "channelNumber": ("int32", 0),
    "mcWeight": ("float32", 1.0),
    **{f"scaleFactor_{name}": ("float32", 1.0) for name in _FACTORS},
    "trigE": ("bool", False),
    "trigM": ("bool", False),
    "trigP": ("bool", True),
    "met_et": ("float32", 20.0),
    "met_phi": ("float32", 0.5),
    "met_et_syst": ("float32", 1.0),
    "XSection": ("float32", 0.0),
    "SumWeights": ("float32", 0.0),
}
_NANO = {"pt": "float32", "eta": "float32", "phi": "float32", "mass": "float32", "charge": "int32"}
MUON_MASS = 0.10565837


def _four_vector(pt: float, eta: float, phi: float, **others: Any) -> Object:
    return {"pt": pt, "eta": eta, "phi": phi, "E": pt * math.cosh(eta), "pt_syst": 0.01 * pt} | (
        others
    )


def photon(pt: float, eta: float = 0.1, phi: float = 0.0, **changes: Any) -> Object:
    """Make a tight, isolated, unconverted photon (pt in GeV), massless."""
    passing = {"ptcone30": 0.0, "etcone20": -0.1, "isTightID": True, "trigMatched": True}
    hidden = {"truthMatched": True, "convType": 0}
    return _four_vector(pt, eta, phi, **(passing | hidden | changes))


def lepton(pt: float, eta: float = 0.5, phi: float = 1.0, **changes: Any) -> Object:
    """Make an electron of charge -1 (pt in GeV)."""
    usual = {"ptcone30": 0.5, "etcone20": 0.3, "z0": 0.02, "charge": -1, "type": 11}
    return _four_vector(pt, eta, phi, **(usual | {"isTightID": True} | changes))


def jet(pt: float, eta: float = 1.0, phi: float = -1.0, **changes: Any) -> Object:
    """Make a light jet (pt in GeV)."""
    return _four_vector(pt, eta, phi, **({"jvt": 1.0, "MV2c10": -0.9, "trueflav": 0} | changes))


def muon(pt: float, eta: float = 0.0, phi: float = 0.0, charge: int = 1, **changes: Any) -> Object:
    """Make a muon as NanoAOD stores it (pt in GeV)."""
    return {"pt": pt, "eta": eta, "phi": phi, "mass": MUON_MASS, "charge": charge} | changes


def diphoton_photons(pt: float = 62.5, **changes: Any) -> list[Object]:
    """Make two photons back to back at eta 0.1, so that their mass is twice their pt."""
    return [photon(pt, phi=0.0, **changes), photon(pt, phi=math.pi, **changes)]


def mini_event(
    photons: Sequence[Object],
    leptons: Sequence[Object] = (),
    jets: Sequence[Object] = (),
    *,
    taus: Sequence[Object] = (),
    large_jets: Sequence[Object] = (),
    **scalars: Any,
) -> Event:
    """Make one event; ``scalars`` are branches of the file (``trigP=False``, ``met_et=30``)."""
    unknown = set(scalars) - set(_SCALARS)
    if unknown:
        raise ValueError(f"no such branch: {sorted(unknown)}")
    objects = {"photon": photons, "lep": leptons, "jet": jets}
    return {**objects, "tau": taus, "largeRjet": large_jets, **scalars}


def write_mini(
    path: Path,
    events: Sequence[Event],
    *,
    clusters: int = 1,
    drop: Sequence[str] = (),
    tree: str = "mini",
) -> Path:
    """Write the 2020 layout (MeV), with counter branches photon_n, lep_n and so on.

    Parameters
    ----------
    path : Path
        File to write.
    events : sequence of dict
        From :func:`mini_event`; ``eventNumber`` counts from 0 where it is not given.
    clusters : int
        Number of clusters the events are spread over.
    drop : sequence of str
        Branches to leave out (``photon_E``, ``trigP``).
    tree : str
        Name of the tree.
    """
    layout = {
        name: {field: kind for field, kind in fields.items() if f"{name}_{field}" not in drop}
        for name, fields in _LAYOUT.items()
    }
    scalars = {name: kind for name, (kind, _) in _SCALARS.items() if name not in drop}
    content: dict[str, Any] = {
        name: _jagged([event[name] for event in events], fields, scale=1000.0)
        for name, fields in layout.items()
    }
    for name, kind in scalars.items():
        content[name] = _scalar(events, name, kind)
    return _write(path, tree, layout, scalars, content, lambda counted: f"{counted}_n", clusters)


def write_analysis(path: Path, events: Sequence[Event], *, clusters: int = 1) -> Path:
    """Write the same events in the 2025 layout: tree ``analysis``, GeV, renamed branches."""
    names = {"E": "e", "ptcone30": "ptcone20"}
    layout = {
        collection: {names.get(field, field): kind for field, kind in fields.items()}
        for collection, fields in _LAYOUT.items()
    }
    content: dict[str, Any] = {}
    for collection, fields in _LAYOUT.items():
        jagged = _jagged([event[collection] for event in events], fields, scale=1.0)
        content[collection] = ak.zip(
            {names.get(field, field): jagged[field] for field in fields}, depth_limit=2
        )
    scalars: dict[str, str] = {}
    for name, (kind, _) in _SCALARS.items():
        renamed = name.replace("scaleFactor", "ScaleFactor").replace("met_et", "met")
        renamed = {"XSection": "xsec", "SumWeights": "sum_of_weights"}.get(renamed, renamed)
        scalars[renamed] = kind
        content[renamed] = _scalar(events, name, kind) / (1000.0 if "met_et" in name else 1.0)
    for name in ("kfac", "filteff"):
        scalars[name] = "float32"
        content[name] = np.full(len(events), 0.5, np.float32)
    return _write(
        path, "analysis", layout, scalars, content, lambda counted: f"{counted}_n", clusters
    )


def write_nanoaod(
    path: Path,
    muons: Sequence[Sequence[Object]],
    *,
    ids: bool | Sequence[int] = True,
    generator_weights: Sequence[float] | None = None,
    runs: Mapping[str, Sequence[float]] | None = None,
    clusters: int = 1,
    drop: Sequence[str] = (),
) -> Path:
    """Write a reduced NanoAOD: nMuon and Muon_*; event ids and genWeight as asked for.

    Parameters
    ----------
    muons : sequence of sequence of dict
        The muons of each event, from :func:`muon`, in the order they shall be stored.
    ids : bool or sequence of int
        Write run (1), luminosityBlock (2) and event (as given, or counting from 0).
    generator_weights : sequence of float, optional
        Write genWeight, which makes the file simulation.
    runs : mapping of str to sequence of float, optional
        Branches of a tree Runs, e.g. ``{"genEventSumw": [20.0]}``.
    clusters, drop
        As in :func:`write_mini`.
    """
    fields = {name: kind for name, kind in _NANO.items() if f"Muon_{name}" not in drop}
    size = len(muons)
    content: dict[str, Any] = {"Muon": _jagged(muons, fields, scale=1.0)}
    scalars: dict[str, str] = {}
    numbers = range(size) if isinstance(ids, bool) else ids
    if ids is not False:
        scalars |= {"run": "uint32", "luminosityBlock": "uint32", "event": "uint64"}
        content["run"] = np.full(size, 1, np.uint32)
        content["luminosityBlock"] = np.full(size, 2, np.uint32)
        content["event"] = np.asarray(numbers, dtype=np.uint64)
    if generator_weights is not None:
        scalars["genWeight"] = "float32"
        content["genWeight"] = np.asarray(generator_weights, np.float32)
    layout = {"Muon": fields}
    _write(path, "Events", layout, scalars, content, lambda name: f"n{name}", clusters)
    if runs is not None:
        with uproot.update(path) as file:
            columns = {name: np.asarray(values) for name, values in runs.items()}
            file.mktree("Runs", {name: values.dtype for name, values in columns.items()})
            file["Runs"].extend(columns)
    return path


def write_clusters(
    path: Path, *, clusters: int = 4, events: int = 200, seed: int = 1, xsection: float = 0.0
) -> Path:
    """Write a `mini` file of several clusters: random photon pairs, a part of them selected.

    The numbers are drawn once with ``seed``, which is also the run number; every third event has
    a lepton, every second a jet. With a cross section [pb] it is simulation of weights 1 and -1.
    """
    random = np.random.default_rng(seed)
    rows = []
    for index in range(events):
        pts = random.uniform(20.0, 90.0, size=2)
        phi = random.uniform(-math.pi, math.pi)
        pair = [
            photon(pt, eta=random.uniform(-2.5, 2.5), phi=turn, isTightID=bool(index % 10))
            for pt, turn in zip(pts, (phi, -phi), strict=True)
        ]
        leptons = [lepton(random.uniform(10, 50))] if index % 3 == 0 else []
        jets = [jet(random.uniform(20, 90))] if index % 2 == 0 else []
        scalars: dict[str, Any] = {"trigP": bool(index % 7), "runNumber": seed}
        if xsection:
            scalars |= {"channelNumber": seed, "mcWeight": -1.0 if index % 11 == 0 else 1.0}
            scalars |= {"XSection": xsection, "SumWeights": float(events)}
        rows.append(mini_event(pair, leptons, jets, **scalars))
    return write_mini(path, rows, clusters=clusters)


def _scalar(events: Sequence[Event], name: str, kind: str) -> Any:
    default = _SCALARS[name][1]
    values = [event.get(name, default) for event in events]
    if name == "eventNumber":
        values = [event.get(name, index) for index, event in enumerate(events)]
    scale = 1000.0 if name in ("met_et", "met_et_syst") else 1
    return (np.asarray(values) * scale).astype(kind)


def _jagged(lists: Sequence[Sequence[Object]], fields: Mapping[str, str], scale: float) -> Any:
    counts = np.asarray([len(objects) for objects in lists], dtype=np.int64)
    flat = [item for objects in lists for item in objects]
    columns = {
        field: np.asarray(
            [item.get(field, 0) * (scale if field in _ENERGIES else 1) for item in flat]
        ).astype(kind)
        for field, kind in fields.items()
    }
    return ak.unflatten(ak.zip(columns), counts)


def _write(
    path: Path,
    tree: str,
    layout: Mapping[str, Mapping[str, str]],
    scalars: Mapping[str, str],
    content: Mapping[str, Any],
    counter: Any,
    clusters: int,
) -> Path:
    types = {
        name: "var * {" + ", ".join(f"{field}: {kind}" for field, kind in fields.items()) + "}"
        for name, fields in layout.items()
    }
    size = len(next(iter(content.values())))
    edges = np.linspace(0, size, clusters + 1).astype(int)
    with uproot.recreate(path) as file:
        # plain assignment would write an RNTuple
        output = file.mktree(tree, {**types, **scalars}, counter_name=counter)
        for start, stop in itertools.pairwise(edges):
            if stop > start:
                output.extend({name: values[start:stop] for name, values in content.items()})
    return path


def open_events(path: Path, processor: Any, *, mode: str = "virtual", **metadata: Any) -> Any:
    """Open a file as a processor's events, with the metadata that the engine would attach.

    ``kind`` is ``"data"``, ``dataset`` the file's stem and the chunk the whole file, unless given.
    """
    from coffea.nanoevents import NanoEventsFactory

    usual = {"dataset": path.stem, "kind": "data", "fileuuid": "uuid", "entrystart": 0}
    access_log = metadata.pop("access_log", None)
    factory = NanoEventsFactory.from_root(
        {str(path): processor.trees[0]},
        schemaclass=processor.schema,
        mode=mode,
        access_log=access_log,
        metadata=usual | metadata,
    )
    return factory.events()


def shared_file(*parts: str) -> Path:
    """Find a file of the reference data beside the repository; skip the test without it."""
    path = Path(__file__).resolve().parents[2].joinpath("shared", "data", *parts)
    if not path.exists():
        pytest.skip(f"reference data not found: {path}")
    return path


def run_chunk(path: Path, processor: Any, **options: Any) -> Any:
    """Select and collect a whole file; options as for :func:`open_events`."""
    from hepml.collect import collect

    events = open_events(path, processor, **options)
    return collect(processor, processor.select(events), events.metadata)
