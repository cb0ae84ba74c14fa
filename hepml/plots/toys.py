"""The test statistic of pseudo-experiments against what theory expects of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.fitted import poisson_errors
from hepml.plots.style import Look, make_room
from hepml.stats.results import Toys
from hepml.stats.wording import significance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["half_chi2", "toys_figure"]

Floats = NDArray[np.float64]


def toys_figure(
    toys: Toys,
    observed: float,
    look: Look | None = None,
    *,
    expected: bool = True,
    label: str = "$q_0$",
    text: str = "",
) -> Figure:
    """Draw the test statistics of background pseudo-experiments and the observed one.

    Parameters
    ----------
    toys : Toys
        Pseudo-experiments.
    observed : float
        Test statistic of the data.
    look : Look, optional
        Style and texts.
    expected : bool
        Whether half a chi-square is expected: not of the largest of many windows.
    label : str
        Name of the test statistic.
    text : str
        What the data are, written over the legend.
    """
    values = np.asarray(toys.q0)
    with canvas(look) as (figure, (axes,)):
        top = max(float(values.max(initial=0.0)), 1.0)
        # an observation far beyond all toys gets an arrow, not an empty frame
        reach = 1.08 * max(top, min(observed, 1.6 * top))
        edges = np.linspace(0.0, reach, 41)
        counts = np.histogram(values, edges)[0].astype(np.float64)
        below, above = poisson_errors(counts, counts)
        filled = counts > 0
        axes.errorbar(
            0.5 * (edges[1:] + edges[:-1])[filled], counts[filled],
            yerr=(below[filled], above[filled]), fmt="o", color="black", elinewidth=1.3,
            label=f"{len(values):,} pseudo-experiments",
        )  # fmt: skip
        tops = np.where(filled, counts + above, 0.0)
        if expected:
            curve = len(values) * half_chi2(edges)
            axes.stairs(
                curve, edges, baseline=None, color="#3f90da", linewidth=2,
                label=r"$\frac{1}{2}\delta(0)+\frac{1}{2}\chi^2_1$",
            )  # fmt: skip
            tops = np.maximum(tops, curve)
        axes.set_xlim(0.0, reach)
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.4)
        _observed(axes, observed, reach)
        axes.set_xlabel(label)
        axes.set_ylabel("Pseudo-experiments")
        lines = [text] if text else []
        lines.append(f"p = {toys.p:.2g}  ({toys.p_low:.2g} to {toys.p_high:.2g})")
        lines.append(f"Z = {significance(toys.Z)}")
        make_room(axes, edges, tops, title="\n".join(lines), alignment="left", title_fontsize=13)
    return figure


def half_chi2(edges: Floats) -> Floats:
    """Expected share per bin of q0: one half at zero, one half chi-square with one degree.

    G. Cowan et al., Eur. Phys. J. C 71 (2011) 1554, equation 49.
    """
    from scipy.special import erf

    below = 0.5 * erf(np.sqrt(np.maximum(edges, 0.0) / 2))
    share = np.diff(below)
    share[(edges[:-1] <= 0) & (edges[1:] > 0)] += 0.5
    return np.asarray(share)


def _observed(axes: Axes, observed: float, reach: float) -> None:
    """A line at the observation, or an arrow towards it."""
    colour = "#bd1f01"
    if observed <= reach:
        # not through the legend
        axes.axvline(
            observed, 0, 0.55, color=colour, linewidth=2, label=f"Observed: {observed:.2f}"
        )
        return
    axes.plot([], [], color=colour, marker=">", linewidth=2, label=f"Observed: {observed:.1f}")
    axes.annotate(
        "", (0.995, 0.12), xytext=(0.88, 0.12), xycoords="axes fraction",
        textcoords="axes fraction", arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2},
    )  # fmt: skip
