"""The analysis as a coffea processor of its own: nothing of hepml but a selection."""

from __future__ import annotations

from typing import Any

import hist
from coffea.processor import ProcessorABC, column_accumulator

from zpeak.selection import ZCuts, z_candidates

__all__ = ["PlainZ"]


class PlainZ(ProcessorABC):
    """Mass spectrum by charge, and the masses of opposite-sign pairs [GeV]."""

    def __init__(self, cuts: ZCuts | None = None) -> None:
        self.cuts = cuts or ZCuts()

    def process(self, events: Any) -> dict[str, Any]:
        """Select the pairs of one chunk."""
        pairs = z_candidates(events.Muon, self.cuts)
        mass = pairs.features["dimuon_mass"]
        spectrum = (
            hist.new.IntCat([-1, 1], name="charge_product", label="Product of charges")
            .Reg(60, self.cuts.mass_low, self.cuts.mass_high, name="mass", label="Mass [GeV]")
            .Int64()
            .fill(pairs.features["charge_product"], mass)
        )
        found = {
            "events": len(events),
            "spectrum": spectrum,
            "masses": column_accumulator(mass[pairs.opposite]),
        }
        return {events.metadata["dataset"]: found}

    def postprocess(self, accumulator: Any) -> Any:
        """Leave the sum as it is."""
        return accumulator
