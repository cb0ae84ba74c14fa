"""Judgements of made-up scores, for tests of scans and figures."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ModelError
from hepml.ml.dijet.evaluation import judge
from hepml.ml.dijet.results import DijetJudgement, Fitted, Parameter
from hepml.ml.dijet.scan_results import PointOptions

__all__ = ["fit_like", "judgement_like", "patient", "sample", "seedless"]


def sample(separation: float, seed: int = 0) -> tuple[Any, Any, Any]:
    """Scores, labels and masses of 4,000 background and 1,000 + 1,000 signal events."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1, 2], [4000, 1000, 1000])
    shift = np.array([0.0, separation, 0.8 * separation])
    scores = rng.normal(size=6000) + shift[labels]
    mass = np.where(labels == 0, rng.uniform(3300, 3700, 6000), rng.normal(3500, 60, 6000))
    return scores, labels, np.clip(mass, 3301, 3699)


def fit_like(options: PointOptions, spread: float = 5.0) -> Fitted:
    """Parameters near the truth."""
    rng = np.random.default_rng([options.seed, int(1e6 * options.mu)])
    truth = {
        "mx": options.mass_point[0], "my": options.mass_point[1], "mu": options.mu, "alpha": 0.5,
    }  # fmt: skip
    size = {"mx": spread, "my": spread, "mu": 2e-4, "alpha": 0.1}
    return Fitted(
        parameters=tuple(
            Parameter(
                name=name,
                value=(value := truth[name] + size[name] * float(rng.normal())),
                low=value - size[name],
                high=value + size[name],
                truth=truth[name],
            )
            for name in truth
        ),
        loss=1.0,
        q0=9.0,
        p=1.3e-3,
        Z=3.0,
    )


def judgement_like(options: PointOptions) -> DijetJudgement:
    """A judgement that grows with mu; a weak strategy needs more of it, and all need signal."""
    if options.mu > 0.5:
        raise ModelError("There is too little signal.")
    half = {"prior-assisted": -3.4, "weak": -2.6, "supervised": -99.0}[options.strategy]
    grown = 1 / (1 + math.exp(-6 * (math.log10(max(options.mu, 1e-9)) - half)))
    separation = 3.0 * (1.0 if options.strategy == "supervised" else grown)
    scores, labels, mass = sample(separation, options.seed)
    fit = fit_like(options) if options.strategy == "prior-assisted" else None
    return judge(
        scores, labels, mass=mass, name=options.strategy, title=options.strategy, fit=fit,
        validation=float(options.seed),
    )  # fmt: skip


def seedless(options: PointOptions) -> DijetJudgement:
    """A point that must not be asked for."""
    raise AssertionError(f"judged again: {options}")


def patient(options: PointOptions) -> DijetJudgement:
    """A point that takes half a minute, and leaves a mark at its end; but for the first seed."""
    if options.seed:
        time.sleep(30)
        Path(os.environ["PATIENT_MARK"]).write_text("finished")
    return judgement_like(options)
