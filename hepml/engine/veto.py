"""Events that a chunk leaves out: their keys on disk, and the mask that drops them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import awkward as ak
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.errors import OutputError
from hepml.files import explain_write, make_folder, whole_file
from hepml.keys import Keys, is_member

if TYPE_CHECKING:
    from hepml.engine.plan import Chunk
    from hepml.engine.store import Layout

__all__ = ["load_veto", "outside", "save_veto"]


def save_veto(layout: Layout, chunk: str, columns: Sequence[str], keys: Keys) -> str:
    """Write the keys that a chunk must leave out.

    Parameters
    ----------
    layout : Layout
        Run directory.
    chunk : str
        The chunk's id.
    columns : sequence of str
        Names of the key columns.
    keys : array of int64, shape (events, columns)
        Each event once, in any order.

    Returns
    -------
    str
        Digest of the keys, which becomes a part of the chunk's identity.
    """
    ordered = np.unique(keys, axis=0)
    digest = _digest(ordered)
    path = layout.veto(chunk, digest)
    table = pa.table({name: ordered[:, place] for place, name in enumerate(columns)})
    try:
        make_folder(path.parent)
        with whole_file(path) as handle:
            pq.write_table(table, handle, compression="zstd")
    except OSError as error:
        raise OutputError(explain_write(path, error)) from error
    return digest


def load_veto(layout: Layout, chunk: Chunk, columns: Sequence[str]) -> Keys:
    """Read the keys that a chunk must leave out, shape (events, columns).

    Raises
    ------
    OutputError
        If they are not those that the plan speaks of.
    """
    path = layout.veto(chunk.id, chunk.veto)
    try:
        table = pq.read_table(path, columns=list(columns))
        keys = np.stack([table[name].to_numpy() for name in columns], axis=1)
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise OutputError(f"{path} cannot be read: {error}. {_AGAIN}") from error
    if _digest(keys) != chunk.veto:
        raise OutputError(f"{path} is not the list that the run was planned with. {_AGAIN}")
    return keys


_AGAIN = "Run again into a new folder."


def _digest(keys: Keys) -> str:
    return hashlib.sha256(np.ascontiguousarray(keys, dtype="<i8").tobytes()).hexdigest()[:32]


def outside(ids: Sequence[Any], keys: Keys) -> NDArray[np.bool_]:
    """Which events are not in a list of keys.

    Parameters
    ----------
    ids : sequence of arrays
        The columns of the key, one entry an event.
    keys : array of int64, shape (events, columns)
        What to leave out.
    """
    rows = np.stack([ak.to_numpy(column).astype(np.int64) for column in ids], axis=1)
    return ~is_member(rows, keys)
