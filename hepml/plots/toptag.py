"""Every figure of a top tagger, from ``result.json`` (and ``jets.json``) alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hepml.ml.toptag.jets import JetLooks
from hepml.ml.toptag.results import TaggerResult
from hepml.ml.toptag.roles import NOMINAL
from hepml.plots.origin import source_look
from hepml.plots.style import Draw, Look, Progress, save_figures
from hepml.plots.toptag_curves import loss_figure, pt_figure, rejection_figure
from hepml.plots.toptag_jets import features_figure, images_figure
from hepml.plots.toptag_tagging import efficiency_figure, mass_figure
from hepml.plots.toptag_uncertainties import breakdown_figure, performance_figure, sources_figure

__all__ = ["draw_tagger", "jet_figures", "tagger_figures"]


def draw_tagger(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of a result; the arguments are those of ``draw_identification``."""
    place = Path(folder)
    found = TaggerResult.read(place / "result.json")
    look = source_look({"processor": "topjet"} | found.source, label, style)
    figures = tagger_figures(found, look)
    if (place / "jets.json").exists():
        figures += jet_figures(JetLooks.read(place / "jets.json"), look)
    return save_figures(figures, Path(out or folder), formats, look, progress)


def tagger_figures(found: TaggerResult, look: Look) -> list[tuple[str, Draw]]:
    """Names of the figures of a result, and what draws them; those without content are left out."""
    title, nominal, doubts = found.title, found.nominal, found.systematics
    figures: list[tuple[str, Draw]] = []
    if nominal.roc is not None:
        draw = partial(rejection_figure, nominal, look, title=title, published=found.published)
        figures.append(("roc", draw))
    points = [point for item in nominal.bins for point in item.rejections]
    if any(point.value is not None or point.least is not None for point in points):
        measured = doubts if doubts is not None and doubts.total.value is not None else None
        figures.append(("rejection_pt", partial(pt_figure, nominal, measured, look, title=title)))
    rows = [item for item in found.efficiencies if item.dataset == NOMINAL]
    if rows:
        figures.append(("efficiencies", partial(efficiency_figure, rows, look, title=title)))
    if found.mass is not None:
        figures.append(("mass", partial(mass_figure, found.mass, look, title=title)))
    if doubts is not None and doubts.total.value is not None:
        compared = partial(performance_figure, nominal, doubts, look, title=title)
        figures += [
            ("uncertainty_pt", partial(breakdown_figure, doubts, look, title=title)),
            ("uncertainty_sources", partial(sources_figure, doubts, look, title=title)),
            ("performance", partial(compared, published=found.published)),
        ]
    if found.history is not None and found.history.losses:
        figures.append(("loss", partial(loss_figure, found.history, look, title=title)))
    return figures


def jet_figures(found: JetLooks, look: Look) -> list[tuple[str, Draw]]:
    """Figures of the jets themselves."""
    figures: list[tuple[str, Draw]] = []
    if found.quantities:
        figures.append(("features", partial(features_figure, found, look)))
    if found.means:
        figures.append(("images_mean", partial(images_figure, found, look)))
    if found.examples:
        figures.append(("images_single", partial(images_figure, found, look, single=True)))
    return figures
