"""Histograms of the dimuon channel: mass spectra by sign, and the features of the pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hist

from hepml.columns import Column
from hepml.processor import Histogram
from hepml.windows import WINDOWS
from processors.dimuon_cuts import DimuonCuts

__all__ = ["dimuon_histograms", "window_of"]

_MASS = r"Dimuon mass $m_{\mu\mu}$ [GeV]"
_PREFIX = "dimuon_mass_"

# quantity -> bins, low, high, label; what is not here has no histogram
_LINEAR: dict[str, tuple[int, float, float, str]] = {
    "dimuon_pt": (50, 0, 100, "Dimuon $p_T$ [GeV]"),
    "dimuon_eta": (60, -6, 6, r"Dimuon $\eta$"),
    "delta_r": (60, 0, 6, r"$\Delta R(\mu, \mu)$"),
    "delta_pt": (50, 0, 50, r"$\Delta p_T(\mu, \mu)$ [GeV]"),
    "n_muons": (10, -0.5, 9.5, "Number of muons"),
    "n_jets": (16, -0.5, 15.5, "Number of jets"),
    "hardest_jet_btag": (50, 0, 1, "First jet DeepB score"),
    "hardest_jet_pt": (50, 0, 250, "First jet $p_T$ [GeV]"),
    "hardest_jet_eta": (50, -5, 5, r"First jet $\eta$"),
    "hardest_jet_mass": (50, 0, 50, "First jet mass [GeV]"),
    "dimujet_delta_r": (60, 0, 6, r"$\Delta R(\mu\mu, \mathrm{jet})$"),
}
_OF_A_MUON: dict[str, tuple[int, float, float, str]] = {
    "pt": (50, 0, 100, "$p_T$ [GeV]"),
    "eta": (50, -2.5, 2.5, r"$\eta$"),
    "jetiso": (60, -0.5, 5.5, "relative isolation in its jet"),
    "iso04": (60, 0, 3, "isolation (cone 0.4)"),
}


def dimuon_histograms(cuts: DimuonCuts, columns: tuple[Column, ...]) -> tuple[Histogram, ...]:
    """Declare the histograms: first the charge product (-1 or 1), then the quantity.

    Parameters
    ----------
    cuts : DimuonCuts
        Range and bins of the spectra.
    columns : tuple of Column
        What the selection computes.

    Returns
    -------
    tuple of Histogram
        The mass from ``mass_low`` to ``mass_high`` in logarithmic bins, the mass in each window
        in bins of equal width, and a histogram for each feature that has one.
    """
    sign = hist.axis.IntCategory([-1, 1], name="charge_product", label="Product of charges")
    return tuple(
        Histogram(name, (sign, axis), label="Muon pairs") for name, axis in _axes(cuts, columns)
    )


def window_of(name: str) -> tuple[float, float] | None:
    """Mass range [GeV] that a histogram of a window shows; ``None`` for any other histogram."""
    if not name.startswith(_PREFIX):
        return None
    window = WINDOWS[name.removeprefix(_PREFIX)]
    return window.left, window.right


def _axes(cuts: DimuonCuts, columns: tuple[Column, ...]) -> Iterator[tuple[str, Any]]:
    regular, log = hist.axis.Regular, hist.axis.transform.log
    spectrum = (cuts.bins, cuts.mass_low, cuts.mass_high)
    yield "dimuon_mass", regular(*spectrum, transform=log, name="dimuon_mass", label=_MASS)
    for name in cuts.windows:
        edges = WINDOWS[name].binning(cuts.window_bins).edges
        axis = regular(len(edges) - 1, edges[0], edges[-1], name="dimuon_mass", label=_MASS)
        yield _PREFIX + name, axis
    for column in columns:
        name = column.name
        which, _, quantity = name.partition("_")
        if name in _LINEAR:
            bins, low, high, label = _LINEAR[name]
        elif which in ("lead", "trail") and quantity in _OF_A_MUON:
            bins, low, high, label = _OF_A_MUON[quantity]
            label = f"{'Leading' if which == 'lead' else 'Trailing'} muon {label}"
        elif quantity == "ip3d":
            which = "Leading" if which == "lead" else "Trailing"
            label = f"{which} muon impact parameter [cm]"
            # the resolution is some 1e-3 cm, a heavy-flavour muon flies some 1e-2 cm
            yield name, regular(60, 1e-4, 1.0, transform=log, name=name, label=label)
            continue
        else:
            continue
        yield name, regular(bins, low, high, name=name, label=label)
