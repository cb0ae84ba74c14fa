"""Whether a background model and a likelihood ratio can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hepml.ml.anomaly.pieces import Reweighting
from hepml.ml.anomaly.results import BandAuc, Closure, MassDependence
from hepml.plots.canvas import canvas
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["closure_figure", "ratio_figure", "score_mass_figure"]

_GOOD, _BAD = "#3f90da", "#bd1f01"
_BANDS = {"SB": "Both sidebands", "SBL": "Lower sideband", "SBH": "Upper sideband"}


def closure_figure(found: Closure, look: Look | None = None) -> Figure:
    """Draw how well a classifier tells sideband data from samples, and below it the features.

    Parameters
    ----------
    found : Closure
        The checks.
    look : Look, optional
        Style and texts.
    """
    bands = [item for item in found.bands if item.auc.value is not None]
    with canvas(look) as (figure, (axes,)):
        axes.set_position((0.33, 0.115, 0.635, 0.82))
        places = np.arange(len(bands))[::-1]
        for place, item in zip(places, bands, strict=True):
            value, error = item.auc.value or 0.0, item.auc.error or 0.0
            colour = _GOOD if value - error <= found.limit else _BAD
            axes.errorbar(value, place, xerr=error, fmt="o", color=colour, elinewidth=1.6)
        axes.axvline(0.5, color="0.3", linewidth=1.2, linestyle="--", label="perfect closure")
        axes.axvline(
            found.limit, color=_BAD, linewidth=1.2, linestyle=":", label=f"limit {found.limit:g}"
        )
        axes.set_yticks(places, [_band(item) for item in bands])
        axes.tick_params(axis="y", which="both", length=0)
        axes.set_ylim(-0.8, len(bands) + 1.1)
        axes.set_xlabel("AUC of data against samples")
        worst = min((item.p for item in found.features), default=None)
        text = f"Closure: {found.status}"
        if worst is not None:
            text += f"\nsmallest KS p of {len(found.features)} tests: {worst:.2g}"
        axes.legend(
            loc="upper right", title=text, title_fontsize=12, fontsize=12, ncols=2, frameon=True,
            framealpha=1.0, facecolor="white", edgecolor="none",
        )  # fmt: skip
    return figure


def _band(item: BandAuc) -> str:
    mass = "with mass" if item.mass_included else "without mass"
    return f"{_BANDS.get(item.band, item.band)}\n{mass}"


def score_mass_figure(
    found: MassDependence, window: Mapping[str, Any], look: Look | None = None, *, label: str
) -> Figure:
    """Draw quantiles of the score in bins of the mass: flat lines sculpt nothing.

    Parameters
    ----------
    found : MassDependence
        The quantiles.
    window : mapping
        Edges ``low`` and ``high`` of the signal region [GeV].
    look : Look, optional
        Style and texts.
    label : str
        Text of the mass axis.
    """
    edges = np.asarray(found.edges)
    with canvas(look) as (figure, (axes,)):
        axes.axvspan(
            window["low"], window["high"], color="#ffa90e", alpha=0.18, linewidth=0,
            label="Signal region",
        )  # fmt: skip
        hues = _shades(len(found.levels))
        tops = [0.0]
        for colour, level, values in zip(hues, found.levels, found.quantiles, strict=True):
            shown = np.array([np.nan if value is None else value for value in values])
            axes.stairs(
                shown, edges, baseline=None, color=colour, linewidth=2,
                label=f"{100 * level:g}% below",
            )  # fmt: skip
            tops += shown[np.isfinite(shown)].tolist()
        for item in found.tests:
            axes.plot([], [], " ", label=f"sidebands, FPR {100 * item.fpr:g}%: KS p = {item.p:.2g}")
        low, high = min(tops[1:] or [0.0]), max(tops)
        room = max(high - low, 1e-6)
        axes.set_ylim(low - 0.05 * room, high + 0.75 * room)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_xlabel(label)
        axes.set_ylabel("Score")
        axes.legend(loc="upper right", fontsize=11, ncols=2)
    return figure


def _shades(count: int) -> list[Any]:
    from matplotlib import colormaps

    chosen = colormaps["viridis"]
    return [chosen(0.9 * place / max(count - 1, 1)) for place in range(count)]


def ratio_figure(found: Reweighting, look: Look | None = None, *, text: str = "") -> Figure:
    """Draw the likelihood ratio that is observed against the one that was predicted.

    Parameters
    ----------
    found : Reweighting
        With its reliability.
    look : Look, optional
        Style and texts.
    text : str
        Written over the legend.
    """
    ratio, observed, error = (
        np.array([getattr(item, name) for item in found.reliability])
        for name in ("ratio", "observed", "error")
    )
    with canvas(look) as (figure, (axes,)):
        low = 0.9 * min(ratio.min(), (observed - error).min())
        high = 1.1 * max(ratio.max(), (observed + error).max())
        axes.plot([low, high], [low, high], color="0.4", linestyle="--", label="calibrated")
        axes.errorbar(
            ratio, observed, yerr=error, fmt="o", color="black", elinewidth=1.4,
            label="bins of equally many samples",
        )  # fmt: skip
        lines = [text] if text else []
        for check in found.checks:
            mark = "" if check.good else " (!)"
            lines.append(f"mean r of {check.of}: {check.mean:.3f} $\\pm$ {check.error:.3f}{mark}")
        axes.set_xlim(low, high)
        axes.set_ylim(low, high + 0.35 * (high - low))
        axes.set_xlabel("Predicted data / background")
        axes.set_ylabel("Observed data / background samples")
        axes.legend(loc="upper left", title="\n".join(lines), alignment="left", title_fontsize=12)
    return figure
