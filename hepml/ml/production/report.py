"""What models of production modes are worth, and what an analysis gains by them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import HepmlError
from hepml.ml.class_results import ClassJudgement, Comparison, History
from hepml.ml.classes import class_importances, class_weights, compare_classes, judge_classes
from hepml.ml.production.categories import Events, categorise
from hepml.ml.production.models import MASS
from hepml.ml.production.options import ProductionOptions
from hepml.ml.production.plan import ModelPlan
from hepml.ml.production.results import Categories, ProductionResult, Sculpting
from hepml.ml.production.rows import Labelled, Scale
from hepml.ml.production.sculpting import sculpting
from hepml.ml.production.training import only
from hepml.ml.sample import Sample
from hepml.ml.training import Trained
from hepml.parts import DATASET

__all__ = ["Tested", "report"]

Floats = NDArray[np.float64]

# Models whose influence on the mass is looked at.
_SCULPTED = ("boosted", "boosted_mass")


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """Rows that models were judged by.

    Attributes
    ----------
    sample : Sample
        The rows, of all classes.
    probabilities : dict of str to array
        By model, of its rows: those of its classes.
    plans : sequence of ModelPlan
        The models, the main one first.
    trained : sequence of Trained
        The same, trained.
    whole : Sample
        Every labelled row.
    data : Sample or None
        Rows of data.
    """

    sample: Sample
    probabilities: dict[str, Floats]
    plans: Sequence[ModelPlan]
    trained: Sequence[Trained]
    whole: Sample
    data: Sample | None

    def rows(self, plan: ModelPlan) -> Sample:
        """Those of a model's classes."""
        return only(self.sample, plan.classes)

    def mask(self, plan: ModelPlan) -> NDArray[np.bool_]:
        """Which rows a model has probabilities of."""
        places = [self.sample.classes.index(name) for name in plan.classes]
        return np.isin(self.sample.labels, places)


def report(
    tested: Tested,
    found: Labelled,
    asked: ProductionOptions,
    task: Mapping[str, Any],
    notes: Sequence[str],
    search: Mapping[str, Any],
) -> ProductionResult:
    """Judge every model by the same rows."""
    judgements = tuple(
        _judged(plan, trained, tested, asked, main=place == 0)
        for place, (plan, trained) in enumerate(zip(tested.plans, tested.trained, strict=True))
    )
    scale, lacking = found.scale(asked.luminosity)
    categories, more = _categories(tested, scale, str(tested.plans[0].name))
    said = [note for item in judgements for note in item.notes]
    shares = {"rows": len(tested.whole), "judged by": len(tested.sample)}
    source = found.source | {"mass": MASS, "left out": found.left_out, "rows": shares}
    everything = (*notes, *(lacking if scale is None else ()), *more, *said)
    return ProductionResult(
        task=dict(task),
        source=source,
        notes=tuple(dict.fromkeys(everything)),
        main=tested.plans[0].name,
        classes=tuple(map(str, tested.whole.classes)),
        weights=class_weights(tested.whole),
        judgements=judgements,
        comparisons=tuple(_comparisons(tested, asked)),
        categories=categories,
        sculpting=tuple(_sculpted(tested, asked)),
        search=dict(search),
    )


def _judged(
    plan: ModelPlan, trained: Trained, tested: Tested, asked: ProductionOptions, *, main: bool
) -> ClassJudgement:
    rows = tested.rows(plan)
    # shuffling every input of a forest takes minutes
    shuffled = asked.permutations if main and plan.kind in ("boosted", "network") else 0
    return judge_classes(
        tested.probabilities[plan.name],
        rows,
        model=plan.name,
        title=plan.title,
        repeats=asked.repeats,
        seed=asked.seed,
        prior=trained.prior,
        importances=class_importances(trained.model, rows, repeats=shuffled, seed=asked.seed),
        history=_history(trained),
        seconds=trained.seconds,
        training_rows=trained.rows,
    )


def _history(trained: Trained) -> History | None:
    estimator = trained.model.estimator
    losses = getattr(estimator, "history_", None)
    if not losses:
        return None
    return History(
        metric="log loss",
        losses={name: tuple(values) for name, values in losses.items()},
        best=estimator.rounds_ if "validation" in losses else None,
    )


def _comparisons(tested: Tested, asked: ProductionOptions) -> Iterator[Comparison]:
    """The main model against each other one of the same classes."""
    main = tested.plans[0]
    for plan in tested.plans[1:]:
        if plan.classes == main.classes:
            yield compare_classes(
                tested.probabilities[main.name],
                tested.probabilities[plan.name],
                tested.rows(main),
                models=(main.name, plan.name),
                repeats=asked.repeats,
                seed=asked.seed,
            )


def _categories(
    tested: Tested, scale: Scale | None, model: str
) -> tuple[tuple[Categories, ...], tuple[str, ...]]:
    """Expected significance with the main model's categories, where there are data."""
    if scale is None or tested.data is None or MASS not in tested.sample.columns:
        return (), ()
    main = tested.plans[0]
    rows, said = tested.rows(main), tested.probabilities[main.name]
    data = tested.data
    found = tested.trained[0].model.probabilities(data.matrix(main.inputs))
    names = [str(name) for name in main.classes]
    try:
        result = categorise(
            Events(_mass(rows), said.argmax(axis=1), rows.labels, _expected(tested, rows, scale)),
            names,
            names,
            data=Events(_mass(data), found.argmax(axis=1)),
            data_scale=scale.data,
            model=model,
        )
    except HepmlError as error:
        return (), (f"no expected significance: {error}",)
    return (result,), result.notes


def _mass(sample: Sample) -> Floats:
    return np.asarray(sample.columns[MASS], np.float64)


def _expected(tested: Tested, rows: Sample, scale: Scale) -> Floats:
    """Weights as expected events: of all rows of the class, though only some are judged."""
    everything = only(tested.whole, rows.classes)
    size = len(rows.classes)
    share = np.bincount(rows.labels, minlength=size) / np.bincount(
        everything.labels, minlength=size
    )
    datasets, place = np.unique(rows.columns[DATASET].astype(str), return_inverse=True)
    factors = np.array([scale.factors.get(name, 1.0) for name in datasets.tolist()])
    return np.asarray(rows.weights * factors[place] / share[rows.labels])


def _sculpted(tested: Tested, asked: ProductionOptions) -> Iterator[Sculpting]:
    """Masses in slices of each score, of data and of simulation."""
    if MASS not in tested.sample.columns:
        return
    main = tested.plans[0].name
    for plan, trained in zip(tested.plans, tested.trained, strict=True):
        if plan.name not in (main, *_SCULPTED):
            continue
        rows = tested.rows(plan)
        looked: list[tuple[Literal["data", "signal"], Sample, Floats]] = [
            ("signal", rows, tested.probabilities[plan.name])
        ]
        if tested.data is not None and len(tested.data):
            found = trained.model.probabilities(tested.data.matrix(plan.inputs))
            looked.insert(0, ("data", tested.data, found))
        for kind, sample, said in looked:
            for place, name in enumerate(plan.classes):
                yield sculpting(
                    _mass(sample),
                    sample.weights,
                    said[:, place],
                    name=str(name),
                    model=plan.name,
                    title=plan.title,
                    rows=kind,
                    mass_input=MASS in plan.inputs,
                    seed=asked.seed,
                )
