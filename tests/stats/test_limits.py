"""Upper limits: against pyhf, against textbook numbers, and where there is next to nothing."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import gamma, poisson

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import Outcome, SignalTest
from hepml.stats.limits import counting_limit, upper_limit
from hepml.stats.signals import Peaks, peaks_of
from hepml.windows import WINDOWS, Window
from tests.stats.published import OS_ANTI_ISOLATED, OS_PRE_ISOLATION

UPSILON = WINDOWS["upsilon"]
# sidebands of 1 GeV on either side of a signal region of 1 GeV
SMALL = Window("small", 1, 2, 3, 4)


def flat(left: int, inside: int, right: int) -> tuple[SignalTest, Outcome]:
    test = SignalTest(SMALL.binning(1), Background("polynomial", 0, 1, 4), None, "integral")
    return test, test.run(np.array([left, inside, right], dtype=np.float64))


def upsilon(counts: np.ndarray, *, shape: bool = False) -> tuple[SignalTest, Outcome]:
    test = SignalTest(
        UPSILON.binning(11),
        Background("polynomial", 5, UPSILON.left, UPSILON.right),
        peaks_of(UPSILON) if shape else None,
    )
    return test, test.run(counts)


def pyhf_limits(left: int, inside: int, right: int) -> tuple[float, list[float]]:
    """The same count in pyhf: a flat background from two bins has b = sum / 2."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyhf's own
        import pyhf

        pyhf.set_backend("numpy")
        side = left + right
        b, tau = side / 2, 2.0
        # shapesys: an auxiliary Poisson count (b / error)^2, which is the sideband's
        spec = {
            "channels": [
                {
                    "name": "region",
                    "samples": [
                        {
                            "name": "signal",
                            "data": [1.0],
                            "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
                        },
                        {
                            "name": "background",
                            "data": [b],
                            "modifiers": [
                                {"name": "b", "type": "shapesys", "data": [b / np.sqrt(tau * b)]}
                            ],
                        },
                    ],
                }
            ],
            "observations": [{"name": "region", "data": [float(inside)]}],
            "measurements": [
                {
                    "name": "fit",
                    "config": {
                        "poi": "mu",
                        "parameters": [{"name": "mu", "bounds": [[0, 1000]], "inits": [1.0]}],
                    },
                }
            ],
            "version": "1.0.0",
        }
        workspace = pyhf.Workspace(spec)
        model = workspace.model()
        observed, expected = pyhf.infer.intervals.upper_limits.upper_limit(
            workspace.data(model), model, scan=None, level=0.05, rtol=5e-4
        )
    return float(observed), [float(value) for value in expected]


# an excess, a deficit, and as expected
@pytest.mark.parametrize("counts", [(60, 80, 50), (60, 35, 50), (200, 190, 180)])
def test_a_count_with_flat_sidebands_agrees_with_pyhf(counts: tuple[int, int, int]) -> None:
    limit = upper_limit(*flat(*counts))
    observed, expected = pyhf_limits(*counts)
    low, lower, higher, high = limit.band
    assert limit.method == "asymptotic"
    assert limit.observed == pytest.approx(observed, rel=2e-3)
    assert (low, lower, limit.expected, higher, high) == pytest.approx(expected, rel=2e-3)


def test_nothing_seen_and_nothing_expected_excludes_three_events() -> None:
    limit = counting_limit(0, 0, 0)
    assert limit.observed == pytest.approx(-np.log(0.05), rel=1e-5)
    assert limit.expected == limit.observed


@pytest.mark.parametrize(("events", "expected"), [(1, 4.744), (3, 7.754), (10, 16.962)])
def test_limits_without_background_are_the_classical_ones(events: int, expected: float) -> None:
    assert counting_limit(events, 0, 0).observed == pytest.approx(expected, abs=2e-3)


def test_cls_of_no_events_does_not_depend_on_the_background() -> None:
    assert counting_limit(0, 3.0, 1.0).observed == pytest.approx(-np.log(0.05), rel=1e-4)


def test_the_background_s_error_is_averaged_over() -> None:
    observed, background, error = 4, 2.0, 1.0
    limit = counting_limit(observed, background, error).observed
    # the same average by numerical integration
    b = gamma.ppf((np.arange(20_000) + 0.5) / 20_000, 4.0, scale=0.5)
    ratio = poisson.cdf(observed, b + limit).mean() / poisson.cdf(observed, b).mean()
    assert ratio == pytest.approx(0.05, rel=1e-3)


def test_both_methods_meet_where_one_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    test, outcome = flat(20, 22, 24)
    exact = upper_limit(test, outcome)
    monkeypatch.setattr("hepml.stats.limits.FEW", 0.0)
    asymptotic = upper_limit(test, outcome)
    assert (exact.method, asymptotic.method) == ("counting", "asymptotic")
    assert asymptotic.observed == pytest.approx(exact.observed, rel=0.05)
    assert asymptotic.expected == pytest.approx(exact.expected, rel=0.1)


@pytest.mark.parametrize("shape", [False, True])
def test_a_limit_lies_above_the_fitted_signal(shape: bool) -> None:
    test, outcome = upsilon(OS_PRE_ISOLATION, shape=shape)
    limit = upper_limit(test, outcome)
    found = outcome.excess
    # far above zero it is a Gaussian's one-sided interval
    assert limit.observed == pytest.approx(found.S + 1.645 * found.sigma_S, rel=0.01)


def test_the_band_is_in_order_and_a_shape_excludes_more_than_a_count() -> None:
    count = upper_limit(*upsilon(OS_ANTI_ISOLATED))
    shape = upper_limit(*upsilon(OS_ANTI_ISOLATED, shape=True))
    for limit in (count, shape):
        low, lower, higher, high = limit.band
        assert 0 < low < lower < limit.expected < higher < high
    assert shape.expected < count.expected


def test_a_deficit_excludes_less_than_nothing_would() -> None:
    deficit = upper_limit(*flat(60, 30, 60))
    assert 0 < deficit.observed < deficit.expected


def test_half_weights_give_half_the_limit() -> None:
    test, outcome = upsilon(OS_ANTI_ISOLATED)
    half = test.run(0.5 * OS_ANTI_ISOLATED, 0.25 * OS_ANTI_ISOLATED)
    full = upper_limit(test, outcome)
    assert upper_limit(test, half).observed == pytest.approx(0.5 * full.observed, rel=1e-3)


@pytest.mark.parametrize("shape", [False, True])
def test_an_empty_signal_region_has_a_limit(shape: bool) -> None:
    counts = OS_ANTI_ISOLATED * 0.01
    counts = np.random.default_rng(0).poisson(counts).astype(np.float64)
    counts[27:38] = 0
    limit = upper_limit(*upsilon(counts, shape=shape))
    assert 0 < limit.observed < 10
    assert bool(limit.message) == shape


def test_one_event_in_the_sidebands_is_enough_for_a_limit() -> None:
    limit = upper_limit(*flat(1, 0, 0))
    assert limit.observed == pytest.approx(-np.log(0.05), rel=1e-3)


def test_a_background_that_can_replace_any_signal_is_refused() -> None:
    # a peak as wide as the window, under a background of any curvature
    test = SignalTest(UPSILON.binning(11), Background("polynomial", 11, 5, 16), Peaks((10.0,), 0.9))
    with pytest.raises(StatisticsError, match="No upper limit"):
        upper_limit(test, test.run(OS_ANTI_ISOLATED))


def test_a_free_mass_has_the_limit_of_the_fitted_one() -> None:
    test, _ = upsilon(OS_PRE_ISOLATION, shape=True)
    free = replace(test, free_mass=True)
    outcome = free.run(OS_PRE_ISOLATION)
    found = outcome.excess
    limit = upper_limit(free, outcome).observed
    assert limit == pytest.approx(found.S + 1.645 * found.sigma_S, rel=0.01)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_level_is_a_probability(confidence: float) -> None:
    with pytest.raises(ParameterError, match="between 0 and 1"):
        counting_limit(0, 0, 0, confidence)
