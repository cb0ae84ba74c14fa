"""The NanoAOD branches that the dimuon simulator writes: types, stored precision, triggers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PATHS", "TRIGGER", "Path", "branches", "rounded"]

# The unisolated path of the published selection.
TRIGGER = "HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx"


@dataclass(frozen=True, slots=True)
class Path:
    """One trigger path.

    Attributes
    ----------
    lead, trail : float
        Thresholds on the two leading muons [GeV].
    efficiency : float
        On the plateau, prescales included.
    isolated : bool
        Whether both muons must be isolated (relative isolation below 0.4).
    same_sign : bool
        Whether only pairs of equal charge fire it.
    third : float
        Threshold on a third muon [GeV]; 0 if none is needed.
    """

    lead: float
    trail: float
    efficiency: float
    isolated: bool = False
    same_sign: bool = False
    third: float = 0.0


# Names from the 2016 menu, thresholds as in the names; efficiencies and prescales are made up.
PATHS = {
    TRIGGER: Path(15.0, 5.0, 0.94),
    "HLT_Mu17_TrkIsoVVL_Mu8_TrkIsoVVL_DZ": Path(17.0, 8.0, 0.90, isolated=True),
    "HLT_Mu17_TrkIsoVVL_TkMu8_TrkIsoVVL_DZ": Path(17.0, 8.0, 0.89, isolated=True),
    "HLT_TkMu17_TrkIsoVVL_TkMu8_TrkIsoVVL_DZ": Path(17.0, 8.0, 0.91, isolated=True),
    "HLT_Mu17_Mu8_DZ": Path(17.0, 8.0, 0.05),
    "HLT_Mu17_Mu8_SameSign_DZ": Path(17.0, 8.0, 0.85, same_sign=True),
    "HLT_Mu20_Mu10_DZ": Path(20.0, 10.0, 0.08),
    "HLT_Mu27_TkMu8": Path(27.0, 8.0, 0.30),
    "HLT_Mu30_TkMu11": Path(30.0, 11.0, 0.92),
    "HLT_Mu40_TkMu11": Path(40.0, 11.0, 0.92),
    "HLT_TripleMu_12_10_5": Path(12.0, 10.0, 0.85, third=5.0),
    "HLT_TripleMu_5_3_3": Path(5.0, 3.0, 0.10, third=3.0),
}

# Name, type (float32 unless given), and after a slash the bits of mantissa that are kept.
_OBJECTS = {
    "Muon": "pt eta/12 phi/12 mass/10 charge:int32 pfRelIso03_all/12 pfRelIso04_all/12 "
    "tightId:bool jetIdx:int32 ip3d/10 jetRelIso/10 dxy/10 dz/10",
    "Jet": "pt/10 eta/12 phi/12 mass/10 nConstituents:uint8 btagCSVV2/10 btagDeepB/10 "
    "btagDeepFlavB/10 nMuons:int32 qgl/10 muEF/6 chHEF/6 chEmEF/6 neEmEF/6 neHEF/6",
}
_EVENT = "run:uint32 luminosityBlock:uint32 event:uint64"
_SCALARS = "MET_pt/10 MET_sumEt/10 PV_npvsGood:int32"
_GENERATED = "genWeight Pileup_nTrueInt"


def branches(simulated: bool, absent: tuple[str, ...] = ()) -> dict[str, str]:
    """Branch name to numpy type, ``"var * ..."`` for a jagged one.

    Parameters
    ----------
    simulated : bool
        With the generator's branches.
    absent : tuple of str
        Branches to leave out.
    """
    types = _spelled("", _EVENT, "")
    for prefix, names in _OBJECTS.items():
        types |= _spelled(f"{prefix}_", names, "var * ")
    types |= _spelled("", _SCALARS + " " + _GENERATED * simulated, "")
    types |= dict.fromkeys(PATHS, "bool")
    return {name: kind for name, kind in types.items() if name not in absent}


def rounded(branch: str, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give values the type and the precision with which NanoAOD stores a branch."""
    kind, bits = _PRECISION.get(branch, ("", 23))
    values = values.astype(kind, copy=False) if kind else values
    if bits >= 23 or values.dtype != np.float32:
        return values
    half, drop = np.uint32(1 << (22 - bits)), np.uint32((1 << (23 - bits)) - 1)
    # half a unit is added, then the low bits are cleared: rounding to the nearest
    return ((values.view(np.uint32) + half) & ~drop).view(np.float32)


def _spelled(prefix: str, names: str, kind: str) -> dict[str, str]:
    """Spell branches out: name to type."""
    found = {}
    for name in names.split():
        stem, _, given = name.partition("/")[0].partition(":")
        found[prefix + stem] = kind + (given or "float32")
    return found


def _precision() -> dict[str, tuple[str, int]]:
    """Type and bits of mantissa of every branch that is not a trigger."""
    found = {}
    for prefix, names in ({"": f"{_EVENT} {_SCALARS} {_GENERATED}"} | _OBJECTS).items():
        for name in names.split():
            stem, _, bits = name.partition("/")
            stem, _, kind = stem.partition(":")
            branch = f"{prefix}_{stem}".strip("_")
            found[branch] = (kind or "float32", int(bits or 23))
    return found


_PRECISION = _precision()
