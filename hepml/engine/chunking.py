"""Cut files into chunks, and off where a limit of events is reached."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from hepml.engine.plan import PlannedFile

__all__ = ["chunk_edges", "limited"]


def chunk_edges(clusters: Sequence[int], entries: int, size: int) -> tuple[int, ...]:
    """Cut a file into chunks, at cluster boundaries where that costs little.

    Parameters
    ----------
    clusters : sequence of int
        Entry offsets at which baskets of all branches begin, with 0 and ``entries``.
    entries : int
        Entries to cut; may end inside a cluster.
    size : int
        Wanted entries a chunk. No chunk is larger than twice that.

    Returns
    -------
    tuple of int
        Boundaries from 0 to ``entries``.
    """
    if entries == 0:
        return (0,)
    count = max(1, round(entries / size))
    ideal = [round(entries * step / count) for step in range(1, count)]
    inner = [edge for edge in clusters if 0 < edge < entries]
    edges = [0]
    for wish in ideal:
        place = bisect_left(inner, wish)
        around = inner[max(0, place - 1) : place + 1]
        near = min(around, key=lambda edge: abs(edge - wish), default=wish)
        edges.append(near if abs(near - wish) <= size // 2 else wish)
    edges = sorted({*edges, entries})
    cut: list[int] = []
    for start, stop in pairwise(edges):
        pieces = -(-(stop - start) // (2 * size))
        cut += [start + (stop - start) * piece // pieces for piece in range(pieces)]
    return (*cut, entries)


def limited(files: Sequence[PlannedFile], limit: int | None) -> tuple[PlannedFile, ...]:
    """Cut the files of each dataset off after a number of events, in the order of the inputs."""
    ordered = sorted(files, key=lambda file: file.order)
    if limit is None:
        return tuple(ordered)
    used: dict[str, int] = {}
    result = []
    for file in ordered:
        stop = min(max(0, limit - used.get(file.dataset, 0)), file.entries)
        used[file.dataset] = used.get(file.dataset, 0) + stop
        inside = [edge for edge in file.edges if edge < stop]
        result.append(replace(file, edges=(*inside, stop)))
    return tuple(result)
