"""Density by smoothed resampling of training rows of similar mass; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from hepml.errors import ParameterError
from hepml.ml.density.base import (
    LEAST,
    Progress,
    Validation,
    check_condition,
    check_points,
    check_rows,
    read_arrays,
    read_header,
    write_arrays,
    write_header,
)
from hepml.ml.density.kernels import log_density, pick
from hepml.ml.density.residuals import Residuals

__all__ = ["Neighbours"]

Array = NDArray[np.float64]

# Bandwidths that are tried where none is given.
CHOICES = (0.15, 0.22, 0.32, 0.45, 0.65)
# Rows left out to choose among them, at most.
JUDGES = 2000
# A Gaussian's width goes with this power of the distance to its neighbours: measured on simulated
# and real muon pairs, where the 3/2 of adaptive kernels in three dimensions was worse.
POWER = 0.5
# What is kept on disk.
ARRAYS = ("centres", "scales", "masses", "log_weights")


class Neighbours(BaseEstimator):
    """Mixture of Gaussians, one about each training row, weighted by the distance in mass.

    In residuals (marginals, trends with the mass and linear correlations taken out) row i has a
    round Gaussian, which is the wider the further its neighbours are. All are pulled together
    such that mean and covariance of the rows are kept. At a mass m, row i counts by a
    normal kernel of m - m_i, and the trends carry it from its own mass to m; between two sidebands
    both sides contribute.

    Parameters
    ----------
    neighbours : int
        The distance to this neighbour gives the local scale.
    bandwidth : float or None
        Typical width of a Gaussian in residuals of width 1; ``None``: chosen by the likelihood
        of rows left out.
    width : float or None
        Standard deviation of the kernel in the condition; ``None``: 0.4 of the condition's
        standard deviation, or the largest gap between conditions if that is wider.
    degree : int
        Degree of the trends with the condition.
    random_state : int
        Seed of the rows left out.

    Attributes
    ----------
    bandwidth_, width_ : float
        Those that are used.
    """

    def __init__(
        self,
        neighbours: int = 100,
        *,
        bandwidth: float | None = None,
        width: float | None = None,
        degree: int = 2,
        random_state: int = 0,
    ) -> None:
        self.neighbours = neighbours
        self.bandwidth = bandwidth
        self.width = width
        self.degree = degree
        self.random_state = random_state

    def fit(
        self,
        z: Array,
        condition: Array,
        *,
        validation: Validation | None = None,
        sample_weight: Array | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn; rows for validation choose the bandwidth, then they join in."""
        rows, mass, weight = check_rows(z, condition, sample_weight, least=LEAST)
        self.width_ = self.width if self.width is not None else _kernel_width(mass)
        if self.bandwidth is not None:
            self.bandwidth_ = self.bandwidth
        else:
            self._choose(rows, mass, weight, validation, progress)
        if validation is not None:
            more, masses, _ = check_rows(*validation)
            rows, mass = np.concatenate([rows, more]), np.concatenate([mass, masses])
            weight = np.concatenate([weight, np.ones(len(more))])
        self._prepare(rows, mass, weight)
        self._widen(self.bandwidth_)
        return self

    def _choose(
        self,
        rows: Array,
        mass: Array,
        weight: Array,
        validation: Validation | None,
        progress: Progress | None,
    ) -> None:
        """The bandwidth with the best likelihood of rows that were left out."""
        if validation is None:
            order = np.random.default_rng(self.random_state).permutation(len(rows))
            judge, kept = order[: len(rows) // 5], order[len(rows) // 5 :]
            judges, masses = rows[judge], mass[judge]
            rows, mass, weight = rows[kept], mass[kept], weight[kept]
        else:
            judges, masses, _ = check_rows(*validation)
        self._prepare(rows, mass, weight)
        scores = []
        for number, bandwidth in enumerate(CHOICES):
            self._widen(bandwidth)
            scores.append(float(np.mean(self.log_prob(judges[:JUDGES], masses[:JUDGES]))))
            if progress is not None:
                progress("choosing the bandwidth", number + 1, len(CHOICES))
        self.bandwidth_ = CHOICES[int(np.argmax(scores))]

    def _prepare(self, z: Array, mass: Array, weight: Array) -> None:
        """Centres and local scales, in the order of the conditions."""
        from scipy.spatial import KDTree

        self.residuals_ = Residuals(self.degree).fit(z, mass, weight)
        order = np.argsort(mass, kind="stable")
        mass, weight = mass[order], weight[order]
        r, _ = self.residuals_.forward(z[order], mass)
        count = min(max(self.neighbours, 1), len(r) - 1)
        # the row itself is the first
        far = np.maximum(KDTree(r).query(r, [count + 1])[0][:, 0], 1e-9)
        self.centres_: Array = r
        self.scales_: Array = (far / np.exp(np.log(far).mean())) ** POWER
        self.masses_: Array = mass
        self.log_weights_: Array = np.log(np.maximum(weight, 1e-300))

    def _widen(self, bandwidth: float) -> None:
        """Set the widths, and pull everything together to the covariance of the rows."""
        if not bandwidth > 0:
            raise ParameterError(f"The bandwidth must be positive, not {bandwidth}.")
        self.widths_: Array = np.minimum(bandwidth * self.scales_, 3.0)
        share = np.exp(self.log_weights_)
        share /= share.sum()
        self.middle_: Array = share @ self.centres_
        rest = self.centres_ - self.middle_
        covariance = (rest * share[:, None]).T @ rest + 1e-12 * np.eye(rest.shape[1])
        smooth = covariance + share @ self.widths_**2 * np.eye(rest.shape[1])
        self.shrink_: Array = np.linalg.solve(
            np.linalg.cholesky(smooth).T, np.linalg.cholesky(covariance).T
        ).T

    def sample(self, condition: Array, random_state: int = 0) -> Array:
        """One row of z for each condition."""
        check_is_fitted(self, "centres_")
        mass = check_condition(condition)
        rng = np.random.default_rng(random_state)
        chosen = pick(mass, rng.random(len(mass)), self.masses_, self.log_weights_, self.width_)
        noise = rng.standard_normal((len(mass), self.centres_.shape[1]))
        wide = self.centres_[chosen] + self.widths_[chosen, None] * noise
        return self.residuals_.backward(self._pull(wide), mass)

    def _pull(self, wide: Array) -> Array:
        return np.asarray(self.middle_ + (wide - self.middle_) @ self.shrink_.T)

    def log_prob(self, z: Array, condition: Array) -> Array:
        """ln p(z | condition)."""
        check_is_fitted(self, "centres_")
        rows, mass = check_points(z, condition)
        r, slope = self.residuals_.forward(rows, mass)
        wide = self.middle_ + np.linalg.solve(self.shrink_, (r - self.middle_).T).T
        found = log_density(
            np.ascontiguousarray(wide),
            mass,
            self.centres_,
            self.widths_,
            self.masses_,
            self.log_weights_,
            self.width_,
        )
        return np.asarray(found + slope - np.log(np.diag(self.shrink_)).sum())

    def save(self, folder: str | Path) -> None:
        """Write into a folder."""
        check_is_fitted(self, "centres_")
        write_arrays(folder, {name: getattr(self, f"{name}_") for name in ARRAYS})
        content: dict[str, Any] = {
            "model": "neighbours",
            "parameters": self.get_params(),
            "bandwidth": self.bandwidth_,
            "width": self.width_,
            "residuals": self.residuals_.to_json(),
        }
        write_header(folder, content)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What ``save`` wrote, again."""
        found, arrays = read_header(folder), read_arrays(folder)
        made = cls(**found["parameters"])
        made.bandwidth_, made.width_ = found["bandwidth"], found["width"]
        made.residuals_ = Residuals.from_json(found["residuals"])
        for name in ARRAYS:
            setattr(made, f"{name}_", arrays[name])
        made._widen(made.bandwidth_)
        return made


def _kernel_width(condition: Array) -> float:
    """Width of the kernel: wide enough that both sidebands are seen from between them."""
    ordered = np.sort(condition)
    gap = float(np.diff(ordered).max(initial=0.0))
    return max(0.4 * float(condition.std()), min(gap, float(condition.std())), 1e-6)
