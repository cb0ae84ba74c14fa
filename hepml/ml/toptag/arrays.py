"""Metrics and uncertainties as numpy archives, in the layout of the published code."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hepml.engine.store import write_bytes
from hepml.ml.toptag.components import Combination, Component, Systematics
from hepml.ml.toptag.metrics import stepped

__all__ = ["uncertainty_arrays", "write_arrays", "write_npz"]

_MEV = 1000.0


def write_npz(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays, whole or not at all."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    write_bytes(path, stream.getvalue())


def uncertainty_arrays(found: Systematics) -> dict[str, Any]:
    """Each component and sum: ``<name>`` of all jets, ``<name>_binned`` with the last bin twice.

    What is not known is NaN. ``pt_bins`` in MeV.
    """
    arrays: dict[str, Any] = {
        "wp": np.float64(found.efficiency),
        "pt_bins": _MEV * np.array(found.edges),
    }
    rows: tuple[Component | Combination, ...] = (*found.components, *found.combinations)
    for item in rows:
        bins = item.bins or (None,) * (len(found.edges) - 1)
        arrays[item.name] = np.float64(np.nan if item.value is None else item.value)
        values = [np.nan if value is None else value for value in bins]
        arrays[f"{item.name}_binned"] = stepped(np.array(values, dtype=np.float64))
    return arrays


def write_arrays(path: Path, found: Systematics) -> None:
    """Write `uncertainty_arrays`."""
    write_npz(path, uncertainty_arrays(found))
