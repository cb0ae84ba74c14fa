"""Write flat and jagged columns cluster by cluster as a ROOT TTree with counter branches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Columns", "mini_counter", "nanoaod_counter", "write_tree"]

Columns = Mapping[str, npt.NDArray[Any]]


def mini_counter(branch: str) -> str:
    """Name of the branch that counts the objects of ``photon_pt``: ``photon_n``."""
    return branch.split("_")[0] + "_n"


def nanoaod_counter(branch: str) -> str:
    """Name of the branch that counts the objects of ``Muon_pt``: ``nMuon``."""
    return "n" + branch.split("_")[0]


def write_tree(
    path: Path,
    name: str,
    types: Mapping[str, str],
    clusters: Iterable[Columns],
    *,
    baskets: int,
    notes: Mapping[str, Any],
    counter: Callable[[str], str] = mini_counter,
    trees: Mapping[str, Columns] | None = None,
) -> int:
    """Write one tree, one cluster of baskets per item of ``clusters``.

    A jagged branch ``photon_pt`` takes its lengths from the column that ``counter`` names and its
    values from a flat array; uproot writes no std::vector, so the file has counter branches
    (``int32``) where the ATLAS files have vectors (CMS has counters, unsigned).

    Parameters
    ----------
    path : Path
        File to create.
    name : str
        Name of the tree.
    types : mapping of str to str
        Branch name to numpy type; ``"var * float32"`` for a jagged one.
    clusters : iterable of mapping
        Columns of each cluster.
    baskets : int
        Number of clusters to make room for.
    notes : mapping
        Stored beside the tree as JSON under ``hepml_simulation``; read when the last cluster
        has been written, so that it may be filled on the way.
    counter : callable
        From a jagged branch to the name of its counter.
    trees : mapping of str to columns, optional
        Small flat trees beside the first; read, like the notes, at the end.

    Returns
    -------
    int
        Entries written.
    """
    import awkward as ak
    import uproot

    jagged = {
        branch: np.dtype(kind.removeprefix("var * "))
        for branch, kind in types.items()
        if kind.startswith("var * ")
    }
    scalar = {branch: np.dtype(kind) for branch, kind in types.items() if branch not in jagged}
    # awkward type objects: uproot would parse a type's text twice, at 5 ms a branch
    lists = {
        branch: ak.types.ListType(ak.types.NumpyType(kind.name)) for branch, kind in jagged.items()
    }
    entries = 0
    compression = uproot.ZLIB(3)
    compression.library = "isal"  # ten times as fast as Python's zlib, and smaller
    with uproot.recreate(path, compression=compression) as file:
        tree = file.mktree(
            name,
            {branch: lists.get(branch, scalar.get(branch)) for branch in types},
            counter_name=counter,
            initial_basket_capacity=baskets + 2,
        )
        for columns in clusters:
            data: dict[str, Any] = {
                branch: columns[branch].astype(kind, copy=False) for branch, kind in scalar.items()
            }
            offsets = {
                name: ak.index.Index64(np.concatenate([[0], np.cumsum(columns[name])]))
                for name in {counter(branch) for branch in jagged}
            }
            for branch, kind in jagged.items():
                values = ak.contents.NumpyArray(columns[branch].astype(kind, copy=False))
                data[branch] = ak.Array(
                    ak.contents.ListOffsetArray(offsets[counter(branch)], values)
                )
            tree.extend(data)
            entries += len(next(iter(data.values())))
        for other, flat in (trees or {}).items():
            file.mktree(other, {branch: values.dtype for branch, values in flat.items()})
            file[other].extend(dict(flat))
        file["hepml_simulation"] = json.dumps(dict(notes))
    return entries
