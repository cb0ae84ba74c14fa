"""Small imported Parquet files, and a processor that reads them and breaks down on request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import awkward as ak
import hist
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hepml.columns import Column, feature, key, label, weight
from hepml.processor import Fill, Histogram, Selected
from hepml.schemas import Jagged
from tests.engine.probe import ProbeProcessor

NAME = "tests.engine.hits:HitsProcessor"


class Hits(Jagged):
    """Hits of an event, and its cells."""

    channel: ClassVar[str] = "hits"
    collections: ClassVar[tuple[str, ...]] = ("hit", "cell")


class HitsProcessor(ProbeProcessor):
    """Events whose hits add up to more than a threshold."""

    name = "hits"
    schema = Hits
    chunk_size = 10
    columns: ClassVar[tuple[Column, ...]] = (
        key("run"),
        key("event"),
        feature("lead_pt", "GeV"),
        feature("inside", "GeV"),
        weight("weight"),
        label("label"),
    )

    def histograms(self) -> tuple[Histogram, ...]:
        """One histogram of the sum."""
        axis = hist.axis.Regular(20, 0, 100, name="lead_pt", label="Sum [GeV]")
        return (Histogram("lead_pt", (axis,)),)

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Columns that it reads."""
        return ("run", "event", "factor", "hit_pt", "hit_x")

    def select(self, events: Any) -> Selected:
        """Keep events whose hits add up to more than the threshold."""
        fault = self._fault(dict(events.metadata or {}))
        weights = ak.values_astype(events.factor, np.float64) / 3.0
        if fault == "not finite":
            weights = weights * np.nan
        total = ak.values_astype(ak.sum(events.hit.pt, axis=1), np.float64)
        inside = ak.values_astype(ak.sum(events.hit.pt[abs(events.hit.x) < 1], axis=1), np.float64)
        kept = total > self.cuts.pt
        return Selected(
            {"all": weights, "sum": weights[kept]},
            {"lead_pt": [Fill((total[kept],), weights[kept])]},
            {
                "run": events.run[kept],
                "event": events.event[kept],
                "lead_pt": total[kept],
                "inside": inside[kept],
                "weight": weights[kept],
            },
        )


def write_hits(
    path: Path,
    seed: int = 1,
    *,
    events: int = 40,
    group: int = 10,
    notes: Mapping[str, Any] | None = None,
    **columns: Any,
) -> Path:
    """Write one file of a few row groups; a column given as ``None`` is left out."""
    rng = np.random.default_rng(seed)
    hits, cells = rng.integers(0, 6, events), rng.integers(0, 3, events)
    table = {
        "run": np.full(events, seed),
        "event": np.arange(events),
        "factor": rng.choice([-1.0, 1.0, 2.0], events).astype(np.float32),
        "hit_pt": jagged(rng.exponential(20, hits.sum()).astype(np.float32), hits),
        "hit_x": jagged(rng.normal(0, 1, hits.sum()).astype(np.float32), hits),
        "hit_plane": jagged(rng.integers(0, 9, hits.sum()).astype(np.int16), hits),
        "cell_e": jagged(rng.random(cells.sum()), cells),
    } | columns
    given = {name: values for name, values in table.items() if values is not None}
    identity = {"uuid": f"file-{seed}", "kind": "data", "channel": "hits"} | dict(notes or {})
    known = {name: value for name, value in identity.items() if value is not None}
    written = pa.table(given).replace_schema_metadata({"hepml": json.dumps(known)})
    pq.write_table(written, path, row_group_size=group, write_page_checksum=True)
    return path


def jagged(values: np.ndarray, counts: np.ndarray) -> pa.Array:
    """A list column."""
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))


def damage_column(path: Path, column: str, first: int = 0) -> Path:
    """Flip bytes in the pages of one column, from one row group on; the file still opens."""
    metadata = pq.read_metadata(path)
    with path.open("r+b") as handle:
        for group in range(first, metadata.num_row_groups):
            for place in range(metadata.num_columns):
                part = metadata.row_group(group).column(place)
                if part.path_in_schema.split(".")[0] == column:
                    # the end of the last page: what is there are values
                    begin = part.dictionary_page_offset or part.data_page_offset
                    handle.seek(begin + part.total_compressed_size - 8)
                    handle.write(b"\xa5" * 8)
    return path
