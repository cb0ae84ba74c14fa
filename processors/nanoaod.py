"""What every analysis of CMS NanoAOD needs besides its selection: identity, kind and weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import awkward as ak
import numpy as np

from hepml.columns import Column, key
from hepml.processor import Processor
from hepml.sample import yield_factor
from hepml.schemas import NanoAOD
from hepml.schemas.runs_tree import generated_sums
from processors.flat import float64, plain
from processors.objects import positions

__all__ = ["EVENT_KEYS", "IDS", "NanoProcessor"]

# our key column -> NanoAOD branch
IDS = {"run": "run", "lumi": "luminosityBlock", "event": "event"}

# the columns that `NanoProcessor.identity` fills, with the framework's help for reduced files
EVENT_KEYS: tuple[Column, ...] = (
    key("file", "string", doc="identity of the input file where it has no event ids"),
    key("run"),
    key("lumi", doc="luminosity block", alias="luminosityBlock"),
    key("event", doc="event number, or the entry in the file where it has none"),
)


class NanoProcessor(Processor):
    """A processor of NanoAOD, full or reduced; derive from it and write the selection.

    The columns of the table begin with ``EVENT_KEYS``.
    """

    schema = NanoAOD
    trees = ("Events",)
    weights = ("generator", "none")
    event_ids: ClassVar[Mapping[str, str]] = IDS

    def event_weights(self, events: Any) -> Any:
        """Weight of every event: 1 for data, the generator's x what normalises the sample.

        See `hepml.sample.yield_factor`.
        """
        if self.is_data(events) or self.weight == "none":
            return plain(ak.ones_like(ak.num(events.Muon.pt, axis=1), dtype=np.float64))
        return float64(plain(events.genWeight)) * yield_factor(self, events.metadata)

    def identity(self, events: Any, passing: Callable[[Any], Any]) -> tuple[dict[str, Any], Any]:
        """Key columns of the rows, and their positions where the file has no event ids.

        Parameters
        ----------
        events : array
            All events of the chunk.
        passing : callable
            Keeps the selected entries of an array per event, as `Selection.passing` does.

        Returns
        -------
        columns : dict of str to array
            For ``Selected.features``.
        entries : array or None
            For ``Selected.entries``.
        """
        if set(IDS.values()) <= set(events.fields):
            return {ours: passing(plain(events[theirs])) for ours, theirs in IDS.items()}, None
        entries = passing(plain(positions(events.Muon.pt)))
        return {"run": 0 * entries, "lumi": 0 * entries}, entries

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """What `event_weights` reads; add what your selection does."""
        generated = kind == "simulation" and self.weight == "generator"
        return ("genWeight",) if generated else ()

    def optional_branches(self, tree: str, kind: str) -> Mapping[str, str]:
        """Event ids, which reduced files lack."""
        return dict.fromkeys(IDS.values(), "its events are known by file and entry only")

    @classmethod
    def file_constants(
        cls, directory: Any, tree_name: str, kind: str
    ) -> Mapping[str, float] | None:
        """Sums of generated weights and events of a simulated file, from its tree ``Runs``."""
        return generated_sums(directory) if kind == "simulation" else None

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Tell simulation by its generator record (``genWeight`` or ``GenPart``)."""
        generated = {"genWeight", "nGenPart"} & set(tree.keys(recursive=False))
        return "simulation" if generated else "data"
