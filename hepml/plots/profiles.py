"""Longitudinal profile of showers: base-tracks per film."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.plots.showertable import Films
from hepml.plots.style import Look, make_room, new_figure, styled

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


def longitudinal_profile(films: Films, showers: float, look: Look | None = None) -> Figure:
    """Draw how many linked candidates a shower has in each film.

    Where these are simulated showers of 6 GeV in 29 films, the published ones are shown as points;
    they count every base-track of a shower, not only those that are linked candidates.

    Parameters
    ----------
    films : Films
        Counts of all showers.
    showers : float
        How many showers these are.
    look : Look, optional
        Style and texts.

    Returns
    -------
    matplotlib Figure
    """
    look = look or Look(channel="shower")
    plate = np.arange(1, len(films.signal) + 1)
    edges = np.arange(len(films.signal) + 1) + 0.5
    per_shower = 1.0 / max(showers, 1.0)
    shown = {"Shower": (films.signal, "#bd1f01"), "Background": (films.background, "#717581")}
    if not films.signal.any():
        shown = {"Candidates": (films.background, "black")}
    with styled(look):
        figure, (axes,) = new_figure(look)
        tops = np.zeros(len(plate))
        for label, (counts, colour) in shown.items():
            values, errors = counts * per_shower, np.sqrt(counts) * per_shower
            text = f"{label}: {values.sum():,.1f} linked candidates"
            axes.stairs(values, edges, baseline=None, color=colour, linewidth=2, label=text)
            axes.stairs(
                values + errors, edges, baseline=np.maximum(values - errors, 1e-9), fill=True,
                alpha=0.25, color=colour, linewidth=0,
            )  # fmt: skip
            tops = np.maximum(tops, values + errors)
        if is_published_beam(films):
            axes.plot(
                plate, PUBLISHED, "o", color="black", zorder=5,
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


def is_published_beam(films: Films) -> bool:
    """Whether the showers are those of the published profile: 29 films, electrons of 6 GeV.

    The injector has lost part of the energy: of a beam of 6 GeV four in ten injectors have more
    than 5 GeV, and none has more than the beam.
    """
    momenta: NDArray[np.float64] = films.momenta[np.isfinite(films.momenta)]
    if len(films.signal) != len(PUBLISHED) or not len(momenta):
        return False
    return bool(5.7 < momenta.max() < 6.05 and (momenta > 5.0).mean() > 0.25)
