"""What the shower simulator accepts, and how it says no."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.simulate.shower_settings import Settings


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"material": "leed"}, "Did you mean 'lead'?"),
        ({"showers": 0}, "showers must be between 1"),
        ({"films": 1}, "films must be between 2 and 200"),
        ({"efficiency": 1.1}, "efficiency must be between 0 and 1, not 1.1"),
        ({"noise": -1.0}, "base-tracks per mm^2"),
        ({"noise": float("nan")}, "not nan"),
        ({"bad_noise": 2.0}, "bad noise"),
        ({"angle_smearing": 3.0}, "angle smearing must be between 0 and 0.1 rad"),
        ({"position_smearing": -1.0}, "position smearing"),
        ({"momentum": 0.001}, "momentum must be between 0.01 and 1 GeV"),
        ({"slope": (0.0, 2.0)}, "slope"),
        ({"width": 300.0}, "width must be between 1 and 125 mm"),
        ({"width": 9.0, "height": 9.0}, "make the brick larger or the margin smaller"),
        ({"missing": (30,)}, "missing plate must be between 1 and 29"),
        ({"films": 2, "missing": (1, 2)}, "No film is left"),
        ({"energy": "six"}, "'six': give GeV as '6'"),
        ({"energy": "1-x"}, "'1-x'"),
        ({"energy": "-6"}, "'-6'"),
        ({"energy": "6000"}, "energy must be between 0.2 and 100 GeV, not 6000"),
        ({"energy": "10-1"}, "'10-1' is empty"),
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        Settings(**wrong)


def test_several_energies_are_taken_in_turns() -> None:
    settings = Settings(energy="2, 4,6.5")
    rng = np.random.default_rng(1)
    assert [settings.energy_of(rng, shower) for shower in range(4)] == [2.0, 4.0, 6.5, 2.0]


def test_a_range_of_energies_is_uniform() -> None:
    settings = Settings(energy="1-10")
    rng = np.random.default_rng(1)
    found = np.array([settings.energy_of(rng, shower) for shower in range(2000)])
    assert found.min() > 1.0
    assert found.max() < 10.0
    # mean 5.5, standard error 2.6 / sqrt(2000); 4 sigmas
    assert found.mean() == pytest.approx(5.5, abs=4 * 0.058)


@pytest.mark.parametrize(("material", "pitch"), [("lead", 1315.0), ("tungsten", 1215.0)])
def test_films_lie_a_pitch_apart_and_the_last_at_zero(material: str, pitch: float) -> None:
    settings = Settings(material=material, films=3)
    assert [settings.z(plate) for plate in settings.plates] == [-2 * pitch, -pitch, 0.0]


def test_a_small_brick_is_the_middle_of_a_whole_one() -> None:
    assert Settings().area == (0.0, 125_000.0, 0.0, 99_000.0)
    assert Settings(width=30, height=20).area == (47_500.0, 77_500.0, 39_500.0, 59_500.0)


def test_missing_plates_keep_the_numbers_of_the_others() -> None:
    settings = Settings(films=5, missing=(4, 2, 4))
    assert settings.plates == (1, 3, 5)
    assert settings.z(3) == -2 * 1315.0
