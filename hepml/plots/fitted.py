"""Mass spectra with their fits: one selection with residuals, or several over one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.origin import data_name, mass_label
from hepml.plots.panels import tidy
from hepml.plots.resonances import mark_resonances
from hepml.plots.samples import DATA, colours
from hepml.plots.style import Look, make_room
from hepml.plots.yields import BinAxis
from hepml.stats.results import HuntRow, Spectrum
from hepml.stats.wording import amount, probability, significance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["fitted_spectrum", "overlaid_spectra", "poisson_errors", "row_spectrum"]

Floats = NDArray[np.float64]

_FIT, _SIGNAL, _REGION = "#bd1f01", "#3f90da", "#ffa90e"
# Pulls beyond this are drawn as triangles at the panel's edge.
_FAR = 8.0


def poisson_errors(counts: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Central 68 % intervals (Garwood) below and above each count.

    Weighted counts are taken as scaled ones, as the likelihood does: sum(w^2) / sum(w) events
    count as one.
    """
    from scipy.special import gammaincinv

    usable = (counts > 0) & (variances > 0)
    scale = np.where(usable, variances / np.where(usable, counts, 1.0), 1.0)
    events = np.where(usable, counts / scale, 0.0)
    tail = 0.15865525393145707
    below = np.where(usable, gammaincinv(np.where(usable, events, 1.0), tail), 0.0)
    above = gammaincinv(events + 1, 1 - tail)
    return (events - below) * scale, (above - events) * scale


def fitted_spectrum(
    found: Spectrum,
    look: Look | None = None,
    *,
    label: str = "Mass [GeV]",
    fit: str = "Background fit",
    text: str = "",
    data: str = DATA,
    subtract: bool = False,
) -> Figure:
    """Draw data, fitted background with its 68 % band, signal, and residuals below.

    Parameters
    ----------
    found : Spectrum
        Data and fit per bin.
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    fit : str
        How the legend names the background.
    text : str
        Results, written over the legend.
    data : str
        How the legend names the data.
    subtract : bool
        Show data minus background and the signal below, in place of the deviation of data from
        the whole fit in standard deviations.
    """
    axis = BinAxis(np.asarray(found.edges), label, "GeV")
    with canvas(look, lower=True) as (figure, (upper, lower)):
        upper.set_xlim(axis.edges[0], axis.edges[-1])
        tops = _data(upper, axis, found, label=data)
        if found.background:
            tops = np.maximum(tops, _fit(upper, axis, found, fit))
        _region(upper, found)
        _scale(upper, tops)
        upper.set_ylabel(axis.per_bin("Events"))
        covered = mark_resonances(upper, axis.edges, tops)
        options: dict[str, Any] = {}
        if text:
            options = {"title": text, "alignment": "left", "title_fontsize": 13}
        make_room(upper, axis.edges, covered, **options)
        if found.background:
            (_subtracted if subtract else _pulls)(lower, axis, found)
        lower.set_xlabel(label)
    return figure


def row_spectrum(
    row: HuntRow, source: Mapping[str, Any], look: Look, *, family: str, head: str = ""
) -> Figure:
    """Draw what a row of a hunt counted and fitted, with its excess and significance.

    Parameters
    ----------
    row : HuntRow
        With a spectrum and an excess.
    source : mapping
        Where the data come from.
    look : Look
        Style and texts.
    family : str
        Functions of which the background is one.
    head : str
        First line of the text.
    """
    spectrum, excess = row.spectrum, row.excess
    if spectrum is None or excess is None:
        raise ValueError(f"there is no spectrum of {row.selection}")
    lines = [head] if head else []
    lines += [
        f"S = {amount(excess.S)} $\\pm$ {amount(excess.sigma_S)},  "
        f"B = {amount(excess.B)} $\\pm$ {amount(excess.sigma_B)}",
        f"Z = {significance(excess.Z)}  (p = {probability(excess.log10_p, tex=True)})",
    ]
    return fitted_spectrum(
        spectrum,
        look,
        label=mass_label(source),
        fit=f"{family.capitalize()} of degree {row.degree}",
        text="\n".join(lines),
        data=data_name(source),
    )


def overlaid_spectra(
    spectra: Sequence[tuple[str, Spectrum]], look: Look | None = None, *, label: str = "Mass [GeV]"
) -> Figure:
    """Draw the spectra of several selections with their fits over one another, log scale.

    Parameters
    ----------
    spectra : sequence of (str, Spectrum)
        How the legend names each, and its data and fit; all in the same bins.
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    """
    first = spectra[0][1]
    axis = BinAxis(np.asarray(first.edges), label, "GeV")
    tops = np.zeros(len(axis.centres))
    with canvas(look) as (figure, (axes,)):
        axes.set_xlim(axis.edges[0], axis.edges[-1])
        axes.set_yscale("log")
        for colour, (name, found) in zip(colours(len(spectra)), spectra, strict=True):
            points = {"color": colour, "label": name, "markersize": 3.5, "elinewidth": 1.0}
            tops = np.maximum(tops, _data(axes, axis, found, **points))
            curve, error = (
                _per_width(axis, found.background),
                _per_width(axis, found.background_error),
            )
            if len(curve):
                low = np.maximum(curve - error, 1e-9)
                axes.plot(axis.centres, np.maximum(curve, 1e-9), color=colour, linewidth=1.5)
                axes.fill_between(
                    axis.centres, low, curve + error, color=colour, alpha=0.2, linewidth=0
                )
        axes.set_ylim(bottom=0.3 if axis.uniform else 0.3 * tops[tops > 0].min(initial=1.0))
        region = [first.edges[first.start], first.edges[first.stop]]
        # not through the legend
        axes.vlines(
            region, axes.get_ylim()[0], tops.max(initial=1.0), color="0.3", linestyle="--",
            linewidth=1.1, zorder=0.6,
        )  # fmt: skip
        axes.set_xlabel(label)
        axes.set_ylabel(axis.per_bin("Events"))
        covered = mark_resonances(axes, axis.edges, tops)
        make_room(axes, axis.edges, covered, fontsize=12, ncols=1 if len(spectra) <= 8 else 2)
    return figure


def _per_width(axis: BinAxis, values: Sequence[float] | Floats) -> Floats:
    """Per bin where all have one width, else per GeV."""
    array = np.asarray(values, dtype=np.float64)
    return array if axis.uniform or not len(array) else array / axis.widths


def _data(axes: Axes, axis: BinAxis, found: Spectrum, **options: Any) -> Floats:
    """Draw counts that are not empty; returns the upper ends of the error bars."""
    counts, variances = np.asarray(found.counts), np.asarray(found.variances)
    below, above = (_per_width(axis, part) for part in poisson_errors(counts, variances))
    values = _per_width(axis, counts)
    filled = variances > 0
    settings: dict[str, Any] = {"fmt": "o", "color": "black", "elinewidth": 1.3, "zorder": 5}
    axes.errorbar(
        axis.centres[filled], values[filled], yerr=(below[filled], above[filled]),
        **(settings | options),
    )  # fmt: skip
    return np.where(filled, values + above, 0.0)


def _fit(axes: Axes, axis: BinAxis, found: Spectrum, name: str) -> Floats:
    """Draw background and signal; returns the higher of the two."""
    curve = _per_width(axis, found.background)
    error = _per_width(axis, found.background_error)
    axes.fill_between(
        axis.centres, curve - error, curve + error, color=_FIT, alpha=0.25, linewidth=0,
        label="68% uncertainty",
    )  # fmt: skip
    axes.plot(axis.centres, curve, color=_FIT, label=name, linestyle="--" if found.signal else "-")
    if not found.signal:
        return np.asarray(curve + error)
    total = curve + _per_width(axis, found.signal)
    axes.stairs(
        total, axis.edges, baseline=None, color=_SIGNAL, linewidth=1.8, label="With signal",
        zorder=4,
    )  # fmt: skip
    return np.maximum(curve + error, total)


def _region(axes: Axes, found: Spectrum, label: str | None = "Signal region") -> None:
    """Shade the signal region."""
    low, high = found.edges[found.start], found.edges[found.stop]
    axes.axvspan(low, high, color=_REGION, alpha=0.18, linewidth=0, label=label, zorder=0.4)


def _scale(axes: Axes, tops: Floats) -> None:
    """Logarithmic where a peak would flatten the rest."""
    filled = tops[tops > 0]
    if len(filled) and filled.max() > 30 * np.median(filled):
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.5 * filled.min())
    else:
        axes.set_ylim(bottom=0.0)


def _pulls(axes: Axes, axis: BinAxis, found: Spectrum) -> None:
    """Draw (data - fit) / standard deviation of the expected count."""
    counts = np.asarray(found.counts)
    expected = np.asarray(found.background)
    if found.signal:
        expected = expected + np.asarray(found.signal)
    scale = sum(found.variances) / sum(found.counts) if sum(found.counts) > 0 else 1.0
    usable = expected > 0
    sigma = np.sqrt(np.where(usable, expected, 1.0) * scale)
    pulls = (counts - expected) / sigma
    _region(axes, found, None)
    band = np.where(usable, np.asarray(found.background_error) / sigma, 0.0)
    axes.fill_between(axis.centres, -band, band, color=_FIT, alpha=0.25, linewidth=0)
    axes.axhline(0.0, color=_FIT, linewidth=1.2)
    reach = float(np.clip(1.15 * np.abs(pulls[usable]).max(initial=0.0), 3.5, _FAR))
    near = 0.95 * reach
    inside = usable & (np.abs(pulls) < near)
    axes.plot(axis.centres[inside], pulls[inside], "o", color="black", zorder=5)
    for marker, outside, place in (
        ("^", usable & (pulls >= near), 0.9 * reach),
        ("v", usable & (pulls <= -near), -0.9 * reach),
    ):
        axes.plot(
            axis.centres[outside], np.full(outside.sum(), place), marker, color="black", zorder=5
        )
    axes.set_ylim(-reach, reach)
    tidy(axes, r"(Data − fit) / $\sigma$")


def _subtracted(axes: Axes, axis: BinAxis, found: Spectrum) -> None:
    """Draw data minus background, the background's uncertainty and the signal."""
    curve = _per_width(axis, found.background)
    error = _per_width(axis, found.background_error)
    counts, variances = np.asarray(found.counts), np.asarray(found.variances)
    below, above = (_per_width(axis, part) for part in poisson_errors(counts, variances))
    residual = _per_width(axis, counts) - curve
    axes.fill_between(axis.centres, -error, error, color=_FIT, alpha=0.25, linewidth=0)
    axes.axhline(0.0, color=_FIT, linewidth=1.2, linestyle="--")
    if found.signal:
        axes.stairs(
            _per_width(axis, found.signal), axis.edges, baseline=None, color=_SIGNAL, linewidth=2,
            zorder=4,
        )  # fmt: skip
    axes.errorbar(
        axis.centres, residual, yerr=(below, above), fmt="o", color="black", elinewidth=1.3,
        zorder=5,
    )  # fmt: skip
    low, high = float(np.min(residual - below)), float(np.max(residual + above))
    margin = 0.08 * (high - low)
    axes.set_ylim(low - margin, high + margin)
    tidy(axes, "Data − bkg.")
