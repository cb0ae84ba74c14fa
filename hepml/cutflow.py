"""Counts and weighted sums per selection step and dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hepml.errors import ChunkError, ProcessorError

__all__ = ["add_cutflows", "count_steps", "cutflow_rows"]

# step name -> {"raw": int, "weighted": float}; order is the order of the cuts
Steps = dict[str, dict[str, Any]]


def count_steps(steps: Mapping[str, Any]) -> Steps:
    """Count a selection's steps.

    Parameters
    ----------
    steps : mapping of str to array of float
        Step name to the weights of the events that pass.

    Raises
    ------
    ChunkError
        If a weight is not finite: its event would vanish from every weighted sum.
    """
    counted: Steps = {}
    for name, weights in steps.items():
        values = np.asarray(weights, dtype=np.float64)
        total = float(values.sum())
        if not np.isfinite(total):
            bad = int(np.count_nonzero(~np.isfinite(values)))
            raise ChunkError(f"{bad} event weights are not finite at step {name!r}.")
        counted[name] = {"raw": len(values), "weighted": total}
    return counted


def add_cutflows(cutflows: Iterable[Steps]) -> Steps:
    """Add the steps of several chunks of one dataset.

    Raises
    ------
    ProcessorError
        If the chunks do not have the same steps in the same order.
    """
    total: Steps = {}
    for steps in cutflows:
        if not total:
            total = {name: dict(counts) for name, counts in steps.items()}
            continue
        if list(steps) != list(total):
            raise ProcessorError(
                f"The cutflow has different steps in different chunks: {list(total)} and "
                f"{list(steps)}. A selection must return the same steps for every chunk."
            )
        for name, counts in steps.items():
            total[name]["raw"] += counts["raw"]
            total[name]["weighted"] += counts["weighted"]
    return total


def cutflow_rows(cutflow: Mapping[str, Steps]) -> dict[str, list[dict[str, Any]]]:
    """Turn ``dataset -> step -> counts`` into the layout of ``cutflow.json``."""
    return {
        dataset: [{"step": name, **counts} for name, counts in steps.items()]
        for dataset, steps in sorted(cutflow.items())
    }
