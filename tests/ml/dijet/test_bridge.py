"""Background out of held-out events of all kinds."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.dijet.bridge import background_weights

CENTRES = (2.0, 3.0, 4.0)


def sample(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """One feature: background N(0, 1), signal N(c, 1) of three classes."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(0, 1, size), *(rng.normal(c, 1, size // 2) for c in CENTRES)]
    return np.concatenate(parts), np.repeat([-1, 0, 1, 2], [len(part) for part in parts])


def log_ratios(x: np.ndarray) -> np.ndarray:
    return np.array([x * c - c**2 / 2 for c in CENTRES], np.float32)


def test_constants_that_were_taken_off_come_back() -> None:
    x, origin = sample(20_000, 1)
    lost = np.array([0.3, -0.5, 1.2], np.float32)
    found = background_weights(log_ratios(x) - lost[:, None], origin)[1]
    # expected spread 0.01 to 0.02
    np.testing.assert_allclose(found, lost, atol=0.06)


def test_plain_background_knows_them_far_worse() -> None:
    bridged, plain = [], []
    for seed in range(12):
        x, origin = sample(2_000, seed)
        ratios = log_ratios(x)
        bridged.append(background_weights(ratios, origin)[1][2])
        plain.append(-np.log(np.exp(ratios[2][origin < 0]).mean()))
    # with this seed 0.04 and 0.7
    assert np.std(bridged) < 0.3 * np.std(plain)


def test_weighted_means_are_one() -> None:
    x, origin = sample(1_000, 2)
    ratios = log_ratios(x) + 0.4
    weights, log_kappa = background_weights(ratios, origin)
    np.testing.assert_allclose(np.exp(ratios + log_kappa[:, None]) @ weights, 1, atol=1e-5)
    assert weights.sum() == pytest.approx(1)


def test_weighted_events_are_distributed_as_background() -> None:
    x, origin = sample(20_000, 3)
    weights = background_weights(log_ratios(x), origin)[0]
    assert weights @ x == pytest.approx(0, abs=0.03)
    assert weights @ x**2 == pytest.approx(1, abs=0.04)


def test_a_class_without_events_follows_from_the_others() -> None:
    x, origin = sample(20_000, 4)
    kept = origin != 1
    found = background_weights(log_ratios(x[kept]) - 0.7, origin[kept])[1]
    np.testing.assert_allclose(found, 0.7, atol=0.1)


def test_background_alone_has_equal_weights() -> None:
    x = np.random.default_rng(5).normal(size=50)
    weights, log_kappa = background_weights(log_ratios(x), np.full(50, -1))
    np.testing.assert_allclose(weights, 1 / 50)
    np.testing.assert_allclose(np.exp(log_ratios(x) + log_kappa[:, None]).mean(axis=1), 1)


def test_signal_alone_is_no_background() -> None:
    x, origin = sample(100, 6)
    with pytest.raises(ModelError, match="none"):
        background_weights(log_ratios(x[origin >= 0]), origin[origin >= 0])
