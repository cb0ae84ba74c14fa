"""HDF5 files in the layouts of the ATLAS top tagging open data, written block by block."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.topjet_jets import SLOTS
from hepml.simulate.topjet_observables import OBSERVABLES, observables
from hepml.simulate.topjet_samples import Jets
from hepml.simulate.topjet_weights import SHOWER_WEIGHTS

__all__ = ["JetFile", "compress"]

CHUNK = 500  # rows
COPY = 1 << 22
_CONSTITUENTS = ("fjet_clus_eta", "fjet_clus_phi", "fjet_clus_pt", "fjet_clus_E")
_JET = ("fjet_pt", "fjet_eta", "fjet_phi", "fjet_m")
_EVENT = ("EventInfo_mcEventNumber", "EventInfo_mcEventWeights")
_TRAINING = {"2022": "weights", "2024": "training_weights"}


class JetFile:
    """One file that is being written; a context manager.

    Parameters
    ----------
    path : Path
        A new file.
    jets : int
        Rows.
    layout : {"2022", "2024"}
        The first release had no taste, no event numbers and no shower weights.
    packed : bool
        Compress datasets in chunks; else they are contiguous, to be compressed from outside.
    highest : int
        Largest event number to expect.
    """

    def __init__(
        self, path: Path, jets: int, layout: str, *, packed: bool = True, highest: int = 0
    ) -> None:
        import h5py

        self._file: Any = h5py.File(path, "w")
        self._jets, self._layout, self._packed = jets, layout, packed
        # the published files have single precision, which holds whole numbers up to 2^24
        self._number = np.float32 if highest <= 2**24 else np.float64
        self._done = 0

    def __enter__(self) -> JetFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def append(self, jets: Jets, shower: NDArray[Any] | None = None) -> None:
        """Write the next rows, with their high-level quantities."""
        rows = slice(self._done, self._done + len(jets))
        for name, values in self._columns(jets, shower).items():
            if name not in self._file:
                self._create(name, values)
            self._file[name][rows] = values
        self._done = rows.stop

    def note(self, notes: Mapping[str, Any]) -> None:
        """Write the attributes; notes say that, and how, the jets were simulated."""
        attributes = self._file.attrs
        lists: dict[str, tuple[str, ...]] = {
            "constit": _CONSTITUENTS,
            "hl": tuple(f"fjet_{name}" for name in OBSERVABLES),
            "jet": _JET,
        }
        if self._layout == "2024":
            lists["taste"] = ("fjet_clus_taste",)
            lists["event"] = tuple(name for name in _EVENT if name in self._file)
            attributes["max_constits"] = SLOTS
        for name, value in lists.items():
            attributes[name] = np.array(value, "S")
        attributes["num_cons"], attributes["num_hl"] = len(_CONSTITUENTS), len(OBSERVABLES)
        attributes["num_jet_features"], attributes["num_jets"] = len(_JET), self._jets
        attributes["hepml_simulation"] = json.dumps(notes)

    @staticmethod
    def add_training_weights(path: Path, weights: NDArray[np.float32], layout: str) -> None:
        """Complete a file that is closed; the weights need all jets of the sample."""
        import h5py

        with h5py.File(path, "r+") as file:
            file.create_dataset(_TRAINING[layout], data=weights)

    def _create(self, name: str, values: NDArray[Any]) -> None:
        shape = (self._jets, *values.shape[1:])
        options: dict[str, Any] = {}
        if self._packed and self._jets:
            chunks = (min(CHUNK if values.ndim > 1 else 20 * CHUNK, self._jets), *shape[1:])
            options = {"chunks": chunks, "compression": 1, "shuffle": True}
        self._file.create_dataset(name, shape, values.dtype, **options)

    def _columns(self, jets: Jets, shower: NDArray[Any] | None) -> dict[str, NDArray[Any]]:
        """Datasets of some rows, padded with zeros."""
        filled = np.arange(SLOTS) < jets.counts[:, None]
        pt, eta, phi = jets.constituents.T
        energy = pt.astype(np.float64) * np.cosh(eta.astype(np.float64))
        columns: dict[str, NDArray[Any]] = {}
        for name, values in zip(_CONSTITUENTS, (eta, phi, pt, energy), strict=True):
            columns[name] = np.zeros(filled.shape, np.float32)
            columns[name][filled] = values
        columns |= {name: jets.jet[:, place] for place, name in enumerate(_JET)}
        found = observables(pt, eta, phi, jets.offsets).astype(np.float32)
        columns |= {f"fjet_{name}": found[:, place] for place, name in enumerate(OBSERVABLES)}
        columns["labels"] = jets.label
        if self._layout == "2022":
            return columns
        columns["fjet_clus_taste"] = np.zeros(filled.shape, np.int32)
        columns["fjet_clus_taste"][filled] = jets.taste
        columns[_EVENT[0]] = jets.number.astype(self._number)
        if shower is not None:
            if shower.shape[1:] != (SHOWER_WEIGHTS,):
                raise ValueError(f"{SHOWER_WEIGHTS} shower weights a jet, not {shower.shape}")
            columns[_EVENT[1]] = shower
        return columns


def compress(path: Path) -> Path:
    """Replace a file by its gzipped copy, with ``.gz`` added to the name."""
    igzip: Any = import_module("isal.igzip")
    target = path.with_name(path.name + ".gz")
    with path.open("rb") as plain, igzip.open(target, "wb", 2) as packed:
        shutil.copyfileobj(plain, packed, COPY)
    path.unlink()
    return target
