"""Jagged Parquet of imported jets: layout, writing block by block, and reading back to compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.errors import OutputError
from hepml.importers.topjet_jets import Jets
from hepml.importers.topjet_layout import JetLayout
from hepml.importers.whole import add_up
from hepml.notes import NOTES, TOTALS

__all__ = ["jet_schema", "verify", "write_jets"]

_TYPES = {
    "label": pa.int8(),
    "training": pa.int8(),
    "split_ok": pa.int8(),
    "event_number": pa.int64(),
    "row": pa.int64(),
    "constit_taste": pa.large_list(pa.int8()),
    "shower_weights": pa.large_list(pa.float32()),
}
# Counts and sums that the written file must give back.
COUNTED = ("jets", "constituents")
SUMMED = ("constit_pt", "jet_pt")


def jet_schema(layout: JetLayout) -> pa.Schema:
    """Columns of an import: the file's own, in MeV and rad, and what the import adds."""
    names = [*layout.names]
    for added in ("training", "training_weight", "split_ok", "row"):
        if added not in names:
            names.append(added)
    return pa.schema([pa.field(name, _type(name)) for name in names])


def _type(name: str) -> pa.DataType:
    if name in _TYPES:
        return _TYPES[name]
    return pa.large_list(pa.float32()) if name.startswith("constit_") else pa.float32()


def write_jets(
    handle: Any, layout: JetLayout, blocks: Iterable[Jets], notes: Mapping[str, Any]
) -> dict[str, Any]:
    """Write blocks, a group of rows for each.

    Parameters
    ----------
    handle : binary file
        Where to write.
    layout : JetLayout
        Datasets of the input.
    blocks : iterable of Jets
        Written one by one; memory stays that of a block.
    notes : mapping
        What is known before: identity, dataset, source. Stored as JSON in the file.

    Returns
    -------
    dict
        ``sums``, of the padded input, and ``counts``, what a reader should know, both added up
        over the blocks and stored in the file beside the notes.
    """
    schema = jet_schema(layout).with_metadata({NOTES.decode(): json.dumps(notes)})
    sums: dict[str, float] = dict.fromkeys((*COUNTED, *SUMMED), 0)
    counts: dict[str, int] = {}
    with pq.ParquetWriter(handle, schema, **_options(schema)) as writer:
        for jets in blocks:
            writer.write_table(_table(jets, schema), row_group_size=max(len(jets.counts), 1))
            add_up(sums, jets.padded)
            add_up(counts, jets.account)
        totals = {"sums": sums, "counts": counts}
        # known only now, when the schema with its notes is written already
        writer.add_key_value_metadata({TOTALS.decode(): json.dumps(totals)})
    return totals


def _options(schema: pa.Schema) -> dict[str, Any]:
    lists = [field.name for field in schema if pa.types.is_large_list(field.type)]
    floats = [field.name for field in schema if field.type == pa.large_list(pa.float32())]
    return {
        "compression": "zstd",
        "compression_level": 1,
        # bytes of one significance side by side compress better, and are read as fast
        "use_dictionary": ["label", "training", "split_ok", "training_weight"],
        "column_encoding": {f"{name}.list.element": "BYTE_STREAM_SPLIT" for name in floats},
        "write_statistics": [field.name for field in schema if field.name not in lists],
        # zstd alone does not notice every flipped bit
        "write_page_checksum": True,
    }


def _table(jets: Jets, schema: pa.Schema) -> pa.Table:
    offsets = np.concatenate([[0], np.cumsum(jets.counts)])
    arrays = []
    for item in schema:
        if item.name in jets.lists:
            arrays.append(_lists(offsets, jets.lists[item.name]))
        elif item.name == "shower_weights":
            weights = jets.flat[item.name]
            regular = np.arange(len(weights) + 1, dtype=np.int64) * weights.shape[1]
            arrays.append(_lists(regular, np.ravel(weights).astype(np.float32, copy=False)))
        else:
            values = jets.flat[item.name].astype(item.type.to_pandas_dtype(), copy=False)
            arrays.append(pa.array(np.ascontiguousarray(values)))
    return pa.Table.from_arrays(arrays, schema=schema)


def _lists(offsets: NDArray[Any], values: NDArray[Any]) -> pa.Array:
    return pa.LargeListArray.from_arrays(pa.array(offsets.astype(np.int64)), pa.array(values))


def verify(path: Path, sums: Mapping[str, float]) -> None:
    """Read a written file back and compare it with its padded input.

    Raises
    ------
    OutputError
        If a jet, a constituent or momentum is missing.
    """
    found: dict[str, float] = dict.fromkeys(sums, 0)
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=list(SUMMED), use_threads=False)
            lists = table["constit_pt"].combine_chunks()
            pt = lists.flatten().to_numpy()
            add_up(
                found,
                {
                    "jets": len(table),
                    "constituents": len(pt),
                    "constit_pt": float(pt.sum(dtype=np.float64)),
                    "jet_pt": float(table["jet_pt"].to_numpy().sum(dtype=np.float64)),
                },
            )
    wrong = [name for name in COUNTED if found[name] != sums[name]]
    wrong += [name for name in SUMMED if not np.isclose(found[name], sums[name], rtol=1e-9)]
    if wrong:
        said = "; ".join(f"{name}: {found[name]:,} for {sums[name]:,}" for name in wrong)
        raise OutputError(
            f"{path} does not give back what was imported ({said}). "
            "Is the disk sound? Import again."
        )
