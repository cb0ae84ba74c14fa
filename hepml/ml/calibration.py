"""Calibration of scores: what share of the rows with a score is signal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError

__all__ = ["Calibration", "Method", "fit_calibration"]

Floats = NDArray[np.float64]
Method = Literal["isotonic", "sigmoid", "none"]

# Rows of the rarer class below which steps of an isotonic curve would follow fluctuations.
_ENOUGH = 1_000
_EDGE = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """A growing function from scores to probabilities.

    Attributes
    ----------
    method : {"isotonic", "sigmoid", "none"}
        Straight lines between points, a logistic function of the score's log-odds, or nothing.
    x, y : array of float64
        Points of the isotonic curve; of the logistic one ``y = (slope, offset)``.
    """

    method: Method
    x: Floats
    y: Floats

    def __call__(self, scores: NDArray[Any]) -> Floats:
        """Probability of each score."""
        values = np.asarray(scores, np.float64)
        if self.method == "isotonic":
            return np.interp(values, self.x, self.y)
        if self.method == "sigmoid":
            return _logistic(self.y[0] * _log_odds(values) + self.y[1])
        return values

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"method": self.method, "x": self.x.tolist(), "y": self.y.tolist()}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Calibration:
        """Out of JSON values."""
        x, y = (np.asarray(found[name], np.float64) for name in ("x", "y"))
        return cls(found["method"], x, y)

    @classmethod
    def none(cls) -> Calibration:
        """Scores stay what they are."""
        return cls("none", np.empty(0), np.empty(0))


def fit_calibration(
    scores: NDArray[Any],
    truth: NDArray[np.bool_],
    weights: Floats | None = None,
    method: Method | Literal["auto"] = "auto",
) -> Calibration:
    """Learn a calibration from rows that the model was not trained on.

    Parameters
    ----------
    scores : array
        Scores between 0 and 1.
    truth : array of bool
        Which rows are signal.
    weights : array of float64, optional
        Weights of the rows; negative ones count as 0.
    method : {"auto", "isotonic", "sigmoid", "none"}
        ``auto`` is isotonic (Zadrozny and Elkan, KDD 2002) with at least 1,000 rows of each
        class, else sigmoid (Platt, 1999). Straight lines join the centres of the isotonic steps
        (Oron and Flournoy, Stat. Biopharm. Res. 9 (2017) 258), so that scores keep their order.

    Raises
    ------
    ModelError
        If a class has no row.
    """
    if method == "none":
        return Calibration.none()
    values = np.asarray(scores, np.float64)
    used = np.ones(len(values)) if weights is None else np.maximum(weights, 0.0)
    fewest = int(min(truth.sum(), (~truth).sum()))
    if not fewest:
        raise ModelError("The validation rows have one class only: scores cannot be calibrated.")
    if method == "auto":
        method = "isotonic" if fewest >= _ENOUGH else "sigmoid"
    if method == "isotonic":
        from sklearn.isotonic import IsotonicRegression

        curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        fitted = curve.fit_transform(values, truth.astype(np.float64), sample_weight=used)
        return Calibration("isotonic", *_centres(values, fitted, used))
    return Calibration("sigmoid", np.empty(0), _fit_logistic(_log_odds(values), truth, used))


def _centres(values: Floats, fitted: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Centre of each step of an isotonic fit, between (0, 0) and (1, 1)."""
    levels, step = np.unique(fitted, return_inverse=True)
    total = np.bincount(step, weights)
    kept = total > 0
    x = np.bincount(step, weights * values)[kept] / total[kept]
    x, y = np.append(np.append(0.0, x), 1.0), np.append(np.append(0.0, levels[kept]), 1.0)
    # a step at the very end coincides with the end
    first = np.append(True, np.diff(x) > 0)
    return x[first], y[first]


def _fit_logistic(values: Floats, truth: NDArray[np.bool_], weights: Floats) -> Floats:
    """Slope and offset by Newton's method, with Platt's targets against certainty."""
    ones, zeros = float(weights[truth].sum()), float(weights[~truth].sum())
    target = np.where(truth, (ones + 1) / (ones + 2), 1 / (zeros + 2))
    design = np.column_stack([values, np.ones(len(values))])
    found = np.array([1.0, 0.0])
    for _ in range(100):
        p = _logistic(design @ found)
        gradient = design.T @ (weights * (p - target))
        curvature = (design * (weights * p * (1 - p))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        found = found - np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return found


def _logistic(values: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(values))


def _log_odds(scores: Floats) -> Floats:
    clipped = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(clipped / (1 - clipped)))
