"""Which production mode an event is of: models, and what an analysis gains by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

if TYPE_CHECKING:
    from hepml.ml.production.options import ProductionOptions
    from hepml.ml.production.task import Classified, classify_modes

_LAZY = {
    "Classified": "hepml.ml.production.task",
    "ProductionOptions": "hepml.ml.production.options",
    "classify_modes": "hepml.ml.production.task",
}

__all__ = ["Classified", "ProductionOptions", "classify_modes"]

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
