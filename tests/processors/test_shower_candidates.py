"""Cuts on candidates and their links, on a handful of base-tracks placed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.errors import ParameterError
from processors.shower_basetracks import BasetrackError, Basetracks, Injectors, by_film
from processors.shower_candidates import Candidates, find_candidates
from processors.shower_cuts import LEGACY, ShowerCuts
from processors.shower_grid import Grid
from processors.shower_links import INJECTOR, Links, link_candidates

GAP = 1000.0
FIXED = ShowerCuts()
# pid, x, y, tx, ty, event
Track = tuple[int, float, float, float, float, int]


def basetracks(*rows: Track) -> Basetracks:
    """Base-tracks in films 1 mm apart, and an empty film wherever there is none."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    names = ("pid", "x", "y", "tx", "ty", "event")
    columns = {name: table[:, place] for place, name in enumerate(names)}
    columns["z"] = -GAP * columns["pid"]
    films = {pid: -GAP * pid for pid in range(6)}
    return Basetracks.of(by_film(columns), films)


def injector(pid: int = 5, tx: float = 0.0, ty: float = 0.0, number: int = 1) -> Injectors:
    values = {"shower": 0, "row": -1, "pid": pid, "x": 0.0, "y": 0.0, "z": -GAP * pid}
    values |= {"tx": tx, "ty": ty}
    return Injectors.of({name: np.array([value] * number) for name, value in values.items()})


def search(
    tracks: Basetracks, start: Injectors, cuts: ShowerCuts = FIXED, **options: Any
) -> Candidates:
    return find_candidates(tracks, Grid.of(tracks), start, cuts, **{"everything": True} | options)


def link(
    tracks: Basetracks, start: Injectors, cuts: ShowerCuts = FIXED, kind: Any = "data"
) -> Links:
    return link_candidates(tracks, start, search(tracks, start, cuts), cuts, kind=kind)


@pytest.mark.parametrize(
    ("track", "passed"),
    [
        ((4, 0.0, 0.0, 0.0, 0.0, -999), 4),
        # the window of 5 mm is included, whatever the film
        ((4, 5000.0, 0.0, 0.0, 0.0, -999), 1),
        ((4, 5000.5, 0.0, 0.0, 0.0, -999), 0),
        ((4, 0.0, -5001.0, 0.0, 0.0, -999), 0),
        # the pyramid is 640 um wide in the first film and 1060 um in the fourth, edges excluded
        ((4, 319.0, -319.0, 0.319, -0.319, -999), 4),
        ((4, 320.0, 0.0, 0.32, 0.0, -999), 1),
        ((1, 0.0, 529.0, 0.0, 0.1, -999), 4),
        ((1, 0.0, 530.0, 0.0, 0.1, -999), 1),
        # 0.6 rad is a slope of 0.684
        ((4, 300.0, 0.0, 0.684, 0.0, -999), 4),
        ((4, 300.0, 0.0, 0.685, 0.0, -999), 2),
        # 0.3 - 0.41 and 0.3 + 0.11
        ((4, 300.0, 0.0, -0.09, 0.0, -999), 4),
        ((4, 300.0, 0.0, -0.11, 0.0, -999), 3),
        # not downstream
        ((5, 0.0, 0.0, 0.0, 0.0, -999), 0),
    ],
)
def test_a_base_track_passes_one_cut_after_the_other(track: Track, passed: int) -> None:
    found = search(basetracks(track), injector())
    assert found.passed.tolist() == [[int(step < passed) for step in range(4)]]
    assert len(found.index) == (passed == 4)


def test_the_pyramid_follows_the_axis_to_the_tested_film() -> None:
    # at 0.2 the axis is 800 um off in the fourth film; the pyramid there is 530 um either way
    edges = [(1, 800.0 + off, 0.0, 0.2, 0.0, -999) for off in (-531, -529, 529, 531)]
    start = injector(tx=0.2)
    assert search(basetracks(*edges), start).index.tolist() == [1, 2]


def test_the_published_pyramid_is_centred_one_film_upstream() -> None:
    edges = [(1, 600.0 + off, 0.0, 0.2, 0.0, -999) for off in (-531, -529, 529, 531)]
    found = search(basetracks(*edges), injector(tx=0.2), LEGACY)
    assert found.passed[0].tolist()[:2] == [4, 2]


def test_the_published_impact_parameter_has_the_wrong_sign() -> None:
    tracks = basetracks((4, 29.6, 0.0, 0.0572, 0.0, -999))
    assert search(tracks, injector()).impact_over_dz[0] == pytest.approx(0.0276, abs=1e-6)
    legacy = search(tracks, injector(), LEGACY)
    assert legacy.impact_over_dz[0] == pytest.approx(0.0868, abs=1e-6)


def test_angles_of_a_candidate() -> None:
    found = search(basetracks((3, 300.0, 0.0, 0.3, 0.3, -999)), injector(tx=0.05))
    assert found.delta_theta[0] == pytest.approx(
        np.arctan(np.sqrt(0.18)) - np.arctan(0.05), abs=1e-7
    )
    assert found.cone_tangent[0] == pytest.approx(0.15, abs=1e-7)


def test_a_shower_is_seen_with_itself_and_noise_unless_everything_counts() -> None:
    tracks = basetracks(
        *((4, 10.0 * place, 0.0, 0.0, 0.0, e) for place, e in enumerate((-999, 0, 7)))
    )
    assert search(tracks, injector(), everything=False).index.tolist() == [0, 1]
    found = search(tracks, injector())
    assert found.index.tolist() == [0, 1, 2]
    assert found.signal.tolist() == [[1, 1, 1, 1]]


def test_excluded_base_tracks_are_no_candidates() -> None:
    tracks = basetracks((4, 0.0, 0.0, 0.0, 0.0, 0), (4, 9.0, 0.0, 0.0, 0.0, 0))
    assert search(tracks, injector(), excluded=np.array([True, False])).index.tolist() == [1]


def test_a_base_track_may_be_a_candidate_of_two_showers() -> None:
    found = search(basetracks((4, 0.0, 0.0, 0.0, 0.0, 0)), injector(number=2))
    assert (found.first.tolist(), found.shower.tolist()) == ([0, 1, 2], [0, 1])


@pytest.mark.parametrize("cuts", [FIXED, LEGACY])
def test_nothing_gives_nothing(cuts: ShowerCuts) -> None:
    tracks = basetracks((4, 0.0, 0.0, 0.0, 0.0, 0))
    for some, start in (
        (tracks, injector(number=0)),
        (basetracks(), injector()),
        (tracks, injector(pid=3)),
    ):
        assert len(search(some, start, cuts).index) == 0
        for kind in ("simulation", "data"):
            assert len(link(some, start, cuts, kind).child) == 0


def test_an_injector_far_outside_has_no_candidate() -> None:
    tracks = basetracks((4, 1e5, -1e5, 0.0, 0.0, 0), (4, 1.1e5, 1e5, 0.0, 0.0, 0))
    assert search(tracks, injector()).passed.tolist() == [[0, 0, 0, 0]]


# --- links ------------------------------------------------------------------------------------

CHAIN: tuple[Track, ...] = (
    (4, 10.0, 0.0, 0.02, 0.0, 0),
    (3, 30.0, 5.0, 0.03, 0.0, 0),
    (2, 60.0, 0.0, 0.04, 0.0, 0),
)


def test_the_injector_is_the_first_parent() -> None:
    links = link(basetracks(*CHAIN), injector())
    assert links.child.tolist() == [0, 1, 2]
    assert links.parent.tolist() == [INJECTOR, 0, 1]


def test_a_parent_is_projected_to_the_film_of_its_child() -> None:
    links = link(basetracks(*CHAIN), injector())
    assert links.dx.tolist() == pytest.approx([-10.0, 0.0, 0.0], abs=1e-4)
    assert links.dy.tolist() == pytest.approx([0.0, -5.0, 5.0], abs=1e-4)
    assert links.dtx.tolist() == pytest.approx([-0.02, -0.01, -0.01], abs=1e-7)
    assert links.angle.tolist() == pytest.approx(np.arctan([0.02, 0.01, 0.01]), abs=1e-7)
    assert links.dr.tolist() == pytest.approx([10.0, 5.0, 5.0], abs=1e-4)


def test_published_links_go_half_of_the_way_and_leave_out_the_first_film_in_simulation() -> None:
    rows = (*CHAIN, (1, 90.0, 0.0, 0.05, 0.0, 0), (0, 100.0, 0.0, 0.05, 0.0, 0))
    links = link(basetracks(*rows), injector(), LEGACY, "simulation")
    assert (links.child.tolist(), links.parent.tolist()) == ([1, 2, 3, 4], [0, 1, 2, 3])
    assert links.dx.tolist()[:2] == pytest.approx([-10.0, -15.0], abs=1e-4)
    in_data = link(basetracks(*rows), injector(), LEGACY, "data")
    assert in_data.parent.tolist() == [INJECTOR, 0, 1, 2, 3]


def test_a_published_shower_that_does_not_reach_film_0_is_lost_in_simulation() -> None:
    assert len(link(basetracks(*CHAIN), injector(), LEGACY, "simulation").child) == 0
    assert len(link(basetracks(*CHAIN), injector(), LEGACY, "data").child) == 3


def test_the_published_chain_ends_at_an_empty_film_in_simulation() -> None:
    rows = (*CHAIN, (0, 100.0, 0.0, 0.05, 0.0, 0))
    assert link(basetracks(*rows), injector(), LEGACY, "simulation").child.tolist() == [1, 2]
    assert link(basetracks(*rows), injector(), LEGACY, "data").parent.tolist() == [
        INJECTOR,
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(("gap", "linked"), [(0, 1), (1, 1), (2, 2)])
def test_links_leap_over_films(gap: int, linked: int) -> None:
    tracks = basetracks((4, 0.0, 0.0, 0.0, 0.0, 0), (1, 0.0, 0.0, 0.0, 0.0, 0))
    links = link(tracks, injector(), ShowerCuts(link_gap=gap))
    assert len(links.child) == linked


def test_films_that_do_not_exist_are_no_gap() -> None:
    table = {"pid": [4, 1], "x": [0.0] * 2, "y": [0.0] * 2, "tx": [0.0] * 2, "ty": [0.0] * 2}
    columns = {name: np.array(values) for name, values in table.items()}
    columns["z"] = -GAP * columns["pid"]
    tracks = Basetracks.of(columns)
    links = link(tracks, injector(), ShowerCuts(link_gap=0))
    assert links.parent.tolist() == [INJECTOR, 0]


def test_a_candidate_at_a_large_angle_to_all_parents_is_left_out() -> None:
    tracks = basetracks((4, 200.0, 0.0, 0.45, 0.0, 0), (4, 0.0, 0.0, 0.1, 0.0, 0))
    links = link(tracks, injector())
    assert links.child.tolist() == [1]


def test_equal_parents_double_the_published_row_only() -> None:
    rows = (
        (4, 0.0, 0.0, 0.01, 0.0, 0),
        (4, 5.0, 0.0, -0.01, 0.0, 0),
        (3, 0.0, 0.0, 0.0, 0.0, 0),
        (2, 0.0, 0.0, 0.0, 0.0, 0),
    )
    legacy = link(basetracks(*rows), injector(), LEGACY, "data")
    assert legacy.child.tolist() == [0, 1, 2, 2, 3]
    assert legacy.parent.tolist() == [INJECTOR, INJECTOR, 0, 1, 2]
    assert link(basetracks(*rows), injector()).parent.tolist() == [INJECTOR, INJECTOR, 0, 2]


def test_rows_that_multiply_without_end_are_an_error() -> None:
    rows = [(pid, float(n), 0.0, 0.0, 0.0, 0) for pid in range(5) for n in range(60)]
    with pytest.raises(BasetrackError, match=r"multiply without end.*mode 'fixed'"):
        link(basetracks(*rows), injector(), LEGACY, "simulation")
    assert len(link(basetracks(*rows), injector()).child) == 300


# --- cuts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"window": 0.0}, "window must be above 0"),
        ({"impact": float("nan")}, "impact must be above 0 and finite, not nan"),
        ({"link_gap": -1}, "link_gap must be"),
        ({"window": 7000.0}, "window = 7000 um must not be beyond reach = 6000 um"),
    ],
)
def test_cuts_out_of_range_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        ShowerCuts(**changes)


def test_some_cuts_may_be_0() -> None:
    assert ShowerCuts(link_gap=0, pyramid_slope=0.0).link_gap == 0
