"""What figures of a fit say about where its data come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hepml.plots.samples import DATA, SIMULATED_DATA
from hepml.plots.style import EXPERIMENTS, Look

__all__ = ["data_name", "mass_label", "source_look"]

_LABELS = {
    "dimuon_mass": r"$m_{\mu\mu}$ [GeV]",
    "dimu_mass": r"$m_{\mu\mu}$ [GeV]",
    "diphoton_mass": r"$m_{\gamma\gamma}$ [GeV]",
    "dijet_mass": r"$m_{jj}$ [GeV]",
}
# Characters of bold text above the frame that leave room for the luminosity.
_LONGEST_TEXT = 28


def source_look(
    source: Mapping[str, Any], label: str | None = None, style: str | None = None
) -> Look:
    """Style and texts for data of this origin: only published files are called real."""
    channel = str(source.get("processor") or "")
    datasets = [str(name) for name in source.get("datasets") or ()]
    names = ", ".join(datasets)
    kind = str(source.get("kind") or "")
    experiment = EXPERIMENTS.get(channel)
    if source.get("simulated"):
        text = "hepml simulation"
    elif experiment and source.get("published"):
        text = f"{experiment} Open Data" + ("" if kind == "data" else " simulation")
    else:
        text = names if len(names) <= _LONGEST_TEXT else channel
    muons = str(source.get("mass", "")).startswith("dimu")
    return Look(
        channel=channel,
        style=style or experiment or ("CMS" if muons else "ATLAS"),
        text=text if label is None else label,
        luminosity=source.get("luminosity"),
        note="" if source.get("complete", True) else "incomplete run",
    )


def mass_label(source: Mapping[str, Any]) -> str:
    """Text of the mass axis."""
    column = str(source.get("mass") or "Mass")
    return _LABELS.get(column, f"{column} [GeV]")


def data_name(source: Mapping[str, Any]) -> str:
    """How a legend names what was fitted."""
    if source.get("kind") == "simulation":
        return "Simulation"
    return SIMULATED_DATA if source.get("simulated") else DATA
