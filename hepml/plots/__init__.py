"""Figures of runs, hunts and fits: data in, matplotlib ``Figure`` out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.plots.cutflow import cutflow_figure
    from hepml.plots.fits import draw_fit
    from hepml.plots.hunts import draw_hunt
    from hepml.plots.overlays import overlay, spectrum
    from hepml.plots.planes import plane
    from hepml.plots.run import draw_run
    from hepml.plots.stack import stacked
    from hepml.plots.style import Look

_LAZY = {
    "Look": "hepml.plots.style",
    "cutflow_figure": "hepml.plots.cutflow",
    "draw_fit": "hepml.plots.fits",
    "draw_hunt": "hepml.plots.hunts",
    "draw_run": "hepml.plots.run",
    "overlay": "hepml.plots.overlays",
    "plane": "hepml.plots.planes",
    "spectrum": "hepml.plots.overlays",
    "stacked": "hepml.plots.stack",
}

__all__ = [
    "Look",
    "cutflow_figure",
    "draw_fit",
    "draw_hunt",
    "draw_run",
    "overlay",
    "plane",
    "spectrum",
    "stacked",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'hepml.plots' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
