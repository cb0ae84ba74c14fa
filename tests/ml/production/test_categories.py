"""Expected significances of categories, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.production.categories import Events, categorise, expected_significance
from hepml.ml.production.results import Categories

CLASSES = ("gg", "VBF")


def asimov(s: float, b: float) -> float:
    """Cowan, Cranmer, Gross, Vitells, Eur. Phys. J. C71 (2011) 1554, equation 97."""
    return math.sqrt(2 * ((s + b) * math.log(1 + s / b) - s))


def signal() -> Events:
    """8 gg and 2 VBF events in category 0, 1 gg and 4 VBF in category 1; one gg at 110 GeV."""
    return Events(
        mass=np.array([125.0, 124.0, 126.0, 125.0, 110.0]),
        category=np.array([0, 0, 1, 1, 1]),
        y=np.array([0, 1, 0, 1, 0]),
        weights=np.array([8.0, 2.0, 1.0, 4.0, 50.0]),
    )


def make(**options: object) -> Categories:
    return categorise(signal(), CLASSES, ("like gg", "like VBF"), **options)  # type: ignore[arg-type]


def test_given_backgrounds_by_hand() -> None:
    found = make(background={"like gg": 100.0, "like VBF": 4.0})
    first, second = found.categories
    assert first.signal == pytest.approx({"gg": 8.0, "VBF": 2.0})
    assert (first.total, first.events) == (pytest.approx(10.0), 2)
    assert first.error == pytest.approx(math.sqrt(68))
    assert first.significance == pytest.approx(asimov(10, 100))
    assert second.significance == pytest.approx(asimov(5, 4))
    assert found.inclusive.background == pytest.approx(104)
    assert found.inclusive.significance == pytest.approx(asimov(15, 104))
    expected = math.hypot(asimov(10, 100), asimov(5, 4))
    assert found.significance == pytest.approx(expected)
    assert found.gain == pytest.approx(expected / asimov(15, 104))


def test_the_other_classes_are_background_to_one() -> None:
    found = make(background={"like gg": 100.0, "like VBF": 4.0})
    assert found.categories[0].of_class["VBF"] == pytest.approx(asimov(2, 108))
    assert found.categories[1].of_class["VBF"] == pytest.approx(asimov(4, 5))
    assert found.of_class["VBF"] == pytest.approx(math.hypot(asimov(2, 108), asimov(4, 5)))
    assert found.inclusive.of_class["VBF"] == pytest.approx(asimov(6, 113))


def test_one_number_is_shared_out_as_the_signal_is_and_gains_nothing() -> None:
    found = make(background=150.0)
    assert [item.background for item in found.categories] == pytest.approx([100.0, 50.0])
    assert found.gain == pytest.approx(1.0)
    assert found.of_class["VBF"] > found.inclusive.of_class["VBF"]


def test_the_background_comes_from_the_sidebands_of_each_category() -> None:
    data = Events(
        mass=np.array([106.0] * 9 + [140.0] * 9 + [125.0] * 7), category=np.repeat([0, 1], [18, 7])
    )
    found = make(data=data)
    first, second = found.categories
    # 18 rows of 45 GeV, scaled to 10 GeV; none counts as one
    assert first.background == pytest.approx(4.0)
    assert first.background_error == pytest.approx(math.sqrt(18) * 10 / 45)
    assert (second.sideband, second.background) == (0, pytest.approx(10 / 45))
    assert (first.shape, found.background) == ("inclusive", "data")
    assert found.inclusive.background == pytest.approx(4.0)


def test_data_of_less_luminosity_are_scaled() -> None:
    mass = np.repeat([106.0, 140.0], 10)
    data = Events(mass, np.repeat([0, 1], 10))
    once, twice = make(data=data), make(data=data, data_scale=2.0)
    for less, more in zip(once.categories, twice.categories, strict=True):
        assert more.background == pytest.approx(2 * less.background)
        assert more.background_error == pytest.approx(2 * less.background_error)
        assert more.sideband == less.sideband
    assert twice.inclusive.background == pytest.approx(2 * 20 * 10 / 45)


def test_an_uncertain_background_costs_significance() -> None:
    assert expected_significance(10, 100) == pytest.approx(asimov(10, 100))
    # Cowan (2012), equation 20, large numbers: s / sqrt(b + sigma^2)
    assert expected_significance(100, 1e6, 1e3) == pytest.approx(100 / math.sqrt(2e6), rel=1e-3)


def test_negative_signal_has_no_significance() -> None:
    found = categorise(
        Events(np.array([125.0]), np.array([0]), np.array([0]), np.array([-2.0])),
        CLASSES,
        ("all", "none"),
        background=10.0,
    )
    assert (found.significance, found.gain) == (0.0, None)
    assert found.categories[1].events == 0


def test_sidebands_end_where_the_data_do() -> None:
    mass = np.random.default_rng(1).uniform(115, 135, 2_000)
    found = make(data=Events(mass, np.zeros(2_000, dtype=np.int64)))
    assert found.sidebands == (115.0, 135.0)
    assert found.notes == ("data lie between 115 and 135 GeV: sidebands end there",)
    # half of the masses lie in the window
    assert found.inclusive.background == pytest.approx(1_000, abs=3 * 45)


def test_a_background_is_needed_and_has_to_make_sense() -> None:
    with pytest.raises(ParameterError, match="needs a background"):
        make()
    with pytest.raises(ParameterError, match="no background for like VBF"):
        make(background={"like gg": 1.0})
    with pytest.raises(ParameterError, match="makes no sense"):
        make(background=-1.0)
