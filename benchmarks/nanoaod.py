"""Draw muons from simple distributions and write them in the layout of CMS NanoAOD.

Nobody's physics: only the number of muons, their spread and the precision of the stored numbers
resemble the experiment's files, since these decide what reading and selecting cost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray

__all__ = ["TRIGGER", "draw_events", "write_events"]

TRIGGER = "HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx"

# shares of events with 0, 1, 2, ... muons, as in CMS Open Data record 12365 (double-muon triggers)
_SHARES = np.array([0.032, 0.134, 0.490, 0.217, 0.080, 0.028, 0.011, 0.005, 0.003])
_CLOSE = 0.6  # share of events whose muons are close to each other, as from light resonances


def draw_events(events: int, seed: int) -> dict[str, Any]:
    """Draw events.

    Parameters
    ----------
    events : int
        How many.
    seed : int
        Of the random numbers.

    Returns
    -------
    dict of str to array
        ``run``, ``luminosityBlock``, ``event``, a trigger bit, ``PV_npvsGood``, ``MET_pt`` and
        ``Muon``: lists of records, highest pT first.
    """
    draw = np.random.default_rng(seed)
    counts = draw.choice(len(_SHARES), size=events, p=_SHARES / _SHARES.sum())
    total = int(counts.sum())
    owner = np.repeat(np.arange(events), counts)
    spread = np.where(draw.random(events) < _CLOSE, 0.35, 2.0)[owner]
    pt = 3 + draw.exponential(9, total) + np.where(draw.random(total) < 0.3, 18, 0)
    eta = draw.normal(0, 1.0, events)[owner] + 0.5 * spread * draw.normal(0, 1, total)
    phi = draw.uniform(-np.pi, np.pi, events)[owner] + spread * draw.normal(0, 1, total)
    first = np.cumsum(counts) - counts
    rank = np.arange(total) - first[owner]
    pt = pt[np.lexsort((-pt, owner))]
    isolation = np.exp(draw.normal(-0.6, 1.2, total)) * (draw.random(total) > 0.1)
    muons = {
        "pt": _off_edges(pt, rank),
        "eta": _rounded(np.clip(eta, -2.4, 2.4), 12),
        "phi": _rounded((phi + np.pi) % (2 * np.pi) - np.pi, 12),
        "mass": np.full(total, 0.10565837, dtype=np.float32),
        "charge": draw.choice(np.array([-1, 1], dtype=np.int32), total),
        "pfRelIso03_all": _rounded(0.7 * isolation, 10),
        "pfRelIso04_all": _rounded(isolation, 10),
        "tightId": draw.random(total) < 0.85,
        "ip3d": _rounded(draw.exponential(0.01, total), 10),
        "jetRelIso": _rounded(isolation * draw.uniform(0.8, 1.2, total), 10),
        "dxy": _rounded(draw.normal(0, 0.01, total), 10),
        "dz": _rounded(draw.normal(0, 0.02, total), 10),
    }
    lists = {name: ak.unflatten(values, counts) for name, values in muons.items()}
    return {
        "run": np.full(events, 283876, dtype=np.uint32),
        "luminosityBlock": (1 + np.arange(events) // 1000).astype(np.uint32),
        "event": np.arange(events, dtype=np.uint64),
        TRIGGER: draw.random(events) < 0.5,
        "PV_npvsGood": draw.poisson(25, events).astype(np.int32),
        "MET_pt": _rounded(draw.exponential(25, events), 10),
        "Muon": ak.zip(lists),
        "Jet": _jets(draw, events),
    }


def write_events(path: Path, columns: dict[str, Any], compression: Any = None) -> None:
    """Write drawn events as a TTree ``Events`` with counter branches, by uproot."""
    types: dict[str, Any] = {
        name: column.type.content if isinstance(column, ak.Array) else column.dtype
        for name, column in columns.items()
    }
    with uproot.recreate(path, compression=compression or uproot.ZLIB(1)) as file:
        tree = file.mktree(
            "Events",
            types,
            counter_name=lambda name: f"n{name}",
            field_name=lambda outer, inner: f"{outer}_{inner}" if outer else inner,
        )
        tree.extend(columns)


def _jets(draw: np.random.Generator, events: int) -> Any:
    counts = draw.poisson(3, events)
    total = int(counts.sum())
    jets = {
        "pt": _rounded(15 + draw.exponential(30, total), 10),
        "eta": _rounded(draw.normal(0, 1.5, total), 12),
        "phi": _rounded(draw.uniform(-np.pi, np.pi, total), 12),
        "mass": _rounded(draw.exponential(8, total), 10),
    }
    return ak.zip({name: ak.unflatten(values, counts) for name, values in jets.items()})


def _off_edges(pt: NDArray[Any], rank: NDArray[Any]) -> NDArray[np.float32]:
    """Round so that neither a pT nor a difference of two is a whole number, an edge of a bin.

    Where a number on an edge goes is a matter of rounding, in which ROOT and boost-histogram
    differ. Multiples of 1/256 GeV, as coarse as those of the experiment, are shifted by another
    odd multiple of 1/4096 for each muon of an event.
    """
    steps = np.floor(pt * 256) * 16 + 2 * (rank % 8) + 1
    return (steps / 4096).astype(np.float32)


def _rounded(values: NDArray[Any], bits: int) -> NDArray[np.float32]:
    """Keep some bits of the mantissa, as the experiment's files do to be smaller; the last is 1.

    Zero stays zero; no other number is then on the edge of a bin.
    """
    dropped = 23 - bits
    raw = values.astype(np.float32).view(np.uint32)
    kept: NDArray[np.float32] = ((raw >> dropped | 1) << dropped).view(np.float32)
    return np.where(raw == 0, np.float32(0), kept)
