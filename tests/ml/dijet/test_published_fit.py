"""The published optimiser finds what was put in, trial by trial, the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.published_fit import Sample, _Adam, _batches, fit_published
from hepml.ml.dijet.published_settings import Optimiser

from . import toys

SHORT = replace(Optimiser(), epochs=6, patience=3)


def one(background: int, mu: float, seed: int) -> tuple[Sample, Sample]:
    """Training and validation samples of one feature, half as many for validation."""
    rng = np.random.default_rng(seed)
    found = []
    for size in (background, background // 2):
        data = toys.exact(toys.gaussians(size, mu, rng))
        found.append((data, toys.exact(rng.normal(6, 1, size))))
    return found[0], found[1]


def planes(symmetric: bool = False) -> tuple[Sample, Sample]:
    """Two masses and two hypotheses, signal at (300, 200)."""
    found = []
    for seed in (1, 2):
        rows = toys.mixed(3_000, (150, 150), seed, (300, 200))
        found.append((toys.planes(rows), toys.planes(toys.mixed(3_000, (0, 0), seed + 5, (0, 0)))))
    for sample in found:
        for grid in sample:
            grid.symmetric = symmetric
    return found[0], found[1]


@pytest.mark.slow
def test_mu_of_the_published_toy_is_within_its_published_spread() -> None:
    # 0.0098 +- 0.0012 is what minimising the cross-entropy gives; 3 sigmas of a mean of two
    settings = replace(Optimiser(), epochs=40)
    found = [
        fit_published(*one(100_000, 0.01, seed), trials=1, seed=seed, settings=settings)
        for seed in (0, 1)
    ]
    mu = np.mean([trials[0].values[0] for trials in found])
    assert mu == pytest.approx(0.0098, abs=3 * 0.0012 / np.sqrt(2))


def test_the_likelihood_finds_mu_of_the_toy() -> None:
    # 0.0101 +- 0.0004 with 100,000 events of background
    train, validation = one(20_000, 0.01, 3)
    found = fit_published(
        (train[0], None), (validation[0], None), loss="likelihood", trials=1, seed=3
    )
    assert found[0].values[0] == pytest.approx(0.0101, abs=3 * 0.0004 * np.sqrt(5))


def test_masses_are_found_from_some_of_the_starts() -> None:
    trials = fit_published(*planes(), trials=4, seed=1, settings=replace(SHORT, epochs=40))
    best = min(trials, key=lambda trial: trial.validation)
    assert best.values[:2] == pytest.approx((300, 200), abs=25)
    assert best.values[2] == pytest.approx(0.09, abs=0.04)


def test_the_same_seed_gives_the_same_trials_and_another_one_does_not() -> None:
    first, again, other = (
        fit_published(*planes(), trials=2, seed=seed, settings=SHORT) for seed in (4, 4, 5)
    )
    assert [t.values for t in first] == [t.values for t in again]
    assert first[0].start[:2] != other[0].start[:2]
    assert first[0].start[:2] != first[1].start[:2]
    assert first[0].start[2:] == first[1].start[2:]


def test_more_trials_leave_the_first_ones_as_they_are() -> None:
    few, many = (fit_published(*planes(), trials=n, seed=4, settings=SHORT) for n in (1, 2))
    assert few[0].values == many[0].values


def test_without_signal_mu_becomes_small() -> None:
    found = fit_published(*one(5_000, 0.0, 1), trials=1, seed=0)[0]
    assert found.values[0] < 0.005
    assert np.isfinite(found.validation)


def test_losses_of_every_pass_are_kept_with_the_best() -> None:
    found = fit_published(*planes(), trials=1, seed=1, settings=SHORT)[0]
    losses = found.history.losses["validation"]
    assert found.history.best == int(np.argmin(losses)) + 1
    assert len(found.history.losses["train"]) == len(losses)
    # inside the limits there is no penalty
    assert found.validation == pytest.approx(min(losses))


def test_the_larger_mass_is_first_where_the_grid_cannot_tell() -> None:
    for trial in fit_published(*planes(symmetric=True), trials=3, seed=2, settings=SHORT):
        assert trial.values[0] >= trial.values[1]


def test_masses_are_exchanged_where_validation_prefers_it() -> None:
    # no passes to speak of: the start decides, and (200, 300) is the wrong order
    train, validation = planes()
    quick = replace(SHORT, epochs=1, learning_rate=1e-9)
    trials = fit_published(train, validation, trials=12, seed=0, settings=quick)
    swapped = [t for t in trials if t.values[0] == pytest.approx(t.start[1], abs=1e-3)]
    assert swapped
    assert len(swapped) < len(trials)


@pytest.mark.parametrize("clip", [1e-4, None])
def test_clipped_slopes_leave_little_but_their_signs(clip: float | None) -> None:
    adam = _Adam(3, replace(Optimiser(), clip=clip))
    step = adam.step(np.array([5.0, -0.3, 2e-5]))
    if clip is None:
        # the first step of Adam is the learning rate along each slope's sign, but for 1e-7
        np.testing.assert_allclose(step, [-0.05, 0.05, -0.043], rtol=0.02)
    else:
        assert step[0] == -step[1]
        np.testing.assert_allclose(adam.mean, [1e-5, -1e-5, 2e-6])


def test_batches_hold_every_event_once_and_both_kinds() -> None:
    data, reference = np.arange(2_500.0), np.arange(1_700.0)
    sample = (RatioGrid(data[None] / 1e3), RatioGrid(reference[None] / 1e3))
    parts = _batches(sample, "cross-entropy", 1024, np.random.default_rng(0))
    assert [len(d) + len(r or ()) for d, r in parts] == [1024, 1024, 1024, 1024, 104]
    for place, whole in enumerate(sample):
        seen = np.concatenate([part[place].coefficients.ravel() for part in parts])  # type: ignore[union-attr]
        np.testing.assert_array_equal(np.sort(seen), np.sort(whole.coefficients.ravel()))


def test_a_batch_is_never_without_data_or_reference() -> None:
    sample = RatioGrid(np.zeros((1, 3_000))), RatioGrid(np.zeros((1, 2)))
    parts = _batches(sample, "cross-entropy", 1024, np.random.default_rng(0))
    assert all(len(d) and len(r or ()) for d, r in parts)
    assert sum(len(d) + len(r or ()) for d, r in parts) == 3_002


def test_no_trials_are_refused() -> None:
    with pytest.raises(ParameterError, match="trials = 0"):
        fit_published(*planes(), trials=0)
