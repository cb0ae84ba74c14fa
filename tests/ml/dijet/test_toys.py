"""Toys without signal: drawn as they should be, with q0 like that of new background."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ks_2samp

from hepml.errors import ParameterError
from hepml.ml.dijet import toys as module
from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.normalise import normalise
from hepml.ml.dijet.toys import Resampled, Shuffled, background_toys
from tests.ml.dijet.toys import NODES, exact, gaussians, mixed, planes


def few(seed: int, size: int = 300) -> RatioGrid:
    """Background of the toy with two masses, at few nodes."""
    full = planes(mixed(size, (0, 0), seed, (300, 300)), 1)
    nodes = NODES[2:7:2]
    values = np.array([[full.log_ratios(x, y)[0] for y in nodes] for x in nodes])
    return RatioGrid(values[None], {"mx": nodes, "my": nodes})


def resampled(events: int = 200) -> Resampled:
    pool = few(1)
    return Resampled(pool, np.full(len(pool), 1 / len(pool)), events)


def test_resampled_data_are_events_of_the_pool_by_their_weights() -> None:
    pool = RatioGrid(np.arange(4.0)[None])
    data, reference = Resampled(pool, np.array([0.0, 0.7, 0.3, 0.0]), 5_000).draw(
        np.random.default_rng(1)
    )
    assert reference is None
    values, counts = np.unique(data.log_ratios(), return_counts=True)
    assert values.tolist() == [1, 2]
    assert counts[0] == pytest.approx(3_500, abs=4 * np.sqrt(1_050))


def test_shuffled_data_and_reference_are_all_events_once() -> None:
    first, second = RatioGrid(np.arange(30.0)[None]), RatioGrid(np.arange(30.0, 50.0)[None])
    background = Shuffled(first, second)
    data, reference = background.draw(np.random.default_rng(2))
    assert (len(data), len(reference)) == (30, 20)
    both = np.concatenate([data.log_ratios()[0], reference.log_ratios()[0]])
    assert sorted(both.tolist()) == list(range(50))
    assert (data.log_ratios() >= 30).any()
    # what was given is as it was
    assert (len(first), len(second)) == (30, 20)


def test_a_large_excess_has_a_small_p_value_and_none_a_large_one() -> None:
    background = resampled()
    far = background_toys(background, 1e3, 19)
    assert (far.p, far.p_low) == (pytest.approx(1 / 20), 0.0)
    assert far.p_high > 1 / 20
    assert background_toys(background, 0.0, 19).p == 1.0


def test_toys_depend_on_the_seed_and_on_nothing_else() -> None:
    background = resampled()
    first = background_toys(background, 1.0, 5, seed=3)
    assert background_toys(background, 1.0, 7, seed=3).q0[:5] == first.q0
    assert background_toys(background, 1.0, 5, seed=4).q0 != first.q0


def test_finished_toys_are_kept_when_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background, told = resampled(), []

    def stop(what: str, done: int, total: int) -> None:
        told.append((what, done, total))
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        background_toys(background, 1.0, 30, store=tmp_path, progress=stop)
    assert told[0] == ("toys", 0, 30)
    fitted = []
    real = fit_mixture
    monkeypatch.setattr(
        module, "fit_mixture", lambda *grids, **options: fitted.append(1) or real(*grids, **options)
    )
    found = background_toys(background, 1.0, 30, store=tmp_path)
    assert len(fitted) == 10
    assert found.q0 == background_toys(background, 1.0, 30).q0


def test_fits_that_fail_count_as_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_fit", lambda background, toy, *rest: None if toy < 2 else 0.5)
    found = background_toys(resampled(), 1.0, 9)
    assert (found.failed, len(found.q0), found.p) == (2, 7, pytest.approx(3 / 10))


def test_there_must_be_toys() -> None:
    with pytest.raises(ParameterError, match="At least one toy"):
        background_toys(resampled(), 1.0, 0)


@pytest.mark.slow
def test_q0_of_resampled_toys_is_that_of_new_background() -> None:
    # the pool is not much larger than the data: its own fluctuations are in the normalisation
    pool = few(5, 2_000)
    pool = pool.with_kappa(normalise(pool, refine=1, tolerance=1.0))
    background = Resampled(pool, np.full(len(pool), 1 / len(pool)), 1_000)
    found = background_toys(background, 1.0, 150, seed=6).q0
    fresh = [fit_mixture(few(100 + i, 1_000), intervals=False).q0 for i in range(150)]
    assert ks_2samp(found, fresh).pvalue > 0.01


@pytest.mark.slow
def test_p_values_of_shuffled_background_are_uniform() -> None:
    rng, values = np.random.default_rng(9), []
    for _ in range(40):
        pair = [exact(gaussians(400, 0.0, rng)) for _ in range(2)]
        observed = fit_mixture(*pair, loss="cross-entropy", intervals=False).q0
        values.append(background_toys(Shuffled(*pair), observed, 19).p)
    # q0 is 0 in half of them, and these have p = 1
    below = np.mean(np.array(values) <= 0.2)
    assert abs(below - 0.2) < 3 * np.sqrt(0.2 * 0.8 / 40)
