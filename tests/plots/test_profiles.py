"""The longitudinal profile is per shower, and stands beside the published one where it may."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.plots.profiles import PUBLISHED, is_published_beam, longitudinal_profile
from hepml.plots.showertable import Films

SIX = np.array([6.0, 5.9, 5.5, 3.0, 0.4])


def films(count: int = 29, momenta: np.ndarray = SIX) -> Films:
    counts = np.arange(count, dtype=float)
    return Films(10 * counts, 100 * counts, momenta)


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_published_showers_have_218_base_tracks() -> None:
    assert len(PUBLISHED) == 29
    assert PUBLISHED.sum() * 360 == pytest.approx(78_532)


@pytest.mark.parametrize(
    ("count", "momenta", "same"),
    [
        (29, SIX, True),
        (28, SIX, False),
        (29, SIX / 3, False),
        (29, SIX * 1.5, False),
        (29, np.concatenate([SIX, SIX / 3, SIX / 1.5]), False),
        (29, np.full(3, np.nan), False),
        (29, np.empty(0), False),
    ],
    ids=["it", "films", "2 GeV", "9 GeV", "2, 4, 6 GeV", "data", "nothing"],
)
def test_the_published_beam_is_recognised(count: int, momenta: np.ndarray, same: bool) -> None:
    assert is_published_beam(films(count, momenta)) is same


def test_counts_are_per_shower() -> None:
    axes = longitudinal_profile(films(), 5).axes[0]
    texts = legend(axes)
    # 10 * (0 + ... + 28) / 5
    assert texts[0] == "Shower: 812.0 linked candidates"
    assert texts[2].startswith("Published Geant4, 6 GeV: 218.")
    (points,) = axes.get_lines()
    assert points.get_ydata() == pytest.approx(PUBLISHED)


def test_data_have_candidates_only() -> None:
    data = Films(np.zeros(29), np.ones(29), np.full(4, np.nan))
    axes = longitudinal_profile(data, 2).axes[0]
    assert legend(axes) == ["Candidates: 14.5 linked candidates"]
