"""Write a brick as FEDRA does: a `couples` tree for each film, and the linked `tracks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.shower_brick import Columns, Film, Signal
from hepml.simulate.trees import write_tree

__all__ = ["COUPLES", "SEGMENT", "TRACKS", "write_fedra"]

# Members of a base-track (EdbSegP) that can be written without FEDRA's classes.
SEGMENT = dict.fromkeys(("ePID", "eID", "eFlag", "eTrack", "eMCTrack", "eMCEvt"), "int32")
SEGMENT |= dict.fromkeys(("eX", "eY", "eZ", "eTX", "eTY", "eSZ", "eChi2", "eProb"), "float32")
SEGMENT |= dict.fromkeys(("eW", "eVolume", "eDZ", "eDZem", "eP"), "float32")
_SCAN = {"s.eScanID.eBrick": "int32", "s.eScanID.ePlate": "int32"}

COUPLES = (
    dict.fromkeys(("pid1", "pid2"), "int32")
    | dict.fromkeys(("xv", "yv"), "float32")
    | dict.fromkeys(("eID1", "eID2", "eN1", "eN2", "eN1tot", "eN2tot"), "int32")
    | dict.fromkeys(("eCHI2", "eCHI2P"), "float32")
    | dict.fromkeys(("s1.eFlag", "s2.eFlag"), "int32")
    | {f"s.{name}": kind for name, kind in SEGMENT.items()}
    | _SCAN
)
TRACKS = (
    dict.fromkeys(("trid", "nseg", "npl", "n0"), "int32")
    | dict.fromkeys(("xv", "yv", "w"), "float32")
    | {f"t.{name}": kind for name, kind in SEGMENT.items()}
    | {f"s.{name}": f"var * {kind}" for name, kind in SEGMENT.items()}
)

BASE = 300.0  # distance of the two emulsion layers' micro-tracks [um], as in the published files
# Entries of a cluster of baskets at most.
_CLUSTER = 250_000


def write_fedra(
    folder: Path,
    brick: int,
    signal: Signal,
    tracks: NDArray[np.int64],
    films: Iterable[Film],
    notes: Mapping[str, Any],
) -> None:
    """Write all files of one brick, holding one film at a time.

    The trees are flat: their branches carry the names of FEDRA's split objects (``s.eX``), and a
    program that names its branches reads both alike.

    Parameters
    ----------
    folder : Path
        The brick's folder, made here.
    signal : Signal
        Its showers.
    tracks : array of int64
        Volume track of each base-track of the showers, or -1.
    films : iterable of Film
        Upstream first.
    notes : mapping
        Stored in every file as JSON.
    """
    segments = []
    for film in films:
        path = folder / f"p{film.plate:03d}" / f"{brick}.{film.plate}.0.0.cp.root"
        path.parent.mkdir(parents=True)
        columns = _couples(film, brick)
        starts = range(0, max(len(film), 1), _CLUSTER)
        clusters = (
            {name: values[start : start + _CLUSTER] for name, values in columns.items()}
            for start in starts
        )
        write_tree(path, "couples", COUPLES, clusters, baskets=len(starts), notes=notes)
        segments.append({name: columns[f"s.{name}"][film.signal] for name in SEGMENT})
    path = folder / f"b{brick:06d}.0.0.0.trk.root"
    # signal and films are both ordered by plate, so the segments are in the order of the tracks
    all_ = {name: np.concatenate([part[name] for part in segments]) for name in SEGMENT}
    write_tree(
        path,
        "tracks",
        TRACKS,
        [_tracks(all_, signal.columns["plate"], tracks)],
        baskets=1,
        notes=notes,
        counter=lambda branch: "nseg",
    )


def _couples(film: Film, brick: int) -> Columns:
    """Branches of one film; in a couple of two micro-tracks both have the couple's number."""
    number = np.arange(len(film), dtype=np.int32)
    own = film.columns
    values: dict[str, Any] = _segments(film.columns, film.pid, film.z, number)
    values = {f"s.{name}": value for name, value in values.items()}
    values |= {
        "pid1": 1,
        "pid2": 2,
        "xv": 0.0,
        "yv": 0.0,
        "eID1": number,
        "eID2": number,
        "eN1": own["n1"],
        "eN2": own["n2"],
        "eN1tot": 1,
        "eN2tot": 1,
        "eCHI2": 0.8,
        "eCHI2P": own["chi2p"],
        "s1.eFlag": own["flag1"],
        "s2.eFlag": own["flag2"],
        "s.eScanID.eBrick": brick,
        "s.eScanID.ePlate": film.plate,
    }
    return {
        name: np.broadcast_to(np.asarray(values[name], dtype=kind), len(film))
        for name, kind in COUPLES.items()
    }


def _segments(own: Columns, pid: int, z: float, number: NDArray[np.int32]) -> dict[str, Any]:
    """Members of the base-tracks of a film; couples know no volume track yet."""
    return {
        "ePID": pid,
        "eID": number,
        "eFlag": own["flag"],
        "eTrack": -1,
        "eMCTrack": own["mctrack"],
        "eMCEvt": own["event"],
        "eX": own["x"],
        "eY": own["y"],
        "eZ": z,
        "eTX": own["tx"],
        "eTY": own["ty"],
        "eSZ": BASE,
        "eChi2": 1.0,
        "eProb": 1.0,
        "eW": own["w"],
        "eVolume": 0.0,
        "eDZ": BASE,
        "eDZem": 0.0,
        "eP": own["p"],
    }


def _tracks(segments: Columns, plate: NDArray[Any], tracks: NDArray[np.int64]) -> Columns:
    """Branches of the volume tracks: their base-tracks from upstream, the first one as summary."""
    used = np.flatnonzero(tracks >= 0)
    used = used[np.lexsort((plate[used], tracks[used]))]
    number, plate = tracks[used], plate[used]
    trid, first, length = np.unique(number, return_index=True, return_counts=True)
    last = first + length - 1
    films = plate[last] - plate[first] + 1
    members = {name: values[used] for name, values in segments.items()}
    members["eTrack"] = number
    columns = {f"s.{name}": values for name, values in members.items()}
    columns |= {f"t.{name}": values[first] for name, values in members.items()}
    columns |= {
        "trid": trid,
        "nseg": length,
        "npl": films,
        "n0": films - length,
        "xv": members["eX"][first],
        "yv": members["eY"][first],
        "w": np.bincount(number, members["eW"], len(trid)),
    }
    return columns
