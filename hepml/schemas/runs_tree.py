"""The tree ``Runs`` of NanoAOD: what was generated before any event was dropped."""

from __future__ import annotations

import math
from typing import Any

from hepml.errors import BranchError

__all__ = ["generated_sums"]

# constant of the sample -> branch; productions of 2016 to 2018 (NanoAOD v6, v7) have the underscore
_BRANCHES = {
    "sum_of_weights": ("genEventSumw", "genEventSumw_"),
    "generated": ("genEventCount", "genEventCount_"),
}


def generated_sums(directory: Any) -> dict[str, float]:
    """Add up what a simulated file says of the events that it was made from.

    Events are dropped when files are skimmed, the tree ``Runs`` is not: only its sum normalises.

    Parameters
    ----------
    directory : uproot.ReadOnlyDirectory
        The open file.

    Returns
    -------
    dict of str to float
        ``sum_of_weights`` and ``generated`` (events), as far as the file has them; empty for a
        file without the tree.

    Raises
    ------
    BranchError
        If a sum is not a finite number.
    """
    if "Runs" not in directory.keys(recursive=False, cycle=False):
        return {}
    tree = directory["Runs"]
    present = set(tree.keys())
    found = {}
    for constant, names in _BRANCHES.items():
        name = next((name for name in names if name in present), None)
        if name is None or tree.num_entries == 0:
            continue
        # one number a run of the job that wrote the file, or a merge of such
        total = math.fsum(tree[name].array(library="np").tolist())
        if not math.isfinite(total):
            raise BranchError(
                f"{directory.file_path}: {name} of the tree 'Runs' adds up to {total}, so the "
                "sample cannot be normalised. The file is damaged: get another copy."
            )
        found[constant] = total
    return found
