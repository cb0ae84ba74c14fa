"""The longitudinal profile is per shower, and stands beside the published one where it may."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.plots.profiles import PUBLISHED, longitudinal_profile
from hepml.plots.showertable import Films


def films(energies: dict[float, int], count: int = 29) -> Films:
    counts = np.arange(count, dtype=float)
    return Films(energies, dict.fromkeys(energies, 10 * counts), 100 * counts)


def legend(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_the_published_showers_have_218_base_tracks() -> None:
    assert len(PUBLISHED) == 29
    assert PUBLISHED.sum() * 360 == pytest.approx(78_532)


@pytest.mark.parametrize(
    ("energies", "count", "published"),
    [
        ({6.0: 5}, 29, True),
        ({2.0: 4, 6.0: 1}, 29, True),
        ({4.0: 5}, 29, False),
        ({6.0: 5}, 28, False),
        ({0.0: 5}, 29, False),
    ],
)
def test_the_published_profile_is_shown_beside_its_beam(
    energies: dict[float, int], count: int, published: bool
) -> None:
    texts = legend(longitudinal_profile(films(energies, count)).axes[0])
    assert any(text.startswith("Published Geant4, 6 GeV: 218.1") for text in texts) is published


def test_counts_are_per_shower_of_that_energy() -> None:
    axes = longitudinal_profile(films({2.0: 4, 6.0: 1})).axes[0]
    # 0 + ... + 28 = 406
    assert legend(axes)[:3] == [
        "Background: 8,120.0 linked candidates",
        "Shower, 2 GeV: 1,015.0 linked candidates",
        "Shower, 6 GeV: 4,060.0 linked candidates",
    ]
    (points,) = axes.get_lines()
    assert points.get_ydata() == pytest.approx(PUBLISHED)


def test_data_have_candidates_only() -> None:
    data = Films({0.0: 2}, {0.0: np.zeros(29)}, np.ones(29))
    axes = longitudinal_profile(data).axes[0]
    assert legend(axes) == ["Candidates: 14.5 linked candidates"]
