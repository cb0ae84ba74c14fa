"""A small processor of NanoAOD files, and files whose events are known by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import awkward as ak
import hist
import numpy as np

import hepml
from hepml.columns import Column, feature, key, weight
from hepml.engine import Run
from hepml.errors import FileAccessError
from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.sample import yield_factor
from hepml.schemas import NanoAOD
from hepml.schemas.runs_tree import generated_sums
from tests.events import muon, write_nanoaod


@dataclass(frozen=True, slots=True)
class NanoCuts:
    """What to select, and what to do wrong.

    Attributes
    ----------
    pt : float
        Threshold on the first muon [GeV].
    marker : str
        File that gets a line for every call of ``select``.
    stop_at : int
        Number of the call that is interrupted; 0: none.
    broken : str
        Dataset that cannot be processed while the marker's folder holds no file ``repaired``.
    """

    pt: float = 10.0
    marker: str = ""
    stop_at: int = 0
    broken: str = ""


class NanoProbe(Processor):
    """Events whose first muon is above a threshold."""

    name = "nano"
    schema = NanoAOD
    columns: ClassVar[tuple[Column, ...]] = (  # type: ignore[misc]
        key("file", "string"),
        key("run"),
        key("lumi"),
        key("event"),
        feature("pt", "GeV"),
        weight("weight"),
    )
    presets: ClassVar[Mapping[str, Preset]] = {"usual": Preset(NanoCuts(), "generator")}
    weights = ("generator", "none")
    event_ids: ClassVar[Mapping[str, str]] = {
        "run": "run",
        "lumi": "luminosityBlock",
        "event": "event",
    }

    def histograms(self) -> tuple[Histogram, ...]:
        """One histogram of the first muon."""
        axis = hist.axis.Regular(100, 0, 100, name="pt", label="Muon pT [GeV]")
        return (Histogram("pt", (axis,)),)

    @classmethod
    def kind_of(cls, tree: Any) -> str | None:
        """Simulation has generator weights."""
        return "simulation" if "genWeight" in tree.keys() else "data"  # noqa: SIM118

    @classmethod
    def file_constants(
        cls, directory: Any, tree_name: str, kind: str
    ) -> Mapping[str, float] | None:
        """Those of the tree Runs."""
        return generated_sums(directory) if kind == "simulation" else None

    def select(self, events: Any) -> Selected:
        """Keep events whose first muon is above the threshold."""
        self._misbehave(dict(events.metadata or {}))
        weights = ak.ones_like(ak.num(events.Muon.pt, axis=1), dtype=np.float64)
        if not self.is_data(events) and self.weight == "generator":
            weights = ak.values_astype(events.genWeight, np.float64)
            weights = weights * yield_factor(self, events.metadata)
        pt = ak.fill_none(ak.firsts(events.Muon.pt), 0.0)
        kept = pt > self.cuts.pt
        chosen = events[kept]
        entries = None
        if "event" in events.fields:
            features = {name: chosen[field] for name, field in type(self).event_ids.items()}
        else:
            entries = ak.local_index(events.Muon.pt, axis=0)[kept]
            features = {"run": 0 * entries, "lumi": 0 * entries}
        features |= {"pt": pt[kept], "weight": weights[kept]}
        cutflow = {"all": weights, "pT": weights[kept]}
        return Selected(cutflow, {"pt": [Fill((pt[kept],), weights[kept])]}, features, entries)

    def _misbehave(self, metadata: Mapping[str, Any]) -> None:
        if not self.cuts.marker:
            return
        marker = Path(self.cuts.marker)
        with marker.open("a") as file:
            file.write(f"{metadata['dataset']} {metadata.get('entrystart')}\n")
        if len(calls(marker)) == self.cuts.stop_at:
            raise KeyboardInterrupt
        repaired = marker.with_name("repaired").exists()
        if metadata["dataset"] == self.cuts.broken and not repaired:
            raise FileAccessError("the server went away")


def calls(marker: Path) -> list[str]:
    """Dataset and first entry of each call of ``select`` so far."""
    return marker.read_text().splitlines() if marker.exists() else []


def write_events(path: Path, numbers: Sequence[int], **options: Any) -> Path:
    """Write one event for each number, with one muon whose pT [GeV] is the number modulo 100."""
    muons = [[muon(float(number % 100))] for number in numbers]
    return write_nanoaod(path, muons, **({"ids": numbers, "clusters": 4} | options))


def write_sample(path: Path, size: int, **runs: float) -> Path:
    """Write simulated events of weight 2 and pT 50 GeV, with branches of the tree Runs."""
    tree = {name: [value] for name, value in runs.items()} or None
    return write_nanoaod(
        path,
        [[muon(50.0)] for _ in range(size)],
        generator_weights=[2.0] * size,
        runs=tree,
        clusters=4,
    )


def process(files: Any, out: Path, cuts: NanoCuts | None = None, **options: Any) -> Run:
    """Run over a mapping of dataset to files, in this process, in chunks of 10 events."""
    own = ("cross_sections", "luminosity", "weight", "table")
    given = {name: options.pop(name) for name in own if name in options}
    settings = {"executor": "iterative", "chunk_size": 10, "retries": 0} | options
    return hepml.run(NanoProbe(cuts, **given), files, out=out, **settings)
