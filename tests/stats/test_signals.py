"""Peaks integrated over bins, their derivatives, and their normalisation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from hepml.errors import ParameterError
from hepml.stats.signals import Peaks, PeakYield, Shape, peaks_of
from hepml.windows import WINDOWS, Window

WIDE = np.linspace(1, 400, 20_000)
SHAPES: tuple[Shape, ...] = ("gaussian", "crystal-ball")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_peak_adds_up_to_one(shape: Shape) -> None:
    assert Peaks((125.0,), 0.02, shape=shape).template(WIDE).sum() == pytest.approx(1, abs=1e-5)


def test_the_crystal_ball_is_the_integral_of_its_density() -> None:
    start, power = (1.2, 1.8), (4.0, 6.0)
    peak = Peaks((10.0,), 0.1, shape="crystal-ball", start=start, power=power)

    def density(z: float) -> float:
        for sign, alpha, n in ((-1, start[0], power[0]), (1, start[1], power[1])):
            if sign * z > alpha:
                base = (n / alpha) ** n * np.exp(-0.5 * alpha**2)
                return float(base * (n / alpha - alpha + abs(z)) ** -n)
        return float(np.exp(-0.5 * z**2))

    total = sum(quad(density, *span)[0] for span in ((-np.inf, -1.2), (-1.2, 1.8), (1.8, np.inf)))
    edges = np.array([6.0, 8.5, 9.0, 10.3, 11.7, 12.0, 14.0])
    points = [-1.2, 1.8]
    expected = [
        quad(density, low - 10, high - 10, points=points)[0] / total
        for low, high in pairwise(edges)
    ]
    np.testing.assert_allclose(peak.template(edges), expected, rtol=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_derivatives_agree_with_differences(shape: Shape) -> None:
    peaks = Peaks((9.46, 10.02), 0.012, (0.6, 0.4), shape)
    part = PeakYield(peaks, np.linspace(8, 12, 30), free_mass=True, free_width=True)
    assert part.names == ("S", "shift", "stretch")
    theta = np.array([50.0, 1.003, 1.2])
    slope = part.evaluate(theta)[1]
    for place in range(3):
        step = np.zeros(3)
        step[place] = 1e-6
        up, down = part.evaluate(theta + step)[0], part.evaluate(theta - step)[0]
        np.testing.assert_allclose(slope[:, place], (up - down) / 2e-6, rtol=1e-5, atol=1e-4)


def test_a_peak_lies_where_it_should_and_is_as_wide() -> None:
    centres = 0.5 * (WIDE[1:] + WIDE[:-1])
    share = Peaks((125.0,), 0.02).template(WIDE)
    mean = (share * centres).sum()
    assert mean == pytest.approx(125.0, abs=1e-6)
    assert np.sqrt((share * (centres - mean) ** 2).sum()) == pytest.approx(2.5, rel=1e-4)


def test_the_upsilon_peaks_have_the_published_shares() -> None:
    peaks = peaks_of(WINDOWS["upsilon"])
    assert peaks.masses == (9.4604, 10.0234, 10.3551)
    np.testing.assert_allclose(peaks.shares, np.array([1521, 870, 524]) / 2915)
    assert peaks.width == 0.012


def test_a_window_without_resonance_has_one_peak_in_its_middle() -> None:
    assert peaks_of(Window("mine", 1, 2, 3, 4)).masses == (2.5,)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"masses": (1.0, 2.0)}, "as many shares"),
        ({"masses": (1.0,), "width": 0.0}, "relative width"),
        ({"masses": (1.0,), "shares": (0.5,)}, "add up to 1"),
        ({"masses": (1.0,), "shape": "triangle"}, "'gaussian' or 'crystal-ball'"),
        ({"masses": (1.0,), "power": (1.0, 2.0)}, "power above 1"),
    ],
)
def test_a_senseless_signal_is_refused(bad: dict[str, object], words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        Peaks(**bad)  # type: ignore[arg-type]
