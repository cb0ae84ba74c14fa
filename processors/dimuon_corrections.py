"""Where the corrections of simulated muon pairs find their inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hepml.columns import Column
from hepml.corrections import Corrections, Source
from hepml.errors import ParameterError, did_you_mean
from processors.dimuon_selection import MuonPairs
from processors.objects import float64, plain

__all__ = ["corrected_weights", "correction_branches"]

_OBJECTS = ("event", "muon")


def correction_branches(corrections: Corrections, columns: Iterable[Column]) -> tuple[str, ...]:
    """Branches that the corrections read.

    Raises
    ------
    ParameterError
        If a source is per something else than event or muon.
    """
    for source in corrections.sources:
        if source.per not in _OBJECTS:
            raise ParameterError(
                f"The source {source.name!r} of {corrections.path} is per {source.per!r}; dimuon "
                f"has corrections per {' or '.join(_OBJECTS)}. {did_you_mean(source.per, _OBJECTS)}"
            )
    computed = {column.name for column in columns}
    of_events = [name for name in corrections.columns("event") if name not in computed]
    return (*of_events, *(f"Muon_{name}" for name in corrections.columns("muon")))


def corrected_weights(
    corrections: Corrections, events: Any, pairs: MuonPairs, weight: Any, ways: Sequence[str]
) -> dict[str, Any]:
    """Multiply the weight of each selected event with every correction.

    Parameters
    ----------
    corrections : Corrections
        What to apply.
    events : array
        All events; inputs per event that are no columns of the table are read from them.
    pairs : MuonPairs
        The selected ones.
    weight : array
        Weight of each selected event before corrections.
    ways : sequence of str
        ``nominal``, and ``<source>_up`` and ``<source>_down`` of the sources to shift.

    Returns
    -------
    dict of str to array
        A weight per selected event for each way.
    """
    inputs = {source.name: _inputs(source, events, pairs) for source in corrections.sources}
    factors = {
        source.name: corrections.factor(source, inputs[source.name])
        for source in corrections.sources
    }
    found = {}
    for way in ways:
        total = weight
        for source in corrections.sources:
            shift = way.removeprefix(f"{source.name}_")
            shifted = shift in ("up", "down") and way == f"{source.name}_{shift}"
            total = total * plain(
                corrections.factor(source, inputs[source.name], shift)
                if shifted
                else factors[source.name]
            )
        found[way] = total
    return found


def _inputs(source: Source, events: Any, pairs: MuonPairs) -> list[dict[str, Any]]:
    """Columns of a source for each object that it is evaluated for."""
    if source.per == "muon":
        return [
            {name: float64(getattr(muon, name)) for name in source.columns}
            for muon in (pairs.lead, pairs.trail)
        ]
    return [
        {
            name: pairs.features[name]
            if name in pairs.features
            else pairs.passing(plain(_branch(events, name)))
            for name in source.columns
        }
    ]


def _branch(events: Any, name: str) -> Any:
    """A branch with one value per event, which NanoAOD's layout may have put into a collection."""
    if name in events.fields:
        return events[name]
    collection, _, field = name.partition("_")
    return events[collection][field]
