"""Inputs that do not go together: copies, mixtures, numbers for samples that are not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hepml.engine.plan import PlannedFile
from hepml.errors import FileAccessError, OverlapError, ParameterError, did_you_mean

if TYPE_CHECKING:
    from hepml.processor import Processor
    from hepml.records import Input

__all__ = ["refuse_mixed", "refuse_overlap", "refuse_unused"]


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
