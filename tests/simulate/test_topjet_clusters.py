"""Clustering: histories worked out by hand, and against a slow, obvious version."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_clusters import (
    ANTI_KT,
    CAMBRIDGE,
    KT,
    PHI,
    PT,
    RAPIDITY,
    alive,
    cluster,
    leading_jet,
    soft_drop,
)


def particles(*rows: tuple[float, float, float]) -> tuple[np.ndarray, ...]:
    return tuple(np.ascontiguousarray(column) for column in np.array(rows, float).T)


def slow_scales(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, power: float) -> list[float]:
    """Distances of all merges with the E-scheme, every pair looked at in every step."""
    left = [
        np.array([p * np.cos(f), p * np.sin(f), p * np.sinh(e), p * np.cosh(e)])
        for p, e, f in zip(pt, eta, phi, strict=True)
    ]
    scales = []
    while len(left) > 1:
        best = (np.inf, 0, 0)
        for i in range(len(left)):
            for j in range(i):
                best = min(best, (measure(left[i], left[j], power), i, j))
        scale, i, j = best
        scales.append(scale)
        left[j] = left[j] + left[i]
        del left[i]
    return scales


def seen(vector: np.ndarray) -> tuple[float, float, float]:
    rapidity = 0.5 * np.log((vector[3] + vector[2]) / (vector[3] - vector[2]))
    return np.hypot(vector[0], vector[1]), rapidity, np.arctan2(vector[1], vector[0])


def measure(one: np.ndarray, two: np.ndarray, power: float) -> float:
    (pt, y, phi), (pt2, y2, phi2) = seen(one), seen(two)
    turn = (phi - phi2 + np.pi) % (2 * np.pi) - np.pi
    return float(min(pt ** (2 * power), pt2 ** (2 * power)) * ((y - y2) ** 2 + turn**2))


@pytest.mark.parametrize("power", [KT, CAMBRIDGE, ANTI_KT])
def test_merges_are_those_of_a_search_through_all_pairs(power: float) -> None:
    rng = np.random.default_rng(4)
    for n in (2, 3, 7, 30):
        pt, eta, phi = rng.exponential(10, n) + 0.1, rng.normal(0, 0.4, n), rng.normal(3, 0.4, n)
        _, _, scales = cluster(pt, eta, phi, power, np.inf, False)
        assert scales[: n - 1] == pytest.approx(slow_scales(pt, eta, phi, power), rel=1e-9)


def test_the_winner_gives_its_direction() -> None:
    nodes, steps, _ = cluster(*particles((10, 0.1, 0.2), (30, 0.3, -3.0)), KT, np.inf, True)
    assert steps[0].tolist() == [0, 1]
    assert nodes[2, [PT, RAPIDITY, PHI]] == pytest.approx([40, 0.3, -3.0])


def test_azimuth_goes_around() -> None:
    nodes, _, scales = cluster(*particles((1, 0, 3.1), (1, 0, -3.1)), KT, np.inf, False)
    assert scales[0] == pytest.approx((2 * np.pi - 6.2) ** 2)
    assert abs(nodes[2, PHI]) == pytest.approx(np.pi)


def test_what_is_left_of_a_clustering_that_stops() -> None:
    _, steps, _ = cluster(*particles((9, 0, 0), (8, 1, 0), (7, 1.1, 0)), KT, np.inf, True)
    assert alive(steps, 3, 2).tolist() == [0, 3]
    assert alive(steps, 3, 5).tolist() == [0, 1, 2]


def test_the_hardest_jet_of_an_event_is_found() -> None:
    rows = particles((50, 0, 0), (60, 2.5, 0), (5, 0.5, 0), (1, 2.5, 0.9), (2, 2.5, -1.1))
    nodes, steps, _ = cluster(*rows, ANTI_KT, 1.0, False)
    inside, node = leading_jet(nodes, steps)
    assert inside.tolist() == [False, True, False, True, False]
    assert nodes[node, PT] == pytest.approx(np.hypot(60 + np.cos(0.9), np.sin(0.9)))


def test_soft_drop_takes_wide_soft_branches_only() -> None:
    # shares 0.03 at a distance of 0.8 (dropped: < 0.08) and 0.2 at 0.3 (kept: > 0.03)
    rows = particles((80, 0, 0), (20, 0.3, 0), (3, 0.8, 0))
    nodes, steps, _ = cluster(*rows, CAMBRIDGE, np.inf, False)
    assert soft_drop(nodes, steps, 0.1, 1.0).tolist() == [True, True, False]


def test_a_single_particle_is_its_own_jet() -> None:
    nodes, steps, _ = cluster(*particles((5, 0, 0)), ANTI_KT, 1.0, False)
    assert leading_jet(nodes, steps)[0].tolist() == [True]
    nodes, steps, _ = cluster(*particles((5, 0, 0)), CAMBRIDGE, np.inf, False)
    assert soft_drop(nodes, steps, 0.1, 1.0).tolist() == [True]
