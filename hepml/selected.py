"""What a selection declares and returns: histograms, and arrays only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Fill", "Histogram", "Selected"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Declaration of one histogram; the framework adds the dataset and variation axes.

    Attributes
    ----------
    name : str
        Name under which it is saved and plotted.
    axes : tuple of hist axes
        ``hist.axis`` objects whose ``label`` carries the unit, e.g. ``"Mass [GeV]"``.
    label : str
        What is counted, e.g. ``"Events"`` or ``"Photons"``.
    """

    name: str
    axes: tuple[Any, ...]
    label: str = "Events"


@dataclass(frozen=True, slots=True)
class Fill:
    """Values to put into one declared histogram, for one variation.

    Attributes
    ----------
    values : tuple of arrays
        One flat array per declared axis, all of the same length.
    weight : array
        One weight per entry.
    variation : str
        ``"nominal"`` or ``"<source>_up"`` / ``"<source>_down"``.
    """

    values: tuple[Any, ...]
    weight: Any
    variation: str = "nominal"


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selection returns: arrays only, so that it can also be a lazy graph.

    Attributes
    ----------
    cutflow : mapping of str to array
        Step name to the weights of the events that pass it and every step before, in order.
        The raw count is the length, the weighted count the sum.
    histograms : mapping of str to sequence of Fill
        Keys are names declared by `hepml.processor.Processor.histograms`; a name may be left out.
    features : mapping of str to array
        The declared ``columns``, one entry per row; not looked at if the processor was asked
        for no table. The framework adds ``dataset``, ``label``
        and ``file`` where they are declared and not returned.
    entries : array, optional
        Position in the chunk of each row's event, given where the file has no event ids: the
        framework then fills the key columns ``file`` (its uuid) and ``event`` (entry number).
    constants : mapping of str to array
        What the file claims about its whole sample (``cross_section`` [pb],
        ``sum_of_weights``): every event must agree.
    """

    cutflow: Mapping[str, Any]
    histograms: Mapping[str, Sequence[Fill]] = field(default_factory=dict)
    features: Mapping[str, Any] = field(default_factory=dict)
    entries: Any = None
    constants: Mapping[str, Any] = field(default_factory=dict)
