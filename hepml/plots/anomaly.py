"""Every figure of an anomaly search, from its ``result.json`` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hepml.errors import HepmlError
from hepml.ml.anomaly.findings import AnomalyFindings, SampleFindings
from hepml.plots.anomaly_checks import closure_figure, ratio_figure, score_mass_figure
from hepml.plots.anomaly_curves import efficiency_figure, rate_figure, variation_figure
from hepml.plots.anomaly_histograms import histogram_figure, ratio_histogram_figure
from hepml.plots.anomaly_losses import density_figure, fold_figure
from hepml.plots.anomaly_sidebands import sensitivity_figure, sideband_figure
from hepml.plots.fitted import overlaid_spectra, row_spectrum
from hepml.plots.origin import mass_label, source_look
from hepml.plots.style import FORMATS, Draw, Look, Progress, save_figures
from hepml.stats.points import COARSE
from hepml.stats.results import HuntRow
from hepml.stats.wording import fpr_text, significance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["anomaly_figures", "draw_anomaly", "figure_files"]


def draw_anomaly(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of what ``hepml ml upsilon-anomaly`` or ``hepml ml anomaly`` found.

    The arguments are those of ``draw_identification``.
    """
    found = AnomalyFindings.read(Path(folder) / "result.json")
    look = source_look(found.source, label, style)
    return save_figures(anomaly_figures(found, look), Path(out or folder), formats, look, progress)


def figure_files(folder: str | Path) -> list[Path]:
    """Figures of the result in a folder, in every format; none where there is no result."""
    place = Path(folder)
    if not (place / "result.json").is_file():
        return []
    try:
        found = AnomalyFindings.read(place / "result.json")
    except HepmlError:
        return []  # of another version: its figures are not known
    names = [name for name, _ in anomaly_figures(found, source_look(found.source))]
    return [place / f"{name}.{form}" for name in names for form in FORMATS]


def anomaly_figures(found: AnomalyFindings, look: Look) -> list[tuple[str, Draw]]:
    """Names of the figures, and what draws them."""
    mass = mass_label(found.source)
    figures = list(_training(found, look, mass))
    sides = found.sensitivity
    figures += [
        ("sensitivity", partial(sensitivity_figure, sides, look)),
    ]
    if found.blind:
        figures.append(("sidebands", partial(sideband_figure, sides, look, label=mass)))
    for sample in found.samples:
        figures += _sample(found, sample, look, mass)
    if found.efficiency is not None:
        figures.append(("sic", partial(efficiency_figure, found.efficiency, look)))
    return figures


def _training(found: AnomalyFindings, look: Look, mass: str) -> Iterator[tuple[str, Draw]]:
    """Losses, closure, and features of sideband data beside samples."""
    training = found.training
    if any(item.training or item.validation for item in training.densities):
        yield "density_loss", partial(density_figure, training.densities, look)
    if training.folds:
        yield "classifier_loss", partial(fold_figure, training.folds, look)
    closure = training.closure
    if closure is not None and closure.bands:
        yield "closure", partial(closure_figure, closure, look)
    if closure is not None and closure.mass is not None and not found.blind:
        yield (
            "score_mass",
            partial(score_mass_figure, closure.mass, found.window, look, label=mass),
        )
    for item in training.histograms:
        if item.name == "mass":
            continue
        yield f"closure_{item.name}", partial(ratio_histogram_figure, item, look)


def _sample(
    found: AnomalyFindings, sample: SampleFindings, look: Look, mass: str
) -> Iterator[tuple[str, Draw]]:
    """Spectra, p-values, weights and features of one sample."""
    title, ending = found.training.title, f"_{sample.name}" if sample.control else ""
    yield f"spectrum{ending}", partial(_spectrum, found, sample, sample.inclusive, look, "No cut")
    chosen = sample.chosen
    if chosen is not None and chosen.spectrum is not None:
        text = f"{title} at FPR {fpr_text(sample.nominal)} (nominal)"
        yield f"spectrum_nominal{ending}", partial(_spectrum, found, sample, chosen, look, text)
    if [row for row in sample.cuts() if row.spectrum is not None]:
        yield f"cuts{ending}", partial(_cuts, sample, look, mass)
    weighted = sample.reweighting
    if weighted is not None and weighted.row is not None and weighted.row.spectrum is not None:
        text = f"Weighted by {title}"
        yield (
            f"spectrum_weighted{ending}",
            partial(_spectrum, found, sample, weighted.row, look, text),
        )
    if any(row.score is not None and row.Z is not None for row in sample.hunt.results):
        yield f"pvalues{ending}", partial(rate_figure, sample, title, look)
    if sample.variations:
        yield f"variations{ending}", partial(variation_figure, sample, title, look)
    if weighted is not None and weighted.reliability:
        yield f"ratio{ending}", partial(ratio_figure, weighted, look, text=sample.title)
    if weighted is not None and weighted.weights is not None:
        yield (
            f"weights{ending}",
            partial(histogram_figure, weighted.weights, look, label="Weight W", text=sample.title),
        )
    for item in sample.histograms:
        text = f"{sample.title}, signal region"
        yield f"feature_{item.name}{ending}", partial(histogram_figure, item, look, text=text)


def _spectrum(
    found: AnomalyFindings, sample: SampleFindings, row: HuntRow, look: Look, text: str
) -> Figure:
    head = f"{sample.title}. {text}"
    return row_spectrum(row, found.source, look, family="polynomial", head=head)


def _cuts(sample: SampleFindings, look: Look, mass: str) -> Figure:
    """Spectra of the coarse working points over one another."""
    spectra = [
        (f"FPR {fpr_text(row.fpr)}:  Z = {significance(row.Z)}", row.spectrum)
        for row in sample.cuts()
        if row.spectrum is not None
        and row.Z is not None
        and row.fpr is not None
        and (row.fpr in COARSE or row.fpr == sample.nominal)
    ]
    return overlaid_spectra(spectra, look, label=mass)
