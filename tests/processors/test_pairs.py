"""The best two objects of each event against sorting them one event at a time."""

from __future__ import annotations

import math

import awkward as ak
import dask_awkward as dak
import numpy as np
import pytest

from processors.pairs import best_pairs, prepare

PT = [[], [5.0], [7.0, 9.0], [3.0, 1.0, 8.0, 2.0], [4.0, 4.0, 4.0], [math.nan, 2.0, 1.0]]


def muons(pt, good=None):
    """Muons whose index counts through all of them."""
    lists = ak.values_astype(ak.Array(pt), np.float32)
    index = ak.unflatten(np.arange(ak.count(lists)), ak.num(lists))
    fields = {"pt": lists, "index": index}
    return ak.zip(fields if good is None else fields | {"good": ak.Array(good)})


def reference(objects, good=None):
    """Sort each event's objects in Python, the stored order deciding between equals."""
    counts, lead, trail = [], [], []
    for event in range(len(objects)):
        found = [
            (-math.inf if math.isnan(pt) else pt, -index)
            for number, (pt, index) in enumerate(
                zip(objects.pt[event].tolist(), objects.index[event].tolist(), strict=True)
            )
            if good is None or good[event][number]
        ]
        found.sort(reverse=True)
        counts.append(len(found))
        if len(found) >= 2:
            lead.append(-found[0][1])
            trail.append(-found[1][1])
    return counts, lead, trail


def answer(pairs):
    """The same from the compiled search."""
    enough = pairs.counts >= 2
    counts, lead, trail = pairs.counts, pairs.lead[enough].index, pairs.trail[enough].index
    if hasattr(counts, "compute"):
        counts, lead, trail = counts.compute(), lead.compute(), trail.compute()
    return counts.tolist(), lead.tolist(), trail.tolist()


def test_the_two_of_highest_pt_are_found():
    assert answer(best_pairs(muons(PT))) == reference(muons(PT))


def test_stored_order_decides_between_equals():
    assert answer(best_pairs(muons([[4.0, 4.0, 4.0]]))) == ([3], [0], [1])


def test_only_good_objects_are_looked_at():
    good = [[], [True], [True, False], [True, True, False, True], [False, True, True], [True] * 3]
    objects = muons(PT, good)
    assert answer(best_pairs(objects, objects.good)) == reference(objects, good)


def test_many_random_events_agree_with_sorting():
    draw = np.random.default_rng(3)
    counts = draw.integers(0, 6, 400)
    total = int(counts.sum())
    pt = ak.unflatten(draw.integers(0, 20, total).astype(np.float64), counts)
    good = ak.unflatten(draw.random(total) < 0.7, counts)
    objects = muons(pt.tolist(), good.tolist())
    assert answer(best_pairs(objects, objects.good)) == reference(objects, good.tolist())


@pytest.mark.parametrize("part", [slice(2, 5), slice(0, 0), [4, 3, 1]], ids=str)
def test_part_of_an_array_gives_that_part_of_the_answer(part):
    objects = muons(PT)[part]
    assert answer(best_pairs(objects)) == reference(objects)


def test_a_lazy_array_gives_the_same_and_names_what_it_reads():
    objects = muons(PT, [[True] * len(event) for event in PT])
    lazy = dak.from_awkward(objects, npartitions=2)
    found = best_pairs(lazy, lazy.good)
    assert answer(found) == reference(objects)
    values = found.lead[found.counts >= 2].index
    (columns,) = dak.necessary_columns(values).values()
    assert columns == {"pt", "good", "index"}


def test_a_quantity_is_read_once_and_kept_through_a_cut():
    pairs = best_pairs(muons(PT))
    lead = pairs.lead[pairs.counts >= 2]
    assert lead.pt is lead.pt
    assert lead[lead.pt > 7.5].pt.tolist() == [9.0, 8.0]


def test_computed_quantities_can_be_asked_for():
    objects = ak.zip({"pt": [[2.0, 1.0]], "eta": [[0.5, 0.0]]}, with_name="Twice")
    behavior = {
        ("*", "Twice"): type("Twice", (ak.Array,), {"twice": property(lambda x: 2 * x.eta)})
    }
    pairs = best_pairs(ak.Array(objects, behavior=behavior))
    assert pairs.lead.twice.tolist() == [1.0]


def test_the_kernel_can_be_loaded_ahead():
    prepare()
