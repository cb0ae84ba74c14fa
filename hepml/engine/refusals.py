"""Inputs that do not go together: copies, mixtures, numbers for samples that are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hepml.engine.plan import PlannedFile
from hepml.errors import (
    FileAccessError,
    ModelError,
    OverlapError,
    ParameterError,
    did_you_mean,
)
from hepml.scoring import AppliedModel

if TYPE_CHECKING:
    from pathlib import Path

    from hepml.inputs import Input
    from hepml.processor import Processor

__all__ = ["refuse_mixed", "refuse_other_model", "refuse_overlap", "refuse_unused"]


def refuse_overlap(files: Sequence[PlannedFile]) -> None:
    """Refuse entries that two files of a plan share: copies, or runs that overlap."""
    taken: dict[str, list[PlannedFile]] = {}
    for file in files:
        for twin in taken.setdefault(file.uuid, []):
            # two copies of an empty file share nothing
            if file.edges[0] < twin.edges[-1] and twin.edges[0] < file.edges[-1]:
                raise OverlapError(
                    f"{file.endpoints[0]} ({file.dataset}) is a copy of {twin.endpoints[0]} "
                    f"({twin.dataset}): both carry the uuid {file.uuid}, so its events would be "
                    "counted twice. Leave one of them out."
                )
        taken[file.uuid].append(file)


def refuse_mixed(files: Sequence[PlannedFile]) -> None:
    """Refuse a dataset that is data in one file and simulation in another."""
    kinds: dict[str, PlannedFile] = {}
    for file in files:
        first = kinds.setdefault(file.dataset, file)
        if first.kind != file.kind:
            raise FileAccessError(
                f"Dataset {file.dataset!r} mixes {first.kind} ({first.endpoints[0]}) and "
                f"{file.kind} ({file.endpoints[0]}). Give them different names: NAME=FILES."
            )


def refuse_unused(processor: Processor, inputs: Sequence[Input]) -> None:
    """Refuse a cross section for a sample that is not in the run: surely a slip of the pen."""
    known = {name for item in inputs for name in (item.dataset, item.label)}
    for name in processor.cross_sections:
        if name not in known:
            raise ParameterError(
                f"A cross section is given for {name!r}, which is neither a dataset nor a class "
                f"of this run. {did_you_mean(name, known)}"
            )


def refuse_other_model(planned: Mapping[str, Any], processor: Processor, where: str | Path) -> None:
    """Refuse to go on with another model than a run began with, or with none.

    Raises
    ------
    ModelError
        If the model differs, has changed, or is gone.
    """
    before = AppliedModel.of(planned["model"]) if planned.get("model") else None
    now = processor.model
    if (before and (before.sha256, before.score)) != (now and (now.sha256, now.score)):
        raise ModelError(
            f"The run in {where} was begun with {_model(before)}, and this would go on with "
            f"{_model(now)}. A run keeps its model to the end. Start a new run for another one."
        )
    processor.check_model()


def _model(model: AppliedModel | None) -> str:
    return "no model" if model is None else f"the model {model} and scores {model.score!r}"
