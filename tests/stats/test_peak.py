"""One peak on a smooth background: yields, position, width."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.peak import fit_peak, fit_spectrum
from hepml.stats.results import PeakFit


def masses(signal: int = 1500, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    background = 105 + rng.exponential(30, 60_000)
    return np.concatenate([background, rng.normal(125.3, 2.2, signal)])


@pytest.mark.parametrize("shape", ["gaussian", "crystal-ball"])
def test_an_injected_peak_is_found_at_its_place(shape: str) -> None:
    found = fit_peak(masses(), signal=shape, free_mass=True)
    assert found.fit.valid
    assert abs(found.mass - 125.3) < 3 * found.mass_error
    assert found.excess.Z > 5
    assert "local" in found.notes[0]


def test_yields_agree_with_what_was_injected() -> None:
    found = fit_peak(masses(), mass=125.3, width=2.2)
    assert abs(found.excess.S - 1500) < 3 * found.excess.sigma_S
    assert (found.mass, found.mass_error, found.width) == (125.3, 0.0, 2.2)


def test_a_free_width_is_measured() -> None:
    found = fit_peak(masses(4000), free_mass=True, free_width=True)
    assert abs(found.width - 2.2) < 3 * found.width_error
    assert 0 < found.width_error < 0.5


def test_a_histogram_is_fitted_like_its_events() -> None:
    events = masses()
    edges = np.linspace(105, 160, 56)
    counts = np.histogram(events, edges)[0]
    # the last bin of numpy's histogram holds the upper edge too; nothing lies there
    assert fit_spectrum(edges, counts).excess == fit_peak(events).excess


def test_tails_of_power_two_describe_a_breit_wigner() -> None:
    rng = np.random.default_rng(2)
    z = 91.19 + 1.25 * rng.standard_cauchy(8000) + rng.normal(0, 1.2, 8000)
    settings = {"low": 60.0, "high": 120.0, "mass": 91.19, "width": 2.0, "free_width": True}
    shape = {"signal": "crystal-ball", "background": "exponential", "degree": 1}
    fits = [
        fit_peak(np.append(z, 60 + rng.exponential(20, 2000)), **settings, **shape, **tails).fit
        for tails in ({"tails": (1.2, 2.0)}, {})
    ]
    assert fits[0].goodness > 0.01
    assert fits[0].deviance < fits[1].deviance - 10


def test_background_alone_has_no_peak() -> None:
    assert fit_peak(masses(0)).excess.Z < 3


@pytest.mark.parametrize("mass", [90.0, 160.0])
def test_a_peak_outside_the_range_is_refused(mass: float) -> None:
    with pytest.raises(ParameterError, match="does not lie within 105-160 GeV"):
        fit_peak(masses(), mass=mass)


def test_no_events_in_the_range_are_an_error_with_a_name() -> None:
    with pytest.raises(StatisticsError, match="Nothing to fit"):
        fit_peak(np.array([90.0, 91.0]))


def test_a_peak_fit_is_typed_json() -> None:
    found = fit_peak(masses())
    assert PeakFit.model_validate_json(found.model_dump_json()) == found
