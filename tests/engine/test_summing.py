"""Sums of stored histograms: the same as sums of objects, whatever the order of datasets."""

from __future__ import annotations

import json
from typing import Any

import hist
import numpy as np
import pytest

from hepml.engine.summing import HistogramSums
from hepml.histograms import add_histograms, dump_histograms, empty_histogram, fill_histogram
from hepml.processor import Fill, Histogram

MASS = Histogram("mass", (hist.axis.Variable([0, 1, 5, 10], name="mass", label="Mass [GeV]"),))


def filled(dataset: str, seed: int) -> dict[str, hist.Hist[Any]]:
    generator = np.random.default_rng(seed)
    fill = Fill((generator.uniform(-1, 12, 50),), generator.normal(size=50))
    return {"mass": fill_histogram(MASS, dataset, [fill])}


def stored(histograms: dict[str, hist.Hist[Any]]) -> dict[str, Any]:
    return dict(json.loads(dump_histograms(histograms)))


def test_sums_are_the_bits_that_adding_objects_gives() -> None:
    parts = [filled(name, seed) for seed, name in enumerate("abbaab")]
    sums = HistogramSums()
    for part in parts:
        sums.add(stored(part))
    start = {"mass": empty_histogram(MASS)}
    assert dump_histograms(sums.total(start)) == dump_histograms(add_histograms([start, *parts]))


def test_without_chunks_what_was_declared_is_left() -> None:
    start = {"mass": empty_histogram(MASS)}
    assert HistogramSums().total(start)["mass"] == start["mass"]


def test_a_chunk_whose_histograms_are_damaged_adds_nothing() -> None:
    sums = HistogramSums()
    sums.add({**stored(filled("a", 1)), "other": stored(filled("a", 2))["mass"]})
    before = dump_histograms(sums.total({}))
    damaged = stored(filled("a", 3))["mass"]
    damaged["storage"]["values"] = [[[1.0]]]
    with pytest.raises(ValueError, match="other bins"):
        sums.add({"mass": stored(filled("a", 4))["mass"], "other": damaged})
    assert dump_histograms(sums.total({})) == before
