"""Figures of jets: images of single ones and of the mean, and their quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.toptag.jets import JetImage, JetLooks, Quantity
from hepml.plots.style import Look, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["features_figure", "images_figure"]

_COLUMNS = 5
_HUES = {"top": "#bd1f01", "qcd": "#3f90da"}
# Below this share of a jet's pT a pixel is empty.
_FAINTEST = {"mean": 1e-6, "single": 1e-4}


def images_figure(found: JetLooks, look: Look | None = None, *, single: bool = False) -> Figure:
    """Draw images of jets: top above, QCD below if single, else side by side.

    Parameters
    ----------
    found : JetLooks
        With images.
    look : Look, optional
        Style and texts.
    single : bool
        Single jets instead of means.
    """
    from matplotlib.colors import LogNorm

    used = look or Look()
    images = found.examples if single else found.means
    rows = [[item for item in images if item.top], [item for item in images if not item.top]]
    grid = [row for row in rows if row] if single else [[item for row in rows for item in row]]
    faintest = _FAINTEST["single" if single else "mean"]
    highest = max(float(np.max(item.pixels)) for item in images)
    with styled(used):
        across, down = max(len(row) for row in grid), len(grid)
        figure, axes = _frames(used, down, across, (4.3 * across + 1.5, 4.3 * down + 0.6))
        norm = LogNorm(faintest, max(highest, 10 * faintest))
        mesh: Any = None
        for place, row in enumerate(grid):
            for number, item in enumerate(row):
                mesh = _image(axes[place][number], item, found.reach, norm)
            for rest in axes[place][len(row) :]:
                rest.set_visible(False)
        shown = [item for row in axes for item in row]
        bar = figure.colorbar(mesh, ax=shown, pad=0.02, fraction=0.04)
        bar.set_label("Share of $p_{T}$ / pixel")
        for row in axes:
            row[0].set_ylabel(r"$\varphi'$")
        for item in axes[-1]:
            item.set_xlabel(r"$\eta'$")
    return figure


def _image(axes: Any, item: JetImage, reach: float, norm: Any) -> Any:
    edges = np.linspace(-reach, reach, len(item.pixels) + 1)
    pixels = np.array(item.pixels)
    shown = np.ma.masked_less(pixels, norm.vmin).T
    mesh = axes.pcolormesh(edges, edges, shown, norm=norm, cmap="viridis", rasterized=True)
    text = item.title if item.jets == 1 else f"{item.title} of {item.jets:,} jets"
    axes.set_title(text, fontsize=13, loc="left")
    axes.set_aspect("equal")
    return mesh


def features_figure(
    found: JetLooks, look: Look | None = None, *, names: Sequence[str] | None = None
) -> Figure:
    """Draw every quantity of top and QCD jets, each of area 1.

    Parameters
    ----------
    found : JetLooks
        The histograms.
    look : Look, optional
        Style and texts.
    names : sequence of str, optional
        Columns; default: all.
    """
    used = look or Look()
    shown = [item for item in found.quantities if names is None or item.name in names]
    down = -(-len(shown) // _COLUMNS) or 1
    with styled(used):
        figure, axes = _frames(used, down, _COLUMNS, (3.9 * _COLUMNS, 3.2 * down + 0.9))
        places = [item for row in axes for item in row]
        for place, item in zip(places, shown, strict=False):
            _quantity(place, item)
        for place in places[len(shown) :]:
            place.set_visible(False)
        figure.supylabel("Share of jets", size=15)
        handles, labels = places[0].get_legend_handles_labels()
        weights = ", training weights" if found.weighted else ""
        figure.legend(
            handles,
            [f"{labels[0]} ({found.top:,})", f"{labels[1]} ({found.qcd:,}{weights})"],
            loc="outside upper right",
            ncols=2,
        )
    return figure


def _quantity(axes: Any, item: Quantity) -> None:
    edges = np.array(item.edges)
    # of a logarithmic axis the area is that under the curve as drawn
    width = np.diff(np.log(edges)) if item.logarithmic else np.diff(edges)
    top = 0.0
    for kind, name, filled in (("top", "Top", False), ("qcd", "QCD", True)):
        counts = np.array(getattr(item, kind))
        shape = counts / ((counts * width).sum() or 1.0)
        options: dict[str, Any] = {"color": _HUES[kind], "label": name}
        options |= {"fill": True, "alpha": 0.45} if filled else {"linewidth": 1.8}
        axes.stairs(shape, edges, **options)
        top = max(top, float(shape.max(initial=0.0)))
    if item.logarithmic:
        axes.set_xscale("log")
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, 1.12 * (top or 1.0))
    axes.set_yticklabels([])
    if not item.logarithmic:
        axes.locator_params(axis="x", nbins=4, prune="both")
    axes.tick_params(labelsize=11)
    unit = f" [{item.unit}]" if item.unit else ""
    axes.set_xlabel(
        f"{item.name.removeprefix('hl_')}{unit}".replace("^2", "$^2$").replace("^3", "$^3$"),
        fontsize=14,
    )


def _frames(look: Look, down: int, across: int, size: tuple[float, float]) -> tuple[Figure, Any]:
    """A figure with a grid of frames, and its text above them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="compressed" if across < _COLUMNS else "constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(down, across, squeeze=False)
    text = f"{look.text}   {look.note}" if look.note else look.text
    # a title makes room above the frames, also where there is no text
    figure.suptitle(text or " ", x=0.01, ha="left", weight="bold", style="italic", size=17)
    return figure, axes
