"""Events of weakly supervised samples are chosen by their keys."""

from __future__ import annotations

import numpy as np

from hepml.ml.dijet.composition import assemble, compose


def keys(size: int, file: int = 0) -> list[np.ndarray]:
    return [np.full(size, file), np.arange(size)]


def test_no_event_is_in_both_halves() -> None:
    found = compose(keys(1_001), [keys(100, 1)], 0.05)
    assert len(np.intersect1d(found.reference, found.background)) == 0
    assert (len(found.reference), len(found.background)) == (500, 500)
    assert len(found.signal[0]) == 26


def test_the_same_events_are_chosen_in_whatever_order_they_are_read() -> None:
    order = np.random.default_rng(2).permutation(1_000)
    shuffled = [key[order] for key in keys(1_000)]
    first = compose(keys(1_000), [keys(100, 1)], 0.05, seed=4)
    second = compose(shuffled, [keys(100, 1)], 0.05, seed=4)
    np.testing.assert_array_equal(first.reference, order[second.reference])


def test_nested_signal_grows_with_mu_and_other_signal_is_chosen_anew() -> None:
    def chosen(mu: float, nested: bool) -> set[int]:
        return set(compose(keys(1_000), [keys(500, 1)], mu, nested=nested).signal[0].tolist())

    assert chosen(0.05, True) < chosen(0.1, True)
    assert not chosen(0.05, False) <= chosen(0.1, False)


def test_another_seed_is_another_choice_and_poisson_numbers_are_reproducible() -> None:
    def made(seed: int) -> tuple[int, ...]:
        counts = compose(keys(4_000), [keys(500, 1)], 0.05, seed=seed, poisson=True).counts
        return counts.background, *counts.signal

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_sample_says_what_is_data_and_what_is_signal() -> None:
    found = compose(keys(40), [keys(10, 1), keys(10, 2)], 0.2, 0.6)
    x, data, truth = assemble(found, np.zeros(40), [np.full(10, 1.0), np.full(10, 2.0)])
    np.testing.assert_array_equal(x, truth)
    assert data.tolist() == [0] * 20 + [1] * 25
    assert np.bincount(truth).tolist() == [40, 2, 3]
