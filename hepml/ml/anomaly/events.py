"""Events of a mass window with their features: signal region, sidebands, keys, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, TableError
from hepml.keys import Hashes, key_hash
from hepml.windows import Window

__all__ = ["AnomalyData", "content_keys"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AnomalyData:
    """Events inside a window.

    Attributes
    ----------
    features : tuple of str
        Names of the columns of ``x``.
    x : array of float64, shape (rows, features)
        Features in their own units, all finite; the mass is not one of them.
    mass : array of float64, shape (rows,)
        Masses in the unit of the window (GeV), all inside it.
    window : Window
        Sidebands [left, low) and [high, right), signal region [low, high).
    key : array of uint64, shape (rows,)
        Hash of the event's key: events of one key (copies in a bootstrap) stay in one fold.
    label : array of bool, optional
        True signal, where it is known.
    lost : mapping of str to int
        Rows that :meth:`select` left out, by reason.

    Raises
    ------
    TableError
        If a feature is not finite, or a mass lies outside the window.
    """

    features: tuple[str, ...]
    x: Floats
    mass: Floats
    window: Window
    key: Hashes
    label: Mask | None = None
    lost: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        rows = len(self.mass)
        if self.x.shape != (rows, len(self.features)) or not self.features:
            raise ValueError(f"Features of shape {self.x.shape} for {rows} rows.")
        if self.key.shape != (rows,) or (self.label is not None and self.label.shape != (rows,)):
            raise ValueError("Keys and labels need one value per row.")
        bad = _not_finite(self.features, self.x)
        if bad:
            raise TableError(_complaint(bad, rows))
        outside = int((~_inside(self.mass, self.window)).sum())
        if outside:
            raise TableError(
                f"{outside} of {rows} events lie outside the window {self.window.name!r} "
                f"([{self.window.left:g}, {self.window.right:g})). Cut them off first."
            )

    @classmethod
    def select(
        cls,
        features: Sequence[str],
        x: NDArray[Any],
        mass: NDArray[Any],
        window: Window,
        *,
        key: Sequence[NDArray[Any]] | None = None,
        label: NDArray[Any] | None = None,
        accept_loss: Iterable[str] = (),
    ) -> tuple[Self, NDArray[np.int64]]:
        """Keep the events of the window, and which rows these are.

        Parameters
        ----------
        features, x, mass, window, label
            As the attributes, of all events; a mass may be NaN or outside the window.
        key : sequence of arrays, optional
            Key columns; default: the content of the row, so that copies have one key.
        accept_loss : iterable of str
            Features whose events without a finite value may be left out. They are counted in
            ``lost``.

        Returns
        -------
        AnomalyData, array of int64
            The events, and their place among those given.

        Raises
        ------
        TableError
            If events of the window lack a finite value of a feature whose loss is not accepted.
        ParameterError
            If ``accept_loss`` names something that is no feature.
        """
        names = tuple(features)
        values = np.asarray(x, np.float64)
        masses = np.asarray(mass, np.float64)
        accepted = tuple(accept_loss)
        if unknown := sorted(set(accepted) - set(names)):
            raise ParameterError(f"No features: {', '.join(unknown)}; there are {list(names)}.")
        keep = _inside(masses, window)
        lost = {"outside the window": int((~keep).sum())}
        bad = _not_finite(names, values[keep])
        if refused := {name: count for name, count in bad.items() if name not in accepted}:
            raise TableError(_complaint(refused, int(keep.sum())))
        lost |= {f"{name} not finite": count for name, count in bad.items()}
        keep &= np.isfinite(values).all(axis=1)
        rows = np.flatnonzero(keep)
        hashes = content_keys(values, masses) if key is None else key_hash(list(key))
        truth = None if label is None else np.asarray(label, np.bool_)[rows]
        return cls(names, values[rows], masses[rows], window, hashes[rows], truth, lost), rows

    def __len__(self) -> int:
        return len(self.mass)

    @property
    def low(self) -> Mask:
        """Events of the lower sideband."""
        return np.asarray(self.mass < self.window.low)

    @property
    def high(self) -> Mask:
        """Events of the upper sideband."""
        return np.asarray(self.mass >= self.window.high)

    @property
    def sideband(self) -> Mask:
        """Events of either sideband."""
        return self.low | self.high

    @property
    def signal_region(self) -> Mask:
        """Events of the signal region."""
        return ~self.sideband

    def bands(self) -> dict[str, Mask]:
        """Both sidebands, the lower and the upper one, by their short names."""
        return {"SB": self.sideband, "SBL": self.low, "SBH": self.high}

    def take(self, rows: NDArray[Any]) -> Self:
        """Some of the events, by mask or by place."""
        label = None if self.label is None else self.label[rows]
        return replace(self, x=self.x[rows], mass=self.mass[rows], key=self.key[rows], label=label)

    def bootstrap(self, seed: int) -> Self:
        """Draw as many events with replacement; copies keep their key, and so their fold.

        Parameters
        ----------
        seed : int
            0 gives the events themselves (the published convention).
        """
        if seed == 0:
            return self
        rows = np.random.default_rng(seed).integers(0, len(self), len(self))
        return self.take(rows)


def content_keys(x: Floats, mass: Floats) -> Hashes:
    """Keys of events that have none: a hash of their values."""
    columns = [*np.asarray(x, np.float64).T, np.asarray(mass, np.float64)]
    return key_hash([np.ascontiguousarray(column).view(np.int64) for column in columns])


def _inside(mass: Floats, window: Window) -> Mask:
    return np.asarray((mass >= window.left) & (mass < window.right))


def _not_finite(features: Sequence[str], x: Floats) -> dict[str, int]:
    """How many values of each feature are NaN or infinite; only features that have such."""
    counts = (~np.isfinite(x)).sum(axis=0)
    return {name: int(count) for name, count in zip(features, counts, strict=True) if count}


def _complaint(bad: Mapping[str, int], rows: int) -> str:
    named = ", ".join(f"{name} ({count})" for name, count in bad.items())
    return (
        f"Features that are not finite among {rows} events of the window: {named}. Cut such "
        "events off, choose other features, or accept the loss by naming the features."
    )
