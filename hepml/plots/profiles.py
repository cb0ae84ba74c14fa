"""Longitudinal profile of showers: base-tracks per film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.plots.canvas import canvas
from hepml.plots.showertable import Films
from hepml.plots.style import Look, make_room

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PUBLISHED", "longitudinal_profile"]

# Base-tracks of 360 simulated electrons of 6 GeV in each of 29 films with 1 mm of lead between
# them, momentum above 30 MeV, angle below 1 rad (DESY 2019 exposures, RUN3, FairShip + Geant4).
PUBLISHED = (
    np.array([
        360, 404, 498, 655, 828, 1025, 1267, 1505, 1748, 1986, 2249, 2523, 2795, 2997, 3221,
        3428, 3582, 3736, 3876, 3965, 3977, 4019, 4072, 4067, 4065, 4044, 3973, 3883, 3784,
    ]) / 360.0
)  # fmt: skip


_COLOURS = ("#bd1f01", "#3f90da", "#ffa90e", "#832db6", "#a96b59", "#92dadd")


def longitudinal_profile(films: Films, look: Look | None = None) -> Figure:
    """Draw how many linked candidates a shower has in each film, for each energy of the beam.

    Where there are showers of 6 GeV in 29 films, the published ones are shown as points; they count
    every base-track of a shower, not only those that are linked candidates.

    Parameters
    ----------
    films : Films
        Counts of all showers.
    look : Look, optional
        Style and texts.
    """
    look = look or Look(channel="shower")
    number = len(films.background)
    edges = np.arange(number + 1) + 0.5
    tops = np.zeros(number)
    with canvas(look) as (figure, (axes,)):
        for label, counts, showers, colour in _shown(films):
            scale = 1.0 / max(showers, 1)
            values, errors = counts * scale, np.sqrt(counts) * scale
            text = f"{label}: {values.sum():,.1f} linked candidates"
            axes.stairs(values, edges, baseline=None, color=colour, linewidth=2, label=text)
            axes.stairs(
                values + errors, edges, baseline=np.maximum(values - errors, 1e-9), fill=True,
                alpha=0.25, color=colour, linewidth=0,
            )  # fmt: skip
            tops = np.maximum(tops, values + errors)
        if 6.0 in films.signal and number == len(PUBLISHED):
            axes.plot(
                np.arange(number) + 1, PUBLISHED, "o", color="black", zorder=5,
                label=f"Published Geant4, 6 GeV: {PUBLISHED.sum():.1f} base-tracks,\n"
                "including those that are no candidates",
            )  # fmt: skip
            tops = np.maximum(tops, PUBLISHED)
        axes.set_yscale("log")
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0.05)
        axes.set_xlabel("Film, from upstream")
        axes.set_ylabel("Base-tracks / film / shower")
        make_room(axes, edges, tops)
    return figure


def _shown(films: Films) -> list[tuple[str, NDArray[np.float64], int, str]]:
    """Label, counts, number of showers and colour of every line."""
    total = sum(films.showers.values())
    if not any(counts.any() for counts in films.signal.values()):
        return [("Candidates", films.background, total, "black")]
    lines = [("Background", films.background, total, "#717581")]
    for (energy, counts), colour in zip(sorted(films.signal.items()), _COLOURS, strict=False):
        label = f"Shower, {energy:g} GeV" if energy > 0 else "Shower"
        lines.append((label, counts, films.showers[energy], colour))
    return lines
