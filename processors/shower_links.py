"""Links of candidates from film to film, by the smallest angle (spec S7).

Published mistakes that ``mode="legacy"`` repeats:

- a parent is projected over half of the gap to the film of its child;
- two parents at the same angle give two rows for the child, and these multiply downstream;
- the chain ends at a film without candidates (simulation); in data the parents stay in its place;
- simulation: the injector is no parent. The last base-track of the first film with candidates
  takes its place, and that film does not reach the output. A shower without candidates in film 0
  has no output at all.

The original stops with an error where candidates of a film have no parent within the largest
angle; here the chain ends, and the rows until then are kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from processors.shower_basetracks import BasetrackError, Basetracks, Injectors, frozen
from processors.shower_candidates import Candidates
from processors.shower_cuts import ShowerCuts
from processors.shower_projections import need_every_film

__all__ = ["INJECTOR", "Links", "link_candidates"]

INJECTOR = -1
"""Parent of the base-tracks that are linked to the injector."""

# equal parents double the legacy rows at every film; real bricks stay far below this factor
_MOST_ROWS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Linked candidates, each with the parent that it continues.

    Attributes
    ----------
    first : array of int64, shape (showers + 1,)
        Where the rows of each shower begin, and the end.
    child, parent : array of int64
        Places among the candidates; `INJECTOR` for a parent that is the injector.
    dx, dy : array of float64
        Parent projected to the film of the child, minus the child [um].
    dtx, dty : array of float64
        Slopes of the parent minus those of the child.
    angle : array of float64
        atan(hypot(dtx, dty)) [rad].
    """

    first: NDArray[np.int64]
    child: NDArray[np.int64]
    parent: NDArray[np.int64]
    dx: NDArray[np.float64]
    dy: NDArray[np.float64]
    dtx: NDArray[np.float64]
    dty: NDArray[np.float64]
    angle: NDArray[np.float64]

    @property
    def dr(self) -> NDArray[np.float64]:
        """Distance of the projected parent from the child [um]."""
        return np.asarray(np.sqrt(self.dx**2 + self.dy**2))


def link_candidates(
    tracks: Basetracks,
    injectors: Injectors,
    candidates: Candidates,
    cuts: ShowerCuts,
    *,
    kind: Literal["simulation", "data"],
) -> Links:
    """Link every candidate to the parent at the smallest angle.

    With ``cuts.mode == "fixed"`` the injector is the first parent and candidates look for a parent
    among those linked in the next film upstream; where none is within the largest angle, in up to
    ``cuts.link_gap`` films further. Films that are missing from the brick do not count. Of equal
    parents the first one is taken. Candidates without a parent are left out.

    Parameters
    ----------
    tracks, injectors, candidates
        As given to and found by `processors.shower_candidates.find_candidates`.
    cuts : ShowerCuts
        Largest angle, gap and mode.
    kind : {"simulation", "data"}
        The published scripts differ (``legacy``).

    Raises
    ------
    BasetrackError
        If equal slopes make the legacy rows multiply without end.
    """
    films = len(tracks.pid)
    # the injectors follow the candidates: they are parents like any other
    x, y, z, tx, ty = (
        frozen(
            np.concatenate(
                [getattr(tracks, name)[candidates.index], getattr(injectors, name)],
                dtype=np.float64,
            )
        )
        for name in ("x", "y", "z", "tx", "ty")
    )
    # an injector in a film that is absent counts as in the last one before it
    start = np.searchsorted(-tracks.pid, -injectors.pid, side="right") - 1
    film = frozen(np.concatenate([tracks.film_of(candidates.index), start]))
    if cuts.mode == "fixed":
        first, child, parent = _link(
            tx, ty, film, candidates.first, films, cuts.link_angle, cuts.link_gap
        )
        gap = z[child] - z[parent]
    else:
        need_every_film(tracks)
        first, child, parent = _link_legacy(
            tx, ty, film, candidates.first, films, cuts.link_angle, kind == "data"
        )
        if not len(first):
            raise BasetrackError(
                "Base-tracks of equal slopes make the links of mode 'legacy' multiply without "
                "end. Are slopes missing or rounded? Use mode 'fixed'."
            )
        # from film to film in simulation, from base-track to base-track in data
        at = tracks.film_z[film[parent]], tracks.film_z[film[child]]
        gap = (z[child] - z[parent] if kind == "data" else np.abs(at[1] - at[0])) / 2
    dtx, dty = tx[parent] - tx[child], ty[parent] - ty[child]
    dx = x[parent] + tx[parent] * gap - x[child]
    dy = y[parent] + ty[parent] * gap - y[child]
    parent[parent >= len(candidates.index)] = INJECTOR
    links = Links(first, child, parent, dx, dy, dtx, dty, _angles(dtx, dty))
    return _distinct(links) if cuts.mode == "legacy" and kind == "data" else links


def _distinct(links: Links) -> Links:
    """Drop rows that repeat an earlier one in all values, as the published scripts do for data."""
    names = ("child", "dx", "dy", "dtx", "dty")
    table = np.stack([getattr(links, name).astype(np.float64) for name in names])
    kept = np.sort(np.unique(table, axis=1, return_index=True)[1])
    shower = np.repeat(np.arange(len(links.first) - 1), np.diff(links.first))[kept]
    first = np.searchsorted(shower, np.arange(len(links.first))).astype(np.int64)
    return Links(first, *(getattr(links, name)[kept] for name in links.__slots__[1:]))


@compiled
def _link(tx, ty, film, first, films, largest, gap):  # type: ignore[no-untyped-def]
    """Mode ``fixed``: rows of each shower, their children and parents."""
    size = first[-1]
    linked = np.zeros(size, dtype=np.bool_)
    rows = np.zeros(len(first), dtype=np.int64)
    child, parent = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64)
    n = 0
    for s in range(len(first) - 1):
        bounds = _film_bounds(film, first[s], first[s + 1], films)
        for c in range(first[s], first[s + 1]):
            p = _parent(tx, ty, c, film, bounds, linked, size + s, largest, gap)
            if p >= 0:
                linked[c] = True
                child[n], parent[n] = c, p
                n += 1
        rows[s + 1] = n
    return rows, child[:n].copy(), parent[:n].copy()


@compiled
def _parent(tx, ty, c, film, bounds, linked, injector, largest, gap):  # type: ignore[no-untyped-def]
    """Nearest linked base-track in slopes, in the nearest film that has one within reach."""
    for f in range(film[c] - 1, max(film[c] - gap - 2, film[injector] - 1), -1):
        nearest, chosen = math.inf, -1
        if f == film[injector]:
            dtx, dty = tx[injector] - tx[c], ty[injector] - ty[c]
            nearest, chosen = dtx * dtx + dty * dty, injector
        else:
            for p in range(bounds[f], bounds[f + 1]):
                dtx, dty = tx[p] - tx[c], ty[p] - ty[c]
                distance = dtx * dtx + dty * dty
                if distance < nearest and linked[p]:
                    nearest, chosen = distance, p
        if math.atan(math.sqrt(nearest)) <= largest:
            return chosen
    return -1


@compiled
def _film_bounds(film, low, high, films):  # type: ignore[no-untyped-def]
    """Where the candidates of each film begin, and the end, among those from low to high."""
    bounds = np.empty(films + 1, dtype=np.int64)
    c = low
    for f in range(films + 1):
        while c < high and film[c] < f:
            c += 1
        bounds[f] = c
    return bounds


@compiled
def _link_legacy(tx, ty, film, first, films, largest, data):  # type: ignore[no-untyped-def]
    """Mode ``legacy``, as `_link`; no rows at all where they multiply without end."""
    size = first[-1]
    rows = np.zeros(len(first), dtype=np.int64)
    child, parent = np.empty(size + 16, dtype=np.int64), np.empty(size + 16, dtype=np.int64)
    n = 0
    for s in range(len(first) - 1):
        bounds = _film_bounds(film, first[s], first[s + 1], films)
        usable = bounds[films] > (first[s] if data else bounds[films - 1])
        f = film[size + s] if data else film[first[s]] if usable else films
        parents = np.full(1, size + s if data else bounds[min(f, films - 1) + 1] - 1)
        while usable and f + 1 < films and len(parents) > 0:
            f += 1
            if bounds[f] == bounds[f + 1]:
                if data:
                    continue
                break
            began = n
            for c in range(bounds[f], bounds[f + 1]):
                tied = _nearest_in_angle(tx, ty, c, parents, largest)
                if n + len(tied) > _MOST_ROWS * (size + 100):
                    return rows[:0], child[:0], parent[:0]
                while n + len(tied) > len(child):
                    child, parent = np.concatenate((child, child)), np.concatenate((parent, parent))
                child[n : n + len(tied)] = c
                parent[n : n + len(tied)] = tied
                n += len(tied)
            # in data rows that repeat are dropped in the end, so that no parent counts twice
            parents = np.unique(child[began:n]) if data else child[began:n].copy()
        rows[s + 1] = n
    return rows, child[:n].copy(), parent[:n].copy()


@compiled
def _nearest_in_angle(tx, ty, c, parents, largest):  # type: ignore[no-untyped-def]
    """All parents at the smallest angle, if that is within reach."""
    nearest = math.inf
    for p in parents:
        dtx, dty = tx[p] - tx[c], ty[p] - ty[c]
        nearest = min(nearest, dtx * dtx + dty * dty)
    # the angle may round to the same for parents that are not quite as near
    nearest *= 1 + 1e-12
    smallest, n = largest, 0
    tied = np.empty(len(parents), dtype=np.int64)
    for p in parents:
        dtx, dty = tx[p] - tx[c], ty[p] - ty[c]
        if dtx * dtx + dty * dty > nearest:
            continue
        angle = math.atan(math.sqrt(dtx * dtx + dty * dty))
        if angle > smallest:
            continue
        if angle < smallest:
            smallest, n = angle, 0
        tied[n] = p
        n += 1
    return tied[:n]


@compiled
def _angles(dtx, dty):  # type: ignore[no-untyped-def]
    """Angle of each difference of slopes."""
    result = np.empty(len(dtx))
    for i in range(len(dtx)):
        result[i] = math.atan(math.sqrt(dtx[i] * dtx[i] + dty[i] * dty[i]))
    return result
