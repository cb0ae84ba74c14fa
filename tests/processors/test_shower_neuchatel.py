"""The cut-based algorithm on base-tracks placed by hand, and how well showers were found."""

from __future__ import annotations

import numpy as np
import pytest

from processors.shower_basetracks import Basetracks, Injectors
from processors.shower_cuts import ShowerCuts
from processors.shower_grid import Grid
from processors.shower_neuchatel import Showers, find_showers, fraction, quality_of
from tests.processors.shower_samples import brick
from tests.processors.test_shower_candidates import Track, basetracks, injector

CUTS = ShowerCuts()


def follow(*rows: Track, start: Injectors | None = None) -> Showers:
    tracks = basetracks(*rows)
    return find_showers(tracks, Grid.of(tracks), start or injector(), CUTS, everything=True)


@pytest.mark.parametrize(
    ("track", "found"),
    [
        ((4, 0.0, 0.0, 0.0, 0.0, 0), True),
        # the cone is 20 um + 4 % of 1 mm wide
        ((4, 59.0, 0.0, 0.0, 0.0, 0), True),
        ((4, 61.0, 0.0, 0.0, 0.0, 0), False),
        # 0.15 in slope, 150 um extrapolated back
        ((4, 59.0, 0.0, 0.149, 0.0, 0), True),
        ((4, 59.0, 0.0, 0.151, 0.0, 0), False),
        ((4, -59.0, 0.0, 0.1, 0.0, 0), False),
        # three films downstream, four
        ((2, 0.0, 0.0, 0.0, 0.0, 0), True),
        ((1, 0.0, 0.0, 0.0, 0.0, 0), False),
    ],
)
def test_a_base_track_joins_if_it_continues_the_injector(track: Track, found: bool) -> None:
    assert len(follow(track).index) == found


def test_the_shower_is_followed_from_base_track_to_base_track() -> None:
    rows = [
        (4, 20.0, 0.0, 0.05, 0.0, 0),
        (2, 100.0, 0.0, 0.05, 0.0, 0),
        (0, 190.0, 0.0, 0.05, 0.0, 0),
    ]
    showers = follow(*rows)
    assert showers.index.tolist() == [0, 1, 2]
    assert showers.parent.tolist() == [-1, 0, 1]


@pytest.mark.parametrize(("pid", "found"), [(1, True), (0, False)])
def test_a_base_track_is_continued_over_three_films(pid: int, found: bool) -> None:
    rows = [(4, 50.0, 0.0, 0.05, 0.0, 0), (pid, 100.0, 0.0, 0.02, 0.0, 0)]
    assert len(follow(*rows).index) == 1 + found


def test_the_closest_is_continued() -> None:
    rows = [(4, 0.0, 0.0, 0.0, 0.0, 0), (4, 50.0, 0.0, 0.05, 0.0, 0), (3, 90.0, 0.0, 0.04, 0.0, 0)]
    assert follow(*rows).parent.tolist() == [-1, -1, 1]


def test_steep_base_tracks_do_not_join() -> None:
    start = injector(tx=0.38)
    assert len(follow((4, 400.0, 0.0, 0.399, 0.0, 0), start=start).index) == 1
    assert len(follow((4, 400.0, 0.0, 0.401, 0.0, 0), start=start).index) == 0


def test_quality_counts_what_is_true_and_what_is_not() -> None:
    rows = [
        (4, 0.0, 0.0, 0.0, 0.0, 0),
        (4, 9.0, 0.0, 0.0, 0.0, -999),
        (3, 0.0, 0.0, 0.0, 0.0, 0),
        (2, 0.0, 900.0, 0.0, 0.0, 0),
        (1, 0.0, 900.0, 0.0, 0.0, 0),
        (5, 0.0, 0.0, 0.0, 0.0, 0),
    ]
    tracks = basetracks(*rows)
    showers = find_showers(tracks, Grid.of(tracks), injector(), CUTS, everything=True)
    quality = quality_of(tracks, injector(), showers.first, showers.index)
    assert (quality.found.tolist(), quality.same.tolist(), quality.true.tolist()) == ([3], [2], [4])
    assert [values[0] for values in quality.efficiency] == pytest.approx([0.5, 0.25])
    assert [values[0] for values in quality.purity] == pytest.approx([2 / 3, np.sqrt(2 / 27)])


def test_a_fraction_of_nothing_is_no_number() -> None:
    share, error = fraction([1, 0], [4, 0])
    assert share.tolist()[0] == 0.25
    assert np.isnan([share[1], error[1]]).all()


def test_quality_of_a_brick_without_showers() -> None:
    tracks = Basetracks.of(brick(1, starts=()))
    nobody = injector(number=0)
    quality = quality_of(tracks, nobody, np.zeros(1, np.int64), np.empty(0, np.int64))
    assert quality.true.tolist() == []
