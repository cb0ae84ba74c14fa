"""HDF5 files as pandas writes them (``to_hdf``, fixed format), filled block by block with h5py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FrameFile"]

NONE = np.bytes_("N.")  # as PyTables stores that an index has no name


class FrameFile:
    """A pandas frame of numbers that is being written; a context manager.

    ``pandas.read_hdf(path)`` reads it where PyTables is installed, ``hepml import`` without.

    Parameters
    ----------
    path : Path
        A new file.
    names : sequence of str
        Columns.
    rows : int
        Rows, all of which have to be written.
    key : str
        Name of the frame.
    dtype : numpy dtype
        Of every column.
    """

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        rows: int,
        key: str = "df",
        dtype: Any = np.float64,
    ) -> None:
        import h5py

        self._file: Any = h5py.File(path, "w")
        self._names = tuple(names)
        self._done = 0
        _note(self._file, CLASS="GROUP", PYTABLES_FORMAT_VERSION="2.1", TITLE="", VERSION="1.0")
        group = self._file.create_group(key)
        _note(
            group, CLASS="GROUP", TITLE="", VERSION="1.0", pandas_type="frame", encoding="UTF-8",
            errors="strict", axis0_variety="regular", axis1_variety="regular",
            block0_items_variety="regular", nblocks=np.int64(1), ndim=np.int64(2),
        )  # fmt: skip
        texts = np.array([name.encode() for name in names])
        for item in ("axis0", "block0_items"):
            _array(group.create_dataset(item, data=texts), kind="string", name=NONE, nan_rep="nan")
        index = group.create_dataset("axis1", data=np.arange(rows, dtype=np.int64))
        _array(index, kind="integer", name=NONE)
        self._values = group.create_dataset("block0_values", (rows, len(names)), dtype)
        _array(self._values)

    def __enter__(self) -> FrameFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def append(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Write the next rows."""
        rows = np.stack([columns[name] for name in self._names], axis=1)
        self._values[self._done : self._done + len(rows)] = rows
        self._done += len(rows)

    def note(self, notes: Mapping[str, Any]) -> None:
        """Say in an attribute that, and how, the events were simulated."""
        self._file.attrs["hepml_simulation"] = json.dumps(notes)


def _array(dataset: Any, **attributes: Any) -> None:
    """Attributes of an array of PyTables; ``transposed``: rows first, as pandas writes frames."""
    _note(
        dataset, CLASS="ARRAY", FLAVOR="numpy", TITLE="", VERSION="2.4", transposed=np.uint8(1),
        **attributes,
    )  # fmt: skip


def _note(item: Any, **attributes: Any) -> None:
    import h5py

    for name, value in attributes.items():
        if isinstance(value, str):
            # of fixed length and marked as UTF-8, or pandas gets bytes; an empty one has no length
            kind = h5py.string_dtype("utf-8", max(len(value), 1))
            value = np.array(value.encode(), kind) if value else h5py.Empty(kind)
        item.attrs[name] = value
