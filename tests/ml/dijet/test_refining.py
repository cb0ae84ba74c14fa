"""Fits between the masses of a grid, with narrow resonances of known density."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.normalise import normalise
from hepml.ml.dijet.priors import Member, Priors
from hepml.ml.dijet.refining import refined, window_nodes

WIDTH = 10.0
BETWEEN = (337.0, 212.0)


class Exact:
    """True density ratio of two masses, normal with a width of 10 GeV, the larger first."""

    def logits(self, x: Any, points: Any) -> Any:
        ordered = -np.sort(-np.asarray(points), axis=1)
        far = (np.asarray(x)[None] - ordered[:, None]) / WIDTH
        top = -(far**2).sum(axis=2) / 2 - 2 * np.log(WIDTH) - np.log(2 * np.pi)
        # background is uniform in 400 GeV each way; 0.3 is for the normalisation to find
        return np.asarray(top + 2 * np.log(400.0) - 0.3, np.float32)[None]


def background(size: int, seed: int) -> Any:
    return np.random.default_rng(seed).uniform(100, 500, (size, 2)).astype(np.float32)


def made(events: int, centre: tuple[float, float], seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    signal = rng.normal(centre, WIDTH, (events, 2)).astype(np.float32)
    return np.concatenate([background(6_000, seed + 1), signal])


@pytest.fixture(scope="module")
def priors() -> Priors:
    rest = background(40_000, 0)
    nodes = np.arange(150.0, 451.0, 25.0)
    member = Member("exact", (0,), Exact(), "")
    weights = np.full(len(rest), 1 / len(rest))
    found = Priors(("qq",), nodes, (member,), "network", {}, rest, weights)
    return replace(found, kappa=normalise(found.grid(rest), refine=2, tolerance=1.0))


def search(priors: Priors, x: Any) -> tuple[Any, Any]:
    coarse = fit_mixture(priors.grid(x), starts=5, intervals=False)
    return coarse, refined(priors, coarse, x, None, loss="likelihood", starts=5)


def test_masses_between_the_nodes_are_found(priors: Priors) -> None:
    coarse, found = search(priors, made(120, BETWEEN))
    assert found is not None
    fit, window = found
    # 10 GeV over the root of 120 events, within 4 standard deviations
    assert fit["mx"].value == pytest.approx(BETWEEN[0], abs=4)
    assert fit["my"].value == pytest.approx(BETWEEN[1], abs=4)
    assert fit["mx"].low < fit["mx"].value < fit["mx"].high
    # 120 of 6,120, Poisson error 9 %
    assert fit["mu"].value == pytest.approx(120 / 6_120, rel=0.35)
    # a logarithm of second order is what splines get right on any grid
    assert fit.q0 == pytest.approx(coarse.q0, abs=1)
    assert not window.data.symmetric


def test_equal_masses_have_one_window(priors: Priors) -> None:
    found = search(priors, made(120, (275.0, 275.0)))[1]
    assert found is not None
    assert found[1].data.symmetric
    assert found[0]["mx"].value == pytest.approx(275, abs=6)


def test_without_signal_there_is_nothing_to_refine(priors: Priors) -> None:
    x = background(3_000, 9)
    empty = x[np.exp(Exact().logits(x, priors.points)[0]).max(axis=0) < 1]
    assert search(priors, empty)[1] is None


def test_a_window_has_small_steps_and_stays_in_the_grid() -> None:
    x, y = window_nodes((340.0, 60.0), 18.75, 50.0, 600.0)
    assert (y[0], x[0], x[-1]) == (50.0, 321.25, 358.75)
    assert max(np.diff(x).max(), np.diff(y).max()) <= 6.25
    assert len(y) >= 4


def test_windows_that_meet_are_one() -> None:
    x, y = window_nodes((310.0, 290.0), 18.75, 50.0, 600.0)
    np.testing.assert_array_equal(x, y)
    assert (x[0], x[-1]) == (271.25, 328.75)
