"""Losses of density models by epoch, and of classifiers by tree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.results import DensityHistory, FoldHistory
from hepml.plots.canvas import canvas
from hepml.plots.samples import colours
from hepml.plots.style import Look

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["density_figure", "fold_figure"]

Floats = NDArray[np.float64]

# Epochs of the running mean.
_WIDTH = 5


def density_figure(found: Sequence[DensityHistory], look: Look | None = None) -> Figure:
    """Draw the losses of each seed after each epoch, with a running mean over five epochs.

    Parameters
    ----------
    found : sequence of DensityHistory
        One a seed.
    look : Look, optional
        Style and texts.
    """
    with canvas(look) as (figure, (axes,)):
        seen: list[Floats] = []
        for colour, item in zip(colours(len(found)), found, strict=True):
            for losses, style, what in (
                (item.training, "--", "training"),
                (item.validation, "-", "validation"),
            ):
                values = np.array([np.nan if loss is None else loss for loss in losses])
                if not len(values):
                    continue
                epochs = np.arange(1, len(values) + 1)
                axes.plot(epochs, values, style, color=colour, alpha=0.25, linewidth=0.8)
                mean, middle = _running(values)
                axes.plot(
                    middle, mean, style, color=colour, label=f"seed {item.seed}, {what}"
                )  # fmt: skip
                seen.append(values[np.isfinite(values)])
        every = np.concatenate(seen) if seen else np.zeros(1)
        low, high = np.quantile(every, (0.0, 0.97)) if len(every) else (0.0, 1.0)
        room = max(high - low, 1e-3)
        axes.set_ylim(low - 0.08 * room, high + 0.6 * room)
        axes.set_xlabel("Epoch")
        axes.set_ylabel("Mean negative log-likelihood")
        axes.legend(
            loc="upper right", ncols=2, fontsize=10.5, title=f"running mean of {_WIDTH} epochs"
        )
    return figure


def _running(values: Floats) -> tuple[Floats, Floats]:
    """Running means, and the epochs in their middle."""
    width = min(_WIDTH, len(values))
    mean = np.convolve(values, np.ones(width) / width, mode="valid")
    return mean, np.asarray(np.arange(len(mean)) + 0.5 * (width + 1), np.float64)


def fold_figure(found: Sequence[FoldHistory], look: Look | None = None) -> Figure:
    """Draw the losses of every classifier of each fold after each tree.

    Parameters
    ----------
    found : sequence of FoldHistory
        One a fold.
    look : Look, optional
        Style and texts.
    """
    with canvas(look) as (figure, (axes,)):
        seen = [1.0]
        folds = sorted({item.fold for item in found})
        hues = dict(zip(folds, colours(len(folds)), strict=True))
        named = set()
        for item in found:
            for member, (training, validation) in enumerate(
                zip(item.training, item.validation, strict=True)
            ):
                first = item.fold not in named and member == 0
                named.add(item.fold)
                label = f"fold {item.fold + 1}" if first else None
                axes.plot(training, "--", color=hues[item.fold], alpha=0.35, linewidth=0.7)
                axes.plot(
                    validation, color=hues[item.fold], alpha=0.6, linewidth=0.9, label=label
                )  # fmt: skip
                seen += [*training[1:], *validation[1:]]
        low, high = np.quantile(seen[1:] or [0.0, 1.0], (0.0, 1.0))
        room = max(float(high - low), 1e-3)
        axes.set_ylim(low - 0.05 * room, high + 0.35 * room)
        axes.set_xlabel("Trees")
        axes.set_ylabel("Loss")
        axes.legend(
            loc="upper right", ncols=3, fontsize=11, title="validation (full), training (dashed)"
        )
    return figure
