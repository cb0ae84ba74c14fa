"""Every figure of a dijet search or of a scan of them, from ``result.json`` alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from hepml.ml.dijet.results import DijetResult
from hepml.ml.dijet.scan_results import ScanResult, Summary
from hepml.plots.dijet_curves import roc_figure, sic_figure
from hepml.plots.dijet_fits import landscape_figure, parameters_figure
from hepml.plots.dijet_scan import fraction_figure, noise_figure, plane_figure
from hepml.plots.dijet_scan_fits import masses_figure, recovered_figure, yields_figure
from hepml.plots.dijet_spectra import mass_figure, score_figure
from hepml.plots.dijet_style import dijet_look
from hepml.plots.dijet_toys import toys_figure
from hepml.plots.style import Draw, Look, Progress, save_figures
from hepml.plots.toptag_curves import loss_figure

__all__ = ["draw_dijet", "scan_figures", "search_figures"]

Figures = list[tuple[str, Draw]]

# Mass points from which a plane says more than a list.
_PLANE = 3


def draw_dijet(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of what ``hepml ml dijet`` or ``hepml ml dijet-scan`` found.

    The arguments are those of ``draw_identification``.
    """
    path = Path(folder) / "result.json"
    if _is_scan(path):
        scan = ScanResult.read(path)
        look = dijet_look(scan.source, label, style)
        figures = scan_figures(scan, look)
    else:
        found = DijetResult.read(path)
        look = dijet_look(found.source, label, style)
        figures = search_figures(found, look)
    return save_figures(figures, Path(out or folder), formats, look, progress)


def _is_scan(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text()).get("kind") == "dijet-scan")
    except (OSError, ValueError, AttributeError):
        # reading it as a result says what is wrong
        return False


def search_figures(found: DijetResult, look: Look) -> Figures:
    """Names of the figures of a search, and what draws them."""
    main, title = found.main, found.title
    trials = [item for place, item in enumerate(found.trials) if place in found.kept]
    figures: Figures = [
        ("roc", partial(roc_figure, found.judgements, look, trials=trials)),
        ("sic", partial(sic_figure, found.judgements, look, trials=trials)),
        ("scores", partial(score_figure, main, look)),
    ]
    if main.masses is not None:
        figures.append(("dijet_mass", partial(mass_figure, main.masses, look, title=title)))
    if main.fit is not None and main.fit.parameters:
        draw = partial(parameters_figure, main.fit, look, trials=trials, title=title)
        figures.append(("parameters", draw))
    if main.fit is not None and main.fit.q0_toys is not None:
        figures.append(("toys", partial(toys_figure, main.fit, look, title=title)))
    names: dict[str, int] = {}
    for item in found.landscapes:
        name = f"landscape_{item.x_name}_{item.y_name}"
        names[name] = names.get(name, 0) + 1
        if names[name] > 1:
            name = f"{name}_{names[name]}"
        figures.append((name, partial(landscape_figure, item, look, title=title)))
    for key, history in found.histories.items():
        if history.losses:
            words = key.replace("_", " ")
            draw_loss = partial(loss_figure, history, look, title=f"{title}: {words}")
            figures.append((f"loss_{_plain(key)}", draw_loss))
    return figures


def scan_figures(found: ScanResult, look: Look) -> Figures:
    """Names of the figures of a scan, and what draws them."""
    figures: Figures = []
    points = list(dict.fromkeys(row.mass_point for row in found.summary))
    for point in points:
        rows = [row for row in found.summary if row.mass_point == point]
        tail = f"_{point[0]:g}_{point[1]:g}" if len(points) > 1 else ""
        figures += [(f"{name}{tail}", draw) for name, draw in _of_point(rows, found, look)]
    if len(points) >= _PLANE:
        figures += _planes(found.summary, look)
    return figures


def _of_point(rows: Sequence[Summary], found: ScanResult, look: Look) -> Figures:
    """Figures of one mass point."""
    figures: Figures = []
    fitted = [row for row in rows if row.mu > 0 and "mu" in row.parameters]
    fractions = {row.mu for row in rows if row.mu > 0}
    if len(fractions) > 1:
        draw = partial(fraction_figure, rows, look, background=found.background)
        figures.append(("sic_fraction", draw))
    if len(fractions) > 1 and any({"mx", "my"} <= set(row.parameters) for row in fitted):
        figures.append(("masses_fraction", partial(masses_figure, fitted, look)))
    if len(fractions) > 1 and fitted:
        figures.append(("yields_fraction", partial(yields_figure, fitted, look)))
    if len({row.noise for row in rows}) > 1:
        figures.append(("sic_noise", partial(noise_figure, rows, look)))
    return figures


def _planes(rows: Sequence[Summary], look: Look) -> Figures:
    """One plane of masses for each strategy, fraction and number of noise features."""
    groups: dict[tuple[str, float, int], list[Summary]] = {}
    for row in rows:
        groups.setdefault((row.strategy, row.mu, row.noise), []).append(row)
    figures: Figures = []
    for (strategy, mu, noise), members in groups.items():
        if len(members) >= _PLANE:
            name = f"masses_{_plain(strategy)}" + ("_" + _plain(f"mu_{mu:.3g}") if mu else "")
            name += f"_noise_{noise}" if noise else ""
            figures.append((f"sic_{name}", partial(plane_figure, members, look)))
            fitted = [row for row in members if {"mx", "my"} <= set(row.parameters)]
            if fitted:
                figures.append((f"fitted_{name}", partial(recovered_figure, fitted, look)))
    return figures


def _plain(text: str) -> str:
    """A name for a file."""
    return "".join(sign if sign.isalnum() else "_" for sign in text).strip("_").lower()
