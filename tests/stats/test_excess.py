"""One spectrum tested for a signal: published results, weights, and the edges of the data."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.signals import peaks_of
from hepml.windows import WINDOWS
from tests.stats.published import FOUND, OS_ANTI_ISOLATED, OS_PRE_ISOLATION, SS_ANTI_ISOLATED

UPSILON = WINDOWS["upsilon"]
SAMPLES = {"OS": OS_ANTI_ISOLATED, "SS": SS_ANTI_ISOLATED, "pre-iso": OS_PRE_ISOLATION}


def search(degree: int = 5, *, shape: bool = False, evaluate: str = "centre") -> SignalTest:
    return SignalTest(
        UPSILON.binning(11),
        Background("polynomial", degree, UPSILON.left, UPSILON.right),
        peaks_of(UPSILON) if shape else None,
        evaluate,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("sample", "degree"), FOUND)
def test_every_row_of_the_published_table(sample: str, degree: int) -> None:
    outcome = search(degree).run(SAMPLES[sample])
    signal, background, error, significance, deviance = FOUND[sample, degree]
    found = outcome.excess
    assert outcome.valid
    assert found.S == pytest.approx(signal, rel=1e-3)
    assert found.B == pytest.approx(background, rel=1e-3)
    assert found.sigma_B == pytest.approx(error, rel=1e-3)
    assert found.Z == pytest.approx(significance, abs=1e-3)
    assert outcome.free.deviance == pytest.approx(deviance, abs=0.01)


@pytest.mark.parametrize(
    ("sample", "expected"),
    # one wide bin of an extended binned likelihood, as the specification recomputed it
    [("OS", (97.25, 1594.75, 1.5967)), ("pre-iso", (2956.06, 3585.94, 28.917))],
)
def test_exact_integrals_give_what_an_independent_program_found(
    sample: str, expected: tuple[float, float, float]
) -> None:
    found = search(evaluate="integral").run(SAMPLES[sample]).excess
    assert (found.S, found.B, found.Z) == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize(
    ("sample", "significance"), [("pre-iso", 37.8), ("OS", 2.66), ("SS", 0.11)]
)
def test_known_peak_shapes_add_what_they_should(sample: str, significance: float) -> None:
    found = search(shape=True).run(SAMPLES[sample]).excess
    assert found.Z == pytest.approx(significance, abs=0.06)


def test_the_closed_form_is_near_the_fit() -> None:
    found = search().run(OS_ANTI_ISOLATED).excess
    assert found.Z_closed == pytest.approx(1.591, abs=2e-3)


@pytest.mark.parametrize("shape", [False, True])
def test_unit_weights_equal_unweighted(shape: bool) -> None:
    plain = search(shape=shape).run(OS_ANTI_ISOLATED)
    weighted = search(shape=shape).run(OS_ANTI_ISOLATED, OS_ANTI_ISOLATED.copy())
    assert weighted.excess == plain.excess


@pytest.mark.parametrize("shape", [False, True])
def test_a_common_weight_scales_yields_and_leaves_the_significance(shape: bool) -> None:
    plain = search(shape=shape).run(OS_ANTI_ISOLATED).excess
    scaled = search(shape=shape).run(0.4 * OS_ANTI_ISOLATED, 0.16 * OS_ANTI_ISOLATED).excess
    assert scaled.Z == pytest.approx(plain.Z, abs=1e-3)
    assert scaled.S == pytest.approx(0.4 * plain.S, rel=1e-2)
    assert scaled.sigma_B == pytest.approx(0.4 * plain.sigma_B, rel=1e-3)


@pytest.mark.parametrize("shape", [False, True])
def test_a_deficit_has_no_significance(shape: bool) -> None:
    counts = OS_ANTI_ISOLATED.copy()
    counts[27:38] *= 0.8
    found = search(shape=shape).run(counts).excess
    assert found.S < 0
    assert (found.Z, found.q0, found.p) == (0.0, 0.0, 0.5)


def test_forty_sigma_keep_their_p_value() -> None:
    counts = OS_ANTI_ISOLATED.copy()
    counts[27:38] += 420
    found = search().run(counts).excess
    assert found.Z > 40
    assert found.log10_p < -350
    assert np.isfinite(found.log10_p)


@pytest.mark.parametrize("shape", [False, True])
@pytest.mark.parametrize("degree", [0, 3, 5])
@pytest.mark.parametrize("size", [1, 4, 25, 80])
def test_few_events_and_empty_bins_give_finite_numbers(shape: bool, degree: int, size: int) -> None:
    share = np.asarray(OS_ANTI_ISOLATED) / OS_ANTI_ISOLATED.sum()
    rng = np.random.default_rng(size)
    counts = rng.multinomial(size, share).astype(float)
    counts[3] += 1  # never without any event in the sidebands
    found = search(degree, shape=shape).run(counts).excess
    assert all(np.isfinite(value) for value in found.model_dump().values())
    assert found.B >= -1e-3


def test_an_empty_signal_region_is_a_deficit() -> None:
    counts = OS_ANTI_ISOLATED.copy()
    counts[27:38] = 0
    found = search().run(counts).excess
    assert found.observed == 0
    assert found.S == pytest.approx(-found.B)
    assert found.Z == 0


def test_empty_sidebands_are_an_error_with_a_name() -> None:
    counts = np.zeros(75)
    counts[30] = 5
    with pytest.raises(StatisticsError, match="no events in the sidebands"):
        search().run(counts)


@pytest.mark.parametrize("shape", [False, True])
def test_weights_of_zero_are_an_error_with_a_name(shape: bool) -> None:
    with pytest.raises(StatisticsError, match=r"no events in the sidebands|Nothing to fit"):
        search(shape=shape).run(np.zeros(75), np.zeros(75))


def test_too_few_bins_for_the_degree_are_refused() -> None:
    with pytest.raises(ParameterError, match="cannot fix a background of degree 9"):
        SignalTest(UPSILON.binning(1), Background("polynomial", 9, 5.0, 16.0))


def test_the_expected_significance_is_near_the_found_one() -> None:
    for shape in (False, True):
        test = search(shape=shape)
        outcome = test.run(OS_PRE_ISOLATION)
        assert test.expected(outcome) == pytest.approx(outcome.excess.Z, rel=0.02)


def test_the_spectrum_holds_all_that_a_figure_needs() -> None:
    test = search(shape=True)
    outcome = test.run(OS_PRE_ISOLATION)
    spectrum = test.spectrum(outcome, OS_PRE_ISOLATION, OS_PRE_ISOLATION)
    total = np.array(spectrum.background) + np.array(spectrum.signal)
    np.testing.assert_allclose(total, outcome.free.expected, rtol=1e-9)
    assert sum(spectrum.signal) == pytest.approx(outcome.excess.S, rel=1e-3)
    assert (spectrum.start, spectrum.stop, len(spectrum.edges)) == (27, 38, 76)
