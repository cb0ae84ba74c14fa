"""What jets look like: histograms of their quantities and images, for figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.lists import is_list
from hepml.ml.toptag.roles import NOMINAL, portal_name
from hepml.stats.results import Result
from hepml.tables import FeatureTable

__all__ = ["JetImage", "JetLooks", "Quantity", "describe_jets"]

_IMAGE = ("constit_eta", "constit_phi", "constit_pt")
_REACH, _PIXELS = 1.0, 50
_BINS = 50
_EXAMPLES = 3
# jets of which the ranges of histograms are made
_LOOK = 20_000


class Quantity(Result):
    """Histogram of one column for top and QCD jets.

    Attributes
    ----------
    name, unit, doc : str
        The column.
    edges : tuple of float
        Bins; those of a quantity of a wide range grow with it.
    logarithmic : bool
        Whether they do.
    top, qcd : tuple of float
        Sums of weights; jets beyond the range are in no bin.
    """

    name: str
    unit: str = ""
    doc: str = ""
    edges: tuple[float, ...]
    logarithmic: bool = False
    top: tuple[float, ...]
    qcd: tuple[float, ...]


class JetImage(Result):
    """pT of constituents in the plane of the jet, in shares of the jet's sum.

    Attributes
    ----------
    title : str
        Which jet, or which jets' mean.
    top : bool
        Top or QCD.
    jets : int
        How many.
    pixels : tuple of tuple of float
        By eta' (first) and phi' bin.
    """

    title: str
    top: bool
    jets: int
    pixels: tuple[tuple[float, ...], ...]


class JetLooks(Result):
    """Histograms and images of top and QCD jets; ``jets.json``.

    Attributes
    ----------
    datasets : tuple of str
        Whose jets.
    weighted : bool
        Whether jets have training weights that are not 1.
    top, qcd : int
        Jets that were looked at.
    quantities : tuple of Quantity
        All features that are one number.
    reach : float
        Images cover eta' and phi' from minus to plus this.
    means, examples : tuple of JetImage
        Mean images, and single jets.
    """

    datasets: tuple[str, ...]
    weighted: bool
    top: int
    qcd: int
    quantities: tuple[Quantity, ...]
    reach: float = _REACH
    means: tuple[JetImage, ...] = ()
    examples: tuple[JetImage, ...] = ()


def describe_jets(
    table: FeatureTable | str | Path,
    *,
    datasets: Sequence[str] | None = None,
    max_jets: int = 100_000,
) -> JetLooks:
    """Describe the jets of a run's table, for ``jets.json`` (``.write(folder / "jets.json")``).

    Parameters
    ----------
    table : FeatureTable or path
        Of ``hepml run topjet``.
    datasets : sequence of str, optional
        Default: the nominal test jets where there are some, else all.
    max_jets : int
        Most jets to look at, the first ones.
    """
    opened = table if isinstance(table, FeatureTable) else FeatureTable.open(table)
    if datasets is None:
        datasets = [name for name in opened.datasets if portal_name(name) == NOMINAL]
    chosen = opened.of(*datasets) if datasets else opened
    flat = [c for c in chosen.columns if c.role == "feature" and not c.is_list]
    columns = [column.name for column in flat]
    images = all(name in chosen.names() for name in _IMAGE)
    extra = ["label", *(["weight"] if "weight" in chosen.names() else [])]
    wanted = [*extra, *columns, *(_IMAGE if images else ())]
    fill: _Filler | None = None
    left = max_jets
    for batch in chosen.batches(wanted, batch_size=_LOOK):
        batch = batch.slice(0, left)
        left -= len(batch)
        rows = {name: batch.column(place) for place, name in enumerate(wanted)}
        numbers = {
            name: np.asarray(values.to_numpy(zero_copy_only=False), np.float64)
            for name, values in rows.items()
            if not is_list(values.type)
        }
        if fill is None:
            fill = _Filler(flat, numbers)
        fill.add(numbers)
        if images:
            fill.add_images(numbers, [rows[name] for name in _IMAGE])
        if left <= 0:
            break
    found = fill or _Filler(flat, {name: np.empty(0) for name in columns})
    return found.looks(chosen.datasets)


class _Filler:
    """Histograms whose ranges come from the first batch."""

    def __init__(self, columns: Sequence[Column], first: dict[str, NDArray[Any]]) -> None:
        self.columns = columns
        ranges = [_range(first[column.name]) for column in columns]
        self.edges = [_edges(*item) for item in ranges]
        self.logarithmic = [item[2] for item in ranges]
        self.counts = np.zeros((len(columns), 2, _BINS))
        self.jets = np.zeros(2, dtype=np.int64)
        self.weighted = False
        self.sums = np.zeros((2, _PIXELS, _PIXELS))
        self.imaged = np.zeros(2)
        self.examples: list[list[NDArray[Any]]] = [[], []]

    def add(self, rows: dict[str, NDArray[Any]]) -> None:
        """Fill the histograms."""
        weight = rows.get("weight", np.ones(len(rows["label"])))
        self.weighted |= bool(np.any(weight != 1))
        for kind in (0, 1):
            of_kind = rows["label"] == kind
            self.jets[kind] += int(of_kind.sum())
            for place, column in enumerate(self.columns):
                values = rows[column.name][of_kind]
                known = np.isfinite(values)
                counts, _ = np.histogram(
                    values[known], self.edges[place], weights=weight[of_kind][known]
                )
                self.counts[place, kind] += counts

    def add_images(self, rows: dict[str, NDArray[Any]], lists: Sequence[Any]) -> None:
        """Add jets to the mean images, and keep the first ones."""
        eta, phi, pt = (_flat(item) for item in lists)
        lengths = np.diff(np.asarray(lists[2].offsets))
        jet = np.repeat(np.arange(len(lengths)), lengths)
        total = np.bincount(jet, weights=pt, minlength=len(lengths))
        share = pt / np.where(total > 0, total, 1.0)[jet]
        label = rows["label"].astype(np.int64)
        weight = rows.get("weight", np.ones(len(label)))
        pixel = _pixel(eta) * _PIXELS + _pixel(phi)
        for kind in (0, 1):
            mine = label[jet] == kind
            sums = np.bincount(
                pixel[mine], weights=(share * weight[jet])[mine], minlength=_PIXELS**2
            )
            self.sums[kind] += sums.reshape(_PIXELS, _PIXELS)
            self.imaged[kind] += weight[label == kind].sum()
            for one in np.flatnonzero(label == kind)[: _EXAMPLES - len(self.examples[kind])]:
                part = jet == one
                single = np.bincount(pixel[part], weights=share[part], minlength=_PIXELS**2)
                self.examples[kind].append(single.reshape(_PIXELS, _PIXELS))

    def looks(self, datasets: tuple[str, ...]) -> JetLooks:
        """All of it as a result."""
        names = {0: "QCD", 1: "Top"}
        means, examples = [], []
        for kind in (1, 0):
            if self.imaged[kind] > 0:
                mean = self.sums[kind] / self.imaged[kind]
                means.append(_image(f"{names[kind]}, mean", kind, int(self.jets[kind]), mean))
            examples += [
                _image(f"{names[kind]} jet", kind, 1, pixels) for pixels in self.examples[kind]
            ]
        return JetLooks(
            datasets=datasets,
            weighted=self.weighted,
            top=int(self.jets[1]),
            qcd=int(self.jets[0]),
            quantities=tuple(self._quantities()),
            means=tuple(means),
            examples=tuple(examples),
        )

    def _quantities(self) -> list[Quantity]:
        return [
            Quantity(
                name=column.name,
                unit=column.unit,
                doc=column.doc,
                edges=_rounded(self.edges[place]),
                logarithmic=self.logarithmic[place],
                top=_rounded(self.counts[place, 1]),
                qcd=_rounded(self.counts[place, 0]),
            )
            for place, column in enumerate(self.columns)
        ]


def _flat(column: Any) -> NDArray[np.float64]:
    return np.asarray(column.flatten().to_numpy(zero_copy_only=False), np.float64)


def _pixel(place: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pixel of a coordinate; what lies outside is in the pixel at the edge, as published."""
    found = np.floor((place + _REACH) * (0.5 * _PIXELS / _REACH))
    return np.clip(found, 0, _PIXELS - 1).astype(np.int64)


def _range(values: NDArray[np.float64]) -> tuple[float, float, bool]:
    """Range that holds nearly all values, and whether it wants a logarithmic axis."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0, False
    low, middle, high = (float(x) for x in np.quantile(known, (0.005, 0.5, 0.995)))
    if low > 0 and (high > 300 * low or high > 2e4):
        return low, high, True
    if 0 <= low < 0.3 * middle:
        low = 0.0
    return (low, high, False) if high > low else (low - 0.5, low + 0.5, False)


def _edges(low: float, high: float, logarithmic: bool) -> NDArray[np.float64]:
    steps = np.geomspace if logarithmic else np.linspace
    return np.asarray(steps(low, high, _BINS + 1), np.float64)


def _image(title: str, kind: int, jets: int, pixels: NDArray[np.float64]) -> JetImage:
    return JetImage(
        title=title, top=bool(kind), jets=jets, pixels=tuple(_rounded(row) for row in pixels)
    )


def _rounded(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)
