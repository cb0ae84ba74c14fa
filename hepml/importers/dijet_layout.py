"""What an HDF5 file of dijet events holds: a pandas frame, fixed or table, found without pandas."""

from __future__ import annotations

import pickletools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import TableError, did_you_mean
from hepml.importers.hdf5 import check_filters, simulation_note

__all__ = ["JETS", "OPTIONAL", "Block", "Frame", "column_names", "find_frame", "read_rows"]

JETS = ("px", "py", "pz", "m", "tau1", "tau2", "tau3")
"""Quantities of a jet that every file has; as columns ``pxj1`` and the like."""

OPTIONAL = ("pt", "eta", "phi", "n")
"""Quantities of a jet that some files have; ``n`` is the number of constituents."""

_EVENT = ("mx", "my", "label")


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of one type that lie in one dataset.

    Attributes
    ----------
    path : str
        The dataset.
    field : str
        Member of its records; empty for an array of numbers.
    names : tuple of str
        Columns; a single one for a member without a second dimension.
    across : bool
        Rows run along the second axis.
    """

    path: str
    field: str
    names: tuple[str, ...]
    across: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A pandas frame in an open file.

    Attributes
    ----------
    key : str
        Its name.
    layout : {"fixed", "table"}
        How pandas wrote it.
    rows : int
        Events.
    blocks : tuple of Block
        Where the columns lie.
    simulation : dict or None
        What ``hepml simulate`` noted.
    """

    key: str
    layout: str
    rows: int
    blocks: tuple[Block, ...]
    simulation: dict[str, Any] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All columns, as the file spells them."""
        return tuple(name for block in self.blocks for name in block.names)


def column_names(frame: Frame, where: str) -> dict[str, str]:
    """Our columns and theirs: ``j1_px`` for ``pxj1``, whatever the case.

    Raises
    ------
    TableError
        If one that is needed is missing, or only one of the two masses is there.
    """
    present: dict[str, str] = {}
    for name in frame.names:
        if name.lower() in present:
            raise TableError(f"{where} has the column {name!r} twice. Was it written whole?")
        present[name.lower()] = name
    if len(frame.names) > 2000 and "pxj1" not in present:
        raise TableError(
            f"{where} holds {len(frame.names):,} columns of particles, no jets: it is the "
            "low-level file. The features of its jets are in ...features.h5, see  "
            "hepml datasets list --channel dijet"
        )
    found = {}
    for jet in ("j1", "j2"):
        for quantity in JETS:
            name = f"{quantity}{jet}"
            if name not in present:
                raise TableError(
                    f"{where} has no column {name!r}. {did_you_mean(name, frame.names)} Every "
                    "file of dijet features has it."
                )
            found[f"{jet}_{quantity}"] = present[name]
        for quantity in OPTIONAL:
            if f"{quantity}{jet}" in present:
                found[f"{jet}_{quantity}"] = present[f"{quantity}{jet}"]
    found |= {name: present[name] for name in _EVENT if name in present}
    if ("mx" in found) != ("my" in found):
        raise TableError(f"{where} has only one of the columns 'mx' and 'my'. Was it cut?")
    return found


def find_frame(file: Any, where: str, key: str | None = None) -> Frame:
    """Find the frame of an open file; its key may be anything.

    Parameters
    ----------
    file : h5py.File
        The file.
    where : str
        Its name, for messages.
    key : str, optional
        Name of the frame, needed where there are several with jets.

    Raises
    ------
    TableError
        If there is none, several, or one that cannot be read.
    """
    groups = dict(_frames(file))
    if not groups:
        raise TableError(
            f"{where} holds no pandas frame (groups at the top: {', '.join(file) or 'none'}). "
            "Files of the LHC Olympics are written by pandas.DataFrame.to_hdf."
        )
    if key is not None:
        if key.strip("/") not in groups:
            raise TableError(
                f"{where} has no frame {key!r}. " + did_you_mean(key.strip("/"), groups)
            )
        groups = {key.strip("/"): groups[key.strip("/")]}
    frames = [_frame(file, name, layout, where) for name, layout in groups.items()]
    if len(frames) > 1:
        frames = [f for f in frames if "pxj1" in {name.lower() for name in f.names}]
    if len(frames) != 1:
        raise TableError(
            f"{where} holds {len(groups)} frames ({', '.join(sorted(groups))}), {len(frames)} of "
            "them with jets. Say which:  --key NAME"
        )
    return frames[0]


def _frames(file: Any) -> Iterator[tuple[str, str]]:
    """Groups that pandas wrote, by what is in them."""
    import h5py

    found: list[tuple[str, str]] = []

    def look(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Group):
            return
        if "block0_values" in item and "block0_items" in item:
            found.append((name, "fixed"))
        elif getattr(getattr(item.get("table"), "dtype", None), "names", None):
            found.append((name, "table"))

    file.visititems(look)
    return iter(found)


def _frame(file: Any, key: str, layout: str, where: str) -> Frame:
    blocks, rows = (_fixed if layout == "fixed" else _table)(file[key], key, where)
    for path in {block.path for block in blocks}:
        check_filters(file[path], where)
    return Frame(key, layout, rows, blocks, simulation_note(file.attrs.get("hepml_simulation")))


def _fixed(group: Any, key: str, where: str) -> tuple[tuple[Block, ...], int]:
    blocks, sizes = [], set()
    for number in range(sum(name.endswith("_values") for name in group)):
        items, values = f"block{number}_items", f"block{number}_values"
        if items not in group or values not in group:
            raise TableError(f"{where}: the frame {key!r} has no {items} or {values}; is it whole?")
        dataset, names = group[values], _texts(group[items])
        if "shape" in dataset.attrs:  # pandas writes an empty block as one number and its shape
            sizes.add(0)
            blocks.append(Block(f"{key}/{values}", "", names))
            continue
        if dataset.dtype.kind not in "biuf":
            continue  # text and times, pickled: nothing that is needed
        across = not bool(dataset.attrs.get("transposed", True))
        shape = dataset.shape[::-1] if across else dataset.shape
        if len(shape) != 2 or shape[1] != len(names):
            raise TableError(
                f"{where}: {key}/{values} has the shape {dataset.shape}, but {items} names "
                f"{len(names)} columns. The file is not whole; download it again."
            )
        sizes.add(int(shape[0]))
        blocks.append(Block(f"{key}/{values}", "", names, across))
    if len(sizes) != 1:
        raise TableError(f"{where}: the blocks of {key!r} have {sorted(sizes)} rows, not as many.")
    return tuple(blocks), sizes.pop()


def _table(group: Any, key: str, where: str) -> tuple[tuple[Block, ...], int]:
    dataset = group["table"]
    blocks = []
    for field in dataset.dtype.names:
        shape, kind = dataset.dtype[field].shape, dataset.dtype[field].base.kind
        if field == "index" or kind not in "biuf":
            continue
        names = _pickled(dataset.attrs.get(f"{field}_kind")) if shape else (field,)
        if len(names) != int(np.prod(shape, dtype=int)):
            raise TableError(
                f"{where}: {key}/table has {shape} numbers in {field!r}, but {len(names)} names "
                "for them. Was it written by pandas?"
            )
        blocks.append(Block(f"{key}/table", field, names))
    return tuple(blocks), int(dataset.shape[0])


def _texts(items: Any) -> tuple[str, ...]:
    if "shape" in items.attrs:
        return ()
    return tuple(
        item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
        for item in np.asarray(items[...]).tolist()
    )


def _pickled(value: Any) -> tuple[str, ...]:
    """Texts of a pickled list, read without running anything that a file may bring."""
    if value is None:
        return ()
    stored = value.tobytes() if isinstance(value, np.generic) else bytes(value)
    try:
        return tuple(
            item.decode() if isinstance(item, bytes) else str(item)
            for code, item, _ in pickletools.genops(stored)
            if code.name in _TEXTS
        )
    except (ValueError, UnicodeDecodeError):
        return ()


_TEXTS = {
    *("STRING", "BINSTRING", "SHORT_BINSTRING"),
    *("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
}


def read_rows(
    file: Any, frame: Frame, names: Sequence[str], rows: tuple[int, int]
) -> Mapping[str, NDArray[np.float64]]:
    """Read columns of a range of rows in double precision.

    Parameters
    ----------
    file : h5py.File
        The open file.
    frame : Frame
        The frame in it.
    names : sequence of str
        Columns as the file spells them.
    rows : (int, int)
        First row, and the one behind the last.
    """
    found: dict[str, NDArray[np.float64]] = {}
    wanted, part = set(names), slice(*rows)
    records: dict[str, NDArray[Any]] = {}
    for block in frame.blocks:
        if not wanted.intersection(block.names) or rows[0] >= rows[1]:
            found |= {name: np.empty(0) for name in block.names if name in wanted}
            continue
        if block.field:
            if block.path not in records:
                records[block.path] = file[block.path][part]
            values = records[block.path][block.field].reshape(rows[1] - rows[0], -1)
        else:
            dataset = file[block.path]
            values = dataset[:, part].T if block.across else dataset[part]
        for place, name in enumerate(block.names):
            if name in wanted:
                found[name] = values[:, place].astype(np.float64)
    return found
