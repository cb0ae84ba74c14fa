"""Write flat and jagged columns cluster by cluster as a ROOT TTree with counter branches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Columns", "write_tree"]

Columns = Mapping[str, npt.NDArray[Any]]


def write_tree(
    path: Path,
    name: str,
    types: Mapping[str, str],
    clusters: Iterable[Columns],
    *,
    baskets: int,
    notes: Mapping[str, Any],
) -> int:
    """Write one tree, one cluster of baskets per item of ``clusters``.

    A jagged branch ``photon_pt`` takes its lengths from the column ``photon_n`` of the cluster
    and its values from a flat array; uproot writes no std::vector, so the file has counter
    branches (``int32``) where the experiment's have vectors.

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
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        tree = file.mktree(
            name,
            {branch: lists.get(branch, scalar.get(branch)) for branch in types},
            counter_name=_counter,
            initial_basket_capacity=baskets + 2,
        )
        for columns in clusters:
            data: dict[str, Any] = {
                branch: columns[branch].astype(kind, copy=False) for branch, kind in scalar.items()
            }
            for branch, kind in jagged.items():
                values = columns[branch].astype(kind, copy=False)
                data[branch] = ak.unflatten(values, columns[_counter(branch)])
            tree.extend(data)
            entries += len(next(iter(data.values())))
        file["hepml_simulation"] = json.dumps(dict(notes))
    return entries


def _counter(branch: str) -> str:
    """Name of the branch that counts the objects of ``photon_pt``: ``photon_n``."""
    return branch.split("_")[0] + "_n"
