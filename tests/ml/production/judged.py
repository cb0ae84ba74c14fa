"""A small result of production modes, for tests of what is made of results."""

from __future__ import annotations

import numpy as np

from hepml.ml.class_results import ClassJudgement, History
from hepml.ml.classes import class_weights, judge_classes
from hepml.ml.production.categories import Events, categorise
from hepml.ml.production.results import ProductionResult
from hepml.ml.production.sculpting import sculpting
from hepml.ml.results import Importance
from hepml.ml.sample import Sample

__all__ = ["CLASSES", "judged", "production", "rows"]

CLASSES = ("VBF", "gg", "tt")


def rows(size: int = 300, seed: int = 1) -> tuple[np.ndarray, Sample]:
    """Probabilities that know the class up to noise, and rows with weights and masses."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, size)
    logits = rng.normal(size=(size, 3)) + 2 * np.eye(3)[y]
    weights = np.where(rng.random(size) < 0.1, -1.0, 1.0) * np.array([0.1, 1.0, 0.01])[y]
    mass = {"diphoton_mass": rng.normal(125, 2, size)}
    sample = Sample(
        ("met",), np.zeros((size, 1), np.float32), y, CLASSES, weights, np.arange(size), size, mass
    )
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), sample


def judged(model: str = "boosted", seed: int = 1) -> ClassJudgement:
    """A judgement with importances and a history."""
    p, sample = rows(seed=seed)
    return judge_classes(
        p,
        sample,
        model=model,
        title=model.capitalize(),
        repeats=10,
        importances=[
            Importance(feature="met", gain=0.7, permutation=0.1, permutation_error=0.01),
            Importance(feature="n_jets", gain=0.3, permutation=0.05, permutation_error=0.01),
        ],
        history=History(
            metric="multi_logloss", losses={"train": (1.0, 0.5), "validation": (1.1, 0.8)}, best=2
        ),
    )


def production() -> ProductionResult:
    """Two models, one analysis by predicted class, scores of data and signal."""
    p, sample = rows()
    rng = np.random.default_rng(2)
    mass, scores = rng.uniform(105, 160, 400), rng.random((400, 3))
    signal_mass = sample.columns["diphoton_mass"]
    return ProductionResult(
        task={},
        source={"processor": "diphoton", "simulated": True, "mass": "diphoton_mass"},
        main="boosted",
        classes=CLASSES,
        weights=class_weights(sample),
        judgements=(judged(), judged("forest", seed=2)),
        categories=(
            categorise(
                Events(signal_mass, p.argmax(axis=1), sample.y, sample.weights),
                CLASSES,
                CLASSES,
                data=Events(mass, scores.argmax(axis=1)),
                model="boosted",
            ),
        ),
        sculpting=(
            sculpting(
                mass, np.ones(400), scores[:, 0], name="VBF", model="boosted", repeats=20
            ),
            sculpting(
                mass, np.ones(400), mass, name="VBF", model="forest", mass_input=True, repeats=20
            ),
            sculpting(
                signal_mass, sample.weights, p[:, 0], name="VBF", model="boosted", rows="signal",
                repeats=20,
            ),
        ),
    )  # fmt: skip
