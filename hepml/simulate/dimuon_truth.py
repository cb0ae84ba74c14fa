"""What the published selection finds in simulated dimuons, and how much of it is Upsilon."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.dimuon_events import Block
from hepml.simulate.nanoaod import TRIGGER
from hepml.simulate.pairs import pair_mass

__all__ = ["SELECTION", "selected_counts", "summed"]

# Published selection and bands (spec sections 2.1, 2.2), in GeV.
LEAD_PT, TRAIL_PT, ANTI_ISOLATION = 17.0, 8.0, 0.55
EDGES = (5.0, 9.0, 10.6, 16.0)
SELECTION = (
    f"{TRIGGER}; the first two tight muons above {LEAD_PT:g} and {TRAIL_PT:g} GeV; bands between "
    f"{', '.join(f'{edge:g}' for edge in EDGES)} GeV; anti-isolated: both pfRelIso04_all >= "
    f"{ANTI_ISOLATION:g}; the lumi mask is not applied"
)


def selected_counts(block: Block, upsilon: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Count pairs in the three bands, before and after anti-isolation.

    Parameters
    ----------
    upsilon : array of bool, shape (n,)
        Whether the event's pair comes from an Upsilon.

    Returns
    -------
    dict
        ``"before_isolation"`` and ``"anti_isolated"``, each with the counts of ``"opposite_sign"``
        and ``"same_sign"`` in the bands, and the ``"upsilons"`` of opposite sign in the signal
        region.
    """
    muons = block.muons
    tight = muons["Muon_tightId"] & (muons["Muon_pt"] > 0)
    first = np.argsort(~tight, axis=1, kind="stable")[:, :2]
    pt, eta, phi, charge, isolation = (
        np.take_along_axis(muons[f"Muon_{name}"], first, axis=1)
        for name in ("pt", "eta", "phi", "charge", "pfRelIso04_all")
    )
    chosen = (tight.sum(axis=1) >= 2) & block.scalars[TRIGGER]
    chosen &= (pt[:, 0] >= LEAD_PT) & (pt[:, 1] >= TRAIL_PT)
    band = np.searchsorted(EDGES, pair_mass(pt, eta, phi), side="right") - 1
    chosen &= (band >= 0) & (band < 3)
    opposite = charge[:, 0] != charge[:, 1]
    anti = (isolation >= np.float32(ANTI_ISOLATION)).all(axis=1)
    found = {}
    for name, kept in (("before_isolation", chosen), ("anti_isolated", chosen & anti)):
        found[name] = {
            "opposite_sign": np.bincount(band[kept & opposite], minlength=3).tolist(),
            "same_sign": np.bincount(band[kept & ~opposite], minlength=3).tolist(),
            "upsilons": int((kept & opposite & upsilon & (band == 1)).sum()),
        }
    return found


def summed(first: Any, second: Any) -> Any:
    """Add two equal structures of numbers, entry by entry."""
    if isinstance(first, dict):
        return {key: summed(first[key], second[key]) for key in first}
    if isinstance(first, list):
        return [summed(one, two) for one, two in zip(first, second, strict=True)]
    return first + second
