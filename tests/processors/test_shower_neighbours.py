"""Nearest base-tracks of the films around, on base-tracks placed by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid
from processors.shower_neighbours import NEIGHBOURS, Neighbours, find_neighbours
from tests.processors.test_shower_candidates import Track, basetracks, injector

UP1, UP2, DOWN1, DOWN2 = range(4)
ME: Track = (3, 0.0, 0.0, 0.0, 0.0, 0)
NONE = (6.0, 360.0, 0.36)


def around(*others: Track, me: Track = ME, cuts: Any = None, everything: bool = True) -> Neighbours:
    """Surroundings of one base-track of a shower that starts in film 5."""
    rows = sorted((me, *others), key=lambda row: -row[0])
    tracks = basetracks(*rows)
    index = np.array([rows.index(me)])
    start = injector()
    zero = np.zeros(1, dtype=np.int64)
    cuts = cuts or ShowerCuts()
    return find_neighbours(tracks, Grid.of(tracks), start, zero, index, cuts, everything=everything)


def of(found: Neighbours, place: int) -> tuple[float, ...]:
    return found.distance[0, place], found.dr[0, place], found.dtheta[0, place]


def test_films_are_counted_from_upstream() -> None:
    assert list(NEIGHBOURS) == ["up1", "up2", "down1", "down2"]
    for place, pid in ((UP1, 4), (UP2, 5), (DOWN1, 2), (DOWN2, 1)):
        found = around((pid, 60.0, 0.0, 0.0, 0.0, 0))
        assert of(found, place) == pytest.approx((1.0, 60.0, 0.0))
        assert [of(found, other) == NONE for other in range(4)].count(True) == 3


def test_both_are_projected_half_way() -> None:
    # 50 um and 50 um over half a millimetre each
    found = around((2, 100.0, 0.0, 0.1, 0.0, 0), me=(3, 0.0, 0.0, 0.1, 0.0, 0))
    assert of(found, DOWN1) == pytest.approx((0.0, 0.0, 0.0), abs=1e-4)
    found = around((2, 0.0, 0.0, 0.06, 0.0, 0))
    assert of(found, DOWN1) == pytest.approx((np.hypot(0.5, 1.0), 30.0, 0.06), rel=1e-6)


def test_the_nearest_in_position_and_slope_counts() -> None:
    found = around((2, 90.0, 0.0, 0.0, 0.0, 0), (2, 0.0, 0.0, 0.0, 0.12, 0))
    assert of(found, DOWN1) == pytest.approx((1.5, 90.0, 0.0))


def test_beyond_the_limit_there_is_none() -> None:
    assert of(around((2, 359.0, 0.0, 0.0, 0.0, 0)), DOWN1)[0] == pytest.approx(359 / 60)
    assert of(around((2, 361.0, 0.0, 0.0, 0.0, 0)), DOWN1) == NONE


def test_there_are_no_films_beyond_the_brick() -> None:
    found = around(me=(0, 0.0, 0.0, 0.0, 0.0, 0))
    assert of(found, DOWN1) == of(found, DOWN2) == NONE


def test_base_tracks_beyond_the_reach_do_not_count() -> None:
    me = (3, 990.0, 0.0, 0.0, 0.0, 0)
    others = [(pid, 1005.0, 0.0, 0.0, 0.0, 0) for pid in (2, 3)]
    wide = around(*others, me=me)
    assert (of(wide, DOWN1)[0], wide.density[0]) == (0.25, 1)
    cuts = replace(ShowerCuts(), window=1000.0, reach=1000.0)
    near = around(*others, me=me, cuts=cuts)
    assert (of(near, DOWN1), near.density[0]) == (NONE, 0)


def test_base_tracks_of_other_showers_count_if_everything_does() -> None:
    others = [(2, 0.0, 0.0, 0.0, 0.0, 7), (3, 50.0, 0.0, 0.0, 0.0, 7)]
    found = around(*others)
    assert (of(found, DOWN1)[0], found.density[0]) == (0.0, 1)
    found = around(*others, everything=False)
    assert (of(found, DOWN1), found.density[0]) == (NONE, 0)


def test_density_counts_other_base_tracks_of_the_film_within_the_radius() -> None:
    found = around(*((3, float(x), 0.0, 0.5, 0.0, -999) for x in (-100, 20, 99, 101)))
    assert found.density.tolist() == [3]


def test_the_distance_from_the_axis_is_taken_in_the_film() -> None:
    tracks = basetracks((3, 230.0, 40.0, 0.0, 0.0, 0))
    zero = np.zeros(1, dtype=np.int64)
    found = find_neighbours(
        tracks, Grid.of(tracks), injector(tx=0.1), zero, zero, ShowerCuts(), everything=True
    )
    assert found.axis_distance[0] == pytest.approx(50.0)
