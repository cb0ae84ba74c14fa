"""p-values of yields that cannot be negative, against pseudo-experiments and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from hepml.ml.dijet.discovery import boundary_log10_p, boundary_weight


def test_one_yield_is_the_usual_one_sided_test() -> None:
    assert 10 ** boundary_log10_p(9.0, np.eye(1)) == pytest.approx(norm.sf(3))


@pytest.mark.parametrize("correlation", [0.0, 0.7, -0.7])
def test_two_yields_agree_with_pseudo_experiments(correlation: float) -> None:
    information = np.array([[1.0, correlation], [correlation, 1.0]])
    covariance = np.linalg.inv(information)
    x = np.random.default_rng(5).multivariate_normal([0, 0], covariance, 200_000)
    inside = (x > 0).all(axis=1)
    # the best of the edges where the free maximum lies outside
    slopes = x @ information
    edges = np.maximum(slopes, 0) ** 2 / np.diag(information)
    q = np.where(inside, np.einsum("ni,ij,nj->n", x, information, x), edges.max(axis=1))
    share = (q > 4).mean()
    expected = 10 ** boundary_log10_p(4.0, information)
    assert inside.mean() == pytest.approx(boundary_weight(information), abs=0.005)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected / 200_000))


def test_more_yields_are_conservative() -> None:
    assert boundary_log10_p(9.0, np.eye(3)) > boundary_log10_p(9.0, np.eye(2))


def test_far_tails_stay_finite() -> None:
    assert boundary_log10_p(1e4, np.eye(2)) == pytest.approx(-2_171.5, abs=5)


def test_a_yield_without_information_has_no_part_in_it() -> None:
    assert boundary_weight(np.zeros((2, 2))) == 0.0
