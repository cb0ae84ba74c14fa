"""Fits of mixtures: unbiased, with intervals that cover, and flagged where they say nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest
from iminuit import Minuit

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.normalise import normalise
from hepml.ml.dijet.objective import MixtureObjective
from tests.ml.dijet.toys import NODES, exact, gaussians, mixed, paired, pairs, planes

AT = (330.0, 210.0)


def test_the_likelihood_is_unbiased_and_as_sharp_as_it_should_be() -> None:
    rng = np.random.default_rng(54)
    found = np.array(
        [
            fit_mixture(exact(gaussians(100_000, 0.01, rng)), intervals=False)["mu"].value
            for _ in range(20)
        ]
    )
    spread = found.std(ddof=1)
    assert abs(found.mean() - 0.01) < 3 * spread / np.sqrt(20)
    assert spread < 0.0006


def test_the_cross_entropy_is_unbiased_at_any_size_of_the_reference() -> None:
    rng = np.random.default_rng(7)
    found = []
    for _ in range(10):
        data = exact(gaussians(20_000, 0.03, rng))
        reference = exact(gaussians(40_000, 0.0, rng))
        fit = fit_mixture(data, reference, loss="cross-entropy", intervals=False)
        found.append([fit["mu"].value, fit["mu"].error])
    mean, error = np.mean(found, axis=0)
    assert abs(mean - 0.03) < 3 * error / np.sqrt(10)


def test_the_published_form_of_the_cross_entropy_gives_the_same_where_it_holds() -> None:
    rng = np.random.default_rng(8)
    data, reference = exact(gaussians(50_000, 0.02, rng)), exact(gaussians(50_000, 0.0, rng))
    fits = [
        fit_mixture(data, reference, loss="cross-entropy", background_ratio=ratio)["mu"]
        for ratio in (1.0, None)
    ]
    assert fits[0].value == pytest.approx(fits[1].value, abs=0.1 * fits[0].error)
    assert fits[0].value == pytest.approx(0.02, abs=3 * fits[0].error)


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say() -> None:
    rng = np.random.default_rng(68)
    count, covered = 200, 0
    for _ in range(count):
        size = rng.poisson(200)
        x = np.concatenate([rng.normal(6, 1, rng.poisson(9_800)), rng.normal(3, 1, size)])
        item = fit_mixture(exact(x))["mu"]
        covered += item.low <= 0.02 <= item.high
    assert abs(covered / count - 0.6827) < 3 * np.sqrt(0.6827 * 0.3173 / count)


def test_masses_fraction_and_share_of_two_hypotheses_come_back() -> None:
    fit = fit_mixture(planes(mixed(10_000, (120, 80), 3, AT)))
    truth = {"mx": AT[0], "my": AT[1], "mu": 200 / 10_200, "alpha": 0.4}
    for name, value in truth.items():
        item = fit[name]
        assert abs(item.value - value) < 3 * item.error
        assert item.low < item.value < item.high
    assert fit.converged
    assert fit.Z > 5


def test_profile_intervals_are_those_of_minos() -> None:
    grid = planes(mixed(4_000, (60, 40), 4, AT))
    objective = MixtureObjective(grid)
    fit = fit_mixture(grid)
    start = [item.value for item in fit.parameters]
    minuit = Minuit(
        lambda p: objective.evaluate(np.asarray(p))[0],
        np.array(start),
        grad=lambda p: objective.evaluate(np.asarray(p))[1],
        name=objective.names,
    )
    minuit.errors = [item.error for item in fit.parameters]
    minuit.limits = list(zip(objective.lower, objective.upper, strict=True))
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.migrad()
    minuit.minos()
    assert fit.deviance == pytest.approx(minuit.fval, abs=0.01)
    for item in fit.parameters:
        both = minuit.merrors[item.name]
        assert item.high - item.value == pytest.approx(both.upper, rel=0.05)
        assert item.value - item.low == pytest.approx(-both.lower, rel=0.05)


def test_a_symmetric_grid_gives_the_larger_mass_first() -> None:
    rows = mixed(3_000, (80, 0), 5, AT)
    one = planes(rows, 1)
    values = np.array([[[one.log_ratios(x, y)[0] for y in NODES] for x in NODES]])
    both = np.logaddexp(values, values.transpose(0, 2, 1, 3)) - np.log(2)
    grid = RatioGrid(both, {"mx": NODES, "my": NODES}, symmetric=True)
    fit = fit_mixture(grid)
    assert fit["mx"].value == pytest.approx(AT[0], abs=3 * fit["mx"].error)
    assert fit["my"].value == pytest.approx(AT[1], abs=3 * fit["my"].error)


@pytest.mark.parametrize("at", [(300.0, 300.0), (310.0, 290.0)])
def test_intervals_of_masses_that_meet_are_found(at: tuple[float, float]) -> None:
    rng = np.random.default_rng(17)
    for _ in range(4):
        fit = fit_mixture(paired(pairs(1_500, 120, at, rng)))
        assert fit.converged
        assert not any("not accurate" in flag or "missing" in flag for flag in fit.flags)
        low, high = fit["my"], fit["mx"]
        assert low.value <= high.value
        assert high.low < high.value < high.high
        assert low.low < low.value < low.high
        assert fit["mu"].low < fit["mu"].value < fit["mu"].high


def test_equal_masses_have_intervals_and_no_error_of_their_own() -> None:
    rng = np.random.default_rng(4)
    fits = [fit_mixture(paired(pairs(1_500, 120, (300.0, 300.0), rng))) for _ in range(6)]
    equal = [fit for fit in fits if fit["mx"].value == fit["my"].value]
    assert 0 < len(equal) < 6
    for fit in equal:
        assert (fit["mx"].error, fit["my"].error) == (None, None)
        assert fit["mu"].error == pytest.approx(fit["mu"].high - fit["mu"].value, rel=0.3)
        assert "mx" not in fit.correlated
        # the other mass can go with it in one direction and has to stay behind in the other
        assert fit["mx"].high - fit["mx"].value > fit["mx"].value - fit["mx"].low


@pytest.mark.slow
@pytest.mark.parametrize("at", [(300.0, 300.0), (300.0, 100.0)])
def test_intervals_of_masses_cover_also_where_these_meet(at: tuple[float, float]) -> None:
    rng, count = np.random.default_rng(300), 50
    truth = {"mx": at[0], "my": at[1], "mu": 120 / 1_620, "alpha": 0.4}
    covered = dict.fromkeys(truth, 0)
    for _ in range(count):
        fit = fit_mixture(paired(pairs(1_500, 120, at, rng)))
        for name, value in truth.items():
            item = fit[name]
            above = item.low_open or item.low <= value
            covered[name] += above and (item.high_open or value <= item.high)
    for times in covered.values():
        assert abs(times / count - 0.6827) < 3 * np.sqrt(0.6827 * 0.3173 / count)


def test_masses_between_the_nodes_can_be_held() -> None:
    grid = planes(mixed(3_000, (60, 40), 6, AT))
    fit = fit_mixture(grid, fixed={"mx": 333.3, "my": 212.0, "alpha": 0.4})
    assert fit["mx"].held
    assert fit["mx"].value == 333.3
    assert fit["mx"].low is None
    assert fit["mu"].value == pytest.approx(100 / 3_100, abs=3 * fit["mu"].error)
    assert fit.p_value == "local, asymptotic: mu cannot be negative"


def test_one_hypothesis_has_no_alpha() -> None:
    fit = fit_mixture(planes(mixed(3_000, (80, 0), 6, AT)).only("two_prong"))
    assert [item.name for item in fit.parameters] == ["mx", "my", "mu"]
    assert fit["mu"].value == pytest.approx(80 / 3_080, abs=3 * fit["mu"].error)


def test_without_signal_there_are_no_masses() -> None:
    grid = planes(mixed(300, (0, 0), 1, AT)[:300])
    held = {"mx": 450.0, "my": 450.0}
    fit = fit_mixture(grid, fixed={**held, "mu": 0.0})
    assert fit["alpha"].value is None
    x = np.full((1, 500), -3.0)
    fit = fit_mixture(RatioGrid(x[:, None, :] * np.ones((1, 4, 1)), {"mx": NODES[:4]}))
    assert fit["mu"].value == 0
    assert fit["mu"].low_open
    assert fit["mu"].high is not None
    assert (fit["mx"].value, fit["mx"].low) == (None, None)
    assert (fit.q0, fit.Z) == (0.0, 0.0)
    assert "No signal" in fit.flags[0]
    assert fit.converged


def test_a_mass_at_the_edge_of_the_grid_is_flagged() -> None:
    fit = fit_mixture(planes(mixed(2_000, (100, 0), 2, (560.0, 210.0)), 1))
    assert fit["mx"].at_limit == "high"
    assert fit["mx"].high_open
    assert any("mx is at its limit 500" in flag for flag in fit.flags)


def test_a_second_minimum_nearly_as_good_is_flagged() -> None:
    rows = np.concatenate(
        [mixed(2_000, (8, 0), 2, (450.0, 450.0)), mixed(0, (13, 0), 3, (200.0, 450.0))]
    )
    fit = fit_mixture(planes(rows, 1))
    assert any("Another minimum" in flag for flag in fit.flags)


def test_a_vague_normalisation_is_flagged() -> None:
    few = normalise(planes(mixed(200, (0, 0), 1, AT)), refine=1, tolerance=1.0)
    grid = planes(mixed(500, (30, 20), 4, AT)).with_kappa(few)
    flags = fit_mixture(grid, intervals=False, starts=1).flags
    assert any("normalised to" in flag and "200 events" in flag for flag in flags)


def test_results_are_written_and_read(tmp_path: object) -> None:
    from pathlib import Path

    fit = fit_mixture(planes(mixed(1_000, (30, 20), 4, AT)), intervals=False)
    path = fit.write(Path(str(tmp_path)) / "fit.json")
    assert type(fit).read(path) == fit


@pytest.mark.parametrize(
    ("fixed", "text"), [({"my": 10.0}, "outside 100 to 500"), ({"m_x": 1.0}, "Did you mean")]
)
def test_what_is_held_must_exist_and_lie_inside(fixed: dict[str, float], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        fit_mixture(planes(mixed(10, (1, 1), 1, AT)), fixed=fixed)


def test_the_cross_entropy_needs_a_reference_of_the_same_hypotheses() -> None:
    data = planes(mixed(10, (1, 1), 1, AT))
    with pytest.raises(ParameterError, match="needs a reference"):
        fit_mixture(data, loss="cross-entropy")
    with pytest.raises(ParameterError, match="the reference"):
        fit_mixture(data, data.only("two_prong"), loss="cross-entropy")


def test_no_events_cannot_be_fitted() -> None:
    with pytest.raises(ModelError, match="none"):
        fit_mixture(exact(np.empty(0)))


@pytest.mark.slow
def test_a_fit_on_two_hundred_thousand_events_takes_seconds() -> None:
    rng = np.random.default_rng(0)
    rows = mixed(200_000, (600, 0), 9, AT)
    values = rng.choice(len(rows), 2_000)  # compile on a few first
    grid = planes(rows, 1)
    fit_mixture(grid.take(values))
    began = time.process_time()
    fit = fit_mixture(grid)
    assert time.process_time() - began < 30
    assert fit["mx"].value == pytest.approx(AT[0], abs=10)
