"""What dijet scans fitted against the signal fraction: masses, signal fraction and mixture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hepml.ml.dijet.scan_results import Summary
from hepml.plots.canvas import canvas
from hepml.plots.dijet_medians import (
    beside,
    curve_options,
    curves,
    fraction_axis,
    masses_text,
    medians,
    of_parameter,
    settings_text,
)
from hepml.plots.dijet_style import parameter_name
from hepml.plots.panels import tidy
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["masses_figure", "recovered_figure", "yields_figure"]


def masses_figure(rows: Sequence[Summary], look: Look | None = None) -> Figure:
    """Draw fitted masses against the signal fraction, and below their distance from the truth.

    Parameters
    ----------
    rows : sequence of Summary
        Of one mass point, with fits.
    look : Look, optional
        Style and texts.
    """
    with canvas(look, lower=True) as (figure, (upper, lower)):
        fraction_axis((upper, lower), rows)
        noises, reach, tops = sorted({row.noise for row in rows}), [5.0], [0.0]
        for number, name in enumerate(("mx", "my")):
            colour = ("#bd1f01", "#3f90da")[number]
            truth = next((row.truth[name] for row in rows if name in row.truth), None)
            if truth is not None:
                upper.axhline(truth, color=colour, linestyle="--", linewidth=1.2)
            for (_, noise), curve in curves(rows).items():
                x, y, errors = medians(curve, of_parameter(name), lambda row: row.mu)
                x = x * beside(2 * noises.index(noise) + number, 2 * len(noises))
                options = curve_options("prior-assisted", noise, noises) | {
                    "color": colour, "linestyle": "none", "capsize": 2, "elinewidth": 1.3,
                    "markerfacecolor": "white" if noise else colour,
                }  # fmt: skip
                options["label"] = parameter_name(name).removesuffix(" [GeV]") + (
                    f" + {noise} noise" if noise else ""
                )
                upper.errorbar(x, y, errors, **options)
                tops.append(float((y + errors[1]).max(initial=0.0)))
                if truth is not None:
                    lower.errorbar(x, y - truth, errors, **options)
                    reach += np.abs(y - truth).tolist()
        upper.plot([], [], color="0.3", linestyle="--", linewidth=1.2, label="Truth")
        upper.set_ylim(0.0, 1.4 * max(*tops, *rows[0].mass_point))
        upper.set_ylabel("Fitted masses [GeV]")
        upper.legend(loc="upper right", ncols=3, fontsize=12)
        lower.axhline(0.0, color="black", linewidth=1, linestyle="--")
        lower.axhspan(-10, 10, color="0.5", alpha=0.15, linewidth=0)
        # a fit without signal may be anywhere
        limit = float(np.clip(1.4 * np.quantile(reach, 0.8), 12.0, 200.0))
        lower.set_ylim(-limit, limit)
        tidy(lower, "Fit − truth")
    return figure


def yields_figure(rows: Sequence[Summary], look: Look | None = None) -> Figure:
    """Draw the fitted signal fraction and mixture against the true signal fraction.

    Parameters
    ----------
    rows : sequence of Summary
        Of one mass point, with fits.
    look : Look, optional
        Style and texts.
    """
    mixed = any("alpha" in row.parameters for row in rows)
    with canvas(look, lower=mixed) as (figure, panels):
        upper = panels[0]
        low, high = fraction_axis(panels, rows)
        upper.set_yscale("log")
        upper.plot([low, high], [low, high], "--", color="black", linewidth=1.2, label="Truth")
        noises = sorted({row.noise for row in rows})
        for (strategy, noise), curve in curves(rows).items():
            options = curve_options(strategy, noise, noises) | {"linestyle": "none", "capsize": 2}
            x, y, errors = medians(curve, of_parameter("mu"), lambda row: row.mu)
            shift = beside(noises.index(noise), len(noises))
            upper.errorbar(x * shift, y, errors, **options)
            if mixed:
                x, y, errors = medians(curve, of_parameter("alpha"), lambda row: row.mu)
                panels[1].errorbar(x * shift, y, errors, **options)
        upper.set_ylim(0.3 * low, 10 * high)
        upper.set_ylabel(r"Fitted $\mu$")
        upper.legend(loc="upper left", title=masses_text(rows[0]))
        last = panels[-1]
        if mixed:
            truth = next((row.truth["alpha"] for row in rows if "alpha" in row.truth), None)
            if truth is not None:
                last.axhline(truth, color="black", linewidth=1.2, linestyle="--")
            last.set_ylim(-0.05, 1.05)
            tidy(last, r"Fitted $\alpha$")
    return figure


def recovered_figure(rows: Sequence[Summary], look: Look | None = None) -> Figure:
    """Draw the plane of masses: what was put into the data, and what was fitted.

    Parameters
    ----------
    rows : sequence of Summary
        Of one strategy, signal fraction and number of noise features.
    look : Look, optional
        Style and texts.
    """
    with canvas(look) as (figure, (axes,)):
        labels: list[str | None] = ["Truth", "Fit, 68 %"]
        ends = [0.0]
        for row in rows:
            x, y = row.parameters["mx"], row.parameters["my"]
            if x.median is None or y.median is None:
                continue
            true = row.mass_point
            axes.plot([true[0], x.median], [true[1], y.median], color="0.6", linewidth=1)
            axes.plot(
                *true, "s", markersize=11, color="none", markeredgecolor="black", label=labels[0]
            )
            _, _, across = medians([row], of_parameter("mx"), lambda row: 0.0)
            _, _, along = medians([row], of_parameter("my"), lambda row: 0.0)
            axes.errorbar(
                x.median, y.median, along, across, fmt="o", color="#bd1f01", label=labels[1],
                elinewidth=1.3,
            )  # fmt: skip
            labels = [None, None]
            ends += [*true, x.median, y.median]
        axes.set_xlim(0.0, 1.12 * max(ends))
        axes.set_ylim(0.0, 1.12 * max(ends))
        axes.set_xlabel(parameter_name("mx"))
        axes.set_ylabel(parameter_name("my"))
        axes.legend(loc="upper left", title=settings_text(rows[0]))
    return figure
