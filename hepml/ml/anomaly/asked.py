"""What an anomaly search is asked for, and the record that is made before it begins."""

from __future__ import annotations

import datetime
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hepml.errors import OutputError, ParameterError, did_you_mean
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.reading import Wish
from hepml.ml.anomaly.scored import Statistics
from hepml.ml.anomaly.store import digest
from hepml.ml.anomaly.strategies import STRATEGIES
from hepml.ml.sources import selection_of, versions
from hepml.redaction import redacted
from hepml.stats.numbers import Result

__all__ = [
    "AnomalyOptions",
    "AnomalyTask",
    "choose_density",
    "new_task",
    "opened",
    "same_task",
]

# Seeds, members and pseudo-experiments of a quick search, and epochs of its flow.
QUICK = {"seeds": 1, "ensemble": 5, "toys": 500}
EPOCHS = 100
# Orders of the preprocessing: see hepml.ml.transforms, which needs scikit-learn.
ORDERS = ("code", "readme", "normal")
DENSITIES = ("auto", "maf", "nsf", "neighbours", "trees")


@dataclass(frozen=True, slots=True)
class AnomalyOptions:
    """How scores are trained.

    Attributes
    ----------
    strategy : str
        One of `hepml.ml.anomaly.STRATEGIES`.
    density : str
        Density model; ``auto``: ``maf`` with the extra ``deep``, else ``neighbours``.
    preprocessing : str
        Order of its preprocessing: as published in ``code`` or in the ``readme``, or ``normal``,
        by quantiles, which closes better on features that know the mass and finds no more.
    decorrelate : bool
        Whether ``cwola`` takes the dependence on the mass out of the features.
    seeds : int
        Trainings of the density model.
    folds, ensemble : int
        Parts of the data; classifiers of each.
    quick : bool
        Fewer of everything.
    blind : bool
        Leave the signal region closed.
    """

    strategy: str = "cathode"
    density: str = "auto"
    preprocessing: str = "code"
    decorrelate: bool = True
    seeds: int = 5
    folds: int = 5
    ensemble: int = 20
    quick: bool = False
    blind: bool = False

    def __post_init__(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ParameterError(
                f"There is no strategy {self.strategy!r}. "
                + did_you_mean(self.strategy, STRATEGIES)
            )
        if self.density not in DENSITIES:
            raise ParameterError(
                f"There is no density {self.density!r}. " + did_you_mean(self.density, DENSITIES)
            )
        if self.preprocessing not in ORDERS:
            raise ParameterError(
                f"There is no preprocessing {self.preprocessing!r}. "
                + did_you_mean(self.preprocessing, ORDERS)
            )
        for name in ("seeds", "ensemble"):
            if getattr(self, name) < 1:
                raise ParameterError(f"--{name} must be at least 1, not {getattr(self, name)}.")
        if self.folds < 3:
            raise ParameterError(
                f"--folds must be at least 3 (one is scored, one stops the training, the others "
                f"train), not {self.folds}."
            )

    @property
    def density_options(self) -> dict[str, Any]:
        """Options of the density model: a quick flow has fewer epochs."""
        return {"epochs": EPOCHS} if self.quick and self.density in ("maf", "nsf") else {}


class AnomalyTask(Result):
    """Everything needed to do it again; the content of ``task.json``.

    Attributes
    ----------
    task : str
        ``upsilon-anomaly`` or ``anomaly``.
    input : dict
        Path of the table, the selection that made it, and a hash of its sideband events.
    wish : dict
        Features, window, conditions, sign.
    training : dict
        Strategy, density, seeds, folds, ensemble.
    statistics : dict
        Degree, bins, working points, toys.
    nominal : float
        False-positive rate of the working point that counts.
    fixed : str
        When that was written down (UTC).
    opened : str or None
        When the signal region was opened; ``None``: not yet.
    versions : dict of str to str
        Of what trains.
    command : tuple of str
        Command line.
    """

    task: str
    input: dict[str, Any]
    wish: dict[str, Any]
    training: dict[str, Any]
    statistics: dict[str, Any]
    nominal: float
    fixed: str
    opened: str | None = None
    versions: dict[str, str]
    command: tuple[str, ...] = ()


def choose_density(name: str) -> tuple[str, str]:
    """The density model that ``auto`` stands for here, and a note on the choice."""
    if name != "auto":
        return name, ""
    from importlib.util import find_spec

    if find_spec("torch") and find_spec("zuko"):
        return "maf", ""
    return "neighbours", (
        "the density model is 'neighbours', which needs no torch; for the published flow install "
        "hepml-columnar[deep] and give --density maf"
    )


def new_task(
    name: str,
    path: str | Path,
    wish: Wish,
    options: AnomalyOptions,
    asked: Statistics,
    data: AnomalyData,
) -> AnomalyTask:
    """The record of a search that begins now, in these events."""
    side = data.sideband
    events = digest(data.x[side], data.mass[side], data.key[side])
    content = {
        "input": {"path": str(path), "selection": selection_of(path), "sidebands": events},
        "wish": _plain(wish),
        "training": _plain(options),
        "statistics": _plain(asked),
        "versions": versions(),
        "command": tuple(sys.argv),
    }
    return AnomalyTask(task=name, nominal=asked.nominal, fixed=now(), **redacted(content))


def same_task(old: AnomalyTask, new: AnomalyTask, nominal: float | None, out: Path) -> AnomalyTask:
    """The record of a search that goes on, or begins again from its scores.

    Raises
    ------
    OutputError
        If the folder belongs to another search.
    ParameterError
        If the working point that counts is changed after the signal region was opened, or closed
        again.
    """
    before, after = _identity(old), _identity(new)
    if old.input.get("sidebands") != new.input.get("sidebands"):
        raise OutputError(
            f"{out} belongs to a search in other events ({old.input['path']}). Choose another "
            "--out."
        )
    changed = sorted(name for name in before | after if before.get(name) != after.get(name))
    if changed:
        detail = ", ".join(
            f"{name} was {before.get(name)!r}, not {after.get(name)!r}" for name in changed[:3]
        )
        raise OutputError(f"{out} belongs to another search: {detail}. Choose another --out.")
    if old.opened and new.training["blind"]:
        raise ParameterError(
            f"The signal region of {out} was opened at {old.opened}: it cannot be closed again."
        )
    if nominal is not None and nominal != old.nominal and old.opened:
        raise ParameterError(
            f"The nominal false-positive rate was fixed at {old.nominal:g} before the signal "
            f"region of {out} was opened at {old.opened}. Begin again in another --out to choose "
            "another one."
        )
    fixed = old.nominal if nominal is None else nominal
    return new.model_copy(
        update={
            "nominal": fixed,
            "fixed": old.fixed if fixed == old.nominal else new.fixed,
            "opened": old.opened,
            "input": old.input,
        }
    )


def opened(task: AnomalyTask) -> AnomalyTask:
    """The record with the time at which the signal region is opened; the first time counts."""
    return task if task.opened else task.model_copy(update={"opened": now()})


def now() -> str:
    """Time (UTC), to the second."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(item: Any) -> dict[str, Any]:
    """A dataclass as JSON values."""
    import json

    return dict(json.loads(json.dumps(asdict(item))))


def _identity(task: AnomalyTask) -> dict[str, Any]:
    """What makes scores what they are."""
    training = {name: value for name, value in task.training.items() if name != "blind"}
    wish = {name: value for name, value in task.wish.items() if name != "blind"}
    return {"task": task.task, **training, **wish}
