"""Volume tracks by truth: base-tracks of one particle, joined as long as a tracking would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.shower_brick import Columns

__all__ = ["volume_tracks"]

# Windows of the tracking of the DESY exposures: position [um], slope, films without a base-track.
POSITION, SLOPE, GAP = 45.0, 0.07, 4
SHORTEST = 2


def volume_tracks(signal: Columns, pitch: float) -> NDArray[np.int64]:
    """Number the volume tracks of a brick.

    Two base-tracks of a particle are joined if none of it lies between them, at most four films
    are missed, the slopes agree within 0.07, and the straight line of mean slope misses by less
    than 45 um. Chance combinations with noise, which real tracking finds too, are left out.

    Parameters
    ----------
    signal : dict of str to array
        Columns ``event``, ``mctrack``, ``plate``, ``x``, ``y``, ``tx``, ``ty`` of base-tracks.
    pitch : float
        Distance of two films [um].

    Returns
    -------
    array of int64
        Track of each base-track, counted from 0 in order of event, particle and film; -1 for
        those on none.
    """
    order = np.lexsort((signal["plate"], signal["mctrack"], signal["event"]))
    sorted_ = {name: signal[name][order] for name in signal}
    before, after = slice(None, -1), slice(1, None)
    films = np.diff(sorted_["plate"])
    same = (np.diff(sorted_["event"]) == 0) & (np.diff(sorted_["mctrack"]) == 0)
    joined = same & (films <= GAP + 1)
    miss, bend = np.zeros(len(films)), np.zeros(len(films))
    for position, slope in (("x", "tx"), ("y", "ty")):
        mean = (sorted_[slope][before] + sorted_[slope][after]) / 2
        miss += (np.diff(sorted_[position]) - mean * films * pitch) ** 2
        bend += np.diff(sorted_[slope]) ** 2
    joined &= (miss < POSITION**2) & (bend < SLOPE**2)
    piece = np.concatenate([[0], np.cumsum(~joined)])[: len(order)]
    long = np.bincount(piece)[piece] >= SHORTEST if len(order) else np.zeros(0, bool)
    numbers = np.full(len(order), -1, dtype=np.int64)
    numbers[order[long]] = np.unique(piece[long], return_inverse=True)[1]
    return numbers
