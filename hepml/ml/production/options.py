"""What a classification of production modes can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hepml.errors import ParameterError
from hepml.splits import DEFAULT_SPLIT

__all__ = ["ProductionOptions", "check_options"]


@dataclass(frozen=True, slots=True)
class ProductionOptions:
    """What ``hepml ml higgs-production`` can be asked for.

    Attributes
    ----------
    preset, models, features, without, jets, mass, policy
        See `hepml.ml.production.models.make_plans`.
    classes : tuple of str
        Modes to tell apart; default: all. Of two the score is the probability of the first.
    split : mapping of str to float
        Shares of the events for ``train``, ``validation`` and ``test``.
    folds : int
        Judge all events, each by a model of the other folds; 0: judge the test share.
    search : int
        Sets of parameters to try for the boosted trees; 0: none.
    luminosity : float or None
        For expected events [pb^-1]; default: that of the data.
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
    features: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    jets: bool = True
    mass: bool = False
    policy: Literal["absolute", "positive"] = "absolute"
    classes: tuple[str, ...] = ()
    split: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_SPLIT))
    folds: int = 0
    search: int = 0
    luminosity: float | None = None
    repeats: int = 200
    permutations: int = 2
    seed: int = 0
    workers: int = 2


def check_options(asked: ProductionOptions, area: str | Path | None) -> None:
    """Raise a ParameterError for what makes no sense together."""
    if set(asked.split) != set(DEFAULT_SPLIT):
        raise ParameterError(
            f"A split has shares for {', '.join(DEFAULT_SPLIT)}: {dict(asked.split)}."
        )
    if asked.folds == 1 or asked.folds < 0 or asked.search < 0:
        raise ParameterError("Folds must be 0 or at least 2, and a search must not be negative.")
    if asked.search and area is None:
        raise ParameterError("A search needs a folder for its trials (area=...).")
    if asked.preset == "seed" and (
        asked.models or asked.features or asked.without or asked.search or not asked.jets
    ):
        raise ParameterError("The preset 'seed' has its own models, inputs and parameters.")
