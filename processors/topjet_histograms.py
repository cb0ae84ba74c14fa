"""Histograms of the top-tagging channel: jets, high-level quantities and images, top and QCD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.processor import Fill, Histogram
from processors.topjet_columns import HIGH_LEVEL

__all__ = ["image_fills", "jet_fills", "topjet_histograms"]

# quantity -> bins, low, high, label; with "log" equal bins of the logarithm
_JET: dict[str, tuple[Any, ...]] = {
    "jet_pt": (70, 0, 3500, "Jet $p_{T}$ [GeV]"),
    "jet_m": (60, 0, 600, "Jet mass [GeV]"),
    "jet_eta": (50, -2.5, 2.5, r"Jet $\eta$"),
    "n_constituents": (67, -0.5, 200.5, "Constituents of the jet"),
}
_HIGH_LEVEL: dict[str, tuple[Any, ...]] = {
    "Tau1_wta": (50, 0, 0.8, r"$\tau_{1}^{wta}$"),
    "Tau2_wta": (50, 0, 0.5, r"$\tau_{2}^{wta}$"),
    "Tau3_wta": (50, 0, 0.35, r"$\tau_{3}^{wta}$"),
    "Tau4_wta": (50, 0, 0.3, r"$\tau_{4}^{wta}$"),
    "Split12": (50, 0, 500, r"$\sqrt{d_{12}}$ [GeV]"),
    "Split23": (50, 0, 200, r"$\sqrt{d_{23}}$ [GeV]"),
    "ECF1": (60, 0, 3500, "$ECF_{1}$ [GeV]"),
    "ECF2": (50, 1e3, 1e7, "$ECF_{2}$ [GeV$^{2}$]", "log"),
    "ECF3": (50, 1e3, 1e9, "$ECF_{3}$ [GeV$^{3}$]", "log"),
    "C2": (50, 0, 0.6, "$C_{2}$"),
    "D2": (50, 0, 8, "$D_{2}$"),
    "Qw": (50, 0, 300, "$Q_{w}$ [GeV]"),
    "L2": (50, 0, 300, "$L_{2}$"),
    "L3": (50, 0, 0.25, "$L_{3}$"),
    "ThrustMaj": (50, 0, 0.8, "Thrust major"),
}
_IMAGES = {"image_qcd": 0, "image_top": 1}


def topjet_histograms(*, images: bool) -> tuple[Histogram, ...]:
    """Declare the histograms; all but the images have first an axis that says top or QCD.

    Parameters
    ----------
    images : bool
        Whether constituents are selected.
    """
    top = hist.axis.IntCategory([0, 1], name="top", label="Top")
    found = [Histogram(name, (top, _axis(name, *item)), "Jets") for name, item in _JET.items()]
    for name, item in _HIGH_LEVEL.items():
        found.append(Histogram(f"hl_{name}", (top, _axis(f"hl_{name}", *item)), "Jets"))
    if images:
        plane = tuple(
            hist.axis.Regular(50, -1, 1, name=name, label=f"${text}'$")
            for name, text in (("eta", r"\eta"), ("phi", r"\phi"))
        )
        found += [Histogram(name, plane, "Share of $p_{T}$") for name in _IMAGES]
    return tuple(found)


def _axis(name: str, bins: int, low: float, high: float, text: str, kind: str = "") -> Any:
    options: dict[str, Any] = {"transform": hist.axis.transform.log} if kind == "log" else {}
    return hist.axis.Regular(bins, low, high, name=name, label=text, **options)


def jet_fills(
    columns: Mapping[str, NDArray[Any]], weights: Mapping[str, NDArray[np.float64]]
) -> dict[str, list[Fill]]:
    """Fill one entry a jet for every variation of the weight; undefined values are left out."""
    fills: dict[str, list[Fill]] = {}
    for name in (*_JET, *HIGH_LEVEL):
        values = columns[name]
        defined = np.isfinite(values)
        chosen = slice(None) if defined.all() else defined
        fills[name] = [
            Fill((columns["label"][chosen], values[chosen]), weight[chosen], variation)
            for variation, weight in weights.items()
        ]
    return fills


def image_fills(
    label: NDArray[Any],
    weight: NDArray[np.float64],
    pt: NDArray[Any],
    eta: NDArray[Any],
    phi: NDArray[Any],
    counts: NDArray[np.int64],
) -> dict[str, list[Fill]]:
    """Fill each constituent with its share of the jet's pT; arrays of constituents are flat."""
    jet = np.repeat(np.arange(len(counts)), counts)
    total = np.bincount(jet, weights=pt, minlength=len(counts))
    share = pt / total[jet] * weight[jet]
    which = label[jet]
    return {
        name: [Fill((eta[which == value], phi[which == value]), share[which == value])]
        for name, value in _IMAGES.items()
    }
