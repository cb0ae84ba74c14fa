"""Every figure of a run directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hist

from hepml.errors import ParameterError, did_you_mean
from hepml.histograms import scale_datasets
from hepml.normalise import data_luminosity, normalise
from hepml.plots.contents import RunContents, read_run
from hepml.plots.cutflow import cutflow_figure
from hepml.plots.overlays import overlay, spectrum
from hepml.plots.planes import plane
from hepml.plots.samples import Sample, data_names
from hepml.plots.showers import EXTRAS, extra_figures, shower_cutflow, shower_histogram
from hepml.plots.stack import stacked
from hepml.plots.style import EXPERIMENTS, Look, check_formats, save_figure
from hepml.plots.yields import bin_axis, own_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_histogram", "draw_run"]

Progress = Callable[[str, int, int], None]

# Characters of bold text that leave room for a note and the luminosity above the frame.
_LONGEST_TEXT = 28
_CATEGORIES = ("StrCategory", "IntCategory", "Boolean")
SHOWER = "shower"
# What these channels show is counted: no luminosity predicts it.
COUNTED = (SHOWER, "topjet", "dijet")


def draw_run(
    run: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png", "pdf"),
    *,
    luminosity: float | None = None,
    only: Iterable[str] = (),
    signals: Iterable[str] | None = None,
    label: str | None = None,
    style: str | None = None,
    allow_missing: bool = False,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every histogram of a run, and its cutflow.

    Parameters
    ----------
    run : path
        Run directory.
    out : path, optional
        Where the figures go; default ``RUN/plots``.
    formats : sequence of {"png", "pdf", "svg"}
        Files to write of each figure.
    luminosity : float, optional
        Integrated luminosity [pb^-1] to scale the simulation to; default: that of the run's
        data where it is known, else simulation stays as the run left it.
    only : iterable of str
        Names of histograms (or ``cutflow``) to draw; default: all.
    signals : iterable of str, optional
        Classes to draw as signal.
    label : str, optional
        Text above the frame in place of ``ATLAS Open Data`` and the like.
    style : {"ATLAS", "CMS"}, optional
        Conventions to follow; default: those of the channel's experiment.
    allow_missing : bool
        Scale incomplete simulation nevertheless; the figure says that it is incomplete.
    progress : callable, optional
        Called with the figure's name, how many are done and how many there are.

    Returns
    -------
    list of Path
        Files written, in order.

    Raises
    ------
    FileAccessError
        If this is not a run directory, or a file in it is malformed.
    ParameterError
        If a histogram, class, format or luminosity makes no sense.
    IncompleteRunError
        If simulation that has to be scaled is not complete.
    OutputError
        If a figure cannot be written.
    """
    check_formats(formats)
    contents = read_run(Path(run))
    names = _chosen(contents, only)
    chosen = None if signals is None else _known_signals(contents.samples, signals)
    # Without scaling no yield is claimed: the figure is drawn, and says what it lacks.
    norm = normalise(
        contents.datasets,
        contents.luminosity,
        luminosity,
        where=contents.path,
        allow_missing=allow_missing,
    )
    # data that nobody measured are not said to be the 1 pb^-1 that weights have by default
    unit = _unit_weights(contents, luminosity)
    look = Look(
        channel=contents.processor,
        style=style or EXPERIMENTS.get(contents.processor, "ATLAS"),
        text=_text(contents) if label is None else label,
        luminosity=None if unit or contents.processor in COUNTED else norm.luminosity,
        note=_note(contents, bool(norm.partial), unit),
    )
    folder = Path(out) if out is not None else contents.path / "plots"
    written: list[Path] = []
    for done, name in enumerate(names):
        if progress is not None:
            progress(name, done, len(names))
        for stem, figure in _figures(contents, name, norm.factors, look, chosen):
            written += [save_figure(figure, folder / f"{stem}.{form}", look) for form in formats]
    if progress is not None:
        progress("", len(names), len(names))
    return written


def draw_histogram(
    histogram: hist.Hist[Any],
    samples: Mapping[str, Sample],
    look: Look | None = None,
    *,
    signals: Iterable[str] | None = None,
) -> Figure:
    """Draw any histogram with one or two own axes in the way that suits it.

    One quantity is stacked, a quantity by category is overlaid, a dimuon mass in logarithmic
    bins becomes a spectrum, and two quantities become a colour map.
    """
    own = own_axes(histogram)
    if look is not None and look.channel == SHOWER and (len(own) == 1 or own[0].name == "signal"):
        return shower_histogram(histogram, samples, look)
    if len(own) > 2:
        raise ValueError("a figure shows at most two axes; project the histogram first")
    categories = [type(axis).__name__ in _CATEGORIES for axis in own]
    numeric = [axis for axis, is_category in zip(own, categories, strict=True) if not is_category]
    if len(numeric) == 1 and _is_dimuon(histogram, numeric[0], look):
        return spectrum(histogram, samples, look)
    if len(own) == 1:
        return stacked(histogram, samples, look, signals=signals)
    return (
        overlay(histogram, samples, look) if len(numeric) == 1 else plane(histogram, samples, look)
    )


def _is_dimuon(histogram: hist.Hist[Any], axis: object, look: Look | None) -> bool:
    described = bin_axis(axis)
    texts = f"{look.channel if look else ''} {histogram.name} {described.label}".lower()
    return (
        described.logarithmic
        and described.unit == "GeV"
        and "mu" in texts
        and (
            "mass" in f"{texts} {getattr(axis, 'name', '')}"
            or "spectrum" in texts
            or "m_{" in texts
        )
    )


def _figures(
    contents: RunContents,
    name: str,
    scale: Mapping[str, float],
    look: Look,
    signals: Iterable[str] | None,
) -> Iterator[tuple[str, Figure]]:
    """Figures of one histogram; one with more than two axes gives a figure per axis."""
    if name in _extras(contents) and name not in contents.histograms:
        yield from extra_figures(contents.path, name, look)
        return
    if name == "cutflow" and name not in contents.histograms:
        if contents.processor == SHOWER:
            yield name, shower_cutflow(contents.cutflow, contents.samples, look)
            return
        yield name, cutflow_figure(contents.cutflow, contents.samples, look, factors=scale)
        return
    histogram = scale_datasets(contents.histograms[name], scale)
    stem = re.sub(r"[^\w.+-]+", "_", name)
    own = own_axes(histogram)
    if len(own) <= 2:
        yield stem, draw_histogram(histogram, contents.samples, look, signals=signals)
        return
    for axis in own:
        part = histogram.project("dataset", "variation", axis.name)
        yield f"{stem}_{axis.name}", draw_histogram(part, contents.samples, look, signals=signals)


def _chosen(contents: RunContents, only: Iterable[str]) -> list[str]:
    """Names of what to draw."""
    known = [*sorted(contents.histograms), *(["cutflow"] if contents.cutflow else [])]
    known += _extras(contents)
    wanted = list(dict.fromkeys(only))
    for name in wanted:
        if name not in known:
            raise ParameterError(
                f"{contents.path} has no histogram {name!r}. " + did_you_mean(name, known)
            )
    return wanted or list(dict.fromkeys(known))


def _extras(contents: RunContents) -> tuple[str, ...]:
    """Figures of the channel that are not histograms of the run."""
    return EXTRAS if contents.processor == SHOWER else ()


def _known_signals(samples: Mapping[str, Sample], signals: Iterable[str]) -> list[str]:
    """Check the names of classes."""
    known = {sample.label or sample.name for sample in samples.values() if sample.kind != "data"}
    for name in (wanted := list(signals)):
        if name not in known:
            raise ParameterError(f"The run has no class {name!r}. " + did_you_mean(name, known))
    return wanted


def _unit_weights(contents: RunContents, luminosity: float | None) -> bool:
    """Whether simulation stands at 1 pb^-1 beside data of unknown luminosity."""
    kinds = {item["kind"] for item in contents.datasets.values()}
    known = data_luminosity(contents.datasets) or luminosity
    return len(kinds) > 1 and known is None and contents.luminosity == 1.0


def _note(contents: RunContents, partial: bool, unit: bool = False) -> str:
    """What a reader of the figure must know."""
    if any(sample.lost for sample in contents.samples.values()):
        return "incomplete run"
    if partial:
        return "incomplete simulation"
    return "simulation at 1 pb$^{-1}$; luminosity of data unknown" if unit else ""


def _text(contents: RunContents) -> str:
    """What the figures show: only published files are called data of an experiment."""
    samples = contents.samples.values()
    if any(sample.simulated for sample in samples):
        return "hepml simulation"
    experiment = EXPERIMENTS.get(contents.processor)
    data = data_names(contents.samples)
    if experiment is not None and all(sample.published for sample in samples):
        return f"{experiment} Open Data" + ("" if data else " simulation")
    names = ", ".join(data or contents.samples)
    return names if len(names) <= _LONGEST_TEXT else contents.processor
