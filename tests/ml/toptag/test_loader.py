"""Batches of jets: all of them, once, in an order that only the seed decides."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from hepml.ml.toptag.blocks import find_rows
from hepml.ml.toptag.inputs import ConstituentInputs, HighLevelInputs
from hepml.ml.toptag.loader import JetLoader, prefetched
from processors.topjet_scaling import HighLevelScaler
from tests.ml.toptag.jets import write_jets


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    table = write_jets(tmp_path_factory.mktemp("jets"), "train_nominal", 300, parts=6)
    return find_rows(table, {"train": (0.0, 0.8), "rest": (0.8, 1.0)})["train"]


def loaded(loader, epoch=0, start=0):
    batches = list(loader.epoch(epoch, start))
    return (
        np.concatenate([item.x for item in batches]),
        np.concatenate([item.y for item in batches]),
        [len(item.y) for item in batches],
    )


def sorted_jets(x):
    return np.sort(x.reshape(len(x), -1).sum(axis=1, dtype=np.float64))


def test_an_epoch_has_every_jet_once_in_full_batches(rows):
    shuffled = JetLoader(rows, ConstituentInputs(8), batch=32, pool=100, seed=1)
    plain = JetLoader(rows, ConstituentInputs(8), batch=32, shuffle=False)
    x, y, sizes = loaded(shuffled)
    assert sizes[:-1] == [32] * (len(shuffled) - 1)
    assert len(x) == len(rows)
    assert y.sum() == rows.tops
    np.testing.assert_array_equal(sorted_jets(x), sorted_jets(loaded(plain)[0]))


def test_the_order_is_a_function_of_seed_and_epoch(rows):
    inputs = ConstituentInputs(8)
    first, again = (JetLoader(rows, inputs, batch=32, pool=100, seed=1) for _ in range(2))
    np.testing.assert_array_equal(loaded(first, 3)[0], loaded(again, 3)[0])
    assert not np.array_equal(loaded(first, 3)[0], loaded(first, 4)[0])
    other = JetLoader(rows, inputs, batch=32, pool=100, seed=2)
    assert not np.array_equal(loaded(first, 3)[0], loaded(other, 3)[0])


def test_threads_change_nothing(rows):
    inputs = ConstituentInputs(8)
    ahead, alone = (JetLoader(rows, inputs, batch=32, pool=100, ahead=n) for n in (4, 0))
    np.testing.assert_array_equal(loaded(ahead)[0], loaded(alone)[0])


@pytest.mark.parametrize("start", [0, 1, 3, 6])
def test_an_epoch_can_go_on_in_the_middle(rows, start):
    loader = JetLoader(rows, ConstituentInputs(8), batch=32, pool=100, seed=1)
    np.testing.assert_array_equal(loaded(loader, 2, start)[0], loaded(loader, 2)[0][32 * start :])


def test_jets_of_a_pool_are_mixed(rows):
    loader = JetLoader(rows, ConstituentInputs(8), batch=32, pool=1000, seed=1)
    plain = JetLoader(rows, ConstituentInputs(8), batch=32, shuffle=False)
    first = loaded(loader)[0].reshape(len(rows), -1)[:32]
    ordered = loaded(plain)[0].reshape(len(rows), -1)
    places = [int(np.flatnonzero((ordered == item).all(axis=1))[0]) for item in first]
    # drawn from all files
    assert max(places) - min(places) > 150


def test_high_level_inputs_are_loaded_alike(rows):
    scaler = HighLevelScaler().fit(np.random.default_rng(0).normal(size=(50, 15)))
    x, _, _ = loaded(JetLoader(rows, HighLevelInputs(scaler), batch=32))
    assert x.shape == (len(rows), 15)


def test_leaving_an_epoch_ends_its_threads(rows):
    loader = JetLoader(rows, ConstituentInputs(8), batch=8, pool=50)
    before = threading.active_count()
    batches = loader.epoch()
    next(batches)
    batches.close()
    for _ in range(100):
        if threading.active_count() == before:
            break
        time.sleep(0.01)
    assert threading.active_count() == before


def test_an_error_of_a_thread_reaches_the_reader():
    def items():
        yield 1
        raise ValueError("broken")

    found = prefetched(items(), 4)
    assert next(found) == 1
    with pytest.raises(ValueError, match="broken"):
        next(found)
