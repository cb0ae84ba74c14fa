"""Scaling of the high-level quantities for networks: fitted once, or file by file as published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.tables import FeatureTable
from processors.topjet_columns import HIGH_LEVEL, UNITS

__all__ = ["HighLevelScaler", "reference_divisor"]

MODES = ("fitted", "reference")
MEV = 1000.0

Floats = NDArray[np.float64]


def reference_divisor(maximum: float) -> float:
    """What the published code divides a quantity by before it is standardised.

    Parameters
    ----------
    maximum : float
        Largest value, in the units of the files (powers of MeV).
    """
    if 1e5 < maximum <= 1e11:
        return 1e6
    if 1e11 < maximum <= 1e17:
        return 1e12
    return 1e18 if maximum > 1e17 else 1.0


class HighLevelScaler:
    """Each quantity minus its mean, over its standard deviation.

    Parameters
    ----------
    mode : {"fitted", "reference"}
        ``fitted``: statistics of the training jets, fitted once and stored with the model.
        ``reference``: as published, those of the very array that is transformed, also of test and
        systematic samples: one jet then depends on the others of its file. Give a file at once.
    names : sequence of str
        Columns, as in the table.

    Attributes
    ----------
    mean_, std_ : array of float64, shape (quantities,)
        In units of the table.
    divisor_ : array of float64
        What the published code would divide by (powers of MeV). It cancels in the result.
    count_ : array of int64
        Defined values.
    maximum_ : array of float64
        Largest values.
    """

    def __init__(
        self,
        mode: Literal["fitted", "reference"] = "fitted",
        names: Sequence[str] = HIGH_LEVEL,
    ) -> None:
        if mode not in MODES:
            raise ParameterError(f"There is no scaling {mode!r}. " + did_you_mean(mode, MODES))
        self.mode = mode
        self.names = tuple(names)
        self._squares: Floats = np.zeros(len(self.names))

    def fit(self, values: NDArray[Any]) -> Self:
        """Learn mean and deviation; undefined values (NaN) do not count.

        Parameters
        ----------
        values : array, shape (jets, quantities)
            In units of the table, columns as in ``names``.
        """
        self.__dict__.pop("count_", None)
        return self.partial_fit(values)

    def fit_table(self, table: FeatureTable) -> Self:
        """Learn from all rows of a table, a batch at a time."""
        self.__dict__.pop("count_", None)
        for batch in table.batches(list(self.names)):
            columns = [column.to_numpy(zero_copy_only=False) for column in batch.columns]
            self.partial_fit(np.stack(columns, axis=1))
        return self

    def partial_fit(self, values: NDArray[Any]) -> Self:
        """Add jets to what was learned (Chan, Golub, LeVeque, Am. Stat. 37 (1983) 242)."""
        if not hasattr(self, "count_"):
            size = len(self.names)
            self.count_ = np.zeros(size, dtype=np.int64)
            self.mean_, self._squares = np.zeros(size), np.zeros(size)
            self.maximum_ = np.full(size, -np.inf)
        given = self._checked(values)
        defined = np.isfinite(given)
        count = defined.sum(axis=0)
        here = np.where(defined, given, 0.0)
        mean = here.sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(defined, given - mean, 0.0) ** 2).sum(axis=0)
        total = self.count_ + count
        shift = mean - self.mean_
        share = count / np.maximum(total, 1)
        self._squares += squares + shift**2 * self.count_ * share
        self.mean_ += shift * share
        self.count_ = total
        highest = np.where(defined, given, -np.inf).max(axis=0, initial=-np.inf)
        self.maximum_ = np.maximum(self.maximum_, highest)
        return self

    @property
    def std_(self) -> Floats:
        """Standard deviations; 1 for a quantity that does not vary."""
        std = np.sqrt(self._squares / np.maximum(self.count_, 1))
        return np.where(std > 0, std, 1.0)

    @property
    def divisor_(self) -> Floats:
        """See the class."""
        scale = [MEV ** UNITS.get(name.removeprefix("hl_"), 0) for name in self.names]
        return np.array([reference_divisor(m) for m in self.maximum_ * np.array(scale)])

    def transform(self, values: NDArray[Any], *, missing: float = 0.0) -> NDArray[np.float32]:
        """Scale; an undefined value becomes ``missing``, by default the mean.

        Raises
        ------
        ModelError
            If nothing was fitted, or the columns are not as many.
        """
        given = self._checked(values)
        learned = self
        if self.mode == "reference":
            learned = HighLevelScaler("fitted", self.names).fit(given)
        elif not hasattr(self, "count_"):
            raise ModelError("The scaling of the high-level quantities was not fitted. Call fit.")
        scaled = (given - learned.mean_) / learned.std_
        return np.where(np.isfinite(scaled), scaled, missing).astype(np.float32)

    def _checked(self, values: NDArray[Any]) -> Floats:
        given = np.asarray(values, dtype=np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.names):
            raise ModelError(
                f"High-level quantities come as an array of (jets, {len(self.names)}), not of the "
                f"shape {given.shape}. Columns: {', '.join(self.names)}."
            )
        return given

    # --- as JSON ----------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """All of it, as numbers in units of the table; see :meth:`from_json`."""
        found: dict[str, Any] = {"mode": self.mode, "names": list(self.names)}
        if hasattr(self, "count_"):
            found |= {
                "count": self.count_.tolist(),
                "mean": self.mean_.tolist(),
                "std": self.std_.tolist(),
                "maximum": [float(m) if np.isfinite(m) else None for m in self.maximum_],
                "divisor": self.divisor_.tolist(),
                "squares": self._squares.tolist(),
            }
        return found

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Invert :meth:`to_json`.

        Raises
        ------
        ModelError
            If it is not what :meth:`to_json` gives.
        """
        try:
            scaler = cls(content["mode"], content["names"])
            if "count" in content:
                size = (len(scaler.names),)
                scaler.count_ = np.array(content["count"], dtype=np.int64).reshape(size)
                scaler.mean_ = np.array(content["mean"], dtype=np.float64).reshape(size)
                scaler._squares = np.array(content["squares"], dtype=np.float64).reshape(size)
                highest = [-np.inf if m is None else m for m in content["maximum"]]
                scaler.maximum_ = np.array(highest, dtype=np.float64).reshape(size)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"This is no stored scaling: {error!r}. Train again.") from error
        return scaler

    def save(self, path: str | Path) -> None:
        """Write JSON, whole or not at all."""
        from hepml.engine.store import write_json

        write_json(Path(path), self.to_json())

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        ModelError
            If it cannot be read.
        """
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path} cannot be read as a scaling: {error}.") from error
        return cls.from_json(content)
