"""The scaled mass."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.massscale import MassScaler

MASS = np.array([5.0, 6.0, 9.5, 14.0, 15.0])
SIDE = np.array([True, True, False, True, True])


def test_sidebands_have_mean_0_and_deviation_1() -> None:
    scaled = MassScaler().fit(MASS, SIDE).transform(MASS)
    assert scaled[SIDE].mean() == pytest.approx(0, abs=1e-12)
    assert scaled[SIDE].std() == pytest.approx(1)


def test_the_readme_scales_to_the_unit_interval() -> None:
    scaled = MassScaler(unit=True).fit(MASS, SIDE).transform(MASS)
    np.testing.assert_allclose([scaled.min(), scaled.max()], [0, 1])


@pytest.mark.parametrize("unit", [False, True])
def test_it_goes_back_and_through_json(unit: bool) -> None:
    done = MassScaler(unit).fit(MASS, SIDE)
    again = MassScaler.from_json(json.loads(json.dumps(done.to_json())))
    np.testing.assert_allclose(again.inverse_transform(done.transform(MASS)), MASS, rtol=1e-14)


@pytest.mark.parametrize("mass", [[5.0, np.nan], [5.0, 5.0], []])
def test_masses_that_cannot_be_scaled_are_refused(mass: list[float]) -> None:
    with pytest.raises(ModelError, match="mass"):
        MassScaler().fit(np.array(mass))
