"""Which base-tracks belong to a shower, and the energy that follows: train and judge."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.engine.provenance import redacted
from hepml.errors import ModelError, ParameterError
from hepml.ml.sample import Sample, load_sample
from hepml.ml.shower.models import GROUP, LABEL, make_plans
from hepml.ml.shower.report import Judged, judge_all
from hepml.ml.shower.results import ShowerIdentification
from hepml.ml.sources import open_rows, selection_of, versions
from hepml.ml.steps import Progress, Steps
from hepml.ml.training import Plan, Trained, train
from hepml.splits import DEFAULT_SPLIT
from hepml.tables import FeatureTable

__all__ = ["Identified", "Reader", "ShowerOptions", "identify_showers", "with_energy"]

# Columns beside the features that are looked at where the table has them.
OBSERVERS = ("pid", "injector_pid", "depth", "cut_based", "shower_signal")
ENERGIES = ("energy", "shower_energy")
CLASSES = (0, 1)


@dataclass(frozen=True, slots=True)
class ShowerOptions:
    """What ``hepml ml shower-id`` can be asked for.

    Attributes
    ----------
    preset, models, forest, features, without
        See `hepml.ml.shower.models.make_plans`.
    split : mapping of str to float
        Shares of the showers for ``train``, ``validation`` and ``test``.
    energy : float or None
        True energy [GeV] of every shower, where the table does not have it.
    energy_column : str or None
        Column with the true energy; default: ``energy`` where there is one.
    repeats : int
        Draws of the bootstrap.
    permutations : int
        How often each feature is shuffled for its importance; 0: not at all.
    seed : int
        Of the split, the training and the bootstrap.
    workers : int
        Threads.
    """

    preset: str = "default"
    models: tuple[str, ...] = ()
    forest: str = "fast"
    features: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    split: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_SPLIT))
    energy: float | None = None
    energy_column: str | None = None
    repeats: int = 200
    permutations: int = 2
    seed: int = 0
    workers: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Identified:
    """Trained models and what they are worth.

    Attributes
    ----------
    result : ShowerIdentification
        Figures, curves, slices.
    trained : tuple of Trained
        The main model first.
    judged : Judged
        Rows and showers that the models were judged by, with scores and energies.
    table : FeatureTable
        Of those rows.
    """

    result: ShowerIdentification
    trained: tuple[Trained, ...]
    judged: Judged
    table: FeatureTable


def identify_showers(
    path: str | Path,
    options: ShowerOptions | None = None,
    *,
    test: str | Path | None = None,
    calibrate: str | Path | None = None,
    progress: Progress | None = None,
) -> Identified:
    """Train on simulated showers, and judge by others.

    Showers are split as wholes, by a hash of (brick, shower): base-tracks of one shower never lie
    on both sides.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them.
    options : ShowerOptions, optional
        All else.
    test : path, optional
        An independent run to be judged by, in place of a share of ``path``.
    calibrate : path, optional
        An independent run that the energy scale is fitted to. Default: with ``test`` the share
        of ``path`` that is set aside, else the test showers themselves, fold by fold.
    progress : callable, optional
        Called with what is done, how many steps are done and how many there are.

    Raises
    ------
    ModelError, ParameterError, TableError
        If models cannot be trained on these rows.
    """
    asked = options or ShowerOptions()
    table, account = open_rows(path, labelled=True)
    _need_columns(table, path)
    plans = make_plans(
        table,
        preset=asked.preset,
        models=asked.models,
        forest=asked.forest,
        features=asked.features,
        without=asked.without,
    )
    columns = {column.name: column for plan in plans for column in plan.features}
    reader = Reader(tuple(columns), plans, asked)
    views = table.split(_shares(asked.split), seed=asked.seed, by=GROUP)
    steps = Steps(progress, len(plans) + 3)
    steps("reading")
    training, validation = (reader(views[name]) for name in ("train", "validation"))
    trained = []
    for plan in plans:
        steps(f"training {plan.title}")
        trained.append(
            train(
                plan, "shower-id", training, validation, seed=asked.seed, workers=asked.workers
            )
        )  # fmt: skip
    steps("judging")
    where = views["test"] if test is None else _opened(test)
    rows = reader(where)
    spare = None
    if calibrate is not None:
        spare = reader(_opened(calibrate))
    elif test is not None:
        spare = reader(views["test"])
    judged = judge_all(trained, plans, rows, spare, asked)
    task = _task(path, test, calibrate, asked, plans)
    sizes = {"train": training.groups, "validation": validation.groups, "test": rows.groups}
    notes = (*account.notes, *_notes(trained), *judged.notes)
    result = ShowerIdentification(
        task=task,
        source=account.source | {"showers": sizes, "rows": _rows(training, validation, rows)},
        notes=tuple(dict.fromkeys(notes)),
        main=plans[0].name,
        judgements=judged.judgements,
        by_energy=judged.by_energy,
        films=judged.films,
        energies=judged.energies,
        baseline=judged.baseline,
        energy=judged.energy,
    )
    return Identified(result, tuple(trained), judged, where)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads labelled rows of any table with the features of the plans."""

    features: tuple[str, ...]
    plans: Sequence[Plan]
    options: ShowerOptions

    def __call__(self, table: FeatureTable) -> Sample:
        """Rows with keys, observers and the true energy (``energy``) of their shower."""
        known = table.names()
        lacking = [name for name in self.features if name not in known]
        if lacking:
            raise ModelError(
                f"The test or calibration table lacks {', '.join(lacking[:5])}. Use runs of the "
                "same selection."
            )
        column = self.options.energy_column or next((n for n in ENERGIES if n in known), None)
        extra = [name for name in OBSERVERS if name in known]
        sample = load_sample(
            table,
            self.features,
            label=LABEL,
            classes=CLASSES,
            group=GROUP,
            observers=[*extra, *([column] if column else [])],
        )
        return with_energy(sample, column, self.options.energy)


def with_energy(sample: Sample, column: str | None, value: float | None) -> Sample:
    """Rows with the true energy under one name; NaN where it is not known."""
    if value is not None and not value > 0:
        raise ParameterError(f"The energy must be above 0 GeV, not {value:g}.")
    found: NDArray[Any] = np.full(len(sample), np.nan if value is None else value)
    if value is None and column is not None:
        found = np.asarray(sample.columns[column], np.float64)
    return replace(sample, columns=sample.columns | {"energy": found})


def _opened(path: str | Path) -> FeatureTable:
    table, _ = open_rows(path, labelled=True)
    _need_columns(table, path)
    return table


def _need_columns(table: FeatureTable, path: str | Path) -> None:
    lacking = [name for name in (LABEL, *GROUP) if name not in table.names()]
    if lacking:
        raise ModelError(
            f"The table of {path} has no column {', '.join(lacking)}. Give the result of "
            "`hepml run shower`; to score rows without labels: --model DIR."
        )


def _shares(split: Mapping[str, float]) -> dict[str, float]:
    if set(split) != set(DEFAULT_SPLIT):
        raise ParameterError(f"A split has shares for {', '.join(DEFAULT_SPLIT)}: {dict(split)}.")
    return dict(split)


def _notes(trained: Sequence[Trained]) -> list[str]:
    return [note for item in trained for note in item.notes]


def _rows(*samples: Sample) -> dict[str, int]:
    return dict(zip(("train", "validation", "test"), map(len, samples), strict=True))


def _task(
    path: str | Path,
    test: str | Path | None,
    calibrate: str | Path | None,
    options: ShowerOptions,
    plans: Sequence[Plan],
) -> dict[str, Any]:
    """Everything needed to do it again."""
    found = {
        "task": "shower-id",
        "inputs": {
            name: {"path": str(item), "selection": selection_of(item)}
            for name, item in (("train", path), ("test", test), ("calibrate", calibrate))
            if item is not None
        },
        "label": LABEL,
        "group": list(GROUP),
        "split": dict(options.split),
        "seed": options.seed,
        "preset": options.preset,
        "models": [plan.to_json() for plan in plans],
        "energy": options.energy,
        "energy_column": options.energy_column,
        "bootstrap": options.repeats,
        "permutations": options.permutations,
        "versions": versions(),
        "command": list(sys.argv),
    }
    return dict(redacted(found))
