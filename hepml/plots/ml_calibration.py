"""Whether probabilities keep what they promise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hepml.ml.results import Judgement, Reliability
from hepml.plots.canvas import canvas
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["calibration_figure"]


def calibration_figure(judgement: Judgement, look: Look | None = None) -> Figure:
    """Draw the share of signal among rows of a probability, with and without calibration.

    Parameters
    ----------
    judgement : Judgement
        The model.
    look : Look, optional
        Style and texts.
    """
    with canvas(look, lower=True) as (figure, (axes, lower)):
        axes.plot([0, 1], [0, 1], "--", color="0.5", linewidth=1.2)
        lower.axhline(0.0, color="0.5", linestyle="--", linewidth=1.2)
        _points(axes, lower, judgement.uncalibrated, "#3f90da", "s", "As trained")
        _points(axes, lower, judgement.reliability, "#bd1f01", "o", "Calibrated")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.05)
        axes.set_ylabel("Share of signal")
        lower.set_xlabel("Probability of signal")
        lower.set_ylabel("Difference")
        axes.legend(loc="upper left", title=judgement.title)
    return figure


def _points(
    axes: Axes, lower: Axes, found: Reliability, colour: str, marker: str, name: str
) -> None:
    label = f"{name}: mean distance {found.ece:.4f}"
    style: dict[str, Any] = {"color": colour, "markersize": 6, "elinewidth": 1.2}
    axes.errorbar(
        found.predicted, found.observed, found.errors, fmt=marker, label=label, **style
    )  # fmt: skip
    difference = [b - a for a, b in zip(found.predicted, found.observed, strict=True)]
    lower.errorbar(found.predicted, difference, found.errors, fmt=marker, **style)
