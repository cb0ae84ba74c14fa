"""What a figure has to know about a dataset: data or simulation, its class, its luminosity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import hist

from hepml.plots.yields import nominal

__all__ = [
    "DATA",
    "SIMULATED_DATA",
    "Sample",
    "class_colours",
    "colours",
    "data_label",
    "data_names",
    "pretty",
    "signal_labels",
    "simulation_groups",
]

# First words of a legend's entry for data; it always comes first.
DATA = "Data"
SIMULATED_DATA = "Simulated data"

# Petroff's ten colours, told apart with every form of colour vision (arXiv:2107.02270).
_COLOURS = (
    "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
    "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
)  # fmt: skip

# Below this fraction of the data, simulation cannot be what the data consist of: it is signal.
_SIGNAL_FRACTION = 0.1

# Classes as a channel's legends write them, in the order in which they are drawn.
_PRETTY = {
    "diphoton": {"gg": "ggH", "VBF": "VBF", "Wp": "$W^{+}H$", "Z": "$ZH$", "tt": "ttH"},
}

# What a channel looks for, whatever its size (the GamGam samples hold no simulated background).
_SIGNALS = {"diphoton": frozenset(_PRETTY["diphoton"])}


@dataclass(frozen=True, slots=True)
class Sample:
    """One dataset of a run.

    Attributes
    ----------
    name : str
        Name of the dataset.
    kind : {"data", "simulation"}
        What it is.
    label : str
        Class it belongs to; datasets of one class are drawn together.
    simulated : bool
        Made by ``hepml simulate``: figures must not call it real, even where its kind is data.
    published : bool
        All its files are those that the experiment published.
    higgs_factor : float
        How many times more Higgs bosons than in nature ``hepml simulate`` put into it.
    lost : bool
        Part of what the run was asked to process has no result.
    signal : bool, optional
        Declared as signal or not; ``None`` where nobody said.
    """

    name: str
    kind: str
    label: str = ""
    simulated: bool = False
    published: bool = False
    higgs_factor: float = 1.0
    lost: bool = False
    signal: bool | None = None


def data_names(samples: Mapping[str, Sample]) -> list[str]:
    """Names of the data samples."""
    return [name for name, sample in samples.items() if sample.kind == "data"]


def simulation_groups(samples: Mapping[str, Sample], channel: str = "") -> dict[str, list[str]]:
    """Simulated samples by class: the channel's own order first, then alphabetical."""
    groups: dict[str, list[str]] = {}
    for name, sample in samples.items():
        if sample.kind != "data":
            groups.setdefault(sample.label or name, []).append(name)
    usual = list(_PRETTY.get(channel, {}))
    return dict(
        sorted(
            groups.items(),
            key=lambda item: (usual.index(item[0]) if item[0] in usual else len(usual), item[0]),
        )
    )


def class_colours(samples: Mapping[str, Sample], channel: str = "") -> dict[str, str]:
    """One colour per class, the same in every figure of a run."""
    groups = simulation_groups(samples, channel)
    return dict(zip(groups, colours(len(groups)), strict=True))


def colours(count: int) -> list[str]:
    """As many colours as asked for; they repeat after ten."""
    return [_COLOURS[index % len(_COLOURS)] for index in range(count)]


def data_label(samples: Mapping[str, Sample]) -> str:
    """How a legend names the data: a first line, and a second where Higgs bosons were added."""
    data = [samples[name] for name in data_names(samples)]
    if not any(sample.simulated for sample in data):
        return DATA
    factors = sorted({sample.higgs_factor for sample in data})
    if factors == [1.0]:
        return SIMULATED_DATA
    text = " to ".join(f"{factor:g}" for factor in dict.fromkeys((factors[0], factors[-1])))
    return f"{SIMULATED_DATA}\n(Higgs: {text} $\\times$ true rate)"


def signal_labels(
    histogram: hist.Hist[Any],
    samples: Mapping[str, Sample],
    signals: Iterable[str] | None = None,
    channel: str = "",
) -> set[str]:
    """Classes to draw as signal.

    Named ones where names are given, else the declared ones, else those that the channel is
    known to look for, else all of the simulation if it adds up to less than a tenth of the data
    (as it does in a channel whose background is taken from data).
    """
    groups = simulation_groups(samples, channel)
    if signals is not None:
        return set(groups) & set(signals)
    if any(sample.signal is not None for sample in samples.values()):
        return {
            label for label, names in groups.items() if any(samples[name].signal for name in names)
        }
    if sought := set(groups) & _SIGNALS.get(channel, frozenset()):
        return sought
    data = nominal(histogram, data_names(samples)).values.sum()
    simulated = sum(nominal(histogram, names).values.sum() for names in groups.values())
    return set(groups) if data > 0 and simulated < _SIGNAL_FRACTION * data else set()


def pretty(label: str, channel: str) -> str:
    """How a class is written in a legend."""
    return _PRETTY.get(channel, {}).get(label, label)
