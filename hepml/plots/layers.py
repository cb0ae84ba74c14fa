"""Numbers of a stacked figure: data, backgrounds, signals and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.plots.samples import (
    Sample,
    class_colours,
    data_label,
    data_names,
    signal_labels,
    simulation_groups,
)
from hepml.plots.sideband import SidebandFit, fit_sidebands, peak_window
from hepml.plots.yields import BinAxis, Yields, bin_axis, nominal, own_axes, shifts

__all__ = ["Layers", "read_layers"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that one figure shows, as arrays with one entry per bin."""

    axis: BinAxis
    what: str
    data: Yields | None
    data_label: str
    backgrounds: dict[str, Yields]
    signals: dict[str, Yields]
    total: Yields
    systematic: tuple[Floats, Floats] | None
    fit: SidebandFit | None
    fit_name: str
    colours: dict[str, str]

    @property
    def density(self) -> Any:
        """Factor per bin: one for bins of one width, else one over the width."""
        return 1.0 if self.axis.uniform else 1.0 / self.axis.widths


_DEGREES = {1: "Linear", 2: "Quadratic", 3: "Cubic", 4: "Quartic"}


def read_layers(
    histogram: hist.Hist[Any],
    samples: Mapping[str, Sample],
    channel: str,
    signals: Iterable[str] | None,
    degree: int,
) -> Layers:
    """Read the numbers out of the histogram."""
    axis = bin_axis(own_axes(histogram)[0])
    groups = simulation_groups(samples, channel)
    signal = signal_labels(histogram, samples, signals, channel)
    yields = {label: nominal(histogram, names) for label, names in groups.items()}
    backgrounds = {label: item for label, item in yields.items() if label not in signal}
    # the largest contribution lies at the bottom
    backgrounds = dict(sorted(backgrounds.items(), key=lambda item: -item[1].values.sum()))
    members = [name for label in backgrounds for name in groups[label]]
    data = nominal(histogram, data_names(samples)) if data_names(samples) else None
    chosen = {label: yields[label] for label in groups if label in signal}
    fit = None
    if data is not None and chosen and not backgrounds and _is_mass(histogram, axis):
        expected = np.sum([item.values for item in chosen.values()], axis=0)
        window = peak_window(expected, axis.edges)
        fit = None if window is None else fit_sidebands(data.values, axis.edges, window, degree)
    return Layers(
        axis=axis,
        what=histogram.label or "Events",
        data=data,
        data_label=data_label(samples),
        backgrounds=backgrounds,
        signals=chosen,
        total=nominal(histogram, members),
        systematic=shifts(histogram, members),
        fit=fit,
        fit_name=f"{_DEGREES.get(degree, 'Polynomial')} fit to sidebands",
        colours=class_colours(samples, channel),
    )


def _is_mass(histogram: hist.Hist[Any], axis: BinAxis) -> bool:
    """Whether a peak on this axis can be a resonance; pT / mass, without a unit, is not one."""
    texts = f"{histogram.name} {own_axes(histogram)[0].name} {axis.label}".lower()
    return "mass" in texts and axis.unit in ("MeV", "GeV", "TeV") and axis.uniform
