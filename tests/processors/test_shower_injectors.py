"""Where showers start: films with given numbers of base-tracks, and tracks of data."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from processors.shower_injectors import (
    EMPTY_START,
    NO_DEVELOPMENT,
    NOTHING_UPSTREAM,
    TOO_LATE,
    TOO_STEEP,
    data_injectors,
    find_injectors,
    simulation_injectors,
)
from tests.processors.shower_samples import Columns, brick


def event(counts: dict[int, int], number: int = 3) -> Columns:
    """An event with so many base-tracks per film; ids fall, so that the second is the smaller."""
    pid = [film for film in sorted(counts, reverse=True) for _ in range(counts[film])]
    size = len(pid)
    return {
        "pid": np.array(pid, dtype=np.int16),
        "id": np.arange(size, 0, -1),
        "event": np.full(size, number, dtype=np.int32),
    }


@pytest.mark.parametrize(
    ("counts", "film"),
    [
        # single in films 5 and 4, then it multiplies: film 4
        ({5: 1, 4: 1, 3: 2, 2: 4, 1: 8, 0: 12}, 4),
        # two in its first film: there
        ({5: 2, 4: 3, 3: 4}, 5),
        # dies out at the end: a thin film downstream does not count
        ({5: 1, 4: 2, 3: 5, 2: 1}, 5),
        # film 4 is empty: the first one upstream that is not
        ({6: 1, 5: 1, 3: 3, 2: 4}, 5),
        # 11 base-tracks in the film before film 2: the most downstream thin film is upstream of it
        ({5: 1, 4: 1, 3: 11, 2: 4, 1: 6}, 4),
    ],
)
def test_the_starting_film_of_simulation(counts: dict[int, int], film: int) -> None:
    columns = event(counts)
    found = simulation_injectors(columns)
    assert found.shower.tolist() == [3]
    assert columns["pid"][found.index].tolist() == [film]


def test_of_two_the_smaller_id_is_the_injector() -> None:
    assert simulation_injectors(event({5: 2, 4: 3})).index.tolist() == [1]


def test_of_more_the_first_is_the_injector() -> None:
    # film 3 has 11, and no film is thin
    columns = event({4: 12, 3: 11, 2: 3})
    assert simulation_injectors(columns).index.tolist() == [12]


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({5: 1, 4: 1, 3: 1}, NO_DEVELOPMENT),
        ({5: 11, 4: 20}, NO_DEVELOPMENT),
        ({5: 3, 4: 4}, NOTHING_UPSTREAM),
        # films 8 to 30 are empty: further than the search goes
        ({30: 1, 7: 3, 6: 4}, NOTHING_UPSTREAM),
        # the thin film that is not downstream of film 3 is an empty one
        ({5: 12, 3: 11, 2: 4}, EMPTY_START),
    ],
)
def test_an_event_without_injector_is_accounted_for(counts: dict[int, int], reason: str) -> None:
    found = simulation_injectors(event(counts))
    assert len(found.index) == 0
    assert found.skipped[reason].tolist() == [3]
    _, account = find_injectors(_complete(event(counts)), "simulation")
    assert account[reason] == sum(account.values()) == 1


def _complete(columns: Columns) -> Columns:
    zero = np.zeros(len(columns["pid"]), dtype=np.float32)
    return columns | dict.fromkeys(("x", "y", "z", "tx", "ty"), zero)


def test_the_skipped_events_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    find_injectors(_complete(event({5: 1, 4: 1}, number=17)), "simulation")
    assert "2 to 10 base-tracks: 17" in caplog.text


def tracks(*rows: tuple[int, int, float]) -> Columns:
    """Base-tracks of (track, film, slope)."""
    table = np.array(rows)
    slope = table[:, 2]
    return {
        "track": table[:, 0].astype(np.int32),
        "pid": table[:, 1].astype(np.int16),
        "tx": slope * 0.6,
        "ty": -slope * 0.8,
    }


def test_the_injector_of_a_track_is_its_last_straight_base_track_in_three_films() -> None:
    found = data_injectors(
        tracks((5, 9, 0.01), (5, 8, 0.02), (5, 7, 0.06), (5, 6, 0.01), (2, 9, 0.03), (-1, 9, 0.0))
    )
    assert found.shower.tolist() == [0, 1]
    assert found.index.tolist() == [4, 1]


def test_tracks_without_injector_are_accounted_for() -> None:
    found = data_injectors(tracks((1, 9, 0.01), (2, 8, 0.2), (3, 6, 0.01), (-1, 5, 0.0)))
    assert {name: values.tolist() for name, values in found.skipped.items()} == {
        TOO_LATE: [3],
        TOO_STEEP: [2],
    }


def test_the_first_films_may_be_empty() -> None:
    columns = tracks((1, 9, 0.01), (2, 7, 0.01))
    assert data_injectors(columns).index.tolist() == [0, 1]
    assert data_injectors(columns, top=10).index.tolist() == [0]


@pytest.mark.parametrize("kind", ["simulation", "data"])
def test_injectors_carry_their_row(kind: str) -> None:
    columns = brick(1)
    columns["row"] = columns["row"] * 10
    injectors, _ = find_injectors(columns, kind)
    place = injectors["row"] // 10
    for name in ("pid", "x", "y", "z", "tx", "ty"):
        assert injectors[name].tolist() == columns[name][place].tolist()


@pytest.mark.parametrize("kind", ["simulation", "data"])
def test_noise_alone_has_no_injector(kind: str) -> None:
    injectors, account = find_injectors(brick(1, starts=()), kind)
    assert {len(values) for values in injectors.values()} == {0}
    assert sum(account.values()) == 0


@pytest.mark.parametrize("kind", ["simulation", "data"])
def test_a_brick_without_base_tracks_has_no_injector(kind: str) -> None:
    injectors, account = find_injectors(brick(1, starts=(), noise=0), kind)
    assert (len(injectors["row"]), sum(account.values())) == (0, 0)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean 'simulation'"):
        find_injectors(brick(1), "simulaton")
