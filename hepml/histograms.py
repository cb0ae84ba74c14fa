"""Fill, save, load, scale and group histograms with dataset and variation axes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import hist
import numpy as np
import uhi.io.json

from hepml.errors import OutputError, ProcessorError, did_you_mean
from hepml.processor import Fill, Histogram

__all__ = [
    "add_histograms",
    "dump_histograms",
    "empty_histogram",
    "fill_histogram",
    "group_datasets",
    "load_histograms",
    "scale_datasets",
    "sort_categories",
]


def empty_histogram(
    declared: Histogram, datasets: Sequence[str] = (), variations: Sequence[str] = ()
) -> hist.Hist[Any]:
    """Make the empty histogram of a declaration: axes dataset, variation, then its own."""
    return hist.Hist(
        hist.axis.StrCategory(list(datasets), growth=True, name="dataset", label="Dataset"),
        hist.axis.StrCategory(list(variations), growth=True, name="variation", label="Variation"),
        *declared.axes,
        storage=hist.storage.Weight(),
        name=declared.name,
        label=declared.label,
    )


def fill_histogram(declared: Histogram, dataset: str, fills: Iterable[Fill]) -> hist.Hist[Any]:
    """Fill one declared histogram for one dataset.

    Raises
    ------
    ProcessorError
        If a fill does not have one array per axis.
    """
    fills = list(fills)
    variations = list(dict.fromkeys(fill.variation for fill in fills))
    # a dataset of which nothing passes is there all the same, with empty bins
    histogram = empty_histogram(declared, [dataset], variations)
    for fill in fills:
        if len(fill.values) != len(declared.axes):
            raise ProcessorError(
                f"Histogram {declared.name!r} has {len(declared.axes)} axes but "
                f"{len(fill.values)} arrays were given to fill it."
            )
        histogram.fill(
            dataset,
            fill.variation,
            *(np.asarray(values) for values in fill.values),
            weight=np.asarray(fill.weight, dtype=np.float64),
        )
    return histogram


def add_histograms(parts: Iterable[Mapping[str, hist.Hist[Any]]]) -> dict[str, hist.Hist[Any]]:
    """Add the histograms of several chunks, name by name."""
    total: dict[str, hist.Hist[Any]] = {}
    for part in parts:
        for name, histogram in part.items():
            if name in total:
                total[name] += histogram
            else:
                total[name] = histogram.copy()
    return total


def sort_categories(histogram: hist.Hist[Any]) -> hist.Hist[Any]:
    """Return the histogram with its categories in alphabetical order (``nominal`` first).

    Categories grow in order of arrival, which differs from run to run.
    """
    order = {
        name: sorted(histogram.axes[name], key=lambda value: (value != "nominal", value))
        for name in ("dataset", "variation")
    }
    if all(list(histogram.axes[name]) == names for name, names in order.items()):
        return histogram
    axes = [
        hist.axis.StrCategory(order[axis.name], growth=True, name=axis.name, label=axis.label)
        if axis.name in order
        else axis
        for axis in histogram.axes
    ]
    result = hist.Hist(
        *axes, storage=histogram.storage_type(), name=histogram.name, label=histogram.label
    )
    for new, dataset in enumerate(order["dataset"]):
        for column, variation in enumerate(order["variation"]):
            old = (
                histogram.axes["dataset"].index(dataset),
                histogram.axes["variation"].index(variation),
            )
            result.view(flow=True)[new, column] = histogram.view(flow=True)[old]
    return result


def dump_histograms(histograms: Mapping[str, hist.Hist[Any]]) -> str:
    """Serialise histograms to UHI JSON, without loss."""
    return json.dumps(dict(histograms), default=uhi.io.json.default)


def load_histograms(source: str | Path) -> dict[str, hist.Hist[Any]]:
    """Load histograms from UHI JSON: a path, or the text itself."""
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
    content = json.loads(text, object_hook=uhi.io.json.object_hook)
    return {name: hist.Hist(item) for name, item in content.items()}


def scale_datasets(histogram: hist.Hist[Any], factors: Mapping[str, float]) -> hist.Hist[Any]:
    """Multiply each dataset's contents by a factor (variances by its square).

    Raises
    ------
    OutputError
        If a dataset of the histogram has no factor.
    """
    scaled = histogram.copy()
    view: Any = scaled.view(flow=True)
    for index, dataset in enumerate(histogram.axes["dataset"]):
        if dataset not in factors:
            raise OutputError(
                f"No scale factor for dataset {dataset!r}. " + did_you_mean(dataset, factors)
            )
        view["value"][index] *= factors[dataset]
        view["variance"][index] *= factors[dataset] ** 2
    return scaled


def group_datasets(
    histogram: hist.Hist[Any], groups: Mapping[str, Iterable[str]]
) -> hist.Hist[Any]:
    """Add datasets up into groups; datasets that the histogram lacks count as empty."""
    present = list(histogram.axes["dataset"])
    rest = [axis for axis in histogram.axes if axis.name != "dataset"]
    grouped = hist.Hist(
        hist.axis.StrCategory(list(groups), growth=True, name="dataset", label="Dataset"),
        *rest,
        storage=histogram.storage_type(),
        name=histogram.name,
        label=histogram.label,
    )
    target: Any = grouped.view(flow=True)
    source: Any = histogram.view(flow=True)
    for row, members in enumerate(groups.values()):
        for member in members:
            if member in present:
                index = present.index(member)
                target["value"][row] += source["value"][index]
                target["variance"][row] += source["variance"][index]
    return grouped
