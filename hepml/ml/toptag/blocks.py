"""Jets of a table by row group: which of them belong to which share; none is held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.errors import ModelError, TableError
from hepml.keys import key_position
from hepml.ml.steps import Progress
from hepml.parts import to_numpy
from hepml.tables import FeatureTable

__all__ = ["Block", "JetRows", "fewer", "find_rows", "need_columns", "read_block"]

LABEL, WEIGHT = "label", "weight"
Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A row group, or some rows of it.

    Attributes
    ----------
    part : Path
        The Parquet file.
    group : int
        Row group in it.
    size : int
        Rows that belong.
    rows : array of int32 or None
        Which they are; ``None``: all.
    tops : int
        Jets of top quarks among them.
    weight : float
        Sum of their training weights.
    """

    part: Path
    group: int
    size: int
    rows: Rows | None = None
    tops: int = 0
    weight: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class JetRows:
    """Jets of one share.

    Attributes
    ----------
    blocks : tuple of Block
        In the order of the table; none is empty.
    """

    blocks: tuple[Block, ...]

    def __len__(self) -> int:
        return sum(block.size for block in self.blocks)

    @property
    def tops(self) -> int:
        """Jets of top quarks."""
        return sum(block.tops for block in self.blocks)

    @property
    def sum_weights(self) -> float:
        """Sum of training weights."""
        return sum(block.weight for block in self.blocks)

    @property
    def mean_weight(self) -> float:
        """Mean training weight."""
        return self.sum_weights / len(self)

    def need_both(self, name: str) -> None:
        """Raise a ModelError unless there are jets of both classes, with weight."""
        size = len(self)
        if not size:
            raise ModelError(f"The {name} jets are none. Give more jets, or a larger share.")
        if self.tops in (0, size):
            have = "top quarks" if self.tops else "QCD"
            raise ModelError(
                f"The {size:,} {name} jets are all {have}; a tagger learns from both. Run the "
                "selection on a data set of both, as train_nominal."
            )
        if not self.sum_weights > 0:
            raise ModelError(
                f"The {name} jets have no weight (column {WEIGHT!r}). Run the selection with "
                "--weight training or --weight none."
            )


def need_columns(table: FeatureTable, columns: Sequence[str]) -> None:
    """Raise a TableError unless a table has these columns."""
    lacking = [name for name in columns if name not in table.names()]
    if not lacking:
        return
    hint = "Make it with  hepml run topjet."
    if any(name.startswith("constit_") for name in lacking):
        hint = (
            "It was made without constituents (preset high_level, or max_constits = 0): run the "
            "selection with them, or train --model lightgbm or hldnn."
        )
    raise TableError(f"The table lacks the columns {', '.join(lacking)}. {hint}")


def find_rows(
    table: FeatureTable,
    shares: Mapping[str, tuple[float, float]],
    *,
    seed: int = 0,
    labelled: bool = True,
    progress: Progress | None = None,
) -> dict[str, JetRows]:
    """Say which jets are of which share, by event key; the same as ``FeatureTable.split``.

    Parameters
    ----------
    table : FeatureTable
        A whole table, or some data sets of one.
    shares : mapping of str to (float, float)
        Lower and upper end of each share in [0, 1]; ``(0, 1)`` is all jets.
    seed : int
        Of the split.
    labelled : bool
        Whether labels and weights are counted and checked.
    progress : callable, optional
        Told of every file.

    Raises
    ------
    TableError
        If the table has no keys, or a label or weight makes no sense.
    """
    whole = all(share == (0.0, 1.0) for share in shares.values())
    keys = () if whole else table.names("key")
    if not whole and not keys:
        raise TableError("The table has no key column, so its jets cannot be split by event.")
    columns = [*keys, *((LABEL, WEIGHT) if labelled else ())]
    need_columns(table, columns)
    found: dict[str, list[Block]] = {name: [] for name in shares}
    for place, part in enumerate(table.parts):
        if progress is not None:
            progress("finding jets", place, len(table.parts))
        for group, size, rows in _groups(part, columns):
            every = Block(part, group, size)
            position = key_position([to_numpy(rows.column(name)) for name in keys], seed)
            for name, (low, high) in shares.items():
                block = every
                if keys:
                    chosen = np.flatnonzero((position >= low) & (position < high)).astype(np.int32)
                    block = replace(every, size=len(chosen), rows=chosen)
                if labelled:
                    block = _counted(block, rows)
                if block.size:
                    found[name].append(block)
    return {name: JetRows(tuple(blocks)) for name, blocks in found.items()}


def _groups(part: Path, columns: Sequence[str]) -> Iterator[tuple[int, int, pa.Table]]:
    """Row groups of a file: number, rows, columns."""
    with pq.ParquetFile(part) as handle:
        for group in range(handle.num_row_groups):
            rows = handle.read_row_group(group, columns=list(columns), use_threads=False)
            yield group, handle.metadata.row_group(group).num_rows, rows


def _counted(block: Block, rows: pa.Table) -> Block:
    """A block with the sums of its labels and weights, which are checked."""
    label = to_numpy(rows.column(LABEL)).astype(np.int64)
    wrong = (label != 0) & (label != 1)
    if wrong.any():
        raise TableError(
            f"{block.part}: the label of a jet is 1 (top) or 0 (QCD), not {label[wrong][0]} "
            f"({int(wrong.sum())} jets of a row group)."
        )
    weight = to_numpy(rows.column(WEIGHT)).astype(np.float64)
    bad = ~(np.isfinite(weight) & (weight >= 0))
    if bad.any():
        raise TableError(
            f"{block.part}: training weights are finite and not negative; {int(bad.sum())} of a "
            f"row group are not, the first is {weight[bad][0]}."
        )
    if block.rows is not None:
        label, weight = label[block.rows], weight[block.rows]
    return replace(block, tops=int(label.sum()), weight=float(weight.sum()))


def fewer(rows: JetRows, most: int | None, seed: int | None = 0) -> JetRows:
    """At most so many jets, of row groups drawn at random; without a seed the first ones."""
    if most is None or most >= len(rows):
        return rows
    left, kept = most, {}
    order = np.arange(len(rows.blocks))
    if seed is not None:
        order = np.random.default_rng([seed, 17]).permutation(order)
    for place in order.tolist():
        block = rows.blocks[place]
        if left < block.size:
            chosen = np.arange(block.size, dtype=np.int32) if block.rows is None else block.rows
            some = np.arange(block.size)
            if seed is not None:  # a random part of it, for it may be sorted
                some = np.random.default_rng([seed, 18]).permutation(some)
            some = some[:left]
            cut = replace(block, size=left, rows=chosen[np.sort(some)])
            block = _counted(cut, read_block(block, (LABEL, WEIGHT)))
        kept[place] = block
        left -= block.size
        if not left:
            break
    return JetRows(tuple(kept[place] for place in sorted(kept)))


def read_block(block: Block, columns: Sequence[str]) -> pa.Table:
    """Columns of a row group, all of its rows.

    Raises
    ------
    TableError
        If the file is damaged.
    """
    try:
        with pq.ParquetFile(block.part) as handle:
            return handle.read_row_group(
                block.group, columns=list(dict.fromkeys(columns)), use_threads=False
            )
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{block.part} cannot be read: {error}") from error
