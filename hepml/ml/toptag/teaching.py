"""Make a tagger of any kind learn from training jets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hepml.errors import ParameterError
from hepml.ml.class_results import History
from hepml.ml.steps import Progress
from hepml.ml.threads import free_threads
from hepml.ml.toptag.blocks import JetRows, need_columns, read_block
from hepml.ml.toptag.inputs import ConstituentInputs, HighLevelInputs, Inputs, matrix
from hepml.ml.toptag.loader import POOL, JetLoader
from hepml.ml.toptag.presets import NetworkPlan, network_plan
from hepml.ml.toptag.tagger import NetworkTagger, Tagger, TreeTagger
from hepml.tables import FeatureTable
from processors.topjet_columns import HIGH_LEVEL
from processors.topjet_scaling import HighLevelScaler

__all__ = ["Lessons", "TaggerOptions", "Taught", "teach"]

EPOCHS, PATIENCE, SLOTS = 20, 10, 80
_VALIDATION_BATCH = 1024


@dataclass(frozen=True, slots=True)
class TaggerOptions:
    """What ``hepml ml top-tagger`` can be asked for.

    Attributes
    ----------
    model : str
        Of `hepml.ml.toptag.presets.MODELS`.
    preset, epochs, batch, learning_rate, max_constits, patience, device, precision, fraction
        Of networks; ``None``: those of the preset. See `network_plan` and `FitOptions`.
    max_jets, max_test_jets : int or None
        Most jets to train on, and to score of each data set; ``None``: all.
    validation : float
        Share of the training jets that decides when to stop.
    train : str or None
        Data set to train on; ``None``: ``train_nominal``, or the only one.
    export : str
        Also write the network as ``onnx``, ``pt2`` or ``torchscript``; empty: do not.
    npz : bool
        Also write metrics in the layout of the published code.
    pool : int
        Jets that are shuffled with each other.
    seed, workers : int
        Of everything; threads.
    """

    model: str = "lightgbm"
    preset: str | None = None
    epochs: int | None = None
    batch: int | None = None
    learning_rate: float | None = None
    max_constits: int | None = None
    patience: int | None = None
    device: str = "auto"
    precision: str = "auto"
    fraction: bool = False
    max_jets: int | None = None
    max_test_jets: int | None = None
    validation: float = 0.1
    train: str | None = None
    export: str = ""
    npz: bool = False
    pool: int = POOL
    seed: int = 0
    workers: int = 2


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """Jets to learn from, those that decide when it is enough, and the shares that they are."""

    training: JetRows
    validation: JetRows
    shares: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A trained tagger.

    Attributes
    ----------
    tagger : Tagger
        The tagger.
    history : History
        Of its losses.
    seconds : float
        Of training.
    parameters : int
        Numbers of a network, leaves of trees.
    settings : dict
        What it was trained with.
    notes : tuple of str
        What a reader must know.
    """

    tagger: Tagger
    history: History
    seconds: float
    parameters: int
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def carded(self, card: Mapping[str, Any]) -> Tagger:
        """The tagger with a card."""
        if isinstance(self.tagger, NetworkTagger):
            return replace(self.tagger, card=dict(card))
        if isinstance(self.tagger, TreeTagger):
            return TreeTagger(replace(self.tagger.model, card=dict(card)))
        return self.tagger


def teach(
    asked: TaggerOptions,
    table: FeatureTable,
    lessons: Lessons,
    area: Path | None = None,
    about: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Taught:
    """Train what is asked for.

    Raises
    ------
    ModelError, ParameterError, TableError
        If that cannot be trained on these jets.
    """
    if asked.model == "lightgbm":
        return _trees(asked, table, lessons, progress)
    return _network(asked, table, lessons, area, about, progress)


def _trees(
    asked: TaggerOptions, table: FeatureTable, lessons: Lessons, progress: Progress | None
) -> Taught:
    _refuse_network_options(asked)
    from hepml.ml.toptag.trees import SETTINGS, fit_trees

    need_columns(table, HIGH_LEVEL)
    by_name = {column.name: column for column in table.columns}
    features = [by_name[name] for name in HIGH_LEVEL]
    if progress is not None:
        progress("training LightGBM", 0, 1)
    model, seconds = fit_trees(
        features, lessons.training, lessons.validation, seed=asked.seed, workers=asked.workers
    )
    trees = model.estimator
    notes: tuple[str, ...] = ()
    if trees.rounds_ >= SETTINGS["n_estimators"]:
        notes = ("the trees still became better when there were as many as allowed",)
    history = History(
        metric="weighted cross entropy",
        losses={name: tuple(values) for name, values in trees.history_.items()},
        best=trees.rounds_,
    )
    leaves = sum(tree["num_leaves"] for tree in trees.booster_.dump_model()["tree_info"])
    return Taught(TreeTagger(model), history, seconds, leaves, dict(SETTINGS), notes)


def _refuse_network_options(asked: TaggerOptions) -> None:
    """Raise a ParameterError for options that only networks have."""
    given = {
        "--preset": asked.preset is not None,
        "--epochs": asked.epochs is not None,
        "--batch": asked.batch is not None,
        "--learning-rate": asked.learning_rate is not None,
        "--max-constits": asked.max_constits is not None,
        "--patience": asked.patience is not None,
        "--fraction": asked.fraction,
        "--export": bool(asked.export),
    }
    names = [name for name, there in given.items() if there]
    if names:
        raise ParameterError(f"{', '.join(names)}: for networks; --model lightgbm has none.")


def _network(
    asked: TaggerOptions,
    table: FeatureTable,
    lessons: Lessons,
    area: Path | None,
    about: Mapping[str, Any] | None,
    progress: Progress | None,
) -> Taught:
    from hepml.ml.toptag.devices import need_torch, pick_device
    from hepml.ml.toptag.fitting import FitOptions, fit_network

    need_torch()
    plan = network_plan(
        asked.model,
        asked.preset or "train_py",
        learning_rate=asked.learning_rate,
        batch=asked.batch,
        slots=asked.max_constits,
        fraction=asked.fraction,
    )
    inputs = _inputs(plan, table, lessons.training)
    options = FitOptions(
        epochs=EPOCHS if asked.epochs is None else asked.epochs,
        patience=PATIENCE if asked.patience is None else asked.patience,
        seed=asked.seed,
        threads=free_threads(asked.workers),
        device=pick_device(asked.device),
        precision=asked.precision,
    )
    fitted = fit_network(
        plan,
        JetLoader(lessons.training, inputs, batch=plan.batch, pool=asked.pool, seed=asked.seed),
        JetLoader(lessons.validation, inputs, batch=_VALIDATION_BATCH, shuffle=False, pool=1),
        options,
        area=area,
        about=about,
        progress=progress,
    )
    from hepml.ml.toptag.networks import count_parameters

    count = count_parameters(fitted.module)
    tagger = NetworkTagger(plan, inputs, fitted.module.to(fitted.device), fitted.device)
    notes = [f"{fitted.jets / max(fitted.seconds, 1e-9):,.0f} jets/s in training ({fitted.device})"]
    if fitted.history.best == options.epochs:
        notes.append(
            "the loss on validation jets still fell in the last epoch: more --epochs may help"
        )
    settings = plan.to_json() | {"epochs": options.epochs, "patience": options.patience}
    return Taught(tagger, fitted.history, fitted.seconds, count, settings, tuple(notes))


def _inputs(plan: NetworkPlan, table: FeatureTable, training: JetRows) -> Inputs:
    """What the network reads, scaled by its training jets."""
    if plan.inputs == "constituents":
        inputs = ConstituentInputs(plan.slots)
        need_columns(table, inputs.columns)
        return inputs
    need_columns(table, HIGH_LEVEL)
    scaler = HighLevelScaler()
    for block in training.blocks:
        values = matrix(read_block(block, HIGH_LEVEL))
        scaler.partial_fit(values if block.rows is None else values[block.rows])
    return HighLevelInputs(scaler)
