"""The reference notebook's models, as they were: why all of them predict one class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hepml.errors import ModelError
from hepml.ml.production.plan import ModelPlan, Weighting, declared
from hepml.tables import FeatureTable

__all__ = ["SEED_INPUTS", "SEED_KEPT", "seed_plans"]

# Inputs of the reference notebook by their published names, and those of them that it kept.
SEED_INPUTS = (
    "photon_n", *(f"photon_{which}_{name}" for which in ("1lead", "2lead")
                  for name in ("pt", "eta", "phi", "E", "etcone20")),
    "h_mass", "met_et", "met_phi", "lep_pt_sum", "lep_phi_mean", "lep_phi_std", "lep_E_sum",
    "lep_theta_mean", "lep_theta_std", "lep_charge_sum", "lep_ptcone30_sum", "lep_etcone20_sum",
)  # fmt: skip
SEED_KEPT = tuple(name for name in SEED_INPUTS[1:14])
SEED_CLASSES = ("gg", "VBF")
SEED_NUMBER = 23
# Mean weight of the published table: 7.043e-3 pb in 280,617 rows.
SEED_WEIGHT = 2.51e-8
# XGBoost's best parameters of the notebook, and its defaults, by LightGBM's names.
SEED_BOOSTED: dict[str, Any] = {
    "n_estimators": 100,
    "learning_rate": 1e-6,
    "num_leaves": 1024,
    "min_child_samples": 1,
    "feature_fraction": 1.0,
    "bagging_fraction": 1.0,
    "reg_lambda": 0.001,
    "early_stopping": 0,
    "parameters": {
        "max_depth": 10,
        "min_gain_to_split": 0.1,
        "lambda_l1": 0.001,
        "min_sum_hessian_in_leaf": 1.0,
        "boost_from_average": False,
    },
}


def seed_plans(table: FeatureTable, classes: Sequence[str]) -> tuple[ModelPlan, ...]:
    """The notebook's models, on raw weights of the order of 1e-8.

    The notebook's forest had negative weights, too. scikit-learn 1.9 draws rows by their weights
    and refuses those (and earlier ones give negative probabilities): absolute values here.
    """
    known = {*table.names(), *table.aliases}
    lacking = [name for name in SEED_INPUTS if name not in known]
    if lacking:
        raise ModelError(
            f"The table lacks {', '.join(lacking[:5])} of the notebook's features. Use the table "
            "of `hepml run diphoton`."
        )
    missing = [name for name in SEED_CLASSES if name not in classes]
    if missing:
        raise ModelError(f"The preset needs events of {' and '.join(missing)}.")
    raw = Weighting(balanced=False, mean=SEED_WEIGHT)
    forest = ModelPlan(
        name="forest",
        label="Random forest of the notebook",
        kind="forest",
        features=declared(table, SEED_INPUTS),
        classes=tuple(classes),
        weighting=raw,
        parameters={"n_estimators": 100, "random_state": SEED_NUMBER},
    )
    two = replace(
        forest,
        features=declared(table, SEED_KEPT),
        classes=SEED_CLASSES,
        weighting=replace(raw, policy="positive"),
    )
    published = {"n_estimators": 6, "rounds": 50, "depth": 1, "learning_rate": 1.0}
    settings = published | {"features": None, "random_state": SEED_NUMBER}
    return (
        forest,
        replace(
            two,
            name="ensemble",
            label="EasyEnsemble of the notebook",
            kind="ensemble",
            parameters=settings,
        ),
        replace(
            two,
            name="boosted",
            label="Boosted trees of the notebook",
            kind="boosted",
            parameters=SEED_BOOSTED | {"random_state": SEED_NUMBER},
        ),
    )
