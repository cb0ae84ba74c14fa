"""Shuffled data: every event is drawn once, and p-values are those of chance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.dijet import toys as module
from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.toys import Shuffled, shuffled_toys
from tests.ml.dijet.toys import NODES, exact, gaussians, mixed, planes


def few(seed: int, size: int = 300) -> RatioGrid:
    """Background of the toy with two masses, at few nodes."""
    full = planes(mixed(size, (0, 0), seed, (300, 300)), 1)
    nodes = NODES[2:7:2]
    values = np.array([[full.log_ratios(x, y)[0] for y in nodes] for x in nodes])
    return RatioGrid(values[None], {"mx": nodes, "my": nodes})


def shuffled(loss: str = "likelihood") -> Shuffled:
    return Shuffled(few(1), few(2), loss)


def test_shuffled_data_and_reference_are_all_events_once() -> None:
    first, second = RatioGrid(np.arange(30.0)[None]), RatioGrid(np.arange(30.0, 50.0)[None])
    background = Shuffled(first, second, "cross-entropy")
    data, reference = background.draw(np.random.default_rng(2))
    assert (len(data), len(reference)) == (30, 20)
    both = np.concatenate([data.log_ratios()[0], reference.log_ratios()[0]])
    assert sorted(both.tolist()) == list(range(50))
    assert (data.log_ratios() >= 30).any()
    # what was given is as it was
    assert (len(first), len(second)) == (30, 20)


def test_a_large_excess_has_a_small_p_value_and_none_a_large_one() -> None:
    background = shuffled()
    far = shuffled_toys(background, 1e3, 19)
    assert (far.p, far.p_low) == (pytest.approx(1 / 20), 0.0)
    assert far.p_high > 1 / 20
    assert shuffled_toys(background, 0.0, 19).p == 1.0


def test_toys_depend_on_the_seed_and_on_nothing_else() -> None:
    background = shuffled()
    first = shuffled_toys(background, 1.0, 5, seed=3)
    assert shuffled_toys(background, 1.0, 7, seed=3).q0[:5] == first.q0
    assert shuffled_toys(background, 1.0, 5, seed=4).q0 != first.q0


def test_finished_toys_are_kept_when_it_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    background, told = shuffled(), []

    def stop(what: str, done: int, total: int) -> None:
        told.append((what, done, total))
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shuffled_toys(background, 1.0, 30, store=tmp_path, progress=stop)
    assert told[0] == ("toys", 0, 30)
    fitted = []
    real = fit_mixture
    monkeypatch.setattr(
        module, "fit_mixture", lambda *grids, **options: fitted.append(1) or real(*grids, **options)
    )
    found = shuffled_toys(background, 1.0, 30, store=tmp_path)
    assert len(fitted) == 10
    assert found.q0 == shuffled_toys(background, 1.0, 30).q0


def test_fits_that_fail_count_as_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_fit", lambda background, toy, *rest: None if toy < 2 else 0.5)
    found = shuffled_toys(shuffled(), 1.0, 9)
    assert (found.failed, len(found.q0), found.p) == (2, 7, pytest.approx(3 / 10))


def test_there_must_be_toys() -> None:
    with pytest.raises(ParameterError, match="At least one toy"):
        shuffled_toys(shuffled(), 1.0, 0)


def test_the_likelihood_looks_at_the_data_alone() -> None:
    data, reference = shuffled().draw(np.random.default_rng(2))
    assert (len(data), reference) == (300, None)


def test_signal_in_the_data_alone_is_no_chance() -> None:
    rng = np.random.default_rng(3)
    data, reference = (exact(gaussians(1_000, mu, rng)) for mu in (0.05, 0.0))
    fit = fit_mixture(data, intervals=False)
    assert shuffled_toys(Shuffled(data, reference, "likelihood"), fit.q0, 39).p == 1 / 40


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["likelihood", "cross-entropy"])
def test_p_values_of_background_are_uniform_even_with_wrong_ratios(loss: str) -> None:
    rng, values = np.random.default_rng(9), []
    for _ in range(40):
        # a mean ratio of 1.5: by itself the likelihood would always find signal
        pair = [
            RatioGrid(exact(gaussians(400, 0.0, rng)).log_ratios() + np.log(1.5)) for _ in range(2)
        ]
        reference = pair[1] if loss == "cross-entropy" else None
        observed = fit_mixture(pair[0], reference, loss=loss, intervals=False).q0
        values.append(shuffled_toys(Shuffled(*pair, loss), observed, 19).p)
    # 4 of 20 places
    below = np.mean(np.array(values) <= 0.2)
    assert abs(below - 0.2) < 3 * np.sqrt(0.2 * 0.8 / 40)
