"""Rows of production modes: simulation with its labels, and beside it what the data are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import HepmlError, ModelError, ParameterError, did_you_mean
from hepml.ml.production.models import LABEL, MASS, WEIGHT
from hepml.ml.production.plan import ModelPlan
from hepml.ml.production.training import only
from hepml.ml.sample import Sample, load_sample
from hepml.ml.sources import open_rows
from hepml.normalise import data_luminosity, normalise
from hepml.parts import DATASET
from hepml.tables import FeatureTable

__all__ = ["Labelled", "Scale", "known_classes", "open_modes", "pick_classes", "read_data"]

# Other names of the modes, and how the table calls them.
NAMES = {"ggH": "gg", "ggF": "gg", "VBFH": "VBF", "WpH": "Wp", "ZH": "Z", "ttH": "tt"}
DATA = ("data", "")


@dataclass(frozen=True, slots=True)
class Scale:
    """What makes expected events of weights.

    Attributes
    ----------
    factors : dict of str to float
        Of the simulated datasets.
    data : float
        Luminosity of these over that of the data.
    luminosity : float or None
        What the factors scale to [pb^-1]; ``None`` if it is not known.
    """

    factors: dict[str, float]
    data: float
    luminosity: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A table with labels, before its rows are read.

    Attributes
    ----------
    path : path
        Where it was opened.
    table : FeatureTable
        Simulation, where that is known.
    data : FeatureTable or None
        Rows of data of the same run.
    source : dict
        Where they come from.
    notes : tuple of str
        What a reader must know.
    left_out : int
        Rows of data.
    """

    path: Path
    table: FeatureTable
    data: FeatureTable | None
    source: dict[str, Any]
    notes: tuple[str, ...] = ()
    left_out: int = 0
    datasets: Mapping[str, Any] = field(default_factory=dict)
    weights_at: float | None = None

    def read(self, features: Sequence[str], classes: Sequence[str]) -> Sample:
        """Rows of the classes, with keys and the mass where there is one."""
        known = self.table.names()
        sample = load_sample(
            self.table,
            features,
            label=LABEL,
            weight=WEIGHT if WEIGHT in known else None,
            observers=[MASS] if MASS in known else [],
        )
        lost = int((~np.isfinite(sample.weights)).sum())
        if lost:
            raise ModelError(
                f"{lost:,} of {len(sample):,} weights in {self.path} are NaN or infinite. Look at "
                "the sums of weights of the simulated files."
            )
        return replace(only(sample, classes), classes=tuple(classes))

    def scale(self, luminosity: float | None = None) -> tuple[Scale | None, tuple[str, ...]]:
        """What makes expected events of the weights at the luminosity of the data."""
        if luminosity is not None and not luminosity > 0:
            raise ParameterError(f"The luminosity must be above 0 pb^-1, not {luminosity:g}.")
        measured = data_luminosity(self.datasets) if self.datasets else None
        target = luminosity or measured
        if self.weights_at is None or target is None:
            return None, ("without a luminosity there are no expected events: give --luminosity",)
        try:
            found = normalise(
                self.datasets, self.weights_at, target, where=self.path, allow_missing=True
            )
        except HepmlError as error:
            return None, (f"no expected events: {error}",)
        notes = tuple(
            f"{name!r} is not complete: its expected events are too few" for name in found.partial
        )
        return Scale(found.factors, target / (measured or target), target), notes


def open_modes(path: str | Path) -> Labelled:
    """Open a run directory, a Parquet file or a folder of them.

    Raises
    ------
    ModelError
        If there is no simulation, or no label.
    TableError
        If there is no table.
    """
    table, account = open_rows(path, labelled=True)
    place = Path(path)
    data, left_out, datasets, weights_at = None, 0, {}, None
    if (place / "plan.json").exists():
        from hepml.engine.rundir import Run

        run = Run(place)
        datasets = run.report["datasets"]
        names = [name for name, item in datasets.items() if item["kind"] == "data"]
        filled = [name for name in names if name in run.features.datasets]
        data = run.features.of(*filled) if filled else None
        left_out = len(data) if data is not None else 0
        weights_at = float((run.provenance.get("parameters") or {}).get("luminosity") or 1.0)
    if LABEL not in table.names():
        raise ModelError(
            f"The table of {path} has no column {LABEL!r} that says what an event is. Give the "
            "result of `hepml run diphoton`."
        )
    notes = list(account.notes)
    if WEIGHT not in table.names():
        notes.append(f"the table has no column {WEIGHT!r}: every row weighs 1")
    found = Labelled(
        place, table, data, dict(account.source), tuple(notes), left_out, datasets, weights_at
    )
    if data is None and not datasets:
        return _bare(found)
    return found


def _bare(found: Labelled) -> Labelled:
    """A table that is no run: rows of data are told by their label."""
    labels = found.table.column(LABEL).astype(str)
    rows = int(np.isin(labels, DATA).sum())
    return replace(found, left_out=rows)


def known_classes(found: Labelled) -> tuple[str, ...]:
    """Values of the label, sorted, without that of data.

    Raises
    ------
    ModelError
        If there are fewer than two.
    """
    values = np.unique(found.table.column(LABEL).astype(str)).tolist()
    modes = tuple(value for value in values if value not in DATA)
    if len(modes) < 2:
        raise ModelError(
            f"The simulated rows of {found.path} are of {len(modes)} classes "
            f"({', '.join(modes) or 'none'}); a classifier needs at least two."
        )
    return modes


def pick_classes(known: Sequence[str], asked: Sequence[str] = ()) -> tuple[str, ...]:
    """Classes by the names of the table or others; the first of two is what the score is for.

    Parameters
    ----------
    known : sequence of str
        Values of the label.
    asked : sequence of str
        Wanted ones; default: all.

    Raises
    ------
    ParameterError
        If there is no such class, or fewer than two are named.
    """
    if not asked:
        return tuple(known)
    found = [name if name in known else NAMES.get(name, name) for name in asked]
    for name, given in zip(found, asked, strict=True):
        if name not in known:
            near = did_you_mean(given, [*known, *NAMES])
            raise ParameterError(f"The table has no events of class {given!r}. {near}")
    if len(set(found)) < 2 or len(set(found)) < len(found):
        raise ParameterError(f"Name at least two classes, each once: {', '.join(asked)}.")
    # the score of two classes is that of the last one
    return tuple(reversed(found)) if len(found) == 2 else tuple(sorted(found))


def read_data(found: Labelled, features: Sequence[str]) -> Sample | None:
    """Rows of data with the inputs and the mass; ``None`` without them."""
    if found.data is None or MASS not in found.data.names():
        return None
    return load_sample(found.data, features, observers=[MASS, DATASET])


def drop_undefined(
    plans: Sequence[ModelPlan], sample: Sample, named: Sequence[str] | None
) -> tuple[tuple[ModelPlan, ...], tuple[str, ...]]:
    """Plans without the inputs that are defined in no row; those asked for by name stay.

    Returns
    -------
    (tuple of ModelPlan, tuple of str)
        The plans, and notes.
    """
    if named is not None:
        return tuple(plans), ()
    dead = {
        name for place, name in enumerate(sample.features) if np.isnan(sample.x[:, place]).all()
    }
    if not dead:
        return tuple(plans), ()
    kept = [
        replace(plan, features=tuple(c for c in plan.features if c.name not in dead))
        for plan in plans
    ]
    if any(not plan.features for plan in kept):
        raise ModelError(f"Every feature is NaN in all of the {len(sample):,} training rows.")
    listed = ", ".join(sorted(dead)[:4]) + (", ..." if len(dead) > 4 else "")
    return tuple(kept), (
        f"features that are NaN in every row are left out ({len(dead)}): {listed}",
    )
