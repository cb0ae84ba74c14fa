"""A small processor for tests of the engine, which breaks its contract on request."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import awkward as ak
import hist
import numpy as np

from hepml.columns import Column, feature, key, label, weight
from hepml.errors import FileAccessError
from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.schemas import AtlasOpenData

NAME = "tests.engine.probe:ProbeProcessor"


@dataclass(frozen=True, slots=True)
class ProbeCuts:
    """What to select, and what to do wrong.

    Attributes
    ----------
    pt : float
        Threshold on the photon of highest pT [GeV].
    window : tuple of float
        Mass window of nothing: a cut that is not a plain number.
    fault : str
        What to do wrong; empty: nothing.
    start : int
        Chunk (its first entry) in which to do it; -1: in all of them.
    dataset : str
        Dataset in which to do it; empty: in all of them.
    marker : str
        File that gets a line for every call of ``select``.
    times : int
        Do it only in the first so many calls, as counted by ``marker``; -1: always.
    """

    pt: float = 40.0
    window: tuple[float, float] = (0.0, 1.0)
    fault: str = ""
    start: int = -1
    dataset: str = ""
    marker: str = ""
    times: int = -1


class ProbeProcessor(Processor):
    """Events with a photon above a threshold."""

    name = "probe"
    schema = AtlasOpenData
    trees = ("mini",)
    columns: ClassVar[tuple[Column, ...]] = (
        key("run"),
        key("event"),
        feature("lead_pt", "GeV"),
        weight("weight"),
        label("label"),
    )
    presets: ClassVar[Mapping[str, Preset]] = {
        "usual": Preset(ProbeCuts(), "default"),
        "hard": Preset(ProbeCuts(pt=60.0), "none"),
    }

    def histograms(self) -> tuple[Histogram, ...]:
        """One histogram of the leading photon."""
        axis = hist.axis.Regular(20, 0, 100, name="lead_pt", label="Leading photon pT [GeV]")
        return (Histogram("lead_pt", (axis,)),)

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Branches that it reads."""
        return ("photon_pt", "runNumber", "eventNumber", "mcWeight", "XSection", "SumWeights")

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Simulation has a channel number; a file without the branch does not say."""
        if "channelNumber" not in tree:
            return None
        numbers = tree["channelNumber"].array(entry_stop=1, library="np")
        if len(numbers) == 0:
            return None
        return "simulation" if numbers[0] else "data"

    def select(self, events: Any) -> Selected:
        """Keep events whose leading photon is above the threshold."""
        fault = self._fault(dict(events.metadata or {}))
        # the sign of these weights is that of the generator; 1 / 3 makes sums inexact
        weights = ak.values_astype(events.mcWeight, np.float64) / 3.0
        if fault == "not finite":
            weights = weights * np.nan
        lead = ak.values_astype(ak.fill_none(ak.max(events.photon.pt, axis=1), 0.0), np.float64)
        kept = lead > self.cuts.pt
        cutflow = {"all": weights, "lead pT": weights[kept]}
        features = {
            "run": events.runNumber[kept],
            "event": events.eventNumber[kept],
            "lead_pt": lead[kept],
            "weight": weights[kept],
        }
        fills = {"lead_pt": [Fill((lead[kept],), weights[kept])]}
        constants = {}
        if not self.is_data(events):
            constants["cross_section"] = ak.values_astype(events.cross_section, np.float64)
        if fault == "first step":
            cutflow = {"lead pT": weights[kept]}
        elif fault == "other steps":
            cutflow["one more"] = weights[kept]
        elif fault == "histogram":
            fills["leda_pt"] = fills["lead_pt"]
        elif fault == "axes":
            fills = {"lead_pt": [Fill((lead[kept], lead[kept]), weights[kept])]}
        elif fault == "column":
            features["led_pt"] = features["lead_pt"]
        elif fault == "missing column":
            del features["lead_pt"]
        elif fault == "length":
            features["lead_pt"] = lead
        elif fault == "missing value":
            features["lead_pt"] = ak.mask(lead, lead > self.cuts.pt + 10)[kept]
        elif fault == "constant":
            constants["cross_section"] = lead
        return Selected(cutflow, fills, features, constants=constants)

    def _fault(self, metadata: Mapping[str, Any]) -> str:
        cuts = self.cuts
        if cuts.marker:
            with Path(cuts.marker).open("a") as marker:
                marker.write(f"{metadata.get('dataset')} {metadata.get('entrystart')}\n")
        wanted = cuts.start in (-1, metadata.get("entrystart"))
        wanted = wanted and cuts.dataset in ("", metadata.get("dataset"))
        if wanted and cuts.times >= 0:
            wanted = len(calls(Path(cuts.marker))) <= cuts.times
        if not wanted:
            return ""
        if cuts.fault == "raise":
            raise ValueError("the selection does not work\nfor a long reason")
        if cuts.fault == "flaky":
            raise FileAccessError("the server went away")
        if cuts.fault == "interrupt":
            raise KeyboardInterrupt
        if cuts.fault == "kill":
            time.sleep(0.2)  # dask does not start a worker again that dies while it starts
            os.kill(os.getpid(), signal.SIGKILL)
        if cuts.fault == "slow":
            time.sleep(0.2)
        return cuts.fault


def calls(marker: Path) -> list[str]:
    """Lines that ``select`` has written so far: dataset and first entry of each call."""
    return marker.read_text().splitlines() if marker.exists() else []
