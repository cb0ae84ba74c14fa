"""Preprocessing of features and mass for density models: fitted once, inverted exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.ml.massscale import MassScaler
from hepml.ml.scalers import STEPS, Cushion, Gaussianise, Logit, MinMax, Scaler, Standardise

__all__ = ["ORDERS", "Domain", "MassScaler", "Outside", "Preprocessing"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Outside = Literal["error", "mask", "clip"]

ORDERS = ("code", "readme", "normal")
# Share of the domain's width that clipped values keep away from its ends.
CLIP = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """Which rows a transformation is defined for.

    Attributes
    ----------
    inside : array of bool, shape (rows,)
        Rows that can be transformed.
    not_finite, outside : dict of str to int
        Values that are NaN or infinite, and finite ones beyond the domain, by feature; features
        without any are left out.
    """

    inside: Mask
    not_finite: dict[str, int]
    outside: dict[str, int]

    @property
    def text(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        parts = [f"{name}: {count:,} NaN or infinite" for name, count in self.not_finite.items()]
        parts += [f"{name}: {count:,} outside" for name, count in self.outside.items()]
        return ", ".join(parts)


class Preprocessing(TransformerMixin, BaseEstimator):
    """Features to variables that a density model can learn.

    Orders: ``code`` is what the published code does (min-max with an inflated maximum, cushion,
    logit, standardise); ``readme`` is what its README states (logit, then min-max to (0, 1));
    ``normal`` maps each feature to a normal distribution by its sideband quantiles, which suits
    heavy tails and hard edges best and is defined everywhere.

    The range comes from all rows given to ``fit`` (signal region too: part of the published
    preset), mean, standard deviation and quantiles from the sideband rows alone.

    Values beyond the fitted range are transformed as long as they are inside the domain, which is
    wider by the cushion and the inflation: ``low_`` to ``high_``. What lies outside (same-sign
    pairs are not part of the fit) is an error that names the feature, or, with
    ``outside="mask"``, gives rows of NaN; ``outside="clip"`` moves finite values to the domain's
    ends, which is meant for scoring only, since it has no inverse. ``domain`` counts them.

    Parameters
    ----------
    order : {"code", "readme", "normal"}
        Order of the steps.
    names : sequence of str, optional
        Names of the features, for messages.
    inflation, cushion, guard : float
        Parameters of min-max, cushion and logit.

    Attributes
    ----------
    steps_ : list of Scaler
        The fitted transformers.
    low_, high_ : array, shape (features,)
        Ends of the domain, not included.
    """

    def __init__(
        self,
        order: str = "code",
        *,
        names: Sequence[str] | None = None,
        inflation: float = 1.2,
        cushion: float = 0.02,
        guard: float = 1e-4,
    ) -> None:
        self.order = order
        self.names = names
        self.inflation = inflation
        self.cushion = cushion
        self.guard = guard

    def fit(self, X: Array, sideband: Mask | None = None) -> Self:  # noqa: N803
        """Learn the steps.

        Parameters
        ----------
        X : array, shape (rows, features)
            Opposite-sign events of the whole window; all values finite.
        sideband : array of bool, optional
            Rows of the sidebands; default: all.

        Raises
        ------
        ModelError
            If values are NaN or infinite, or a feature is constant.
        """
        x = self._matrix(X)
        self.n_features_in_ = x.shape[1]
        self._need_names()
        side = np.ones(len(x), dtype=np.bool_) if sideband is None else np.asarray(sideband)
        if side.shape != (len(x),):
            raise ValueError(f"A sideband mask of shape {side.shape} for {len(x)} rows.")
        found = self._counts(~np.isfinite(x))
        if found:
            raise ModelError(
                f"Features of {len(x):,} rows are NaN or infinite: {_listed(found)}. Leave those "
                "rows or features out; none is dropped silently."
            )
        if not side.any():
            raise ModelError("No rows in the sidebands: check the window and the mass column.")
        self._need_range(x, side)
        self.steps_: list[Scaler] = []
        for step, everywhere in self._plan():
            step.fit(x if everywhere else x[side])
            x = step.transform(x)
            self.steps_.append(step)
        self._ends()
        return self

    def _plan(self) -> list[tuple[Scaler, bool]]:
        """Steps, and whether each is fitted on all rows or on the sidebands."""
        logit: list[tuple[Scaler, bool]] = [
            (MinMax(self.inflation), True),
            (Cushion(self.cushion), True),
            (Logit(self.guard), True),
        ]
        if self.order == "code":
            return [*logit, (Standardise(), False)]
        if self.order == "readme":
            return [*logit, (MinMax(1.0), True)]
        if self.order == "normal":
            return [(Gaussianise(), False)]
        raise ParameterError(
            f"There is no preprocessing {self.order!r}. " + did_you_mean(self.order, ORDERS)
        )

    def _ends(self) -> None:
        with np.errstate(over="ignore"):
            ends = np.repeat([[-np.inf], [np.inf]], self.n_features_in_, axis=1)
            self.low_, self.high_ = self._backward(ends)

    def domain(self, X: Array) -> Domain:  # noqa: N803
        """Which rows can be transformed, and what is wrong with the others."""
        x = self._checked(X)
        finite = np.isfinite(x)
        within = np.isfinite(self._forward(np.where(finite, x, 0.0)))
        return Domain(
            inside=np.asarray((finite & within).all(axis=1)),
            not_finite=self._counts(~finite),
            outside=self._counts(finite & ~within),
        )

    def transform(self, X: Array, outside: Outside = "error") -> Array:  # noqa: N803
        """Forward: raw features to z.

        Raises
        ------
        ModelError
            If a value is NaN or infinite, or, with ``outside="error"``, outside the domain; not
            with ``outside="mask"``.
        """
        x, found = self._admitted(X, outside)
        z = self._forward(x)
        z[~found] = np.nan
        return z

    def inverse_transform(self, X: Array) -> Array:  # noqa: N803
        """Backward: z to raw features, exactly."""
        return self._backward(self._checked(X))

    def log_jacobian(self, X: Array, outside: Outside = "error") -> Array:  # noqa: N803
        """ln |dz/dx| of raw rows: ln p(x) is ln p(z) plus this."""
        x, found = self._admitted(X, outside)
        total = np.zeros(len(x))
        for step in self.steps_:
            total += step.log_derivative(x).sum(axis=1)
            x = step.transform(x)
        total[~found] = np.nan
        return total

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON values."""
        check_is_fitted(self, "steps_")
        return {
            "parameters": self.get_params() | {"names": self._names()},
            "steps": [step.to_json() for step in self.steps_],
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """What ``to_json`` gave, again.

        Raises
        ------
        ModelError
            If it is damaged.
        """
        try:
            made = cls(**found["parameters"])
            made.steps_ = [STEPS[step["kind"]].from_json(step) for step in found["steps"]]
            made.n_features_in_ = made.steps_[0].n_features_in_
        except (KeyError, TypeError, IndexError, ValueError) as error:
            raise ModelError(f"This is no preprocessing that was saved: {error!r}") from error
        made._ends()
        return made

    def _forward(self, x: Array) -> Array:
        for step in self.steps_:
            x = step.transform(x)
        return x

    def _backward(self, z: Array) -> Array:
        for step in reversed(self.steps_):
            z = step.inverse_transform(z)
        return z

    def _admitted(self, rows: Array, outside: Outside) -> tuple[Array, Mask]:
        """Rows to transform (others are set to the middle of the domain), and which are real."""
        x = self._checked(rows)
        found = self.domain(x)
        if outside == "clip":
            x = self._clipped(x)
            found = self.domain(x)
        if outside != "mask" and not found.inside.all():
            raise ModelError(
                f"{int((~found.inside).sum()):,} of {len(x):,} rows cannot be transformed: "
                f"{found.text}. The domain follows from the range of the fitted rows; leave these "
                'rows out, or choose outside="mask" (they become NaN).'
            )
        return np.where(found.inside[:, None], x, self._backward(np.zeros_like(x))), found.inside

    def _clipped(self, x: Array) -> Array:
        room = CLIP * (self.high_ - self.low_)
        if not np.isfinite(room).all():
            return x
        return np.where(np.isfinite(x), np.clip(x, self.low_ + room, self.high_ - room), x)

    def _checked(self, rows: Array) -> Array:
        check_is_fitted(self, "steps_")
        x = self._matrix(rows)
        if x.shape[1] != self.n_features_in_:
            raise ValueError(f"{x.shape[1]} features, fitted with {self.n_features_in_}.")
        return x

    @staticmethod
    def _matrix(rows: Array) -> Array:
        x = np.asarray(rows, dtype=np.float64)
        if x.ndim != 2:
            raise ValueError(f"Features must have the shape (rows, features), not {x.shape}.")
        return x

    def _names(self) -> list[str]:
        if self.names is None:
            return [f"feature {number}" for number in range(self.n_features_in_)]
        return list(self.names)

    def _need_names(self) -> None:
        if len(self._names()) != self.n_features_in_ or not self.n_features_in_:
            raise ValueError(f"{len(self._names())} names for {self.n_features_in_} features.")

    def _counts(self, wrong: Mask) -> dict[str, int]:
        counts = wrong.sum(axis=0)
        return {
            name: int(count) for name, count in zip(self._names(), counts, strict=True) if count
        }

    def _need_range(self, x: Array, side: Mask) -> None:
        flat = [
            name for name, n in zip(self._names(), np.ptp(x[side], axis=0), strict=True) if not n
        ]
        if flat:
            raise ModelError(
                f"{', '.join(flat)}: the same value in all {int(side.sum()):,} sideband rows, so "
                "there is no density to learn. Leave it out of the features."
            )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
