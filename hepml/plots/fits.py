"""The figure of a mass fit with one peak, and of any results in a folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.plots.fitted import fitted_spectrum
from hepml.plots.hunts import draw_hunt
from hepml.plots.origin import data_name, mass_label, source_look
from hepml.plots.style import Look, Progress, save_figures
from hepml.stats.results import Hunt, PeakFit
from hepml.stats.wording import amount, probability, significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_fit", "draw_found", "fit_figure"]


def draw_fit(
    fit: PeakFit,
    out: str | Path,
    formats: Sequence[str] = ("png", "pdf"),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw the figure of a mass fit; the arguments are those of :func:`draw_hunt`."""
    look = source_look(fit.source, label, style)
    return save_figures(
        [("fit", lambda: fit_figure(fit, look))], Path(out), formats, look, progress
    )


def draw_found(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png", "pdf"),
    **options: Any,
) -> list[Path]:
    """Draw what a folder's ``hunt.json``, ``fit.json``, ``result.json``, ``explore.json`` hold."""
    place = Path(folder)
    written: list[Path] = []
    if (place / "hunt.json").is_file():
        written += draw_hunt(Hunt.read(place / "hunt.json"), out or place, formats, **options)
    if (place / "fit.json").is_file():
        written += draw_fit(PeakFit.read(place / "fit.json"), out or place, formats, **options)
    if (place / "result.json").is_file():
        written += _draw_model(place, out, formats, **options)
    if (place / "explore.json").is_file():
        from hepml.plots.explore import draw_exploration

        written += draw_exploration(place, out, formats, **options)
    return written


def _draw_model(
    place: Path, out: str | Path | None, formats: Sequence[str], **options: Any
) -> list[Path]:
    """Draw what a task of ``hepml ml`` found; its ``kind`` says which one it was."""
    from hepml.plots.anomaly import draw_anomaly
    from hepml.plots.dijet import draw_dijet
    from hepml.plots.ml_production import draw_production
    from hepml.plots.ml_shower import draw_identification
    from hepml.plots.toptag import draw_tagger

    drawn = {
        "higgs-production": draw_production,
        "anomaly": draw_anomaly,
        "dijet": draw_dijet,
        "dijet-scan": draw_dijet,
        "top-tagger": draw_tagger,
    }
    draw = drawn.get(_kind(place / "result.json"), draw_identification)
    return draw(place, out, formats, **options)


def _kind(path: Path) -> str:
    """What a result says that it is; nothing where it does not."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        # whoever reads it as a result says what is wrong
        return ""
    return str(found.get("kind", "")) if isinstance(found, dict) else ""


def fit_figure(fit: PeakFit, look: Look | None = None) -> Figure:
    """Draw data, background and peak, and below the data without the background."""
    excess = fit.excess
    mass = f"m = {fit.mass:.2f} GeV"
    if fit.mass_error:
        mass = f"m = {fit.mass:.2f} $\\pm$ {fit.mass_error:.2f} GeV"
    lines = [
        f"S = {amount(excess.S)} $\\pm$ {amount(excess.sigma_S)},  {mass}",
        f"Z = {significance(excess.Z)}  (p = {probability(excess.log10_p, tex=True)})",
    ]
    family = str(fit.settings.get("background", fit.fit.family))
    return fitted_spectrum(
        fit.spectrum,
        look,
        label=mass_label(fit.source),
        fit=f"{family.capitalize()} of degree {fit.settings.get('degree', fit.fit.degree)}",
        text="\n".join(lines),
        data=data_name(fit.source),
        subtract=True,
    )
