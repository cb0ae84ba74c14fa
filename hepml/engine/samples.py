"""What all files of a simulated dataset say together, and whether that normalises it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hepml.errors import ParameterError
from hepml.sample import given_cross_section

if TYPE_CHECKING:
    from hepml.engine.plan import Plan, PlannedFile

__all__ = ["SampleConstants", "refuse_unnormalised", "sample_constants"]

SUM = "sum_of_weights"


@dataclass(frozen=True, slots=True)
class SampleConstants:
    """Constants of one simulated dataset whose channel takes them from the files.

    Attributes
    ----------
    values : dict of str to float
        ``sum_of_weights`` and ``generated`` over all planned files, each file once, and
        ``cross_section`` [pb]; what is not known of every file is left out.
    unnormalised : str
        Why they do not normalise the dataset, empty if they do.
    """

    values: dict[str, float]
    unnormalised: str


def sample_constants(
    files: Sequence[PlannedFile], parameters: Mapping[str, Any]
) -> dict[str, SampleConstants]:
    """Add up the constants of each dataset's files.

    Parameters
    ----------
    files : sequence of PlannedFile
        Files that were opened.
    parameters : mapping
        The processor's parameters: ``cross_sections`` [pb] by dataset or label, ``weight``.

    Returns
    -------
    dict
        Dataset to constants, for the datasets that have any.
    """
    members: dict[str, list[PlannedFile]] = {}
    for file in files:
        if file.constants is not None and file.kind == "simulation":
            members.setdefault(file.dataset, []).append(file)
    return {name: _together(name, found, parameters) for name, found in members.items()}


def _together(
    dataset: str, files: Sequence[PlannedFile], parameters: Mapping[str, Any]
) -> SampleConstants:
    known = [file.constants or {} for file in files]
    names = sorted({name for item in known for name in item})
    values = {
        # the order of the files must not matter: chunks are told apart by these numbers
        name: math.fsum(item[name] for item in known)
        for name in names
        if all(name in item for item in known)
    }
    given = given_cross_section(
        parameters.get("cross_sections") or {}, dataset, files[0].label or None
    )
    catalogued = {file.cross_section for file in files}
    cross_section = given
    if given is None and len(catalogued) == 1:
        cross_section = catalogued.pop()
    if cross_section is not None:
        values["cross_section"] = cross_section
    lacking = [file.endpoints[0] for file in files if SUM not in (file.constants or {})]
    reason = ""
    if parameters.get("weight") == "none":
        reason = "--weight none counts events"
    elif lacking:
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        reason = (
            f"{lacking[0]}{more} does not hold the sum of its generated weights "
            "(NanoAOD: genEventSumw in the tree Runs)"
        )
    elif not values[SUM] > 0:
        reason = f"its sum of generated weights is {values.pop(SUM):g}"
    elif cross_section is None:
        reason = f"its cross section is not known; give it in pb:  --cross-section {dataset}=PB"
    return SampleConstants(values, reason)


def refuse_unnormalised(plan: Plan) -> None:
    """Raise a ParameterError if a cross section is asked for that cannot be applied."""
    asked = plan.parameters.get("cross_sections") or {}
    labels = {file.dataset: file.label for file in plan.files}
    for dataset, found in sample_constants(plan.files, plan.parameters).items():
        given = given_cross_section(asked, dataset, labels[dataset] or None)
        if given is not None and SUM not in found.values and found.unnormalised:
            raise ParameterError(
                f"A cross section is given for {dataset!r}, but the sample cannot be normalised: "
                f"{found.unnormalised}. Leave those files out, or run without the cross section."
            )
