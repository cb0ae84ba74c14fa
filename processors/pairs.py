"""The two objects of highest pT of each event, found in one compiled pass over the lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from hepml.partitions import per_partition, stand_in
from processors.flat import Flat, plain

__all__ = ["LeadingPair", "Picked", "leading_pair", "prepare"]


class Picked(Flat):
    """One object per event, picked out of lists: attributes are flat arrays, each read once.

    Parameters
    ----------
    lists : array of lists of records
        All objects of all events.
    places : array of int
        Which object to take for each event that is left, counted through all lists.
    """

    def __init__(self, lists: Any, places: Any, read: dict[str, Any] | None = None) -> None:
        super().__init__(lists, read)
        self._places = places

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._read:
            picked = self._picked
            # a stored field itself, since a schema may compute what has the same name
            found = picked[name] if name in picked.fields else getattr(picked, name)
            self._read[name] = plain(found)
        return self._read[name]

    @cached_property
    def _picked(self) -> Any:
        return per_partition(_take, self._records, self._places)

    def __getitem__(self, mask: Any) -> Picked:
        """Keep the objects of some events."""
        read = {name: values[mask] for name, values in self._read.items()}
        return Picked(self._records, self._places[mask], read)


@dataclass(frozen=True, slots=True)
class LeadingPair:
    """The outcome of `leading_pair`, one entry per event; ``lead, trail = pair`` unpacks it.

    Attributes
    ----------
    counts : array of int
        Number of good objects.
    lead, trail : Picked
        The two of highest pT. Where there are fewer, asking for their quantities is an error:
        keep the events with ``counts >= 2`` first.
    """

    counts: Any
    lead: Picked
    trail: Picked

    def __iter__(self) -> Iterator[Picked]:
        yield self.lead
        yield self.trail

    def __getitem__(self, mask: Any) -> LeadingPair:
        """Keep the pairs of some events."""
        return LeadingPair(self.counts[mask], self.lead[mask], self.trail[mask])


def leading_pair(objects: Any, good: Any = None) -> LeadingPair:
    """Take the two (good) objects of highest pT in each event; stored order decides between equals.

    Parameters
    ----------
    objects : array of lists of records with ``pt``, or a record of lists
        Any number in each event. A pT that is NaN counts as the lowest.
    good : array of lists of bool, optional
        Objects to choose from; all if left out.

    Returns
    -------
    LeadingPair
        The same on eager, virtual and dask-awkward arrays.
    """
    pt = objects["pt"] if "pt" in objects.fields else objects.pt
    found = per_partition(_search, pt) if good is None else per_partition(_search, pt, good)
    counts, lead, trail = (plain(found[name]) for name in ("counts", "lead", "trail"))
    return LeadingPair(counts, Picked(objects, lead), Picked(objects, trail))


def prepare() -> None:
    """Load the compiled code now (or compile it, the first time on a machine)."""
    for pt in (np.empty(0, dtype=np.float32), np.empty(0, dtype=np.float64)):
        for good in (None, np.empty(0, dtype=np.bool_)):
            _search_flat(np.empty(0, dtype=np.int64), pt, good)


def _search(pt: Any, good: Any = None) -> Any:
    """Lists in, records out: how many are good, and the places of the best two."""
    arrays = (pt,) if good is None else (pt, good)
    if ak.backend(pt) == "typetracer":
        empty = np.zeros(0, dtype=np.int64)
        return stand_in(arrays, ak.Array({"counts": empty, "lead": empty, "trail": empty}))
    counts = np.asarray(ak.num(pt, axis=1), dtype=np.int64)
    found, lead, trail = _search_flat(counts, _flat(pt), None if good is None else _flat(good))
    return ak.Array({"counts": found, "lead": lead, "trail": trail})


def _flat(lists: Any) -> NDArray[Any]:
    return np.asarray(ak.to_numpy(ak.flatten(lists, axis=1)))


def _take(lists: Any, places: Any) -> Any:
    """The records at some places, of which nothing is read yet."""
    if lists.layout.is_record:  # a record of lists, as ak.Array({"pt": [[...]]}) makes it
        columns = dict(zip(lists.fields, ak.unzip(lists), strict=True))
        lists = ak.zip(columns, with_name=ak.parameters(lists).get("__record__"))
    known = places if ak.backend(lists) == "typetracer" else _known(places)
    return ak.flatten(lists, axis=1)[known]


def _known(places: Any) -> NDArray[np.int64]:
    """Places in the lists, all of which there are."""
    known: NDArray[np.int64] = ak.to_numpy(places)
    if known.size and known.min() < 0:
        lacking = int((known < 0).sum())
        raise ValueError(
            f"{lacking} of {known.size} events lack an object to make a pair of. "
            "Keep the others first:  pair[pair.counts >= 2]"
        )
    return known


def _search_flat(
    counts: NDArray[np.int64], pt: NDArray[Any], good: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Run the kernel; arrays are handed over in one form, so that it is compiled once."""
    found, lead, trail = (np.empty(len(counts), dtype=np.int64) for _ in range(3))
    _best_two(_constant(counts), _constant(pt), _constant(good), found, lead, trail)
    return found, lead, trail


def _constant(values: NDArray[Any] | None) -> NDArray[Any] | None:
    if values is None:
        return None
    view = np.ascontiguousarray(values).view()
    view.flags.writeable = False
    return view


@compiled
def _best_two(counts, pt, good, found, lead, trail):  # type: ignore[no-untyped-def]
    """For each list: how many are good, and the places of the two best; -1 where there is none."""
    place = 0
    for event in range(len(counts)):
        first, second, number = -1, -1, 0
        highest = second_highest = -np.inf
        for _ in range(counts[event]):
            if good is None or good[place]:
                number += 1
                value = pt[place] if pt[place] == pt[place] else -np.inf
                if first < 0 or value > highest:
                    second, second_highest = first, highest
                    first, highest = place, value
                elif second < 0 or value > second_highest:
                    second, second_highest = place, value
            place += 1
        found[event], lead[event], trail[event] = number, first, second
