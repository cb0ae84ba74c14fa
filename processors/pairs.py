"""The two objects of highest pT of each event, found in one compiled pass over the lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled
from hepml.partitions import per_partition, stand_in
from processors.objects import Flat, plain

__all__ = ["BestPairs", "Picked", "best_pairs", "prepare"]


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
            lists = self._records
            # a stored field itself, since a schema may compute what has the same name
            column = lists[name] if name in lists.fields else getattr(lists, name)
            self._read[name] = plain(per_partition(_take, column, self._places))
        return self._read[name]

    def __getitem__(self, mask: Any) -> Picked:
        """Keep the objects of some events."""
        read = {name: values[mask] for name, values in self._read.items()}
        return Picked(self._records, self._places[mask], read)


@dataclass(frozen=True, slots=True)
class BestPairs:
    """The outcome of `best_pairs`, one entry per event.

    Attributes
    ----------
    counts : array of int
        Number of good objects.
    lead, trail : Picked
        The two of highest pT. Keep the events with ``counts >= 2`` before looking at them: they
        mean nothing elsewhere.
    """

    counts: Any
    lead: Picked
    trail: Picked


def best_pairs(objects: Any, good: Any = None) -> BestPairs:
    """Find the two good objects of highest pT in each event; stored order decides between equals.

    Parameters
    ----------
    objects : array of lists of records with ``pt``
        Any number in each event. A pT that is NaN counts as the lowest.
    good : array of lists of bool, optional
        Objects to choose from; all if left out.

    Returns
    -------
    BestPairs
        The same on eager, virtual and dask-awkward arrays.
    """
    pt = objects["pt"]
    found = per_partition(_search, pt) if good is None else per_partition(_search, pt, good)
    counts, lead, trail = (plain(found[name]) for name in ("counts", "lead", "trail"))
    return BestPairs(counts, Picked(objects, lead), Picked(objects, trail))


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


def _take(column: Any, places: Any) -> Any:
    """The values of one column at some places."""
    if ak.backend(column) == "typetracer":
        return stand_in((column, places), ak.flatten(column, axis=1))
    return ak.Array(_flat(column)[ak.to_numpy(places)])


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
