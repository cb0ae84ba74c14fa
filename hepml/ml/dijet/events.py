"""Dijet events in memory: features, truth, and seeded noise features."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import EmptyInputError, ModelError, ParameterError, TableError, did_you_mean
from hepml.keys import key_position
from hepml.ml.feature_sets import find_features
from hepml.ml.features import choose_features
from hepml.ml.sources import open_rows
from hepml.parts import DATASET, to_numpy
from hepml.tables import FeatureTable

__all__ = ["MODES", "STUDY", "DijetEvents", "check_modes", "noise_features", "read_dijets"]

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Rows = dict[str, NDArray[Any]]

MODES = {"qq": 2, "qqq": 3}
"""Partons that both resonances decay to, by the name of the decay mode."""

STUDY = (
    *("heavy_mass", "heavy_tau21", "heavy_tau32"),
    *("light_mass", "light_tau21", "light_tau32"),
)
"""Features of the published study."""

_TRUTH = ("label", "prongs", "mx", "my", "dijet_mass")
# Noise features and splits must not follow from each other.
_SALT = 0x4E4F4953


@dataclass(frozen=True, slots=True, eq=False)
class DijetEvents:
    """Events of the signal region.

    Attributes
    ----------
    features : tuple of str
        Names of the columns of ``x``, noise last.
    x : array of float32, shape (events, features)
        Values.
    mode : array of int8, shape (events,)
        -1 for background, else the place in ``modes``.
    modes : tuple of str
        Decay modes of the signal that were asked for.
    masses : array of float32, shape (events, 2)
        True masses of X and Y [GeV]; NaN for background.
    dijet_mass : array of float32, shape (events,)
        Invariant mass of the two jets [GeV].
    keys : tuple of array
        Key columns.
    noise : int
        How many of the features are noise.
    source : dict
        Where this comes from, as JSON values.
    notes : tuple of str
        What a reader must know.
    """

    features: tuple[str, ...]
    x: Floats
    mode: NDArray[np.int8]
    modes: tuple[str, ...]
    masses: Floats
    dijet_mass: Floats
    keys: tuple[NDArray[Any], ...]
    key_names: tuple[str, ...] = ()
    noise: int = 0
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)

    @property
    def background(self) -> Mask:
        """Which events are background."""
        return np.asarray(self.mode < 0)

    def of_mode(self, place: int) -> Mask:
        """Which events are signal of a mode."""
        return np.asarray(self.mode == place)

    def at(self, mass_point: tuple[float, float]) -> Mask:
        """Which events are signal of a mass point.

        Raises
        ------
        ModelError
            If there is none: not on the grid, or not in the table.
        """
        wanted = np.asarray(mass_point, np.float32)
        found = np.asarray((self.mode >= 0) & (self.masses == wanted).all(axis=1))
        for place, name in enumerate(self.modes):
            if not (found & self.of_mode(place)).any():
                raise ModelError(
                    f"There is no signal of mode {name} with masses of {mass_point[0]:g} and "
                    f"{mass_point[1]:g} GeV to inject. {self._nearest(mass_point, place)}"
                )
        return found

    def grid(self) -> NDArray[np.float64]:
        """Mass points of the signal, sorted, shape (points, 2)."""
        known = self.masses[self.mode >= 0].astype(np.float64)
        return np.unique(known, axis=0)

    def _nearest(self, mass_point: tuple[float, float], place: int) -> str:
        known = np.unique(self.masses[self.of_mode(place)], axis=0)
        if not len(known):
            return f"The table has no such signal at all: choose other --modes than {self.modes}."
        order = np.argsort(np.hypot(*(known - np.asarray(mass_point, np.float32)).T))[:4]
        near = ", ".join(f"{x:g},{y:g}" for x, y in known[order])
        return f"Nearest of {len(known)} mass points: {near}."


def check_modes(modes: tuple[str, ...]) -> tuple[str, ...]:
    """Names of decay modes, each once.

    Raises
    ------
    ParameterError
        If one is unknown, given twice, or there is none.
    """
    for name in modes:
        if name not in MODES:
            raise ParameterError(f"There is no decay mode {name!r}. " + did_you_mean(name, MODES))
    if not modes or len(set(modes)) < len(modes):
        raise ParameterError("Give each decay mode once: --modes qq,qqq, or one of them.")
    return modes


def read_dijets(
    path: str | Path,
    modes: tuple[str, ...] = ("qq", "qqq"),
    *,
    features: tuple[str, ...] = STUDY,
    mass_point: tuple[float, float] | None = None,
    noise: int = 0,
    seed: int = 0,
) -> DijetEvents:
    """Read events of a run of ``hepml run dijet``; only the needed columns.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them.
    modes : tuple of str
        Decay modes; signal of others is left out.
    features : tuple of str
        Columns, by their names or published names.
    mass_point : (float, float), optional
        Keep signal of these masses [GeV] only; default: all of it.
    noise : int
        Features of noise to add, see :func:`noise_features`.
    seed : int
        Of the noise.

    Raises
    ------
    TableError
        If the table is none of dijets, or a feature is not finite.
    EmptyInputError
        If there is no background.
    """
    check_modes(modes)
    table, account = open_rows(path, labelled=True)
    _need(table, path)
    # the number of constituents is an observer, and is refused here: background has none
    chosen = choose_features(table, find_features(features, table.names()), reserved=_TRUTH)
    rows, left_out = _collect(table, chosen, modes, mass_point)
    x = np.column_stack([rows[name] for name in chosen]).astype(np.float32, copy=False)
    _check_finite(x, chosen)
    keys = tuple(rows[name] for name in table.names("key"))
    if not len(x) or not (rows["mode"] < 0).any():
        raise EmptyInputError(f"{path} has no background events (label 0) to learn from.")
    if noise:
        x = np.hstack([x, noise_features(keys, noise, seed)])
    notes = [f"{left_out:,} events of unknown label were left out"] if left_out else []
    return DijetEvents(
        features=(*chosen, *(f"noise_{place + 1}" for place in range(noise))),
        x=x,
        mode=rows["mode"],
        modes=modes,
        masses=np.column_stack([rows["mx"], rows["my"]]).astype(np.float32),
        dijet_mass=rows["dijet_mass"].astype(np.float32),
        keys=keys,
        key_names=table.names("key"),
        noise=noise,
        source=account.source,
        notes=(*account.notes, *notes),
    )


def _need(table: FeatureTable, path: str | Path) -> None:
    missing = [name for name in _TRUTH if name not in table.names()]
    if missing or not table.names("key"):
        raise TableError(
            f"{path} has no column {', '.join(missing) or 'that identifies events'}: give a run "
            "of hepml run dijet."
        )


def _collect(
    table: FeatureTable,
    features: tuple[str, ...],
    modes: tuple[str, ...],
    mass_point: tuple[float, float] | None,
) -> tuple[Rows, int]:
    """Background and wanted signal, and how many events have no label."""
    kept = list(dict.fromkeys([*table.names("key"), *_TRUTH, *features]))
    parts: list[Rows] = []
    unknown = 0
    for batch in table.batches([*kept, DATASET]):
        values = {name: to_numpy(batch.column(name)) for name in kept}
        label, prongs = values["label"], values["prongs"]
        unknown += int((label < 0).sum())
        mode = np.full(len(label), -2, np.int8)
        mode[label == 0] = -1
        for place, name in enumerate(modes):
            wanted = (label == 1) & (prongs == MODES[name])
            if mass_point is not None:
                wanted &= (values["mx"] == np.float32(mass_point[0])) & (
                    values["my"] == np.float32(mass_point[1])
                )
            mode[wanted] = place
        passed = mode > -2
        parts.append({name: item[passed] for name, item in values.items()} | {"mode": mode[passed]})
    names = [*kept, "mode"]
    return {name: np.concatenate([part[name] for part in parts]) for name in names}, unknown


def _check_finite(x: Floats, features: tuple[str, ...]) -> None:
    bad = (~np.isfinite(x)).sum(axis=0)
    if bad.any():
        worst = int(bad.argmax())
        raise TableError(
            f"{bad[worst]} of {len(x):,} events have no finite {features[worst]}; leave them out "
            "of the run, or choose other features."
        )


def noise_features(keys: tuple[NDArray[Any], ...], count: int, seed: int = 0) -> Floats:
    """Standard normal numbers that know nothing: the same for the same event, always.

    Parameters
    ----------
    keys : tuple of array
        Key columns.
    count : int
        Features.
    seed : int
        Another seed gives other numbers.

    Returns
    -------
    array of float32, shape (events, count)
    """
    from scipy.special import ndtri

    if count < 0:
        raise ParameterError(f"The number of noise features is not negative: {count}.")
    size = len(keys[0]) if keys else 0
    found = np.empty((size, count), np.float32)
    for place in range(count):
        uniform = key_position(list(keys), (seed * 1_000_003 + place) ^ _SALT)
        found[:, place] = ndtri(np.clip(uniform, 2.0**-53, 1 - 2.0**-53))
    return found
