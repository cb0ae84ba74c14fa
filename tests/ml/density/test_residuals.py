"""Residuals: exact inverse, Jacobian, and what is left of a Gaussian."""

from __future__ import annotations

import json

import numpy as np

from hepml.ml.density.residuals import Residuals
from tests.ml.density.toys import conditions, draw

MASS = conditions(4000, 1)
Z = draw(MASS, 2)


def done(degree: int = 2) -> Residuals:
    return Residuals(degree).fit(Z, MASS, np.ones(len(MASS)))


def test_the_way_back_is_exact() -> None:
    r, _ = done().forward(Z, MASS)
    np.testing.assert_allclose(done().backward(r, MASS), Z, atol=1e-9)


def test_the_jacobian_is_the_numerical_one() -> None:
    model, h = done(), 1e-6
    z, mass = Z[:30], MASS[:30]
    columns = []
    for feature in range(2):
        step = np.zeros(2)
        step[feature] = h
        ahead, behind = (model.forward(z + way * step, mass)[0] for way in (1, -1))
        columns.append((ahead - behind) / (2 * h))
    jacobian = np.stack(columns, axis=-1)
    expected = np.log(np.abs(np.linalg.det(jacobian)))
    np.testing.assert_allclose(model.forward(z, mass)[1], expected, atol=1e-4)


def test_nothing_but_a_normal_distribution_is_left_of_a_gaussian() -> None:
    r, _ = done().forward(Z, MASS)
    np.testing.assert_allclose(np.cov(r.T), np.eye(2), atol=0.05)
    for power in (1, 2):
        for feature in range(2):
            assert abs(np.corrcoef(r[:, feature] ** power, MASS)[0, 1]) < 0.05


def test_trends_stop_beyond_the_range() -> None:
    r = np.zeros((2, 2))
    far = done().backward(r, np.array([5.0, 50.0]))
    np.testing.assert_array_equal(far[0], far[1])


def test_json_gives_the_same_residuals() -> None:
    again = Residuals.from_json(json.loads(json.dumps(done().to_json())))
    np.testing.assert_array_equal(again.forward(Z, MASS)[0], done().forward(Z, MASS)[0])


def test_one_condition_for_all_rows_is_no_division_by_zero() -> None:
    mass = np.zeros(len(Z))
    model = Residuals().fit(Z, mass, np.ones(len(Z)))
    r, slope = model.forward(Z, mass)
    assert np.isfinite(r).all()
    assert np.isfinite(slope).all()
