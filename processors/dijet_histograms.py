"""Histograms of the dijet channel: masses and subjettiness of background and signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import hist
import numpy as np
from numpy.typing import NDArray

from hepml.processor import Fill, Histogram
from processors.dijet_cuts import DijetCuts

__all__ = ["dijet_fills", "dijet_histograms", "spectrum_fill"]

# quantity -> bins, low, high, label
_QUANTITIES: dict[str, tuple[int, float, float, str]] = {
    "heavy_mass": (70, 0, 700, "Mass of the heavy jet [GeV]"),
    "light_mass": (70, 0, 700, "Mass of the light jet [GeV]"),
    "heavy_tau21": (50, 0, 1, r"$\tau_{21}$ of the heavy jet"),
    "light_tau21": (50, 0, 1, r"$\tau_{21}$ of the light jet"),
    "heavy_tau32": (50, 0, 1, r"$\tau_{32}$ of the heavy jet"),
    "light_tau32": (50, 0, 1, r"$\tau_{32}$ of the light jet"),
    "heavy_pt": (60, 0, 3000, "$p_{T}$ of the heavy jet [GeV]"),
    "light_pt": (60, 0, 3000, "$p_{T}$ of the light jet [GeV]"),
    "delta_eta": (50, -4, 4, r"$\Delta\eta$ of the jets"),
}
_SPECTRUM = (75, 1500, 9000, r"$m_{jj}$ before the signal region [GeV]")
# prongs of the resonances; 0 is background, -1 of unknown origin
_CLASSES = (0, 2, 3, -1)
_BINS = 40  # of the dijet mass inside a signal region


def dijet_histograms(cuts: DijetCuts) -> tuple[Histogram, ...]:
    """Declare the histograms; those of one quantity have first an axis of classes.

    ``spectrum`` holds the dijet mass of every pair, but of samples that were restricted to the
    signal region already; ``dijet_mass`` that of those that pass; ``masses`` the two jet masses,
    ``mass_points`` what was simulated.
    """
    prongs = hist.axis.IntCategory(list(_CLASSES), name="prongs", label="Prongs")
    low = _SPECTRUM[1] if cuts.mass_low is None else cuts.mass_low
    high = _SPECTRUM[2] if cuts.mass_high is None else cuts.mass_high
    bins = _SPECTRUM[0] if None in (cuts.mass_low, cuts.mass_high) else _BINS
    quantities = {
        "spectrum": _SPECTRUM,
        "dijet_mass": (bins, low, max(high, low + 1), "$m_{jj}$ [GeV]"),
        **_QUANTITIES,
    }
    found = [Histogram(n, (prongs, _axis(n, *item)), "Events") for n, item in quantities.items()]
    masses = [_axis(name, *_QUANTITIES[name]) for name in ("heavy_mass", "light_mass")]
    # every point of the published grid in the middle of a bin
    grid = [
        _axis(name, 24, 12.5, 612.5, f"Mass of {name[1].upper()} [GeV]") for name in ("mx", "my")
    ]
    return (
        *found,
        Histogram("masses", tuple(masses), "Events"),
        Histogram("mass_points", tuple(grid), "Events"),
    )


def _axis(name: str, bins: int, low: float, high: float, text: str) -> Any:
    return hist.axis.Regular(bins, low, high, name=name, label=text)


def spectrum_fill(prongs: NDArray[Any], mass: NDArray[Any]) -> dict[str, list[Fill]]:
    """Fill the dijet mass [GeV] of events before the signal region."""
    return {"spectrum": [Fill((prongs, mass), np.ones(len(mass)))]}


def dijet_fills(columns: Mapping[str, NDArray[Any]]) -> dict[str, list[Fill]]:
    """Fill one entry an event that passes; those without simulated masses are not in the grid."""
    one = np.ones(len(columns["dijet_mass"]))
    values = {**columns, "delta_eta": columns["heavy_eta"] - columns["light_eta"]}
    fills = {
        name: [Fill((columns["prongs"], values[name]), one)]
        for name in ("dijet_mass", *_QUANTITIES)
    }
    fills["masses"] = [Fill((columns["heavy_mass"], columns["light_mass"]), one)]
    signal = np.isfinite(columns["mx"])
    fills["mass_points"] = [Fill((columns["mx"][signal], columns["my"][signal]), one[signal])]
    return fills
