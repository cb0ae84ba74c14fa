"""Energy of showers: linearity, resolution, and the distributions they come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.shower.results import EnergyBin, EnergyEstimate
from hepml.plots.canvas import canvas
from hepml.plots.samples import colours
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["difference_figure", "linearity_figure", "resolution_figure"]

_MARKERS = "osD^vP*X"


def linearity_figure(estimates: Sequence[EnergyEstimate], look: Look | None = None) -> Figure:
    """Draw mean reconstructed against true energy, and the relative difference below.

    Parameters
    ----------
    estimates : sequence of EnergyEstimate
        With at least one energy each.
    look : Look, optional
        Style and texts.
    """
    with canvas(look, lower=True) as (figure, (axes, lower)):
        highest, largest = 0.0, 0.1
        for number, (estimate, style) in enumerate(_styles(estimates)):
            energy, shift = _columns(estimate.bins, number, len(estimates))
            bias = np.array([item.mean.value or 0.0 for item in estimate.bins])
            error = np.array([item.mean.error or 0.0 for item in estimate.bins])
            true = np.array([item.energy for item in estimate.bins])
            axes.errorbar(
                energy + shift, true * (1 + bias), true * error, label=estimate.title, **style
            )
            lower.errorbar(energy + shift, bias, error, **style)
            highest = max(highest, float(np.max(true * (1 + np.maximum(bias, 0)))))
            largest = max(largest, float(np.abs(bias).max()))
        axes.plot([0, 2 * highest], [0, 2 * highest], "--", color="0.5", linewidth=1.2)
        lower.axhline(0.0, color="0.5", linestyle="--", linewidth=1.2)
        axes.set_xlim(0, 1.1 * max(item.energy for e in estimates for item in e.bins) + 0.5)
        axes.set_ylim(0, 1.1 * highest)
        lower.set_ylim(-1.25 * largest, 1.25 * largest)
        axes.set_ylabel("Mean reconstructed energy [GeV]")
        lower.set_ylabel("Relative bias")
        lower.set_xlabel("True energy [GeV]")
        axes.legend(loc="upper left", fontsize=12)
        axes.set_ylim(top=1.1 * highest * (1 + 0.05 * len(estimates)))
    return figure


def resolution_figure(estimates: Sequence[EnergyEstimate], look: Look | None = None) -> Figure:
    """Draw the relative resolution against energy with its fit.

    Parameters
    ----------
    estimates : sequence of EnergyEstimate
        Estimators.
    look : Look, optional
        Style and texts.
    """
    with canvas(look) as (figure, (axes,)):
        tops: list[float] = []
        for number, (estimate, style) in enumerate(_styles(estimates)):
            energy, shift = _columns(estimate.bins, number, len(estimates))
            width = np.array([item.quantile.value or 0.0 for item in estimate.bins])
            error = np.array([item.quantile.error or 0.0 for item in estimate.bins])
            axes.errorbar(energy + shift, width, error, label=_fit_label(estimate), **style)
            tops += (width + error).tolist()
            if estimate.stochastic and estimate.constant:
                _curve(axes, estimate, style["color"])
        axes.set_xlim(0, 1.1 * max(item.energy for e in estimates for item in e.bins) + 0.5)
        axes.set_ylim(0, (1.15 + 0.075 * len(estimates)) * max(tops))
        axes.set_xlabel("True energy [GeV]")
        axes.set_ylabel(r"$\sigma(E)\,/\,E$ (half of 68 %)")
        axes.legend(loc="upper right", fontsize=12)
    return figure


def difference_figure(estimate: EnergyEstimate, look: Look | None = None) -> Figure:
    """Draw the distributions of (E_rec - E) / E in the published binning.

    Parameters
    ----------
    estimate : EnergyEstimate
        The estimator.
    look : Look, optional
        Style and texts.
    """
    shown = _few(estimate.bins)
    with canvas(look) as (figure, (axes,)):
        edges = np.array(shown[0].histogram[0])
        tops = np.zeros(len(edges) - 1)
        for colour, item in zip(colours(len(shown)), shown, strict=True):
            share = np.array(item.histogram[1]) / item.showers
            axes.stairs(share, edges, color=colour, linewidth=1.8, label=_difference_label(item))
            if item.gauss and item.gauss_mean:
                top = _gaussian(axes, item, share, edges, colour)
                tops = np.maximum(tops, top)
            tops = np.maximum(tops, share)
        axes.set_xlim(-1, 1)
        axes.set_ylim(0, 1.1 * tops.max())
        axes.set_xlabel(r"$(E_{rec} - E)\,/\,E$")
        axes.set_ylabel("Share of showers")
        make_room(axes, edges, tops, title=estimate.title, ncols=1, fontsize=13)
    return figure


def _gaussian(axes: Axes, item: EnergyBin, share: Any, edges: Any, colour: str) -> float:
    """Draw the fitted Gaussian within the range of the fit; returns its height."""
    mean = (item.gauss_mean.value if item.gauss_mean else 0.0) or 0.0
    sigma = (item.gauss.value if item.gauss else 1.0) or 1.0
    x = np.linspace(-0.6, 0.6, 200)
    density = np.exp(-0.5 * ((x - mean) / sigma) ** 2)
    centres = 0.5 * (edges[1:] + edges[:-1])
    inside = np.abs(centres) < 0.6
    expected = np.exp(-0.5 * ((centres[inside] - mean) / sigma) ** 2)
    height = float(share[inside].sum() / max(expected.sum(), 1e-12))
    axes.plot(x, height * density, "--", color=colour, linewidth=1.4)
    return float(height * density.max())


def _difference_label(item: EnergyBin) -> str:
    width = f"68 %: {item.quantile.value or 0:.2f}"
    if item.gauss:
        width += f", Gaussian: {item.gauss.value or 0:.2f}"
    if item.low == item.high:
        return f"{item.energy:.3g} GeV, {width}"
    return f"{item.low:.1f} to {item.high:.1f} GeV, {width}"


def _few(bins: Sequence[EnergyBin], most: int = 4) -> list[EnergyBin]:
    """Some bins from the lowest to the highest."""
    places = np.unique(np.linspace(0, len(bins) - 1, min(most, len(bins))).astype(int))
    return [bins[place] for place in places]


def _styles(estimates: Sequence[EnergyEstimate]) -> list[tuple[EnergyEstimate, dict[str, Any]]]:
    found = []
    for number, estimate in enumerate(estimates):
        style = {
            "color": colours(len(estimates))[number],
            "fmt": _MARKERS[number % len(_MARKERS)],
            "markersize": 6,
            "elinewidth": 1.2,
        }
        found.append((estimate, style))
    return found


def _columns(bins: Sequence[EnergyBin], number: int, count: int) -> tuple[Any, float]:
    """Energies, and a shift so that points of several estimators do not hide each other."""
    energy = np.array([item.energy for item in bins])
    step = float(np.diff(energy).min(initial=1.0)) if len(energy) > 1 else 1.0
    return energy, 0.08 * step * (number - 0.5 * (count - 1))


def _fit_label(estimate: EnergyEstimate) -> str:
    if not (estimate.stochastic and estimate.constant):
        return estimate.title
    a, b = 100 * (estimate.stochastic.value or 0), 100 * (estimate.constant.value or 0)
    return rf"{estimate.title}: {a:.0f} %/$\sqrt{{E}}$ $\oplus$ {b:.0f} %"


def _curve(axes: Axes, estimate: EnergyEstimate, colour: str) -> None:
    a = (estimate.stochastic.value if estimate.stochastic else 0.0) or 0.0
    b = (estimate.constant.value if estimate.constant else 0.0) or 0.0
    low, high = (f(item.energy for item in estimate.bins) for f in (min, max))
    x = np.linspace(0.9 * low, 1.05 * high, 200)
    axes.plot(x, np.sqrt(a**2 / x + b**2), "-", color=colour, linewidth=1.2, alpha=0.8)
