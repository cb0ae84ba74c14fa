"""Every figure of a hunt or a mass fit, from the typed result alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hepml.errors import HepmlError
from hepml.plots.fitted import overlaid_spectra, row_spectrum
from hepml.plots.origin import mass_label, source_look
from hepml.plots.pvalues import pvalue_figure
from hepml.plots.scans import scan_figure
from hepml.plots.style import FORMATS, Draw, Look, Progress, save_figures
from hepml.plots.toys import toys_figure
from hepml.plots.variations import variations_figure
from hepml.stats.results import Hunt, HuntRow, Scan, Toys
from hepml.stats.wording import fpr_text, significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_hunt", "hunt_figures", "remove_figures"]

# Spectra drawn of one score; all working points are in the curve of p-values.
_MOST = 7


def draw_hunt(
    hunt: Hunt,
    out: str | Path,
    formats: Sequence[str] = ("png", "pdf"),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of a hunt.

    Parameters
    ----------
    hunt : Hunt
        What was found, perhaps read from ``hunt.json``.
    out : path
        Folder for the figures.
    formats : sequence of {"png", "pdf", "svg"}
        Files to write of each figure.
    label : str, optional
        Text above the frame in place of ``CMS Open Data`` and the like.
    style : {"ATLAS", "CMS"}, optional
        Conventions to follow; default: those of the channel's experiment.
    progress : callable, optional
        Called with the figure's name, how many are done and how many there are.

    Returns
    -------
    list of Path
        Files written, in order.
    """
    look = source_look(hunt.source, label, style)
    return save_figures(hunt_figures(hunt, look), Path(out), formats, look, progress)


def remove_figures(folder: str | Path) -> None:
    """Remove the figures of the hunt in a folder, which another one is about to replace."""
    place = Path(folder)
    if not (place / "hunt.json").is_file():
        return
    try:
        names = [name for name, _ in hunt_figures(Hunt.read(place / "hunt.json"))]
    except HepmlError:
        # of another version: its figures are not known
        return
    for name in names:
        for form in FORMATS:
            (place / f"{name}.{form}").unlink(missing_ok=True)


def hunt_figures(hunt: Hunt, look: Look | None = None) -> list[tuple[str, Draw]]:
    """Names of a hunt's figures, and what draws each."""
    used = look or source_look(hunt.source)
    figures = list(_spectra(hunt, used))
    curves = [row for row in hunt.results if row.score is not None and row.excess is not None]
    if len({row.fpr for row in curves}) > 1:
        figures.append(("pvalues", lambda: pvalue_figure(hunt.results, used)))
    if hunt.scan is not None and hunt.scan.points:
        figures += _scan(hunt.scan, hunt, used)
    if hunt.variations is not None and hunt.variations.rows:
        band, nominal = hunt.variations, hunt.results[0]
        figures.append(("variations", lambda: variations_figure(band, nominal, used)))
    figures += [
        (_name("toys", row), _toys_of(row.toys, row.excess.q0, _title(row), used))
        for row in _shown(hunt)
        if row.toys is not None and row.excess is not None and row.toys.q0
    ]
    return figures


def _spectra(hunt: Hunt, look: Look) -> Iterator[tuple[str, Draw]]:
    """A spectrum per shown selection, and those of each score over one another."""
    for row in _shown(hunt):
        if row.spectrum is not None:
            yield _name("spectrum", row), _spectrum_of(hunt, row, look)
    if hunt.spurious is not None and hunt.spurious.spectrum is not None:
        yield "spectrum_same_sign", _spectrum_of(hunt, hunt.spurious, look)
    for score, rows in _by_score(hunt).items():
        if len(rows) > 1:
            yield f"cuts_{_file(score)}", _overlay_of(hunt, _spaced(rows), look)


def _by_score(hunt: Hunt) -> dict[str, list[HuntRow]]:
    """Fitted rows of each score."""
    found: dict[str, list[HuntRow]] = {}
    for row in hunt.results:
        if row.score is not None and row.spectrum is not None:
            found.setdefault(row.score, []).append(row)
    return found


def _shown(hunt: Hunt) -> list[HuntRow]:
    """Rows with figures of their own: a handful of one score's cuts, of several the best."""
    # a cut that everything passes shows what the spectrum without it shows
    cuts = [
        [row for row in _spaced(rows) if (row.fpr or 0.0) < 1] for rows in _by_score(hunt).values()
    ]
    if len(cuts) > 1:
        cuts = [[max(rows, key=lambda row: row.Z or 0.0)] for rows in cuts if rows]
    plain = [row for row in hunt.results if row.score is None]
    return [*plain, *(row for rows in cuts for row in rows)]


def _spaced(rows: list[HuntRow]) -> list[HuntRow]:
    """At most a handful of one score's rows, spread over them."""
    if len(rows) <= _MOST:
        return rows
    step = (len(rows) - 1) / (_MOST - 1)
    return [rows[round(index * step)] for index in range(_MOST)]


def _spectrum_of(hunt: Hunt, row: HuntRow, look: Look) -> Draw:
    def draw() -> Figure:
        fit = row.sideband or row.joint
        family = fit.family if fit else str(hunt.settings.get("background", ""))
        head = "" if row.selection == "all" else _title(row)
        return row_spectrum(row, hunt.source, look, family=family, head=head)

    return draw


def _scan(scan: Scan, hunt: Hunt, look: Look) -> Iterator[tuple[str, Draw]]:
    """Significance over mass; with toys also the distribution of the largest excess."""
    yield "scan", lambda: scan_figure(scan, look, label=mass_label(hunt.source))
    best = None if scan.best is None else scan.points[scan.best].Z
    toys = scan.toys
    if toys is not None and toys.q0 and best is not None:
        yield (
            "scan_toys",
            lambda: toys_figure(
                toys, best**2, look, expected=False, label="Largest $q_0$ of all windows"
            ),
        )


def _toys_of(toys: Toys, observed: float, text: str, look: Look) -> Draw:
    return lambda: toys_figure(toys, observed, look, text=text)


def _overlay_of(hunt: Hunt, rows: Sequence[HuntRow], look: Look) -> Draw:
    def draw() -> Figure:
        spectra = [
            (f"FPR {fpr_text(row.fpr)}:  Z = {significance(row.Z)}", row.spectrum)
            for row in rows
            if row.spectrum is not None and row.fpr is not None and row.Z is not None
        ]
        return overlaid_spectra(spectra, look, label=mass_label(hunt.source))

    return draw


def _title(row: HuntRow) -> str:
    if row.score is None or row.fpr is None:
        return "No cut" if row.selection == "all" else row.selection.capitalize()
    return f"{row.score} at FPR {fpr_text(row.fpr)}"


def _name(kind: str, row: HuntRow) -> str:
    if row.score is None or row.fpr is None:
        return kind if row.selection == "all" else f"{kind}_{_file(row.selection)}"
    return f"{kind}_{_file(row.score)}_{row.fpr:.4g}"


def _file(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", text)
