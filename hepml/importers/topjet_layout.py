"""What a file of top-tagging jets holds: datasets by name, in the 2022 and the 2024 layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hepml.errors import TableError, did_you_mean
from hepml.importers.hdf5 import simulation_note

__all__ = ["HIGH_LEVEL", "JetLayout", "read_layout"]

# The order of the published files; attributes of a file may say another one.
HIGH_LEVEL = (
    "Tau1_wta", "Tau2_wta", "Tau3_wta", "Tau4_wta", "Split12", "Split23", "ECF1", "ECF2", "ECF3",
    "C2", "D2", "Qw", "L2", "L3", "ThrustMaj",
)  # fmt: skip

_CONSTITUENTS = {
    "fjet_clus_pt": "constit_pt",
    "fjet_clus_eta": "constit_eta",
    "fjet_clus_phi": "constit_phi",
    "fjet_clus_E": "constit_energy",
}
_JET = {"fjet_pt": "jet_pt", "fjet_eta": "jet_eta", "fjet_phi": "jet_phi", "fjet_m": "jet_m"}
_OPTIONAL = {
    "fjet_clus_taste": "constit_taste",
    "training_weights": "training_weight",
    "EventInfo_mcEventWeights": "shower_weights",
    "EventInfo_mcEventNumber": "event_number",
}
# Other spellings: of the 2022 release, and of descriptions of the data.
_ALIASES = {
    "training_weights": ("weights",),
    "EventInfo_mcEventWeights": ("EventInfo_mcEventWEights",),
}
_LISTS = ("constit", "hl", "jet", "taste", "event")
SHOWER_WEIGHTS = 27


@dataclass(frozen=True, slots=True)
class JetLayout:
    """Datasets of one open file.

    Attributes
    ----------
    names : dict of str to str
        Our column to the file's dataset.
    jets, width : int
        Rows, and slots for constituents of each.
    year : {"2022", "2024"}
        Release whose layout it is: the first one had no kind of constituent (``taste``).
    attributes : dict
        Attributes of the file as JSON; lists of names in their order.
    simulation : dict or None
        What ``hepml simulate`` noted, ``None`` for any other file.
    """

    names: dict[str, str]
    jets: int
    width: int
    year: str
    attributes: dict[str, Any]
    simulation: dict[str, Any] | None

    @property
    def high_level(self) -> tuple[str, ...]:
        """High-level columns, in the order of the file."""
        return tuple(name for name in self.names if name.startswith("hl_"))


def read_layout(file: Any, where: str) -> JetLayout:
    """Find the datasets of an open file and compare their shapes.

    Parameters
    ----------
    file : h5py.File
        The file.
    where : str
        Its name, for messages.

    Raises
    ------
    TableError
        If a dataset is missing, or has another length than the jets.
    """
    present = [str(name) for name in file]
    attributes = {str(name): _plain(value) for name, value in file.attrs.items()}
    listed = {name: _names(attributes.get(name)) for name in _LISTS}
    names = {ours: _need(theirs, present, where) for theirs, ours in _CONSTITUENTS.items()}
    names |= {ours: _need(theirs, present, where) for theirs, ours in _JET.items()}
    wanted = listed["hl"] or [f"fjet_{name}" for name in HIGH_LEVEL]
    # what the attributes leave out is needed all the same
    wanted += [f"fjet_{name}" for name in HIGH_LEVEL if f"fjet_{name}" not in wanted]
    names |= {f"hl_{item.removeprefix('fjet_')}": _need(item, present, where) for item in wanted}
    names["label"] = _need("labels", present, where)
    for theirs, ours in _OPTIONAL.items():
        found = [name for name in (theirs, *_ALIASES.get(theirs, ())) if name in present]
        if found:
            names[ours] = found[0]
    for name in (item for items in listed.values() for item in items):
        _need(name, present, where)
    jets, width = _shape(file, names, where)
    return JetLayout(
        names,
        jets,
        width,
        "2024" if "constit_taste" in names else "2022",
        {name: value for name, value in attributes.items() if name != "hepml_simulation"},
        simulation_note(attributes.get("hepml_simulation")),
    )


def _need(name: str, present: Iterable[str], where: str) -> str:
    spellings: tuple[str, ...] = (name, *_ALIASES.get(name, ()))
    for spelling in spellings:
        if spelling in present:
            return spelling
    raise TableError(
        f"{where} has no dataset {name!r}. {did_you_mean(name, present)} Files of the ATLAS top "
        "tagging open data have it; download this one again."
    )


def _shape(file: Any, names: Mapping[str, str], where: str) -> tuple[int, int]:
    """Jets and slots; every dataset has to agree."""
    shapes = {ours: tuple(file[theirs].shape) for ours, theirs in names.items()}
    first = shapes["constit_pt"]
    if len(first) != 2:
        raise TableError(f"{where}: fjet_clus_pt has the shape {first}, not (jets, constituents).")
    jets, width = first
    for ours, shape in shapes.items():
        wanted: tuple[int, ...] = (jets,)
        if ours.startswith("constit_"):
            wanted = (jets, width)
        elif ours == "shower_weights":
            wanted = (jets, SHOWER_WEIGHTS)
        if shape != wanted:
            raise TableError(
                f"{where}: the dataset {names[ours]!r} has the shape {shape}, but "
                f"{names['constit_pt']!r} says {wanted}. The file is not whole, or it mixes "
                "samples; download it again."
            )
    return jets, width


def _plain(value: Any) -> Any:
    """An attribute as JSON; text may be bytes or str, alone or in an array."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip("\0")
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, np.generic):
        return _plain(value.item())
    return value if isinstance(value, str | int | float | bool) else str(value)


def _names(value: Any) -> list[str]:
    """Names in an attribute; one name may stand alone."""
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list) else []
