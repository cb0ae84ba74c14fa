"""How often a dijet search of shuffled data finds as much as that of the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.results import Fitted
from hepml.plots.canvas import canvas
from hepml.plots.style import Look
from hepml.stats.wording import significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["local_law", "toys_figure"]

Floats = NDArray[np.float64]

_OBSERVED, _LOCAL = "#bd1f01", "#3f90da"


def toys_figure(found: Fitted, look: Look | None = None, *, title: str = "") -> Figure:
    """Draw the share of toys with at least some q0, the law of fixed masses, and the observed q0.

    Parameters
    ----------
    found : Fitted
        A fit with toys.
    look : Look, optional
        Style and texts.
    title : str
        Name of the strategy.
    """
    from matplotlib.ticker import LogLocator

    toys, observed = found.q0_toys, found.q0_global or 0.0
    with canvas(look) as (figure, (axes,)):
        if toys is None:
            return figure
        values, size = np.sort(toys.q0), toys.number
        # fits that failed count as larger than all others
        share = 1 - np.arange(len(values) + 1) / size
        x = np.concatenate([[0.0], np.repeat(values, 2)])
        y = np.repeat(share, 2)[:-1]
        error = np.sqrt(y * (1 - y) / size)
        shown = y > 0
        axes.fill_between(
            x[shown], np.maximum(y - error, 0.1 / size)[shown], (y + error)[shown],
            color="0.85", linewidth=0,
        )  # fmt: skip
        axes.plot(
            x[shown], y[shown], color="black", label=f"{size:,} toys: data and reference shuffled"
        )
        reach = 1.1 * max(observed, float(values.max(initial=1.0)), 4.0)
        grid = np.linspace(0.0, reach, 200)
        law = local_law(found, grid)
        if law is not None:
            axes.plot(grid, law, "--", color=_LOCAL, label="Asymptotic, at the fitted masses")
        axes.axvline(observed, 0, 0.62, color=_OBSERVED, label=f"Observed: {observed:.1f}")
        axes.set_yscale("log")
        # room for the legend, where there is no share
        axes.set_ylim(0.3 / size, (size / 0.3) ** 0.55)
        axes.set_yticks(10.0 ** np.arange(math.ceil(math.log10(0.3 / size)), 1))
        axes.yaxis.set_minor_locator(LogLocator(subs=range(2, 10)))
        axes.set_xlim(0.0, reach)
        axes.set_xlabel("$q_0$")
        axes.set_ylabel("Share with at least this $q_0$")
        axes.legend(
            loc="upper right", title=_words(found, title), alignment="left", title_fontsize=13
        )
    return figure


def _words(found: Fitted, title: str) -> str:
    lines = [title] if title else []
    toys = found.q0_toys
    if toys is not None:
        above = "" if toys.p_low > 0 else ", an upper limit"
        lines.append(f"Global p = {toys.p:.2g}  ({toys.p_low:.2g} to {toys.p_high:.2g}){above}")
        lines.append(f"Global Z = {significance(toys.Z)}")
    if found.p is not None and found.Z is not None:
        lines[-1] += f", local Z = {significance(found.Z)}"
    return "\n".join(lines)


def local_law(found: Fitted, q0: Floats) -> Floats | None:
    """Chance of at least this q0 at fixed masses, of the law that the local p-value is of.

    Parameters
    ----------
    found : Fitted
        With one mode or two: half a chi-square of one degree of freedom, and with two modes some
        of two degrees, which the local p-value says.
    q0 : array
        Above 0.

    Returns
    -------
    array or None
        ``None`` for more modes, or without a p-value.
    """
    from scipy.stats import norm

    names = [item.name for item in found.parameters]
    if found.p is None or found.q0 is None or "alpha_2" in names:
        return None
    one = norm.sf(np.sqrt(q0))
    if "alpha" not in names:
        return np.asarray(one)
    more = (found.p - float(norm.sf(math.sqrt(found.q0)))) * math.exp(min(found.q0, 600.0) / 2)
    return np.asarray(one + min(max(more, 0.0), 0.5) * np.exp(-q0 / 2))
