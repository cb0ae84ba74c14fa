"""hepml: columnar analysis on coffea processors, from detector files to a discovery plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hepml.catalogue import Catalogue
    from hepml.engine.run import run
    from hepml.engine.rundir import Run
    from hepml.processor import Processor, Selected
    from hepml.tables import FeatureTable

# Heavy modules are loaded on first use: `import hepml` and `hepml --help` stay fast.
_LAZY = {
    "Catalogue": "hepml.catalogue",
    "FeatureTable": "hepml.tables",
    "Processor": "hepml.processor",
    "Run": "hepml.engine",
    "Selected": "hepml.processor",
    "run": "hepml.engine",
}

__all__ = [
    "Catalogue",
    "FeatureTable",
    "Processor",
    "Run",
    "Selected",
    "__version__",
    "run",
]

__getattr__, __dir__ = lazy_names(__name__, _LAZY, eager=("__version__",))
