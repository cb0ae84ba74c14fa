"""The models of production modes: which inputs, classes, weights and settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.ml.features import choose_features
from hepml.ml.kinds import Kind
from hepml.ml.production.plan import ModelPlan, Weighting, declared
from hepml.ml.production.seed import seed_plans
from hepml.tables import FeatureTable

__all__ = ["DEFAULT_MODELS", "MASS", "MODELS", "PRESETS", "make_plans"]

MASS = "diphoton_mass"
LABEL, WEIGHT = "label", "weight"
PRESETS = ("default", "seed")
MODELS = ("boosted", "boosted_nojets", "boosted_mass", "forest", "ensemble", "network")
DEFAULT_MODELS = MODELS[:-1]

# Few small trees: a row of 5 classes is scored in less than two microseconds.
BOOSTED: dict[str, Any] = {
    "n_estimators": 150,
    "learning_rate": 0.1,
    "num_leaves": 16,
    "min_child_samples": 20,
    "early_stopping": 20,
}
# The published number of trees; leaves of 5 rows and a limit of rows for the sake of memory.
FOREST: dict[str, Any] = {"n_estimators": 100, "min_samples_leaf": 5}
SLOW_ROWS = 100_000


def make_plans(
    table: FeatureTable,
    classes: Sequence[str],
    *,
    preset: str = "default",
    models: Sequence[str] = (),
    features: Sequence[str] | None = None,
    without: Sequence[str] = (),
    jets: bool = True,
    mass: bool = False,
    policy: Literal["absolute", "positive"] = "absolute",
) -> tuple[ModelPlan, ...]:
    """The models to train, the main one first.

    Parameters
    ----------
    table : FeatureTable
        With the features.
    classes : sequence of str
        What is told apart.
    preset : {"default", "seed"}
        ``seed`` is the reference notebook: its three models with its weights.
    models : sequence of str
        Some of `MODELS`; default: all but the network.
    features, without : sequence of str
        Inputs; default: every feature of the table.
    jets : bool
        Whether jets are among them.
    mass : bool
        Whether the mass is among them.
    policy : {"absolute", "positive"}
        Of the training weights.

    Raises
    ------
    ParameterError
        If a name is unknown, or a column cannot be an input.
    ModelError
        If the table lacks what the preset needs.
    """
    if preset not in PRESETS:
        raise ParameterError(f"There is no preset {preset!r}. " + did_you_mean(preset, PRESETS))
    for name in models:
        if name not in MODELS:
            raise ParameterError(f"There is no model {name!r}. " + did_you_mean(name, MODELS))
    if preset == "seed":
        return seed_plans(table, classes)
    inputs = _inputs(table, features, without, jets=jets, mass=mass)
    chosen = [name for name in MODELS if name in (models or DEFAULT_MODELS)]
    plans = []
    for name in chosen:
        used = _variant(table, inputs, name, asked=bool(models))
        if used is not None:
            plans.append(_plan(table, name, used, classes, policy))
    return tuple(plans)


def _inputs(
    table: FeatureTable,
    features: Sequence[str] | None,
    without: Sequence[str],
    *,
    jets: bool,
    mass: bool,
) -> tuple[str, ...]:
    """Columns that models read: the mass is one only where it is asked for."""
    aliases = {table.aliases.get(name, name): name for name in (*(features or ()), *without)}
    if MASS in aliases and not mass:
        raise ParameterError(
            f"{aliases[MASS]!r} is no input by default, so that categories do not sculpt the mass "
            "spectrum that is fitted afterwards. Give --with-mass, or do not name it."
        )
    named = None
    if features is not None:
        named = [name for name in features if table.aliases.get(name, name) != MASS]
    reserved = [name for name in table.names() if _is_reserved(name)]
    found = choose_features(
        table,
        named,
        without=[name for name in without if table.aliases.get(name, name) != MASS],
        reserved=[*reserved, *([MASS] if MASS in table.names() else [])],
    )
    kept = tuple(name for name in found if jets or not _is_jet(name))
    if not kept:
        raise ParameterError("Without jets no feature is left to train on.")
    return (*kept, *_mass(table)) if mass else kept


def _is_reserved(name: str) -> bool:
    """Labels and weights, also in tables that declare nothing."""
    return name in (LABEL, WEIGHT) or name.startswith("weight_")


def _is_jet(name: str) -> bool:
    return name == "n_jets" or name.startswith("jet_")


def _mass(table: FeatureTable) -> tuple[str]:
    if MASS not in table.names():
        raise ModelError(f"The table has no column {MASS!r}, so the mass cannot be an input.")
    return (MASS,)


def _variant(
    table: FeatureTable, inputs: tuple[str, ...], name: str, *, asked: bool
) -> tuple[str, ...] | None:
    """Inputs of a model; ``None`` where it would be the same as the main one."""
    if name == "boosted_nojets":
        kept = tuple(item for item in inputs if not _is_jet(item))
        if kept and len(kept) < len(inputs):
            return kept
    elif name == "boosted_mass":
        if MASS in table.names() and MASS not in inputs:
            return (*inputs, MASS)
    else:
        return inputs
    if asked:
        raise ParameterError(
            f"Model {name!r} needs a table, and inputs, with {'jets' if 'jets' in name else 'mass'}"
            f"{'' if 'jets' in name else ', and other models without it'}."
        )
    return None


_KINDS: dict[str, tuple[Kind, str]] = {
    "boosted": ("boosted", "LightGBM"),
    "boosted_nojets": ("boosted", "LightGBM without jets"),
    "boosted_mass": ("boosted", "LightGBM with the mass"),
    "forest": ("forest", "Random forest"),
    "ensemble": ("ensemble", "EasyEnsemble"),
    "network": ("network", "Network"),
}


def _plan(
    table: FeatureTable,
    name: str,
    inputs: Sequence[str],
    classes: Sequence[str],
    policy: Literal["absolute", "positive"],
) -> ModelPlan:
    kind, label = _KINDS[name]
    slow = kind in ("forest", "ensemble")
    return ModelPlan(
        name=name,
        label=label,
        kind=kind,
        features=declared(table, inputs),
        classes=tuple(classes),
        weighting=Weighting(policy),
        parameters={"boosted": BOOSTED, "forest": FOREST}.get(kind, {}),
        rows=SLOW_ROWS if slow else None,
        stopped=not slow,
    )
