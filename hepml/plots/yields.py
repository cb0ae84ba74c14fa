"""Numbers of a histogram as a figure needs them: bin contents, variances and shifts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import hist
import numpy as np
from numpy.typing import NDArray

__all__ = ["BinAxis", "Yields", "bin_axis", "nice_factor", "nominal", "own_axes", "shifts"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Yields:
    """Contents and variances of the bins, without under- and overflow."""

    values: Floats
    variances: Floats

    @property
    def errors(self) -> Floats:
        """One standard deviation; the square root of the count where weights are one."""
        return np.sqrt(self.variances)


@dataclass(frozen=True, slots=True)
class BinAxis:
    """Edges and texts of one axis.

    Attributes
    ----------
    edges : array of float
        Bin edges, in the unit of the axis.
    label : str
        Text with the unit, ``"Mass [GeV]"``.
    unit : str
        Unit in the label, empty where there is none.
    ticks : tuple of str
        One text per bin where the bins are categories or whole numbers, else empty.
    """

    edges: Floats
    label: str
    unit: str
    ticks: tuple[str, ...] = ()

    @property
    def centres(self) -> Floats:
        """Middle of each bin."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    @property
    def widths(self) -> Floats:
        """Width of each bin."""
        return np.diff(self.edges)

    @property
    def uniform(self) -> bool:
        """Whether all bins have the same width."""
        return bool(np.allclose(self.widths, self.widths[0], rtol=1e-6))

    @property
    def logarithmic(self) -> bool:
        """Whether the edges grow by a constant factor."""
        if self.ticks or len(self.edges) < 4 or self.edges[0] <= 0 or self.uniform:
            return False
        return bool(np.allclose(np.diff(np.log(self.edges)), np.log(self.edges[1] / self.edges[0])))

    def per_bin(self, what: str) -> str:
        """Text of the other axis: ``"Events / 1.83 GeV"``."""
        if self.ticks:
            return what
        if not self.uniform:
            return f"{what} / {self.unit or 'unit'}"
        width = f"{self.widths[0]:.3g}"
        if width == "1" and not self.unit:
            return what
        return f"{what} / {width} {self.unit}".rstrip()


def bin_axis(axis: Any) -> BinAxis:
    """Describe a histogram's axis."""
    label = axis.label or axis.name
    found = re.search(r"\[([^\]]+)\]\s*$", label)
    unit = found.group(1) if found else ""
    size = len(axis)
    kind = type(axis).__name__
    if kind in ("StrCategory", "IntCategory"):
        texts = tuple(str(value) for value in axis)
        return BinAxis(np.arange(size + 1, dtype=np.float64) - 0.5, label, unit, texts)
    edges = np.asarray(axis.edges, dtype=np.float64)
    if kind in ("Integer", "Boolean"):
        return BinAxis(edges, label, unit, tuple(f"{edge:g}" for edge in edges[:-1]))
    return BinAxis(edges, label, unit)


def own_axes(histogram: hist.Hist[Any]) -> list[Any]:
    """Axes that the channel declared: all but dataset and variation."""
    return [axis for axis in histogram.axes if axis.name not in ("dataset", "variation")]


def nominal(
    histogram: hist.Hist[Any],
    datasets: Iterable[str],
    variation: str = "nominal",
    strict: bool = False,
) -> Yields:
    """Add up some datasets.

    A dataset whose variation was never filled counts with its nominal contents (it does not
    depend on that source), unless ``strict``.

    Returns
    -------
    Yields
        In the shape of the histogram's own axes.
    """
    shape = tuple(len(axis) for axis in own_axes(histogram))
    values, variances = np.zeros(shape), np.zeros(shape)
    known, shifted = list(histogram.axes["dataset"]), list(histogram.axes["variation"])
    view = histogram.view()
    for dataset in datasets:
        if dataset not in known:
            continue
        row = view[known.index(dataset)]
        for wanted in (variation,) if strict else (variation, "nominal"):
            if wanted not in shifted:
                continue
            part = row[shifted.index(wanted)]
            if np.any(part["variance"] != 0) or wanted == "nominal":
                values += part["value"]
                variances += part["variance"]
                break
    return Yields(values, variances)


def shifts(histogram: hist.Hist[Any], datasets: Sequence[str]) -> tuple[Floats, Floats] | None:
    """Systematic shift of a sum of datasets, sources added in quadrature.

    Returns
    -------
    (down, up) : arrays of float, or None
        Both positive, in events; ``None`` where the histogram has no variations.
    """
    sources = sorted(
        {
            name.rsplit("_", 1)[0]
            for name in histogram.axes["variation"]
            if name.endswith(("_up", "_down"))
        }
    )
    if not sources or not datasets:
        return None
    central = nominal(histogram, datasets).values
    down, up = np.zeros_like(central), np.zeros_like(central)
    for source in sources:
        moved = [nominal(histogram, datasets, f"{source}_{way}").values for way in ("up", "down")]
        change = np.stack([values - central for values in moved] + [np.zeros_like(central)])
        up += change.max(axis=0) ** 2
        down += change.min(axis=0) ** 2
    if not up.any() and not down.any():
        return None
    return np.sqrt(down), np.sqrt(up)


def nice_factor(small: float, large: float) -> float:
    """Round number (1, 2 or 5 times a power of ten) that brings ``small`` up to ``large``.

    Returns
    -------
    float
        At least 1.
    """
    if small <= 0 or large <= small:
        return 1.0
    power = 10.0 ** np.floor(np.log10(large / small))
    return float(max(step for step in (1, 2, 5) if step * power <= large / small * 1.0001) * power)
