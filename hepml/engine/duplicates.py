"""Events that two data sets share: find them by key, and let the later one leave them out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hepml.engine.plan import Plan
from hepml.engine.store import Layout
from hepml.engine.veto import load_veto, save_veto
from hepml.keys import Hashes, Keys, is_member, row_hashes

__all__ = ["SHARED", "add_vetoes", "data_sets", "find_shared"]

SHARED = "some of its events are in another data set too and have to be left out here"
# filled with the file's uuid where an event has no ids of its own: such rows are never shared
FILE = "file"
BATCH = 262_144
Parts = Mapping[str, Sequence[tuple[str, Path]]]


def data_sets(plan: Plan) -> list[str]:
    """Names of the datasets that are data, in the plan's order."""
    return list(dict.fromkeys(file.dataset for file in plan.files if file.kind == "data"))


def find_shared(layout: Layout, plan: Plan, parts: Collection[Path]) -> dict[str, Keys]:
    """Find rows of data that an earlier data set of the plan holds too.

    Rows are compared by hash first, 8 bytes each, and in full only where two hashes agree.

    Parameters
    ----------
    layout, plan
        Of the run.
    parts : collection of Path
        Parquet parts that belong to valid results.

    Returns
    -------
    dict
        Chunk id to keys, shape (rows, key columns), of the rows to be left out; no entry for a
        chunk that has none.
    """
    columns = plan.event_keys
    if not columns or len(data_sets(plan)) < 2 or plan.parameters.get("table") is False:
        return {}
    members: dict[str, list[tuple[str, Path]]] = {}
    for chunk in plan.chunks():
        part = layout.part(chunk.dataset, chunk.id)
        if chunk.kind == "data" and part in parts:
            members.setdefault(chunk.dataset, []).append((chunk.id, part))
    suspects = _repeated(members, columns)
    if not len(suspects):
        return {}
    found: dict[str, Keys] = {}
    owned = np.empty((0, len(columns)), np.int64)
    for chunks in members.values():
        new = [owned]
        for name, part in chunks:
            rows = [keys[np.isin(row_hashes(keys), suspects)] for keys in _keys(part, columns)]
            keys = np.concatenate([owned[:0], *rows])
            taken = is_member(keys, owned)
            if taken.any():
                found[name] = keys[taken]
            new.append(keys[~taken])
        owned = np.concatenate(new)
    return found


def _repeated(members: Parts, columns: Sequence[str]) -> Hashes:
    """Hashes of keys that occur in more than one dataset, in ascending order."""
    found = [np.empty(0, np.uint64)]
    for chunks in members.values():
        hashes = [row_hashes(keys) for _, part in chunks for keys in _keys(part, columns)]
        # sorting is many times as fast as numpy's unique
        ordered = np.sort(np.concatenate([found[0], *hashes]))
        found.append(ordered[np.diff(ordered, prepend=~ordered[:1]) != 0])
    every = np.sort(np.concatenate(found))
    return np.unique(every[1:][every[1:] == every[:-1]])


def _keys(part: Path, columns: Sequence[str]) -> Iterator[Keys]:
    """Keys of a part's rows that have event ids, batch by batch."""
    with pq.ParquetFile(part) as handle:
        names = handle.schema_arrow.names
        anonymous = [FILE] if FILE in names and FILE not in columns else []
        for batch in handle.iter_batches(batch_size=BATCH, columns=[*columns, *anonymous]):
            keys = np.stack([batch.column(name).to_numpy() for name in columns], axis=1)
            if anonymous:
                text = batch.column(FILE).cast(pa.string()).to_numpy(zero_copy_only=False)
                keys = keys[text == ""]
            yield keys.astype(np.int64, copy=False)


def add_vetoes(layout: Layout, plan: Plan, shared: Mapping[str, Keys]) -> Plan:
    """Write down what chunks must leave out, on top of what they leave out already.

    Returns
    -------
    Plan
        With a new identity for those chunks, so that results made before do not count.
    """
    if not shared:
        return plan
    vetoes = dict(plan.vetoes)
    for chunk in plan.chunks():
        if chunk.id in shared:
            keys = shared[chunk.id]
            if chunk.veto:
                keys = np.concatenate([load_veto(layout, chunk, plan.event_keys), keys])
            vetoes[chunk.id] = save_veto(layout, chunk.id, plan.event_keys, keys)
    changed = replace(plan, vetoes=vetoes)
    changed.save(layout.plan)
    return changed
