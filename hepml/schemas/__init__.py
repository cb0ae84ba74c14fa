"""Event layouts: how the branches of a file become collections of physics objects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.schemas.atlas_mini import AtlasOpenData
    from hepml.schemas.dijet import Dijets
    from hepml.schemas.emulsion import Emulsion
    from hepml.schemas.jagged import Jagged
    from hepml.schemas.nanoaod import NanoAOD
    from hepml.schemas.topjet import TopJets

_LAZY = {
    "AtlasOpenData": "hepml.schemas.atlas_mini",
    "Dijets": "hepml.schemas.dijet",
    "Emulsion": "hepml.schemas.emulsion",
    "Jagged": "hepml.schemas.jagged",
    "NanoAOD": "hepml.schemas.nanoaod",
    "TopJets": "hepml.schemas.topjet",
}

__all__ = ["AtlasOpenData", "Dijets", "Emulsion", "Jagged", "NanoAOD", "TopJets"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.schemas' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
