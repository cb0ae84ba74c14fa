"""Which base-tracks belong to a shower of an electron, and the energy that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.shower.task import Identified, ShowerOptions, identify_showers

_LAZY = {
    "Identified": "hepml.ml.shower.task",
    "ShowerOptions": "hepml.ml.shower.task",
    "identify_showers": "hepml.ml.shower.task",
}

__all__ = ["Identified", "ShowerOptions", "identify_showers"]

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
