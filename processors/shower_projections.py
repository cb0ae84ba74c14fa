"""Polar angles of base-tracks, and their projections to the films next to them (spec S1)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from processors.shower_basetracks import BasetrackError, Basetracks

__all__ = ["NOMINAL_GAP", "film_gaps", "polar_angle", "projections"]

NOMINAL_GAP = 1315.0  # um: what the published scripts take beyond the first and the last film


def polar_angle(tx: NDArray[Any], ty: NDArray[Any]) -> NDArray[np.float64]:
    """Polar angle of slopes, atan(sqrt(tx^2 + ty^2)) [rad]."""
    tx, ty = np.asarray(tx, np.float64), np.asarray(ty, np.float64)
    return np.asarray(np.arctan(np.sqrt(tx**2 + ty**2)))


def film_gaps(tracks: Basetracks) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance of each film from the next one downstream and upstream [um].

    `NOMINAL_GAP` where there is none. Only films that are there count.
    """
    between = np.abs(np.diff(tracks.film_z))
    end = np.full(min(len(tracks.pid), 1), NOMINAL_GAP)
    return np.concatenate([between, end]), np.concatenate([end, between])


def projections(
    tracks: Basetracks, mode: Literal["fixed", "legacy"] = "fixed"
) -> dict[str, NDArray[np.float64]]:
    """Project every base-track to the films next to it.

    Parameters
    ----------
    tracks : Basetracks
        Base-tracks by film.
    mode : {"fixed", "legacy"}
        ``legacy`` goes only half of the gap in x and y, as the published scripts do, and needs
        films without a missing one.

    Returns
    -------
    dict of str to array
        ``theta`` [rad]; ``x_next``, ``y_next``, ``z_next`` downstream and ``x_prev``, ``y_prev``,
        ``z_prev`` upstream [um].

    Raises
    ------
    BasetrackError
        If a film is missing and the mode is ``legacy``.
    """
    if mode == "legacy":
        need_every_film(tracks)
    share = 0.5 if mode == "legacy" else 1.0
    film = np.repeat(np.arange(len(tracks.pid)), np.diff(tracks.first))
    x, y, z, tx, ty = (
        np.asarray(getattr(tracks, name), np.float64) for name in ("x", "y", "z", "tx", "ty")
    )
    found = {"theta": polar_angle(tx, ty)}
    for name, sign, gaps in zip(("next", "prev"), (1, -1), film_gaps(tracks), strict=True):
        gap = gaps[film]
        found[f"x_{name}"] = x + sign * (tx * gap * share)
        found[f"y_{name}"] = y + sign * (ty * gap * share)
        found[f"z_{name}"] = z + sign * gap
    return found


def need_every_film(tracks: Basetracks) -> None:
    """Raise a BasetrackError that names the missing films, if there are any."""
    if tracks.contiguous or not len(tracks.pid):
        return
    missing = sorted(set(range(int(tracks.pid[0]) + 1)) - set(tracks.pid.tolist()), reverse=True)
    shown = ", ".join(map(str, missing[:5]))
    raise BasetrackError(
        f"Films {shown} are missing, and mode 'legacy' takes films to be numbered without gaps "
        "from 0. Use mode 'fixed', or renumber the films (which moves the pyramid)."
    )
