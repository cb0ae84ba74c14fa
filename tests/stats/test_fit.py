"""Fits: the minimum, convergence, errors, and a background that stays positive."""

from __future__ import annotations

import numpy as np
import pytest
from iminuit import Minuit
from iminuit.cost import ExtendedBinnedNLL
from scipy.optimize import LinearConstraint, minimize

from hepml.errors import StatisticsError
from hepml.stats.backgrounds import FAMILIES, Background
from hepml.stats.fit import fit_model
from hepml.stats.likelihood import Likelihood
from hepml.stats.minimum import minimise
from hepml.stats.rows import bin_rows
from hepml.stats.signals import Peaks, PeakYield
from hepml.windows import Binning
from tests.stats.published import OS_ANTI_ISOLATED

EDGES = np.linspace(5, 16, 45)
BINNING = Binning(tuple(EDGES.tolist()), 16, 23)
ROWS = bin_rows(BINNING)


def sample(size: int, seed: int = 1) -> np.ndarray:
    masses = 5 + np.random.default_rng(seed).exponential(5, size)
    return np.histogram(masses, EDGES)[0].astype(float)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fit_is_where_iminuits_own_cost_function_is_smallest(family: str) -> None:
    counts = sample(20_000)
    background = Background(family, 3, 5.0, 16.0)
    fitted = fit_model(background, ROWS, Likelihood(counts, counts))

    def integral(edges: np.ndarray, theta: np.ndarray) -> np.ndarray:
        grid = np.linspace(edges[0], edges[-1], 44 * 200 + 1)
        density = background.density(grid, theta)
        steps = np.diff(grid) * 0.5 * (density[1:] + density[:-1])
        return np.concatenate([[0], np.cumsum(steps.reshape(44, 200).sum(axis=1))])

    cost = ExtendedBinnedNLL(counts, EDGES, integral, use_pdf="")
    reference = Minuit(cost, fitted.coefficients * 1.01)
    reference.limits = [(0, None)] * 4 if family == "bernstein" else [(None, None)] * 4
    reference.migrad()
    assert fitted.minimum.valid
    assert fitted.deviance == pytest.approx(reference.fval, abs=0.01)
    np.testing.assert_allclose(
        fitted.expected, np.diff(integral(EDGES, np.array(reference.values))), rtol=2e-3
    )


def test_standard_errors_are_those_of_hesse() -> None:
    counts = sample(20_000)
    background = Background("polynomial", 3, 5.0, 16.0)
    likelihood = Likelihood(counts, counts)
    part = background.component(ROWS)
    fitted = fit_model(background, ROWS, likelihood)
    minuit = Minuit(
        lambda theta: likelihood.deviance(part.evaluate(theta)[0])[0], fitted.coefficients
    )
    minuit.errordef = 1
    minuit.hesse()
    np.testing.assert_allclose(
        np.sqrt(np.diag(fitted.minimum.covariance)), np.array(minuit.errors), rtol=0.01
    )


def test_the_error_of_the_yield_is_the_spread_of_pseudo_experiments() -> None:
    background = Background("polynomial", 2, 5.0, 16.0)
    truth = fit_model(background, ROWS, Likelihood(sample(5_000), sample(5_000)))
    rng = np.random.default_rng(4)
    pulls = []
    for _ in range(300):
        counts = rng.poisson(truth.expected).astype(float)
        fitted = fit_model(background, ROWS, Likelihood(counts, counts))
        value, error = fitted.integral(ROWS)
        pulls.append((value[20] - truth.expected[20]) / error[20])
    # 300 pulls: the mean has an error of 0.058, the width of 0.041
    assert abs(np.mean(pulls)) < 3 * 0.058
    assert abs(np.std(pulls) - 1) < 3 * 0.041


@pytest.mark.parametrize("seed", range(8))
def test_a_negative_density_is_refitted_at_the_constrained_minimum(seed: int) -> None:
    counts = sample(12, seed)
    background = Background("polynomial", 5, 5.0, 16.0)
    likelihood = Likelihood(counts, counts)
    fitted = fit_model(background, ROWS, likelihood)
    grid = background.basis(np.linspace(5, 16, 400))
    assert fitted.constrained
    assert fitted.minimum.valid
    assert (grid @ fitted.coefficients).min() > -1e-2 * counts.sum() / 11

    part = background.component(ROWS)

    def value(theta: np.ndarray) -> float:
        return likelihood.deviance(part.evaluate(theta)[0])[0]

    start = np.array([counts.sum() / 11, 0, 0, 0, 0, 0])
    reference = minimize(
        value,
        start,
        method="SLSQP",
        constraints=[LinearConstraint(grid, 0, np.inf)],
        options={"maxiter": 2000, "ftol": 1e-10},
    )
    assert fitted.deviance == pytest.approx(reference.fun, abs=0.05)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", [1, 3, 30])
def test_few_events_give_finite_numbers(family: str, size: int) -> None:
    counts = sample(size, seed=3)
    fitted = fit_model(Background(family, 5, 5.0, 16.0), ROWS, Likelihood(counts, counts))
    value, error = fitted.integral(ROWS)
    for numbers in (value, error, fitted.coefficients, fitted.deviance):
        assert np.isfinite(numbers).all()
    assert value.min() >= -1e-3


def test_nothing_to_fit_is_an_error_with_a_name() -> None:
    nothing = np.zeros(44)
    with pytest.raises(StatisticsError, match="Nothing to fit"):
        fit_model(Background("polynomial", 3, 5.0, 16.0), ROWS, Likelihood(nothing, nothing))


def test_a_shape_is_fitted_together_with_the_background() -> None:
    peaks = Peaks((9.5,), 0.03)
    background = Background("exponential", 2, 5.0, 16.0)
    truth = fit_model(background, ROWS, Likelihood(sample(8_000), sample(8_000))).expected
    counts = truth + 400 * peaks.template(EDGES)
    likelihood = Likelihood(counts, counts)
    signal = PeakYield(peaks, EDGES, free_mass=True, free_width=True)
    fitted = fit_model(
        background,
        ROWS,
        likelihood,
        signal,
        signal_start=(100.0, 1.01, 0.8),
        signal_limits=[None, (0.9, 1.1), (0.3, 3.0)],
    )
    np.testing.assert_allclose(fitted.signal, [400, 1.0, 1.0], rtol=1e-2)
    assert fitted.names == ("c0", "c1", "c2", "S", "shift", "stretch")


def test_a_result_says_how_good_the_fit_is() -> None:
    counts = sample(20_000)
    result = fit_model(
        Background("polynomial", 4, 5.0, 16.0), ROWS, Likelihood(counts, counts)
    ).result(44)
    assert result.ndf == 39
    assert 0.001 < result.goodness < 0.999
    assert result.valid
    assert result.message == ""


class _Slope:
    """A slope without an end."""

    def evaluate(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        return -float(theta[0]), np.array([-1.0])

    def information(self, theta: np.ndarray, *, observed: bool) -> np.ndarray:
        return np.ones((1, 1))


def test_a_fit_that_does_not_converge_says_so() -> None:
    minimum = minimise(_Slope(), np.zeros(1))
    assert not minimum.valid
    assert "did not converge" in minimum.message


def test_the_published_spectrum_is_fitted_in_any_units() -> None:
    # a window mapped to another scale is the same fit
    binning = Binning(tuple((1000 * np.linspace(5, 16, 76)).tolist()), 27, 38)
    gev = Binning(tuple(np.linspace(5, 16, 76).tolist()), 27, 38)
    likelihood = Likelihood(OS_ANTI_ISOLATED, OS_ANTI_ISOLATED)
    mev = fit_model(Background("polynomial", 5, 5000.0, 16000.0), bin_rows(binning), likelihood)
    ref = fit_model(Background("polynomial", 5, 5.0, 16.0), bin_rows(gev), likelihood)
    assert mev.deviance == pytest.approx(ref.deviance, abs=1e-4)
