"""Preprocessing: round trips, Jacobian, what it learns from where, and rows that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from hepml.errors import ModelError, ParameterError
from hepml.ml.transforms import ORDERS, Preprocessing

NAMES = ["dimuon_pt", "lead_ip3d"]
SHARED = Path(__file__).parents[2].parent / "shared/data/cms/upsilon_SR_preiso_events.npz"


def rows(size: int = 500, seed: int = 0) -> np.ndarray:
    """A momentum [GeV] and an impact parameter [cm] with their tails."""
    rng = np.random.default_rng(seed)
    return np.column_stack([20 + rng.exponential(20, size), np.exp(rng.normal(-5, 1, size))])


def fitted(order: str = "code") -> Preprocessing:
    side = np.arange(500) % 4 > 0
    return Preprocessing(order, names=NAMES).fit(rows(), side)


@pytest.mark.parametrize("order", ORDERS)
def test_the_round_trip_is_exact(order: str) -> None:
    done = fitted(order)
    again = done.inverse_transform(done.transform(rows()))
    np.testing.assert_allclose(again, rows(), rtol=1e-9)


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="the shared reference data are not here")
@pytest.mark.parametrize("order", ORDERS)
def test_the_round_trip_is_exact_on_muon_pairs_of_cms(order: str) -> None:
    with np.load(SHARED) as found:
        names = [name for name in found.files if name not in ("n_muons", "n_jets", "dimu_mass")]
        x = np.column_stack([found[name] for name in names]).astype(np.float64)
    done = Preprocessing(order, names=names).fit(x)
    again = done.inverse_transform(done.transform(x))
    assert (np.abs(again - x) / np.ptp(x, axis=0)).max() < 1e-6


@pytest.mark.parametrize("order", ORDERS)
def test_the_jacobian_is_the_numerical_one(order: str) -> None:
    done, x = fitted(order), rows()[:40]
    total = np.zeros(40)
    for feature, h in enumerate((1e-6, 1e-9)):
        step = np.zeros(2)
        step[feature] = h
        slope = (done.transform(x + step) - done.transform(x - step))[:, feature] / (2 * h)
        total += np.log(slope)
    np.testing.assert_allclose(done.log_jacobian(x), total, rtol=1e-4, atol=1e-5)


def test_the_order_of_the_code_gives_the_published_numbers() -> None:
    """Worked out by hand: u = 0.5, v = 0.5, y = ln(0.5 / 0.5001), then mean and deviation."""
    x = np.array([[0.0], [6.0], [10.0]])
    done = Preprocessing().fit(x, np.array([True, False, True]))
    y = [np.log(v / (1 - v + 1e-4)) for v in (0.02, 0.5, 0.02 + 0.96 / 1.2)]
    mean, deviation = 0.5 * (y[0] + y[2]), 0.5 * (y[2] - y[0])
    assert done.transform(x)[1, 0] == pytest.approx((y[1] - mean) / deviation, rel=1e-12)


def test_standardised_over_the_sidebands_with_the_range_of_all_rows() -> None:
    side = np.arange(500) % 4 > 0
    z = fitted().transform(rows())
    np.testing.assert_allclose(z[side].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z[side].std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(fitted().steps_[0].low_, rows().min(axis=0))


def test_the_order_of_the_readme_ends_in_the_unit_interval() -> None:
    z = fitted("readme").transform(rows())
    np.testing.assert_allclose([z.min(), z.max()], [0, 1], atol=1e-12)


def test_one_feature_works() -> None:
    done = Preprocessing().fit(rows()[:, :1])
    np.testing.assert_allclose(
        done.inverse_transform(done.transform(rows()[:, :1])), rows()[:, :1], rtol=1e-12
    )


def test_a_constant_feature_is_named() -> None:
    x = rows()
    x[:, 1] = 0.3
    with pytest.raises(ModelError, match="lead_ip3d"):
        Preprocessing(names=NAMES).fit(x)


def test_values_that_are_not_finite_are_named_and_counted() -> None:
    x = rows()
    x[[1, 2, 3], 1], x[0, 0] = np.nan, np.inf
    with pytest.raises(ModelError, match=r"dimuon_pt 1, lead_ip3d 3"):
        Preprocessing(names=NAMES).fit(x)
    found = fitted().domain(x)
    assert found.not_finite == {"dimuon_pt": 1, "lead_ip3d": 3}
    assert int((~found.inside).sum()) == 4


def test_the_domain_is_wider_than_the_fitted_range() -> None:
    done = fitted()
    assert (done.low_ < rows().min(axis=0)).all()
    assert (done.high_ > 1.2 * rows().max(axis=0)).all()
    assert np.isfinite(done.transform(np.array([rows().max(axis=0) * 1.1]))).all()


def test_rows_outside_the_domain_are_an_error_that_names_the_feature() -> None:
    with pytest.raises(ModelError, match=r"1 of 1 rows.*lead_ip3d: 1 outside.*mask"):
        fitted().transform(np.array([[30.0, 1e3]]))


def test_rows_outside_the_domain_can_be_masked() -> None:
    x = np.array([[30.0, 1e3], [30.0, 0.01], [np.nan, 0.01]])
    z = fitted().transform(x, "mask")
    np.testing.assert_array_equal(np.isnan(z).all(axis=1), [True, False, True])
    np.testing.assert_array_equal(np.isnan(fitted().log_jacobian(x, "mask")), [True, False, True])


def test_finite_rows_outside_the_domain_can_be_moved_to_its_end() -> None:
    done = fitted()
    z = done.transform(np.array([[30.0, 1e3], [-500.0, 0.01]]), "clip")
    assert np.isfinite(z).all()
    assert z[0, 1] > done.transform(rows())[:, 1].max()
    with pytest.raises(ModelError, match="NaN or infinite"):
        done.transform(np.array([[np.nan, 0.1]]), "clip")


def test_quantiles_are_defined_everywhere() -> None:
    x = np.array([[1e6, -5.0], [-1e6, 5.0]])
    assert fitted("normal").domain(x).inside.all()


@pytest.mark.parametrize("order", ORDERS)
def test_json_gives_the_same_preprocessing(order: str) -> None:
    done = fitted(order)
    again = Preprocessing.from_json(json.loads(json.dumps(done.to_json())))
    np.testing.assert_array_equal(again.transform(rows()), done.transform(rows()))
    assert again.get_params() == done.get_params()


def test_damaged_json_is_refused() -> None:
    found = fitted().to_json()
    del found["steps"][0]["learned"]["low_"]
    with pytest.raises(ModelError, match="no preprocessing"):
        Preprocessing.from_json(found)


def test_an_unknown_order_is_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="readme"):
        Preprocessing("readm").fit(rows())


def test_zero_rows_are_transformed_to_zero_rows() -> None:
    assert fitted().transform(np.zeros((0, 2))).shape == (0, 2)


def test_it_is_cloned_like_any_estimator() -> None:
    assert clone(fitted("readme")).order == "readme"
