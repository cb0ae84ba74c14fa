"""What a selection returned as a flat list of arrays, for a lazy graph, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hepml.processor import Fill, Selected

__all__ = ["Name", "flatten", "rebuild"]

Name = tuple[str, ...]


def flatten(selected: Selected) -> tuple[list[Any], list[Name]]:
    """List every array of a selection's result with a name to find it back by."""
    arrays: list[Any] = []
    names: list[Name] = []

    def add(array: Any, *name: str) -> None:
        arrays.append(array)
        names.append(name)

    for step, weights in selected.cutflow.items():
        add(weights, "cutflow", step)
    for histogram, fills in selected.histograms.items():
        for number, fill in enumerate(fills):
            place = ("histogram", histogram, str(number), fill.variation)
            for values in fill.values:
                add(values, *place, "value")
            add(fill.weight, *place, "weight")
    for column, values in selected.features.items():
        add(values, "feature", column)
    if selected.entries is not None:
        add(selected.entries, "entries")
    for constant, values in selected.constants.items():
        add(values, "constant", constant)
    return arrays, names


def rebuild(arrays: Sequence[Any], names: Sequence[Name]) -> Selected:
    """Invert :func:`flatten` on one partition's concrete arrays."""
    cutflow: dict[str, Any] = {}
    fills: dict[tuple[str, str, str], list[Any]] = {}
    features: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    entries = None
    for array, (kind, *name) in zip(arrays, names, strict=True):
        if kind == "cutflow":
            cutflow[name[0]] = array
        elif kind == "histogram":
            fills.setdefault((name[0], name[1], name[2]), []).append(array)
        elif kind == "feature":
            features[name[0]] = array
        elif kind == "constant":
            constants[name[0]] = array
        elif kind == "entries":
            entries = array
    histograms: dict[str, list[Fill]] = {}
    for (histogram, _, variation), (*values, weight) in fills.items():
        histograms.setdefault(histogram, []).append(Fill(tuple(values), weight, variation))
    return Selected(cutflow, histograms, features, entries, constants)
