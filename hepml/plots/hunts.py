"""Every figure of a hunt or a mass fit, from the typed result alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.plots.fitted import fitted_spectrum, overlaid_spectra
from hepml.plots.pvalues import pvalue_figure
from hepml.plots.samples import DATA, SIMULATED_DATA
from hepml.plots.scans import scan_figure
from hepml.plots.style import EXPERIMENTS, Look, check_formats, save_figure
from hepml.plots.toys import toys_figure
from hepml.plots.variations import variations_figure
from hepml.stats.results import Hunt, HuntRow, PeakFit, Scan, Toys
from hepml.stats.wording import amount, fpr_text, probability, significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_fit", "draw_hunt", "hunt_figures", "source_look"]

Progress = Callable[[str, int, int], None]
Draw = Callable[[], "Figure"]

_LABELS = {
    "dimuon_mass": r"$m_{\mu\mu}$ [GeV]",
    "dimu_mass": r"$m_{\mu\mu}$ [GeV]",
    "diphoton_mass": r"$m_{\gamma\gamma}$ [GeV]",
    "dijet_mass": r"$m_{jj}$ [GeV]",
}
# Characters of bold text above the frame that leave room for the luminosity.
_LONGEST_TEXT = 28
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
    return _draw(hunt_figures(hunt, look), Path(out), formats, look, progress)


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
    return _draw([("fit", lambda: _peak(fit, look))], Path(out), formats, look, progress)


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


def source_look(
    source: Mapping[str, Any], label: str | None = None, style: str | None = None
) -> Look:
    """Style and texts for data of this origin: only published files are called real."""
    channel = str(source.get("processor") or "")
    datasets = [str(name) for name in source.get("datasets") or ()]
    names = ", ".join(datasets)
    kind = str(source.get("kind") or "")
    experiment = EXPERIMENTS.get(channel)
    if source.get("simulated"):
        text = "hepml simulation"
    elif experiment and source.get("published"):
        text = f"{experiment} Open Data" + ("" if kind == "data" else " simulation")
    else:
        text = names if len(names) <= _LONGEST_TEXT else channel
    muons = str(source.get("mass", "")).startswith("dimu")
    return Look(
        channel=channel,
        style=style or experiment or ("CMS" if muons else "ATLAS"),
        text=text if label is None else label,
        luminosity=source.get("luminosity"),
        note="" if source.get("complete", True) else "incomplete run",
    )


def _draw(
    figures: Sequence[tuple[str, Draw]],
    folder: Path,
    formats: Sequence[str],
    look: Look,
    progress: Progress | None,
) -> list[Path]:
    check_formats(formats)
    written: list[Path] = []
    for done, (name, draw) in enumerate(figures):
        if progress is not None:
            progress(f"drawing {name}", done, len(figures))
        figure = draw()
        written += [save_figure(figure, folder / f"{name}.{form}", look) for form in formats]
    return written


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
        spectrum, excess = row.spectrum, row.excess
        if spectrum is None or excess is None:
            raise ValueError(f"there is no spectrum of {row.selection}")
        fit = row.sideband or row.joint
        family = fit.family if fit else str(hunt.settings.get("background", ""))
        lines = [] if row.selection == "all" else [_title(row)]
        lines += [
            f"S = {amount(excess.S)} $\\pm$ {amount(excess.sigma_S)},  "
            f"B = {amount(excess.B)} $\\pm$ {amount(excess.sigma_B)}",
            f"Z = {significance(excess.Z)}  (p = {probability(excess.log10_p, tex=True)})",
        ]
        return fitted_spectrum(
            spectrum,
            look,
            label=_mass_label(hunt.source),
            fit=f"{family.capitalize()} of degree {row.degree}",
            text="\n".join(lines),
            data=_data_name(hunt.source),
        )

    return draw


def _scan(scan: Scan, hunt: Hunt, look: Look) -> Iterator[tuple[str, Draw]]:
    """Significance over mass; with toys also the distribution of the largest excess."""
    yield "scan", lambda: scan_figure(scan, look, label=_mass_label(hunt.source))
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
        return overlaid_spectra(spectra, look, label=_mass_label(hunt.source))

    return draw


def _peak(fit: PeakFit, look: Look) -> Figure:
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
        label=_mass_label(fit.source),
        fit=f"{family.capitalize()} of degree {fit.settings.get('degree', fit.fit.degree)}",
        text="\n".join(lines),
        data=_data_name(fit.source),
        subtract=True,
    )


def _title(row: HuntRow) -> str:
    if row.score is None or row.fpr is None:
        return "No cut" if row.selection == "all" else row.selection.capitalize()
    return f"{row.score} at FPR {fpr_text(row.fpr)}"


def _mass_label(source: Mapping[str, Any]) -> str:
    column = str(source.get("mass") or "Mass")
    return _LABELS.get(column, f"{column} [GeV]")


def _data_name(source: Mapping[str, Any]) -> str:
    if source.get("kind") == "simulation":
        return "Simulation"
    return SIMULATED_DATA if source.get("simulated") else DATA


def _name(kind: str, row: HuntRow) -> str:
    if row.score is None or row.fpr is None:
        return kind if row.selection == "all" else f"{kind}_{_file(row.selection)}"
    return f"{kind}_{_file(row.score)}_{row.fpr:.4g}"


def _file(text: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", text)
