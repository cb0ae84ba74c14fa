"""The models of shower identification: which features, which settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.ml.features import choose_features
from hepml.ml.forest import FAST, PUBLISHED
from hepml.ml.training import Plan
from hepml.tables import FeatureTable

__all__ = ["FORESTS", "GROUP", "LABEL", "LEGACY", "PRESETS", "make_plans"]

LABEL = "signal"
GROUP = ("brick", "shower")

LEGACY = ("dx", "dy", "dTX", "dTY", "DeltaT", "Par_impact_nor", "Angolo_cono")
"""Features of the published forest, by their published names."""

FORESTS = {"fast": FAST, "published": PUBLISHED}
PRESETS = ("default", "legacy")
MODELS = ("boosted", "boosted_legacy", "forest_legacy")


def make_plans(
    table: FeatureTable,
    *,
    preset: str = "default",
    models: Sequence[str] = (),
    forest: str = "fast",
    features: Sequence[str] | None = None,
    without: Sequence[str] = (),
) -> tuple[Plan, ...]:
    """The models to train, the main one first.

    Parameters
    ----------
    table : FeatureTable
        With the features.
    preset : {"default", "legacy"}
        ``legacy`` is the published forest alone: 500 trees on standardised features, undefined
        ones 0, no calibration, threshold 0.5.
    models : sequence of str
        Some of ``boosted`` (all features), ``boosted_legacy`` and ``forest_legacy`` (the seven
        published ones); default: all of them.
    forest : {"fast", "published"}
        Settings of the forest: 100 trees on 120,000 rows, or as published.
    features, without : sequence of str
        Inputs of ``boosted``; default: every feature of the table.

    Raises
    ------
    ParameterError
        If a name is unknown, or a column cannot be an input.
    ModelError
        If the table lacks the published features.
    """
    for what, name, known in (("preset", preset, PRESETS), ("forest", forest, tuple(FORESTS))):
        if name not in known:
            raise ParameterError(f"There is no {what} {name!r}. " + did_you_mean(name, known))
    for name in models:
        if name not in MODELS:
            raise ParameterError(f"There is no model {name!r}. " + did_you_mean(name, MODELS))
    chosen = [name for name in MODELS if not models or name in models]
    if preset == "legacy":
        chosen, forest = ["forest_legacy"], "published"
    reserved = (LABEL, *GROUP)
    columns = {column.name: column for column in table.columns}
    plans = []
    for name in chosen:
        if name == "boosted":
            inputs = choose_features(table, features, without=without, reserved=reserved)
            title = f"LightGBM, {len(inputs)} features"
        else:
            inputs = choose_features(table, _legacy(table), reserved=reserved)
            title = f"{'LightGBM' if name == 'boosted_legacy' else 'Random forest'}, 7 features"
        plan = Plan(name, title, tuple(columns[item] for item in inputs))
        if name == "forest_legacy":
            plan = replace(plan, forest=FORESTS[forest])
            if preset == "legacy":
                plan = replace(plan, calibration="none", threshold=0.5)
        plans.append(plan)
    return tuple(plans)


def _legacy(table: FeatureTable) -> tuple[str, ...]:
    known = {*table.names(), *table.aliases}
    lacking = [name for name in LEGACY if name not in known]
    if lacking:
        raise ModelError(
            f"The table lacks {', '.join(lacking)} of the published features. Use the table of "
            "`hepml run shower`, or train with --models boosted only."
        )
    return LEGACY
