"""Volume tracks: which base-tracks of a particle are joined."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.simulate.shower_brick import expose
from hepml.simulate.shower_links import volume_tracks
from hepml.simulate.shower_settings import Settings

PITCH = 1000.0


def straight(plates: list[int], **changes: Any) -> dict[str, np.ndarray]:
    """One particle of slope 0.01 in x with a base-track in each of the plates."""
    plate = np.array(plates)
    columns = {name: np.zeros(len(plate)) for name in ("x", "y", "tx", "ty")}
    columns |= {name: np.zeros(len(plate), int) for name in ("event", "mctrack")}
    columns["plate"] = plate
    columns["tx"] += 0.01
    columns["x"] += 0.01 * PITCH * plate
    for name, values in changes.items():
        columns[name] = columns[name] + np.array(values)
    return columns


def test_a_straight_particle_is_one_track() -> None:
    assert volume_tracks(straight([1, 2, 3]), PITCH).tolist() == [0, 0, 0]


def test_rows_may_be_in_any_order() -> None:
    found = volume_tracks(straight([3, 1, 9, 2, 10], mctrack=[0, 0, 1, 0, 1]), PITCH)
    assert found.tolist() == [0, 0, 1, 0, 1]


def test_a_single_base_track_is_no_track() -> None:
    assert volume_tracks(straight([1]), PITCH).tolist() == [-1]


def test_particles_and_events_are_kept_apart() -> None:
    found = volume_tracks(
        straight([1, 2, 1, 2, 1, 2], mctrack=[0, 0, 1, 1, 0, 0], event=[0] * 4 + [1] * 2), PITCH
    )
    assert found.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("gap", "tracks"), [(4, [0, 0, 0, 0]), (5, [0, 0, 1, 1])])
def test_a_track_misses_at_most_four_films(gap: int, tracks: list[int]) -> None:
    after = 3 + gap
    assert volume_tracks(straight([1, 2, after, after + 1]), PITCH).tolist() == tracks


@pytest.mark.parametrize(("kink", "joined"), [(0.06, True), (0.08, False)])
def test_a_kink_ends_a_track(kink: float, joined: bool) -> None:
    # the base-track stays where the line of mean slope meets it
    found = volume_tracks(straight([1, 2], ty=[0, kink], y=[0, kink / 2 * PITCH]), PITCH)
    assert found.tolist() == ([0, 0] if joined else [-1, -1])


@pytest.mark.parametrize(("shift", "joined"), [(40.0, True), (50.0, False)])
def test_a_shift_ends_a_track(shift: float, joined: bool) -> None:
    found = volume_tracks(straight([1, 2], y=[0, shift]), PITCH)
    assert found.tolist() == ([0, 0] if joined else [-1, -1])


def test_nothing_gives_nothing() -> None:
    assert len(volume_tracks(straight([]), PITCH)) == 0


def test_almost_every_electron_of_the_beam_is_tracked() -> None:
    settings = Settings(showers=30, films=10)
    signal = expose(settings, 1, 1)
    tracks = volume_tracks(signal.columns, settings.pitch)
    assert (tracks[signal.columns["plate"] == 1] >= 0).mean() > 0.9
