"""What a fit of masses is shown with: the truth, planes of the likelihood, doubts of its ratios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.landscape import mass_landscape, yield_landscape
from hepml.ml.dijet.priors import Priors
from hepml.ml.dijet.ratios import check_closure
from hepml.ml.dijet.refining import Window
from hepml.ml.dijet.results import Landscape
from hepml.ml.dijet.stages import Stages

__all__ = ["closure_at", "ordered_masses", "ratio_doubts", "search_landscapes", "true_parameters"]

Floats = NDArray[np.float64]

# Points of a landscape over mu and alpha.
_POINTS = (81, 41)
# ln L above which density ratios are not compared.
_CUT_OFF = math.log(100)


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
    reference: RatioGrid | None = None,
    window: Window | None = None,
) -> tuple[Landscape, ...]:
    """Planes of the likelihood around a fit: over both masses, and over mu and alpha.

    Where the fit was made in a window, the masses have two planes, all of them and the window.

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
    reference : RatioGrid, optional
        Density ratios of the reference, where the fit was one of the cross-entropy.
    window : Window, optional
        Density ratios around the fitted masses.
    """
    found = []
    grids = [(data, reference)]
    if window is not None:
        grids.append((window.data, window.reference))
    if sum(axis.free for axis in data.axes) == 2:
        found += [
            mass_landscape(first, reference=second, truth=truth, best=masses, closer=window is None)
            for first, second in grids
        ]
    if data.hypotheses == 2:
        high = max(4 * mu, 2 * truth["mu"], 1e-3)
        found.append(
            yield_landscape(
                grids[-1][0],
                masses,
                np.linspace(0.0, min(high, 0.99), _POINTS[0]),
                np.linspace(0, 1, _POINTS[1]),
                reference=grids[-1][1],
                truth=truth if "alpha" in truth else None,
                best=(mu, float(share[1])),
            )
        )
    return tuple(found)


def ratio_doubts(priors: Priors, ratios: Floats, expected: Floats, what: str) -> tuple[str, ...]:
    """Modes whose density ratios over some background are not as over that of the priors.

    Their mean is no test: it hangs on the few events of largest ratio. Ratios above a hundred
    count as a hundred here.

    Parameters
    ----------
    priors : Priors
        Whose ratios they are.
    ratios : array, shape (modes, events)
        ln L of background events.
    expected : array, shape (modes, events)
        ln L of the events that the priors are normalised by, at the same masses.
    what : str
        Which background this is.
    """
    notes = []
    for mode, row, other in zip(priors.modes, ratios, expected, strict=True):
        values, others = (np.exp(np.minimum(item, _CUT_OFF)) for item in (row, other))
        mean, wanted = float(values.mean()), float(others @ priors.weights)
        variance = values.var() / len(values) + priors.weights**2 @ (others - wanted) ** 2
        error = math.sqrt(float(variance))
        if abs(mean - wanted) > max(3 * error, 0.1 * wanted):
            notes.append(
                f"density ratios of mode {mode}, those above 100 taken as 100, have a mean of "
                f"{mean:.3f} over {what} background and of {wanted:.3f} +- {error:.3f} over that "
                "of the priors: mu may be off by as much"
            )
    return tuple(notes)


def closure_at(priors: Priors, stages: Stages, masses: tuple[float, float]) -> dict[str, Any]:
    """Background reweighted to signal and the true odds, at the mass point next to some masses.

    Parameters
    ----------
    priors : Priors
        Whose density ratios are checked.
    stages : Stages
        Events held out of their training are used.
    masses : (float, float)
        Masses [GeV].

    Returns
    -------
    dict
        ``mass_point``, and the closure of each mode as JSON values, see
        `hepml.ml.dijet.ratios.check_closure`; without modes that have no signal there.
    """
    events, held_out = stages.events, stages.of("prior_validation")
    grid = events.grid()
    near = grid[np.hypot(*(grid - masses).T).argmin()]
    point = float(near[0]), float(near[1])
    background = events.x[held_out & events.background]
    own = held_out & (events.masses == np.asarray(point, np.float32)).all(axis=1)
    ratios, found = priors.log_ratios(background, point), {}
    for place, mode in enumerate(priors.modes):
        signal = events.x[own & events.of_mode(place)]
        if len(signal):
            of_signal = priors.log_ratios(signal, point)[place]
            names = events.features
            found[mode] = check_closure(
                background, signal, ratios[place], of_signal, names
            ).to_json()
    return {"mass_point": list(point), **found}
