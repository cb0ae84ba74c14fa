"""Streams of jets do not depend on how they are taken; event numbers tell test from training."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_samples import SAMPLES, STREAMS, Jets, JetStream, mixed


@pytest.fixture(scope="module")
def tops() -> Jets:
    return JetStream(5, STREAMS["test"], 1).take(40)


def test_jets_are_the_same_however_many_are_taken_at_a_time(tops: Jets) -> None:
    stream = JetStream(5, STREAMS["test"], 1)
    parts = Jets.joined([stream.take(7), stream.take(0), stream.take(33)])
    for name in ("offsets", "constituents", "taste", "jet", "label", "number"):
        assert np.array_equal(getattr(parts, name), getattr(tops, name))


def test_jets_are_in_mev(tops: Jets) -> None:
    assert tops.jet[:, 0].min() > 3e5
    assert 1e5 < np.median(tops.jet[:, 3]) < 2.5e5


def test_taking_jets_in_any_order_keeps_their_constituents(tops: Jets) -> None:
    found = tops.taken(np.array([3, 0]))
    begin, end = tops.offsets[3:5]
    assert np.array_equal(found.constituents[: end - begin], tops.constituents[begin:end])
    assert found.number.tolist() == [tops.number[3], tops.number[0]]


def test_event_numbers_are_multiples_of_ten_for_tests_only(tops: Jets) -> None:
    training = [JetStream(5, STREAMS["train"], label).take(30) for label in (0, 1)]
    numbers = np.concatenate([jets.number for jets in training])
    assert (tops.number % 10 == 0).all()
    assert (numbers % 10 != 0).all()
    assert len(np.unique(numbers)) == 60


def test_kinds_come_in_the_wanted_order() -> None:
    streams = {label: JetStream(5, STREAMS["test"], label) for label in (0, 1)}
    labels = np.array([1, 0, 0, 1, 1])
    found = mixed(streams, labels)
    assert found.label.tolist() == labels.tolist()
    again = [JetStream(5, STREAMS["test"], label).take(3) for label in (0, 1)]
    assert found.number[labels == 1].tolist() == again[1].number.tolist()
    assert found.number[labels == 0].tolist() == again[0].number[:2].tolist()


def test_tops_of_the_standard_model_are_softer(tops: Jets) -> None:
    soft = JetStream(5, STREAMS["ttbar_pythia"], 1).take(40)
    assert np.median(soft.jet[:, 0]) < 0.7 * np.median(tops.jet[:, 0])


def test_there_are_the_seventeen_published_samples() -> None:
    assert len(SAMPLES) == 17
    assert {SAMPLES[name].signal for name in ("cluster", "string", "angular", "dipole")} == {0.0}
    assert {SAMPLES[name].signal for name in ("ttbar_pythia", "ttbar_herwig")} == {1.0}
