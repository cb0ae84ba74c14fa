"""Every figure of production modes, from its ``result.json`` alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hepml.ml.class_results import ClassJudgement
from hepml.ml.production.results import ProductionResult
from hepml.plots.ml_categories import categories_figure
from hepml.plots.ml_class_curves import (
    areas_figure,
    class_roc,
    class_scores,
    history_figure,
    reliability_figure,
)
from hepml.plots.ml_classes import (
    Palette,
    class_confusion,
    pairs_figure,
    palette,
    weights_figure,
)
from hepml.plots.ml_importances import importance_figure
from hepml.plots.ml_sculpting import sculpting_figure, sculpting_summary
from hepml.plots.origin import mass_label, source_look
from hepml.plots.style import Draw, Look, Progress, save_figures

__all__ = ["draw_production", "production_figures"]


def draw_production(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of a result; the arguments are those of ``draw_identification``."""
    found = ProductionResult.read(Path(folder) / "result.json")
    look = source_look(found.source, label, style)
    figures = production_figures(found, look)
    return save_figures(figures, Path(out or folder), formats, look, progress)


def production_figures(found: ProductionResult, look: Look) -> list[tuple[str, Draw]]:
    """Names of the figures, and what draws them."""
    shown = palette(found.classes, look)
    figures: list[tuple[str, Draw]] = [
        ("weights", partial(weights_figure, found.weights, look, shown=shown))
    ]
    for judgement in found.judgements:
        figures += _of_model(judgement, judgement.model == found.main, look, shown)
    same = [item for item in found.judgements if item.classes == found.judgements[0].classes]
    if len(same) > 1:
        figures.append(("models", partial(areas_figure, same, look, shown=shown)))
    return figures + _of_analysis(found, look, shown)


def _of_model(
    judgement: ClassJudgement, main: bool, look: Look, shown: Palette
) -> list[tuple[str, Draw]]:
    """Figures of a model; the main one has all of them."""
    ending = "" if main else f"_{judgement.model}"
    options = {"shown": shown}
    figures: list[tuple[str, Draw]] = [
        ("confusion_weight", partial(class_confusion, judgement, look, by="weight", **options)),
        ("roc", partial(class_roc, judgement, look, **options)),
    ]
    if judgement.importances:
        lost = "Mean AUC lost when shuffled"
        figures.append(("importances", partial(importance_figure, judgement, look, lost=lost)))
    if main:
        by_events = partial(class_confusion, judgement, look, by="events", **options)
        figures.append(("confusion_events", by_events))
        figures += _more(judgement, look, shown)
    return [(f"{name}{ending}", draw) for name, draw in figures]


def _more(judgement: ClassJudgement, look: Look, shown: Palette) -> list[tuple[str, Draw]]:
    """What is drawn of the main model only."""
    options = {"shown": shown}
    figures: list[tuple[str, Draw]] = []
    if judgement.reliability:
        figures.append(("reliability", partial(reliability_figure, judgement, look, **options)))
    if judgement.history is not None and judgement.history.losses:
        figures.append(("training", partial(history_figure, judgement, look)))
    if len(judgement.classes) > 2:
        figures.append(("pairs", partial(pairs_figure, judgement, look, **options)))
    for item in judgement.scores:
        draw = partial(class_scores, judgement, item, look, **options)
        figures.append((f"scores_{_plain(item.score)}", draw))
    return figures


def _of_analysis(found: ProductionResult, look: Look, shown: Palette) -> list[tuple[str, Draw]]:
    """Figures of categories, and of the mass in slices of scores."""
    titles = {item.model: item.title for item in found.judgements}
    figures: list[tuple[str, Draw]] = []
    for number, item in enumerate(found.categories):
        ending = "" if number == 0 else f"_{item.model}_{_plain(item.by)}"
        draw = partial(
            categories_figure, item, look, title=titles.get(item.model, item.model), shown=shown
        )
        figures.append((f"categories{ending}", draw))
    mass = mass_label(found.source)
    for rows in ("data", "signal"):
        chosen = [item for item in found.sculpting if item.rows == rows]
        if not chosen:
            continue
        summary = partial(sculpting_summary, chosen, look, shown=shown)
        figures.append((f"sculpting_{rows}", summary))
        for one in chosen:
            # signal is looked at in the summary, and in the main model's spectra
            if not one.slices or (rows == "signal" and one.model != found.main):
                continue
            ending = "" if one.model == found.main else f"_{one.model}"
            draw = partial(sculpting_figure, one, look, label=mass, shown=shown)
            figures.append((f"mass_{rows}_{_plain(one.score)}{ending}", draw))
    return figures


def _plain(name: str) -> str:
    """A name that can be part of a file's."""
    return re.sub(r"[^\w.+-]+", "_", name)
