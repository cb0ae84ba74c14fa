"""Scaling of the high-level quantities: by hand, in pieces, as published, and stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from processors.topjet_columns import HIGH_LEVEL
from processors.topjet_scaling import HighLevelScaler, reference_divisor

TWO = ("hl_Tau1_wta", "hl_ECF2")
VALUES = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 50.0], [6.0, 110.0]])


def jets(seed: int, size: int = 50) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(0, 1, (size, len(HIGH_LEVEL)))


@pytest.mark.parametrize(
    ("maximum", "divisor"),
    [(0.5, 1), (1e5, 1), (1.1e5, 1e6), (1e11, 1e6), (2e11, 1e12), (1e17, 1e12), (2e17, 1e18)],
)
def test_the_divisor_follows_the_published_edges(maximum: float, divisor: float) -> None:
    assert reference_divisor(maximum) == divisor


def test_scaled_values_are_worked_out_by_hand() -> None:
    scaler = HighLevelScaler(names=TWO).fit(VALUES)
    assert scaler.mean_.tolist() == [3.0, 50.0]
    np.testing.assert_allclose(scaler.std_, [np.sqrt(14 / 4), np.sqrt(5600 / 4)])
    np.testing.assert_allclose(scaler.transform(VALUES)[0], [-2 / 14**0.5 * 2, -40 / 1400**0.5])


def test_the_divisor_is_that_of_mev() -> None:
    # 110 GeV^2 are 1.1e8 MeV^2
    assert HighLevelScaler(names=TWO).fit(VALUES).divisor_.tolist() == [1.0, 1e6]


def test_batches_give_what_all_jets_at_once_give() -> None:
    values = jets(1, 101)
    values[3, 4] = np.nan
    whole, parts = HighLevelScaler().fit(values), HighLevelScaler()
    for start in range(0, 101, 17):
        parts.partial_fit(values[start : start + 17])
    parts.partial_fit(values[:0])
    np.testing.assert_allclose(parts.mean_, whole.mean_, rtol=1e-12)
    np.testing.assert_allclose(parts.std_, whole.std_, rtol=1e-12)
    assert parts.count_.tolist() == whole.count_.tolist() == [101] * 4 + [100] + [101] * 10


def test_what_was_fitted_on_training_jets_holds_for_others() -> None:
    scaler = HighLevelScaler().fit(jets(1))
    other = jets(2) * 5
    np.testing.assert_array_equal(scaler.transform(other)[:3], scaler.transform(other[:3]))
    assert abs(scaler.transform(other).mean()) > 0.5


def test_the_published_way_standardises_every_file_by_itself() -> None:
    other = jets(2) * 5
    scaled = HighLevelScaler("reference").fit(jets(1)).transform(other)
    mev = other * 1e6  # whatever the unit and the divisor: they cancel
    np.testing.assert_allclose(scaled, (mev - mev.mean(0)) / mev.std(0), atol=1e-6)


def test_undefined_values_become_the_mean_unless_asked() -> None:
    scaler = HighLevelScaler(names=TWO).fit(VALUES)
    given = np.array([[np.nan, 50.0]])
    assert scaler.transform(given).tolist() == [[0.0, 0.0]]
    assert np.isnan(scaler.transform(given, missing=np.nan)[0, 0])


def test_a_quantity_that_does_not_vary_is_left_at_zero() -> None:
    values = VALUES.copy()
    values[:, 0] = 7.0
    assert (HighLevelScaler(names=TWO).fit(values).transform(values)[:, 0] == 0).all()


def test_input_is_not_changed() -> None:
    values = VALUES.copy()
    HighLevelScaler(names=TWO).fit(values).transform(values)
    np.testing.assert_array_equal(values, VALUES)


def test_a_stored_scaling_goes_on_as_before(tmp_path: Path) -> None:
    scaler = HighLevelScaler().fit(jets(1))
    scaler.save(tmp_path / "scaling.json")
    loaded = HighLevelScaler.load(tmp_path / "scaling.json")
    np.testing.assert_array_equal(loaded.transform(jets(2)), scaler.transform(jets(2)))
    first, second = loaded.partial_fit(jets(3)), scaler.partial_fit(jets(3))
    np.testing.assert_array_equal(first.std_, second.std_)


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="no scaling 'refrence'"):
        HighLevelScaler("refrence")  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="was not fitted"):
        HighLevelScaler().transform(jets(1))
    with pytest.raises(ModelError, match=r"\(jets, 15\), not of the shape \(4, 2\)"):
        HighLevelScaler().fit(VALUES)
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(ModelError, match="no stored scaling"):
        HighLevelScaler.load(tmp_path / "x.json")
