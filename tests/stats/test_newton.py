"""Fits of many spectra at once: the same minima as MINUIT finds one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hepml.stats.backgrounds import Background
from hepml.stats.excess import SignalTest
from hepml.stats.many import is_linear, run_many
from hepml.stats.newton import fit_many
from hepml.stats.signals import peaks_of
from hepml.windows import WINDOWS
from tests.stats.published import OS_ANTI_ISOLATED

UPSILON = WINDOWS["upsilon"]


def search(*, shape: bool = False) -> SignalTest:
    return SignalTest(
        UPSILON.binning(11),
        Background("polynomial", 5, UPSILON.left, UPSILON.right),
        peaks_of(UPSILON) if shape else None,
    )


def spectra(test: SignalTest, share: float, number: int = 12) -> np.ndarray:
    mean = test.run(OS_ANTI_ISOLATED).null.expected * share
    return np.random.default_rng(3).poisson(mean, (number, len(mean))).astype(np.float64)


def test_a_constant_is_the_mean_of_the_counts() -> None:
    matrix = np.ones((3, 1))
    counts = np.array([[1.0, 2.0, 6.0]])
    found = fit_many(matrix, matrix, counts, np.ones((1, 3)))
    assert found.theta[0, 0] == pytest.approx(3.0)
    assert found.covariance[0, 0, 0] == pytest.approx(1.0)
    assert found.deviance[0] == pytest.approx(2 * (counts[0] * np.log(counts[0] / 3)).sum())
    assert found.valid[0]
    assert not found.constrained[0]


# 12,332, 1,233, 123 and 37 events: the last two must often be kept above zero
@pytest.mark.parametrize("share", [1.0, 0.1, 0.01, 0.003])
@pytest.mark.parametrize("shape", [False, True])
def test_many_fits_equal_single_ones(share: float, shape: bool) -> None:
    test = search(shape=shape)
    counts = spectra(test, share)
    found = run_many(test, counts, counts)
    singles = [test.run(line).excess for line in counts]
    assert found.valid.all()
    # MINUIT stops a little before the minimum
    assert found.q0 == pytest.approx([one.q0 for one in singles], abs=2e-4)
    near = 2e-2 * np.array([one.sigma_S for one in singles])
    assert (np.abs(found.S - [one.S for one in singles]) < near).all()


def test_a_polynomial_that_goes_negative_is_held_at_zero() -> None:
    test = search()
    counts = spectra(test, 0.003)
    matrix = test.fitted_rows.integrate(test.background.basis(test.fitted_rows.nodes))
    masses = np.linspace(5, 16, 300)
    guard = test.background.basis(masses)
    found = fit_many(matrix, guard, counts, np.ones_like(counts))
    assert found.constrained.any()
    assert (found.theta @ guard.T).min() > -1e-9


def test_weights_of_one_size_scale_everything() -> None:
    test = search()
    counts = np.maximum(spectra(test, 0.1), 1)  # an empty row has no scale
    plain = run_many(test, counts, counts)
    half = run_many(test, 0.5 * counts, 0.25 * counts)
    assert half.q0 == pytest.approx(plain.q0, abs=1e-6)
    assert half.S == pytest.approx(0.5 * plain.S, rel=1e-6)


def test_empty_spectra_fail_without_a_number() -> None:
    empty = np.zeros((2, 65))
    found = run_many(search(), empty, empty)
    assert not found.valid.any()
    assert (found.q0 == 0).all()


def test_events_in_the_signal_region_alone_have_no_background() -> None:
    counts = np.zeros((1, 65))
    counts[0, -1] = 5
    assert not run_many(search(), counts, counts).valid.any()


@pytest.mark.parametrize("family", ["exponential", "bernstein"])
def test_families_that_are_not_linear_are_fitted_one_by_one(family: str) -> None:
    test = SignalTest(UPSILON.binning(11), Background(family, 3, UPSILON.left, UPSILON.right))
    counts = spectra(search(), 1.0, 2)
    found = run_many(test, counts, counts)
    assert found.q0 == pytest.approx([test.run(line).excess.q0 for line in counts])


def test_a_peak_that_may_move_is_fitted_with_minuit() -> None:
    test = replace(search(shape=True), free_mass=True)
    counts = spectra(test, 1.0, 1)
    assert not is_linear(test)
    assert run_many(test, counts, counts).q0[0] == pytest.approx(test.run(counts[0]).excess.q0)
