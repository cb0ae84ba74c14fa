"""Normalisation of one simulated sample: its cross section and its sum of generated weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hepml.errors import ProcessorError

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["given_cross_section", "yield_factor"]


def given_cross_section(
    cross_sections: Mapping[str, float], dataset: str | None, label: str | None
) -> float | None:
    """Cross section [pb] that was asked for by the name of a dataset or of its class."""
    for name in (dataset, label):
        if name is not None and name in cross_sections:
            return cross_sections[name]
    return None


def yield_factor(processor: Processor, metadata: Mapping[str, Any] | None) -> float:
    """Expected events per unit of generator weight: cross section x luminosity / sum of weights.

    For channels that take the sum of weights from the files (`Processor.file_constants`); the
    engine puts it into ``events.metadata``, a plain coffea fileset may state it there too.

    Parameters
    ----------
    processor : Processor
        Its luminosity [pb^-1] and cross sections [pb].
    metadata : mapping
        ``events.metadata``: ``dataset``, ``label``, ``sum_of_weights`` and ``cross_section`` [pb].

    Returns
    -------
    float
        1 where no cross section is known: the weights then stay those of the generator, and the
        run says that the sample is not normalised.

    Raises
    ------
    ProcessorError
        If a cross section was asked for and there is no sum of weights to go with it.
    """
    known = metadata or {}
    dataset, label = known.get("dataset"), known.get("label")
    given = given_cross_section(processor.cross_sections, dataset, label)
    total = known.get("sum_of_weights")
    if total is None:
        if given is None:
            return 1.0
        raise ProcessorError(
            f"A cross section is given for {dataset!r}, but the sum of its generated weights is "
            "not known. Put 'sum_of_weights' (of the whole sample) into the fileset's metadata."
        )
    cross_section = known.get("cross_section") if given is None else given
    if cross_section is None:
        return 1.0
    return float(cross_section) * processor.luminosity / float(total)
