"""The branches of the ATLAS 2020 open-data tree `mini`, as the simulator writes them."""

from __future__ import annotations

__all__ = ["BRANCHES", "SCALE_FACTORS"]

# Relative spread of each scale factor in simulation.
SCALE_FACTORS = {
    "scaleFactor_PILEUP": 0.02,
    "scaleFactor_ELE": 0.0045,
    "scaleFactor_MUON": 0.0045,
    "scaleFactor_PHOTON": 0.02,
    "scaleFactor_TAU": 0.0045,
    "scaleFactor_BTAG": 0.0045,
    "scaleFactor_LepTRIGGER": 0.0045,
    "scaleFactor_PhotonTRIGGER": 0.02,
}

_EVENT = (
    dict.fromkeys(("runNumber", "eventNumber", "channelNumber"), "int32")
    | dict.fromkeys(("mcWeight", *SCALE_FACTORS), "float32")
    | dict.fromkeys(("trigE", "trigM", "trigP"), "bool")
    | dict.fromkeys(("met_et", "met_phi", "ditau_m", "met_et_syst"), "float32")
    | dict.fromkeys(("XSection", "SumWeights"), "float32")
)

_OBJECTS = {
    "lep": "truthMatched:bool trigMatched:bool pt eta phi E z0 charge:int32 type:uint32 "
    "isTightID:bool ptcone30 etcone20 trackd0pvunbiased tracksigd0pvunbiased pt_syst",
    "jet": "pt eta phi E jvt trueflav:int32 truthMatched:bool MV2c10 pt_syst",
    "photon": "truthMatched:bool trigMatched:bool pt eta phi E isTightID:bool ptcone30 etcone20 "
    "convType:int32 pt_syst",
    "tau": "pt eta phi E isTightID:bool truthMatched:bool trigMatched:bool nTracks:int32 BDTid "
    "charge:int32 pt_syst",
    "largeRjet": "pt eta phi E m truthMatched:int32 D2 tau32 pt_syst",
}


def _jagged() -> dict[str, str]:
    """Spell the per-object branches out: name to type, float32 unless given."""
    branches = {}
    for prefix, names in _OBJECTS.items():
        for name in names.split():
            stem, _, kind = name.partition(":")
            branches[f"{prefix}_{stem}"] = f"var * {kind or 'float32'}"
    return branches


BRANCHES = _EVENT | _jagged()
