"""Which events a strategy may learn from, choose by and be judged by; no event in two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.composition import compose
from hepml.ml.dijet.counts import Counts
from hepml.ml.dijet.events import DijetEvents
from hepml.ml.dijet.roles import ROLES, assign_roles, fold_roles

__all__ = ["Stages", "WeakRows", "make_stages"]

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class WeakRows:
    """A sample of data and reference.

    Attributes
    ----------
    rows : array of int64
        Rows of the events.
    data : array of bool
        Data; the others are the reference. All that a weak strategy knows.
    counts : Counts
        What the sample is made of.
    """

    rows: Ints
    data: Mask
    counts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """Rows by what they are for.

    Attributes
    ----------
    events : DijetEvents
        All events.
    roles : array of int8
        Place in `hepml.ml.dijet.roles.ROLES` of each event.
    signal : array of bool
        Signal of the mass point that is in the data.
    weak_train, weak_validation : WeakRows
        Data and reference.
    test : array of int64
        Background, and signal of the mass point.
    """

    events: DijetEvents
    roles: NDArray[np.int8]
    signal: Mask
    weak_train: WeakRows
    weak_validation: WeakRows
    test: Ints

    def of(self, *roles: str) -> Mask:
        """Events of some roles."""
        return np.isin(self.roles, [ROLES.index(name) for name in roles])

    def composition(self) -> dict[str, int]:
        """Events by what they are used for."""
        found = {}
        for name, sample in (
            ("weak_train", self.weak_train),
            ("weak_validation", self.weak_validation),
        ):
            found[f"{name}_reference"] = sample.counts.reference
            found[f"{name}_background"] = sample.counts.background
            for mode, count in zip(self.events.modes, sample.counts.signal, strict=True):
                found[f"{name}_{mode}"] = count
        background = self.events.background[self.test]
        found["test_background"] = int(background.sum())
        found["test_signal"] = int((~background).sum())
        return found


def make_stages(events: DijetEvents, asked: DijetOptions, fold: int = 0) -> Stages:
    """Give every event its role, and compose the weakly supervised samples.

    Parameters
    ----------
    events : DijetEvents
        All events.
    asked : DijetOptions
        Mass point, mu, alpha, seed, folds.
    fold : int
        The fold that is tested, where there are folds.

    Raises
    ------
    ModelError
        If there is no signal of the mass point, or too few events.
    """
    keys = list(events.keys)
    if asked.folds:
        roles = fold_roles(keys, asked.folds, fold=fold, seed=asked.seed)
    else:
        roles = assign_roles(keys, seed=asked.seed)
    signal = events.at(asked.mass_point)
    test = np.flatnonzero((roles == ROLES.index("test")) & (events.background | signal))
    if not signal[test].any() or signal[test].all():
        raise ModelError(
            f"The test sample has {int(signal[test].sum())} signal and "
            f"{int((~signal[test]).sum())} background events: too few events for this split."
        )
    return Stages(
        events,
        roles,
        signal,
        _weak(events, roles, signal, asked, "weak_train"),
        _weak(events, roles, signal, asked, "weak_validation"),
        test,
    )


def _weak(
    events: DijetEvents, roles: NDArray[np.int8], signal: Mask, asked: DijetOptions, role: str
) -> WeakRows:
    """Data and reference out of the events of a role."""
    own = roles == ROLES.index(role)
    background = np.flatnonzero(own & events.background)
    modes = [
        np.flatnonzero(own & signal & events.of_mode(place)) for place in range(len(events.modes))
    ]
    found = compose(
        _keys(events, background),
        [_keys(events, rows) for rows in modes],
        asked.mu,
        asked.mixture,
        seed=asked.seed,
        poisson=asked.poisson,
    )
    parts = [background[found.reference], background[found.background]]
    parts += [rows[chosen] for rows, chosen in zip(modes, found.signal, strict=True)]
    data = np.repeat([False, True], [len(parts[0]), sum(map(len, parts[1:]))])
    return WeakRows(np.concatenate(parts), data, found.counts)


def _keys(events: DijetEvents, rows: Ints) -> Sequence[NDArray[np.int64]]:
    return [item[rows] for item in events.keys]
