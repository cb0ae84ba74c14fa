"""The best two objects of each event against sorting them one event at a time."""

from __future__ import annotations

import math

import awkward as ak
import dask_awkward as dak
import numpy as np
import pytest

from processors.pairs import leading_pair, prepare

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
    enough = pairs[pairs.counts >= 2]
    counts, lead, trail = pairs.counts, enough.lead.index, enough.trail.index
    if hasattr(counts, "compute"):
        counts, lead, trail = counts.compute(), lead.compute(), trail.compute()
    return counts.tolist(), lead.tolist(), trail.tolist()


def test_the_two_of_highest_pt_are_found():
    assert answer(leading_pair(muons(PT))) == reference(muons(PT))


def test_stored_order_decides_between_equals():
    assert answer(leading_pair(muons([[4.0, 4.0, 4.0]]))) == ([3], [0], [1])


def test_only_good_objects_are_looked_at():
    good = [[], [True], [True, False], [True, True, False, True], [False, True, True], [True] * 3]
    objects = muons(PT, good)
    assert answer(leading_pair(objects, objects.good)) == reference(objects, good)


def test_many_random_events_agree_with_sorting():
    draw = np.random.default_rng(3)
    counts = draw.integers(0, 6, 400)
    total = int(counts.sum())
    pt = ak.unflatten(draw.integers(0, 20, total).astype(np.float64), counts)
    good = ak.unflatten(draw.random(total) < 0.7, counts)
    objects = muons(pt.tolist(), good.tolist())
    assert answer(leading_pair(objects, objects.good)) == reference(objects, good.tolist())


@pytest.mark.parametrize("part", [slice(2, 5), slice(0, 0), [4, 3, 1]], ids=str)
def test_part_of_an_array_gives_that_part_of_the_answer(part):
    objects = muons(PT)[part]
    assert answer(leading_pair(objects)) == reference(objects)


def test_a_lazy_array_gives_the_same_and_names_what_it_reads():
    objects = muons(PT, [[True] * len(event) for event in PT])
    lazy = dak.from_awkward(objects, npartitions=2)
    found = leading_pair(lazy, lazy.good)
    assert answer(found) == reference(objects)
    values = found.lead[found.counts >= 2].index
    (columns,) = dak.necessary_columns(values).values()
    assert columns == {"pt", "good", "index"}


def test_a_quantity_is_read_once_and_kept_through_a_cut():
    pairs = leading_pair(muons(PT))
    lead = pairs.lead[pairs.counts >= 2]
    assert lead.pt is lead.pt
    assert lead[lead.pt > 7.5].pt.tolist() == [9.0, 8.0]


def test_computed_quantities_can_be_asked_for():
    objects = ak.zip({"pt": [[2.0, 1.0]], "eta": [[0.5, 0.0]]}, with_name="Twice")
    behavior = {
        ("*", "Twice"): type("Twice", (ak.Array,), {"twice": property(lambda x: 2 * x.eta)})
    }
    pairs = leading_pair(ak.Array(objects, behavior=behavior))
    assert pairs.lead.twice.tolist() == [1.0]


def test_the_kernel_can_be_loaded_ahead():
    prepare()


def test_the_pair_unpacks_into_its_two_objects():
    lead, trail = leading_pair(muons([[7.0, 9.0], [3.0, 1.0, 8.0]]))
    assert (lead.pt.tolist(), trail.pt.tolist()) == ([9.0, 8.0], [7.0, 3.0])


def test_events_with_fewer_than_two_objects_are_no_pairs():
    lead, trail = leading_pair(muons([[], [5.0], [7.0, 9.0]]))
    with pytest.raises(ValueError, match="2 of 3 events lack"):
        _ = trail.pt
    with pytest.raises(ValueError, match=r"1 of 3 .*counts >= 2"):
        _ = lead.pt


def test_computed_quantities_are_those_of_the_picked_objects_alone():
    sizes = []

    def twice(records):
        sizes.append(len(records))
        return 2 * records.eta

    objects = ak.zip({"pt": [[2.0, 1.0], [1.0]], "eta": [[0.5, 0.0], [9.0]]}, with_name="Seen")
    behavior = {("*", "Seen"): type("Seen", (ak.Array,), {"twice": property(twice)})}
    pairs = leading_pair(ak.Array(objects, behavior=behavior))
    assert pairs[pairs.counts >= 2].trail.twice.tolist() == [0.0]
    assert sizes == [1]


def test_a_record_of_lists_is_as_good_as_lists_of_records():
    lists = muons(PT)
    objects = ak.Array({name: lists[name].tolist() for name in lists.fields})
    assert answer(leading_pair(objects)) == reference(lists)
    lazy = dak.from_awkward(objects, npartitions=2)
    assert answer(leading_pair(lazy)) == reference(lists)
