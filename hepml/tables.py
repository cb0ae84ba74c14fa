"""Feature tables: declared columns, Parquet parts, a fixed order and splits by event key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.columns import Column, Role
from hepml.errors import ParameterError, TableError, did_you_mean
from hepml.keys import count_repeated
from hepml.lists import is_list
from hepml.notebook import columns_html
from hepml.parts import (
    DATASET,
    TEXT,
    arrow_schema,
    check_layout,
    declared_columns,
    find_parts,
    is_number,
    read_schema,
    to_numpy,
    write_part,
)
from hepml.splits import DEFAULT_SPLIT, Share, limits_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FeatureTable", "arrow_schema", "write_part"]


class FeatureTable:
    """Rows that a selection emitted, on disk as Parquet parts.

    Row order carries no meaning, but it is the same for the same parts. Use :meth:`open`;
    :meth:`split` gives disjoint views by event key, :meth:`of` the rows of some datasets. Every
    method that takes column names also takes the published ones (aliases), and ``dataset`` where
    no such column is stored.
    """

    def __init__(
        self,
        parts: Sequence[Path],
        *,
        share: Share | None = None,
        names: Mapping[Path, str] | None = None,
    ) -> None:
        self.parts = tuple(parts)
        # rows of this view; None: all of them
        self._share = share
        # dataset of a part that does not lie in its dataset's folder
        self._datasets = dict(names or {})

    @classmethod
    def open(cls, path: str | Path | Sequence[str | Path]) -> FeatureTable:
        """Open a run directory, a folder of parts, or single Parquet files.

        Raises
        ------
        TableError
            If there is no Parquet file, or the parts do not share one schema.
        """
        parts, names = find_parts([path] if isinstance(path, str | Path) else path)
        check_layout(parts)
        return cls(parts, names=names)

    # --- what is in it ----------------------------------------------------------------------

    @cached_property
    def _schema(self) -> pa.Schema:
        return read_schema(self.parts[0]) if self.parts else pa.schema([])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Declared columns; those of a foreign Parquet file count as features (text: labels)."""
        return declared_columns(self._schema)

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """Arrow schema; unit, role, doc and alias of a column are in its field's metadata."""
        return self._plan(columns)[0]

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Published column name to ours, where they differ."""
        names = {column.name for column in self.columns}
        found: dict[str, str] = {}
        for column in self.columns:
            if column.alias and column.alias not in names:
                found.setdefault(column.alias, column.name)
        return found

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Datasets that have parts, by their folder."""
        return tuple(sorted({self._dataset(part) for part in self.parts}))

    def _dataset(self, part: Path) -> str:
        return self._datasets.get(part, part.parent.name)

    def names(self, *roles: Role) -> tuple[str, ...]:
        """Names of the columns with these roles; all columns without an argument."""
        return tuple(c.name for c in self.columns if not roles or c.role in roles)

    @cached_property
    def _rows(self) -> int:
        if self._share is None:
            return sum(pq.read_metadata(part).num_rows for part in self.parts)
        return sum(batch.num_rows for batch in self.batches([]))

    def __len__(self) -> int:
        return int(self._rows)

    def _stored(self, name: str) -> str:
        """The stored column that a name stands for; the dataset's own name if it is virtual."""
        known = self.names()
        if name in known or name == DATASET:
            return name
        if name in self.aliases:
            return self.aliases[name]
        near = did_you_mean(name, [*known, *self.aliases])
        raise TableError(f"The table has no column {name!r}. {near}")

    # --- reading ----------------------------------------------------------------------------

    def batches(
        self, columns: Sequence[str] | None = None, batch_size: int = 131_072
    ) -> Iterator[pa.RecordBatch]:
        """Iterate over record batches; memory stays that of a batch.

        Parameters
        ----------
        columns : sequence of str, optional
            Names or published names, in the order wanted; default: all stored ones.
        batch_size : int
            Most rows of a batch.

        Raises
        ------
        TableError
            If there is no such column; near misses are named.
        """
        schema, stored = self._plan(columns)
        return self._batches(schema, stored, batch_size)

    def _batches(
        self, schema: pa.Schema, stored: Sequence[str], batch_size: int
    ) -> Iterator[pa.RecordBatch]:
        present = set(self.names())
        keys = self._share.by if self._share else ()
        read = [name for name in dict.fromkeys([*stored, *keys]) if name in present]
        for part in self.parts:
            with pq.ParquetFile(part) as handle:
                for batch in handle.iter_batches(batch_size=batch_size, columns=read):
                    if self._share:
                        batch = batch.filter(pa.array(self._share.inside(batch)))
                    if not stored:
                        yield batch.select([])
                        continue
                    arrays = [
                        batch.column(name) if name in present else self._repeated(part, len(batch))
                        for name in stored
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def _plan(self, columns: Sequence[str] | None) -> tuple[pa.Schema, list[str]]:
        """Schema under the wanted names, and the stored columns behind them."""
        if isinstance(columns, str):
            columns = [columns]
        wanted = list(self.names() if columns is None else columns)
        stored = [self._stored(name) for name in wanted]
        present = set(self._schema.names)
        fields = [
            self._schema.field(source).with_name(name)
            if source in present
            else pa.field(name, TEXT, nullable=False)
            for name, source in zip(wanted, stored, strict=True)
        ]
        # the parts' own dataset does not hold for the table
        metadata = {k: v for k, v in (self._schema.metadata or {}).items() if k != DATASET.encode()}
        return pa.schema(fields, metadata or None), stored

    def _repeated(self, part: Path, size: int) -> pa.DictionaryArray:
        indices = pa.array(np.zeros(size, np.int32))
        return pa.DictionaryArray.from_arrays(indices, pa.array([self._dataset(part)], pa.string()))

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the table, or some columns, into one Arrow table; units ride along."""
        schema, stored = self._plan(columns)
        batches = list(self._batches(schema, stored, 131_072))
        return pa.Table.from_batches(batches, schema=schema).unify_dictionaries()

    def to_numpy(self, columns: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Read numeric columns into an array of shape (rows, columns).

        Default: the features, without those that hold lists.
        """
        flat = [c.name for c in self.columns if c.role == "feature" and not c.is_list]
        wanted = flat if columns is None else columns
        schema, stored = self._plan(wanted)
        for item in schema:
            _refuse_lists(item)
            if not is_number(item.type):
                raise TableError(
                    f"Column {item.name!r} holds {item.type}, not numbers; read it with to_arrow."
                )
        result = np.empty((len(self), len(stored)))
        row = 0
        for batch in self._batches(schema, stored, 131_072):
            for place, column in enumerate(batch.columns):
                result[row : row + len(batch), place] = to_numpy(column)
            row += len(batch)
        return result

    def column(self, name: str) -> NDArray[Any]:
        """Read one column as a numpy array (text as objects); no column of lists."""
        _refuse_lists(self.schema([name]).field(name))
        return to_numpy(self.to_arrow([name]).column(0))

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read the table, or some columns, into a pandas DataFrame."""
        frame: pd.DataFrame = self.to_arrow(columns).to_pandas()
        return frame

    # --- views ------------------------------------------------------------------------------

    def of(self, *datasets: str) -> FeatureTable:
        """Rows of some datasets only."""
        for name in datasets:
            if name not in self.datasets:
                raise TableError(
                    f"The table has no dataset {name!r}. " + did_you_mean(name, self.datasets)
                )
        parts = [part for part in self.parts if self._dataset(part) in datasets]
        return FeatureTable(parts, share=self._share, names=self._datasets)

    def split(
        self,
        fractions: Mapping[str, float] | None = None,
        *,
        seed: int = 0,
        by: Sequence[str] | None = None,
    ) -> dict[str, FeatureTable]:
        """Split into disjoint views as a function of the event key alone.

        The same event lands in the same view whatever the executor, the chunk size and the
        order of the rows.

        Parameters
        ----------
        fractions : mapping of str to float
            Name to fraction, adding up to at most 1; default train / validation / test.
        seed : int
            Another seed gives an independent split.
        by : sequence of str, optional
            Key columns that name a group (``brick`` and ``shower``): its rows stay together.
            Default: all key columns.

        Raises
        ------
        ParameterError
            If the fractions make no sense, or ``by`` names a column that is no key.
        TableError
            If there is no key column, or this is already the result of a split.
        """
        limits = limits_of(fractions or DEFAULT_SPLIT)
        if not self.names("key"):
            raise TableError("The table has no key column, so its rows cannot be split by event.")
        if self._share is not None:
            raise TableError("This view is already the result of a split; split the whole table.")
        group = self._group(by)
        shares = {
            # all rows are no share: nothing is read of their keys
            name: None if part == (0.0, 1.0) else Share(*part, group, seed)
            for name, part in limits.items()
        }
        return {
            name: FeatureTable(self.parts, share=share, names=self._datasets)
            for name, share in shares.items()
        }

    def _group(self, by: Sequence[str] | None) -> tuple[str, ...]:
        """Stored key columns that a split goes by."""
        keys = self.names("key")
        if by is None:
            return keys
        chosen = tuple(self._stored(name) for name in by)
        strange = [name for name in chosen if name not in keys]
        if strange or not chosen:
            raise ParameterError(
                f"A split goes by key columns ({', '.join(keys)}), not by "
                f"{', '.join(strange) or 'none'}."
            )
        return chosen

    def duplicates(self) -> dict[str, int]:
        """Count rows per dataset whose event key occurred before in that dataset."""
        keys = list(self.names("key"))
        counts = {
            name: count_repeated(partial(self.of(name).batches, keys))
            for name in (self.datasets if keys else ())
        }
        return {name: count for name, count in counts.items() if count}

    def __repr__(self) -> str:
        return f"<FeatureTable: {self._summary()}>"

    def _summary(self) -> str:
        return (
            f"{len(self):,} rows, {len(self.columns)} columns, {len(self.parts)} parts, "
            f"datasets {', '.join(self.datasets)}"
        )

    def _repr_html_(self) -> str:
        return columns_html(f"<b>FeatureTable</b>: {escape(self._summary())}", self.columns)


def _refuse_lists(item: pa.Field) -> None:
    if is_list(item.type):
        raise TableError(
            f"Column {item.name!r} holds a list in each row ({item.type}), so it is no numpy "
            "column. Read it with to_arrow or batches, or ak.from_arrow(table.to_arrow([...]))."
        )
