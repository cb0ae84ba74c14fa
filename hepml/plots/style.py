"""Looks of the figures: fonts and ticks of the experiments, texts, layout and saving."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import OutputError, ParameterError
from hepml.plots.samples import DATA, SIMULATED_DATA

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "EXPERIMENTS",
    "FORMATS",
    "Draw",
    "Look",
    "Progress",
    "check_formats",
    "header",
    "luminosity_text",
    "make_room",
    "save_figure",
    "save_figures",
    "styled",
]

FORMATS = ("png", "pdf", "svg")

Progress = Callable[[str, int, int], None]
Draw = Callable[[], "Figure"]

# Whose conventions the figures of a channel follow.
EXPERIMENTS = {"diphoton": "ATLAS", "topjet": "ATLAS", "dimuon": "CMS"}

# The same sizes for both styles, so that every figure of a report reads alike.
_SIZES: dict[str, Any] = {
    "figure.figsize": (8.0, 7.0),
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "savefig.transparent": False,
    "font.size": 15,
    "axes.labelsize": 17,
    "axes.labelpad": 5,
    "axes.linewidth": 1.2,
    "axes.formatter.limits": (-4, 5),
    "axes.autolimit_mode": "data",
    "axes.axisbelow": False,
    "xtick.labelsize": 14,
    "ytick.labelsize": 14,
    "xtick.major.size": 8,
    "xtick.minor.size": 4,
    "ytick.major.size": 8,
    "ytick.minor.size": 4,
    "legend.fontsize": 13,
    "legend.borderpad": 0.3,
    "legend.borderaxespad": 0.7,
    "legend.labelspacing": 0.35,
    "lines.markersize": 5.5,
    "lines.linewidth": 1.8,
    "mathtext.default": "regular",
    "mathtext.fallback": "stixsans",
    "pdf.fonttype": 42,
    "svg.hashsalt": "hepml",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a figure presents itself.

    Attributes
    ----------
    channel : str
        Name of the processor; decides how classes are written.
    style : {"ATLAS", "CMS"}
        Which experiment's conventions for fonts, ticks and colours to follow.
    text : str
        What the figure shows, e.g. ``"hepml simulation"``; it stands above the frame.
    luminosity : float, optional
        Integrated luminosity [pb^-1] to print.
    note : str
        Second text, e.g. ``"incomplete run"``.
    """

    channel: str = ""
    style: str = "ATLAS"
    text: str = ""
    luminosity: float | None = None
    note: str = ""


@contextmanager
def styled(look: Look) -> Iterator[None]:
    """Apply the style to everything drawn or saved inside the block, and to nothing else."""
    import matplotlib
    import mplhep

    styles = {"ATLAS": mplhep.style.ATLAS, "CMS": mplhep.style.CMS}
    if look.style not in styles:
        raise ParameterError(f"There is no style {look.style!r}; known: {', '.join(styles)}.")
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = matplotlib.rcParams
        settings.update(styles[look.style])
        settings.update(_SIZES)
        yield


def check_formats(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats, if all are known.

    Raises
    ------
    ParameterError
        If one is not.
    """
    for form in formats:
        if form not in FORMATS:
            raise ParameterError(
                f"Cannot draw {form!r} files; known formats: {', '.join(FORMATS)}."
            )
    return tuple(formats)


def luminosity_text(luminosity: float) -> str:
    """Write a luminosity [pb^-1] with the unit that suits it, e.g. ``10.06 fb$^{-1}$``."""
    if luminosity >= 1000:
        return f"{luminosity / 1000:.4g} fb$^{{-1}}$"
    return f"{luminosity:.4g} pb$^{{-1}}$"


def header(axes: Axes, look: Look) -> None:
    """Write what the figure shows above the frame: text left, luminosity right."""
    left = axes.text(
        0.0, 1.015, look.text, transform=axes.transAxes, weight="bold", style="italic", size=17
    )
    if look.note:
        axes.annotate(
            look.note, (1, 0), xycoords=left, xytext=(8, 0), textcoords="offset points", va="bottom"
        )
    if look.luminosity is not None:
        text = luminosity_text(look.luminosity)
        axes.text(1.0, 1.015, text, transform=axes.transAxes, ha="right", size=15)


def make_room(axes: Axes, edges: NDArray[Any], tops: NDArray[Any], **options: Any) -> Any:
    """Add the legend where it needs least room and raise the y limit until it covers nothing.

    Parameters
    ----------
    axes : matplotlib Axes
        With its x limits and lower y limit already set.
    edges, tops : arrays of float
        Bin edges and the highest thing drawn in each bin, in data coordinates.
    **options
        For ``Axes.legend``.

    Returns
    -------
    matplotlib Legend or None
        ``None`` where nothing with a label was drawn.
    """
    handles, labels = axes.get_legend_handles_labels()
    if not handles:
        return None  # nothing was drawn
    # data first, as they are read; the rest in the order of drawing
    order = sorted(
        range(len(labels)), key=lambda index: not labels[index].startswith((DATA, SIMULATED_DATA))
    )
    options |= {
        "handles": [handles[index] for index in order],
        "labels": [labels[index] for index in order],
    }
    options.setdefault("ncols", 1 if len(handles) <= 6 else 2)
    add: Any = axes.legend
    needed = {
        place: _needed(axes, add(loc=place, **options), edges, tops)
        for place in ("upper right", "upper left", "upper center")
    }
    # the first of equals, so that the right corner is preferred
    place = min(needed, key=lambda name: round(needed[name], 9))
    axes.set_ylim(top=needed[place])
    return add(loc=place, **options)


def _needed(axes: Axes, legend: Any, edges: NDArray[Any], tops: NDArray[Any]) -> float:
    """Upper y limit at which the content below the legend ends under it."""
    box = legend.get_window_extent()
    box = box.transformed(axes.transAxes.inverted())
    to_frame = axes.transData + axes.transAxes.inverted()
    low = axes.get_ylim()[0]
    across = to_frame.transform(np.column_stack([edges, np.full(len(edges), low)]))[:, 0]
    under = (across[1:] > box.x0 - 0.01) & (across[:-1] < box.x1 + 0.01)
    forward = np.log10 if axes.get_yscale() == "log" else np.asarray
    bottom = float(forward(low))
    finite = np.where(np.isfinite(tops), tops, low)
    heights = np.maximum(np.asarray(forward(np.maximum(finite, low)), dtype=float) - bottom, 0.0)
    room = [float(heights.max(initial=0.0)) / 0.94]
    if under.any():
        room.append(float(heights[under].max()) / max(box.y0 - 0.03, 0.2))
    height = max(room) or 1.0
    return float(10 ** (bottom + height)) if axes.get_yscale() == "log" else bottom + height


def save_figure(figure: Figure, path: Path, look: Look) -> Path:
    """Write a figure to a temporary name and move it into place.

    The same figure gives the same bytes: no times, no program versions in the metadata.

    Raises
    ------
    ParameterError
        If the format is unknown.
    OutputError
        If the file cannot be written.
    """
    form = path.suffix.lstrip(".")
    metadata: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
        "svg": {"Date": None, "Creator": None},
    }
    if form not in metadata:
        raise ParameterError(f"Cannot write {path.name!r}; known formats: {', '.join(FORMATS)}.")
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
        with styled(look), os.fdopen(handle, "wb") as stream:
            figure.savefig(stream, format=form, metadata=metadata[form])
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        text = f"Cannot write {path}: {error.strerror or error}. Choose another folder with --out."
        raise OutputError(text) from error
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return path


def save_figures(
    figures: Sequence[tuple[str, Draw]],
    folder: Path,
    formats: Sequence[str],
    look: Look,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw figures one by one and write each in every format; returns the files, in order."""
    check_formats(formats)
    written: list[Path] = []
    for done, (name, draw) in enumerate(figures):
        if progress is not None:
            progress(f"drawing {name}", done, len(figures))
        figure = draw()
        written += [save_figure(figure, folder / f"{name}.{form}", look) for form in formats]
    return written


def _umask() -> int:
    """The process's file mode mask; reading it means setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
