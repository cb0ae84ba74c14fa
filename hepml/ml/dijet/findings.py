"""What a fit of masses is shown with: the truth, planes of the likelihood, doubts of its ratios."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.landscape import mass_landscape, yield_landscape
from hepml.ml.dijet.priors import Priors
from hepml.ml.dijet.ratios import mean_one
from hepml.ml.dijet.results import Landscape
from hepml.ml.dijet.stages import Stages

__all__ = ["ordered_masses", "ratio_doubts", "search_landscapes", "true_parameters"]

Floats = NDArray[np.float64]

# Points of a landscape over mu and alpha, each way.
_POINTS = 41


def ordered_masses(masses: tuple[float, float]) -> tuple[float, float]:
    """The larger mass first: jets are in order of mass, and which resonance is X no one knows."""
    return max(masses), min(masses)


def true_parameters(stages: Stages, asked: DijetOptions) -> dict[str, float]:
    """What is in the data that are fitted; masses and alpha only where there is signal."""
    counts = stages.weak_train.counts
    truth = {"mu": counts.fraction}
    if counts.fraction > 0:
        truth |= dict(zip(("mx", "my"), ordered_masses(asked.mass_point), strict=True))
        if len(counts.signal) == 2:
            truth["alpha"] = counts.signal[1] / sum(counts.signal)
    return truth


def search_landscapes(
    data: RatioGrid,
    masses: tuple[float, float],
    mu: float,
    share: Floats,
    truth: Mapping[str, float],
) -> tuple[Landscape, ...]:
    """Planes of the likelihood around a fit: over both masses, and over mu and alpha.

    Parameters
    ----------
    data : RatioGrid
        Density ratios of the data.
    masses : (float, float)
        Fitted masses [GeV].
    mu : float
        Fitted signal fraction.
    share : array, shape (hypotheses,)
        Fitted shares of the signal.
    truth : mapping of str to float
        See :func:`true_parameters`.
    """
    found = []
    if sum(axis.free for axis in data.axes) == 2:
        found.append(mass_landscape(data, truth=truth, best=masses))
    if data.hypotheses == 2:
        high = max(4 * mu, 2 * truth["mu"], 1e-3)
        found.append(
            yield_landscape(
                data,
                masses,
                np.linspace(0.0, min(high, 0.99), _POINTS),
                np.linspace(0, 1, _POINTS),
                truth=truth if "alpha" in truth else None,
                best=(mu, float(share[1])),
            )
        )
    return tuple(found)


def ratio_doubts(priors: Priors, ratios: Floats, what: str) -> tuple[str, ...]:
    """Modes whose mean density ratio over background is far from 1.

    Parameters
    ----------
    priors : Priors
        Whose ratios they are.
    ratios : array, shape (modes, events)
        ln L of background events.
    what : str
        Which background this is.
    """
    notes = []
    for mode, row in zip(priors.modes, ratios, strict=True):
        found = mean_one(row)
        if abs(found.mean - 1) > max(3 * found.error, 0.05):
            notes.append(
                f"the mean density ratio of mode {mode} over {what} background is "
                f"{found.mean:.3f} +- {found.error:.3f}, not 1: mu is off by as much"
            )
    return tuple(notes)
