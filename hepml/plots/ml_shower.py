"""Every figure of shower identification, from its ``result.json`` alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hepml.ml.shower.results import EnergyEstimate, ShowerIdentification
from hepml.plots.ml_calibration import calibration_figure
from hepml.plots.ml_confusion import confusion_figure
from hepml.plots.ml_curves import roc_figure, score_figure
from hepml.plots.ml_energy import difference_figure, linearity_figure, resolution_figure
from hepml.plots.ml_importances import importance_figure
from hepml.plots.ml_slices import slices_figure
from hepml.plots.origin import source_look
from hepml.plots.style import Draw, Look, Progress, save_figures

__all__ = ["draw_identification", "identification_figures"]


def draw_identification(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of a result.

    Parameters
    ----------
    folder : path
        Result of ``hepml ml shower-id``.
    out : path, optional
        Where the figures go; default: the same folder.
    formats : sequence of {"png", "pdf", "svg"}
        Files to write of each figure.
    label, style : str, optional
        Text above the frame; ATLAS or CMS.
    progress : callable, optional
        Called with the figure's name, how many are done and how many there are.

    Returns
    -------
    list of Path
        Files written.
    """
    found = ShowerIdentification.read(Path(folder) / "result.json")
    look = source_look(found.source, label, style)
    figures = identification_figures(found, look)
    return save_figures(figures, Path(out or folder), formats, look, progress)


def identification_figures(found: ShowerIdentification, look: Look) -> list[tuple[str, Draw]]:
    """Names of the figures, and what draws them."""
    titles = {item.model: item.title for item in found.judgements} | {"cut_based": "Cut-based"}
    figures: list[tuple[str, Draw]] = [
        ("roc", partial(roc_figure, found.judgements, look, baseline=found.baseline)),
    ]
    for judgement in found.judgements:
        ending = "" if judgement.model == found.main else f"_{judgement.model}"
        confusion = partial(confusion_figure, judgement.points[0], judgement.title, look)
        figures += [
            (f"confusion{ending}", confusion),
            (f"importances{ending}", partial(importance_figure, judgement, look)),
            (f"calibration{ending}", partial(calibration_figure, judgement, look)),
            (f"scores{ending}", partial(score_figure, judgement, look)),
        ]
    figures.append(
        ("films", partial(slices_figure, found.films, titles, "Film (1: furthest upstream)", look))
    )
    if any(found.energies.values()):
        by_energy = partial(slices_figure, found.energies, titles, "True energy [GeV]", look)
        figures.append(("energies", by_energy))
    return figures + _energy_figures(found.energy, look)


def _energy_figures(estimates: Sequence[EnergyEstimate], look: Look) -> list[tuple[str, Draw]]:
    usable = [item for item in estimates if item.bins]
    if not usable:
        return []
    figures: list[tuple[str, Draw]] = [
        ("energy_linearity", partial(linearity_figure, usable, look)),
        ("energy_resolution", partial(resolution_figure, usable, look)),
    ]
    for item in usable:
        figures.append((f"energy_{item.name}", partial(difference_figure, item, look)))
    return figures
