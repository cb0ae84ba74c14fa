"""The mass as a density model sees it: one number of order 1, scaled once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ModelError

__all__ = ["MassScaler"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class MassScaler(TransformerMixin, BaseEstimator):
    """Mass [GeV] to mean 0 and standard deviation 1 of the sidebands.

    Parameters
    ----------
    unit : bool
        Scale the fitted rows to (0, 1) after that, as the published README says.
    """

    def __init__(self, unit: bool = False) -> None:
        self.unit = unit

    def fit(self, X: Array, sideband: Mask | None = None) -> Self:  # noqa: N803
        """Learn from masses [GeV], of shape (rows,)."""
        mass = np.asarray(X, dtype=np.float64)
        side = mass if sideband is None else mass[sideband]
        if not np.isfinite(mass).all() or not len(side) or not np.ptp(side) > 0:
            bad = int((~np.isfinite(mass)).sum())
            raise ModelError(
                f"The mass cannot be scaled: {len(side):,} rows in the sidebands, {bad:,} masses "
                "NaN or infinite. Check the mass column and the window."
            )
        self.mean_, self.scale_ = float(side.mean()), float(side.std())
        if self.unit:
            low, high = float(mass.min()), float(mass.max())
            self.mean_, self.scale_ = low, high - low
        return self

    def transform(self, X: Array) -> Array:  # noqa: N803
        """Forward."""
        check_is_fitted(self, "mean_")
        return np.asarray((np.asarray(X, dtype=np.float64) - self.mean_) / self.scale_)

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward, to GeV."""
        check_is_fitted(self, "mean_")
        return np.asarray(np.asarray(X, dtype=np.float64) * self.scale_ + self.mean_)

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        check_is_fitted(self, "mean_")
        return {"unit": self.unit, "mean": self.mean_, "scale": self.scale_}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``to_json`` gave, again."""
        made = cls(unit=found["unit"])
        made.mean_, made.scale_ = float(found["mean"]), float(found["scale"])
        return made
