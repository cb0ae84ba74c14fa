"""Columns that hold a list in each row, as awkward arrays in memory and as Arrow lists on disk."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["arrow_lists", "as_lists", "is_list", "item_dtype", "list_dtype", "list_type"]

_LIST = re.compile(r"list\[(\w+)\]")


def item_dtype(dtype: str) -> str:
    """The numpy dtype inside ``"list[float32]"``; empty for a column of one value a row."""
    found = _LIST.fullmatch(dtype)
    return found.group(1) if found else ""


def list_dtype(item: str) -> str:
    """How a column of lists is declared: the inverse of :func:`item_dtype`."""
    return f"list[{item}]"


def list_type(dtype: str) -> pa.DataType:
    """Arrow type of a column of lists; neither a list nor an item of it may be missing."""
    item = pa.from_numpy_dtype(np.dtype(item_dtype(dtype)))
    return pa.list_(pa.field("element", item, nullable=False))


def is_list(kind: pa.DataType) -> bool:
    """Whether an Arrow type is one of lists."""
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def as_lists(values: Any, dtype: str) -> Any:
    """Lay lists out as one run of items and its offsets.

    Parameters
    ----------
    values : awkward array
        One list of numbers a row; lists of lists and missing values are refused.
    dtype : str
        As declared, ``"list[float32]"``.

    Returns
    -------
    awkward array
        ``ListOffsetArray`` of a ``NumpyArray`` of the declared dtype, offsets beginning at 0.

    Raises
    ------
    ValueError
        If the values are not lists of numbers.
    """
    import awkward as ak

    layout = ak.to_packed(ak.materialize(ak.Array(values))).layout
    if layout.is_regular:
        layout = layout.to_ListOffsetArray64(True)
    if not (layout.is_list and layout.content.is_numpy and layout.content.purelist_depth == 1):
        raise ValueError(f"it holds {layout.form.type}, not one list of numbers a row")
    items = np.asarray(layout.content.data, dtype=item_dtype(dtype))
    offsets = ak.index.Index64(np.asarray(layout.offsets.data, dtype=np.int64))
    return ak.Array(ak.contents.ListOffsetArray(offsets, ak.contents.NumpyArray(items)))


def arrow_lists(values: Any, dtype: str) -> pa.Array:
    """Arrow array of lists, without a copy of the items; ``values`` as of :func:`as_lists`."""
    layout = as_lists(values, dtype).layout
    offsets: NDArray[np.int64] = layout.offsets.data
    if offsets[-1] > np.iinfo(np.int32).max:
        raise ValueError(f"{offsets[-1]:,} items do not fit into one part; take smaller chunks")
    return pa.ListArray.from_arrays(
        pa.array(offsets.astype(np.int32)), pa.array(layout.content.data), type=list_type(dtype)
    )
