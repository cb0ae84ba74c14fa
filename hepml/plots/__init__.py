"""Figures of runs, hunts and fits: data in, matplotlib ``Figure`` out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hepml.lazy import lazy_names

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

__getattr__, __dir__ = lazy_names(__name__, _LAZY)
