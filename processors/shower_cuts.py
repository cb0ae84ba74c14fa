"""Every number of the shower selection."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from hepml.errors import ParameterError

__all__ = ["LEGACY", "OVERLAP", "ShowerCuts"]


@dataclass(frozen=True, slots=True)
class ShowerCuts:
    """Every number of the selection. Lengths in um, angles in rad.

    Attributes
    ----------
    mode : {"fixed", "legacy"}
        ``legacy`` repeats the published formulas with their mistakes, which
        `processors.shower_candidates` and `processors.shower_links` list.
    overlap : bool
        Whether base-tracks of other simulated showers of the brick count as background. The
        published simulation has only the shower itself and noise; data are always overlaid.
    window : float
        Half side of the square around the injector, the same for all films.
    pyramid_base, pyramid_slope : float
        Side of the square around the injector's axis: base + slope * films downstream.
    delta_theta : float
        Largest polar angle above that of the injector, included.
    impact : float
        Largest impact parameter at the injector's film over the distance to it, included.
    link_angle : float
        Largest angle between linked base-tracks, included.
    link_gap : int
        Films that a link may leap over (``fixed``).
    neighbour_position, neighbour_slope : float
        Mismatches that count as 1 in the distance to the nearest base-track of another film.
    neighbour_limit : float
        Largest such distance; it stands for "none" where there is no base-track within it.
    reach : float
        Half side of the square around the injector beyond which no neighbour is looked for, and
        no base-track of the cut-based algorithm. A tile must hold as much around its core.
    density_radius : float
        Radius of the circle in which base-tracks of the same film are counted.
    cone_slope, cone_radius, cone_start, cone_growth : float
        Cut-based algorithm: largest abs(tx) and abs(ty); distance from the injector's axis below
        both ``cone_radius`` and ``cone_start + cone_growth * distance along the beam``.
    cone_position, cone_angle : float
        Largest mismatch with a base-track of the shower further upstream.
    cone_films : int
        Films upstream in which it is looked for.
    """

    mode: Literal["fixed", "legacy"] = "fixed"
    overlap: bool = False
    window: float = 5_000.0
    pyramid_base: float = 500.0
    pyramid_slope: float = 140.0
    delta_theta: float = 0.6
    impact: float = 0.4
    link_angle: float = 0.4
    link_gap: int = 3
    neighbour_position: float = 60.0
    neighbour_slope: float = 0.06
    neighbour_limit: float = 6.0
    reach: float = 6_000.0
    density_radius: float = 100.0
    cone_slope: float = 0.4
    cone_radius: float = 1_000.0
    cone_start: float = 20.0
    cone_growth: float = 0.04
    cone_position: float = 150.0
    cone_angle: float = 0.15
    cone_films: int = 3

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool | str) or (np.isfinite(value) and value > 0):
                continue
            if item.name in _MAY_BE_ZERO and value == 0:
                continue
            raise ParameterError(f"ShowerCuts.{item.name} must be above 0 and finite, not {value}.")
        if self.window > self.reach:
            raise ParameterError(
                f"ShowerCuts: window = {self.window:g} um must not be beyond reach = "
                f"{self.reach:g} um."
            )


_MAY_BE_ZERO = ("link_gap", "pyramid_slope", "cone_start", "cone_growth", "delta_theta")

# The published selection. Its links and its projections go half of the way between films.
LEGACY = ShowerCuts(mode="legacy")
# Showers of one exposure lie on top of each other, as they do in data.
OVERLAP = ShowerCuts(overlap=True)
