"""Feature tables: declared columns, Parquet parts, a fixed order and splits by event key."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import ParameterError, TableError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FeatureTable", "arrow_schema", "key_hash", "write_part"]

DEFAULT_SPLIT = {"train": 0.72, "validation": 0.08, "test": 0.20}


def arrow_schema(columns: Sequence[Column], metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """Arrow schema of a table; unit, role, doc and alias ride along as field metadata."""
    fields = [
        pa.field(
            column.name,
            pa.dictionary(pa.int32(), pa.string())
            if column.dtype == "string"
            else pa.from_numpy_dtype(np.dtype(column.dtype)),
            nullable=False,
            metadata={"hepml": json.dumps(asdict(column), sort_keys=True)},
        )
        for column in columns
    ]
    return pa.schema(fields, metadata=dict(metadata or {}))


def write_part(
    path: Path,
    columns: Sequence[Column],
    rows: Mapping[str, NDArray[Any]],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write one Parquet part under a temporary name, then rename it.

    Parameters
    ----------
    path : Path
        Final name; derived from content (file uuid, entry range) by the caller.
    columns : sequence of Column
        Declared columns, the same for every part of a table, empty ones included.
    rows : mapping of str to array
        One array per declared column.
    metadata : mapping of str to str, optional
        Provenance to store in the file.
    """
    schema = arrow_schema(columns, metadata)
    arrays = [
        pa.array(rows[column.name]).cast(schema.field(column.name).type)
        if column.dtype != "string"
        else pa.array(rows[column.name], pa.string()).dictionary_encode()
        for column in columns
    ]
    table = pa.Table.from_arrays(arrays, schema=schema)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def key_hash(keys: Sequence[NDArray[Any]], seed: int = 0) -> NDArray[np.uint64]:
    """Hash event keys to 64 bits, the same on every machine (splitmix64 over the columns).

    Parameters
    ----------
    keys : sequence of arrays
        Integer or string columns of one length.
    seed : int
        Another seed gives an independent hash.
    """
    size = len(keys[0]) if keys else 0
    state = np.full(size, np.uint64(seed), dtype=np.uint64)
    for values in keys:
        if values.dtype.kind in "OUS":
            unique, inverse = np.unique(values.astype(str), return_inverse=True)
            digests = [hashlib.blake2b(item.encode(), digest_size=8).digest() for item in unique]
            numbers = np.array([int.from_bytes(item, "little") for item in digests], np.uint64)
            part = numbers[inverse] if size else np.zeros(0, np.uint64)
        else:
            part = values.astype(np.int64).view(np.uint64)
        state = _splitmix64(state ^ part)
    return state


def _splitmix64(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014); wraps modulo 2^64."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


class FeatureTable:
    """Rows that a selection emitted, on disk as Parquet parts.

    Row order carries no meaning, but it is the same for the same parts. Use
    :meth:`open`; :meth:`split` gives disjoint views by event key.
    """

    def __init__(
        self,
        parts: Sequence[Path],
        *,
        window: tuple[float, float] = (0.0, 1.0),
        seed: int = 0,
    ) -> None:
        self.parts = tuple(parts)
        self._window = window
        self._seed = seed

    @classmethod
    def open(cls, path: str | Path | Sequence[str | Path]) -> FeatureTable:
        """Open a run directory, a folder of parts, or single Parquet files.

        Raises
        ------
        TableError
            If there is no Parquet file, or the parts do not share one schema.
        """
        sources = [path] if isinstance(path, str | Path) else list(path)
        parts: list[Path] = []
        for source in map(Path, sources):
            if source.is_dir():
                root = source / "features" if (source / "features").is_dir() else source
                parts += sorted(p for p in root.rglob("*.parquet") if not p.name.startswith("."))
            elif source.exists():
                parts.append(source)
            else:
                raise TableError(f"There is no table at {source}.")
        if not parts:
            raise TableError(
                f"No Parquet files under {', '.join(map(str, sources))}. Give a run directory, "
                "a folder with Parquet parts, or a Parquet file."
            )
        table = cls(parts)
        table._check_schema()
        return table

    def _check_schema(self) -> None:
        for part in self.parts[1:]:
            other = self._read_schema(part)
            if not other.equals(self._schema):
                ours, theirs = set(self._schema.names), set(other.names)
                detail = (
                    f"columns {sorted(ours ^ theirs)[:5]} are not in both"
                    if ours != theirs
                    else "the types differ"
                )
                raise TableError(
                    f"{part} has another layout than {self.parts[0]}: {detail}. "
                    "Open tables of different processors one by one."
                )

    @staticmethod
    def _read_schema(part: Path) -> pa.Schema:
        try:
            return pq.read_schema(part)
        except (pa.ArrowInvalid, OSError) as error:
            raise TableError(f"{part} is not a readable Parquet file: {error}") from error

    @cached_property
    def _schema(self) -> pa.Schema:
        return self._read_schema(self.parts[0])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Declared columns; those of a foreign Parquet file count as features."""
        found = []
        for item in self._schema:
            described = (item.metadata or {}).get(b"hepml")
            if described:
                found.append(Column(**json.loads(described)))
            else:
                text = pa.types.is_dictionary(item.type) or pa.types.is_string(item.type)
                dtype = "string" if text else str(item.type.to_pandas_dtype().__name__)
                found.append(Column(item.name, dtype, role="label" if text else "feature"))
        return tuple(found)

    @cached_property
    def datasets(self) -> tuple[str, ...]:
        """Datasets that have parts, by their folder."""
        return tuple(sorted({part.parent.name for part in self.parts}))

    def names(self, *roles: str) -> tuple[str, ...]:
        """Names of the columns with these roles; all columns without an argument."""
        return tuple(c.name for c in self.columns if not roles or c.role in roles)

    @cached_property
    def _rows(self) -> int:
        if self._window == (0.0, 1.0):
            return sum(pq.read_metadata(part).num_rows for part in self.parts)
        return sum(len(batch) for batch in self.batches(self.names("key")))

    def __len__(self) -> int:
        return int(self._rows)

    def batches(
        self, columns: Sequence[str] | None = None, batch_size: int = 131_072
    ) -> Iterator[pa.RecordBatch]:
        """Iterate over record batches; memory stays that of a batch."""
        wanted = self._known(columns)
        keys = self.names("key")
        view = self._window != (0.0, 1.0)
        read = list(dict.fromkeys([*wanted, *keys])) if view else list(wanted)
        for part in self.parts:
            with pq.ParquetFile(part) as handle:
                for batch in handle.iter_batches(batch_size=batch_size, columns=read):
                    if view:
                        batch = batch.filter(pa.array(self._inside(batch, keys)))
                    yield batch.select(list(wanted))

    def _inside(self, batch: pa.RecordBatch, keys: Sequence[str]) -> NDArray[np.bool_]:
        hashed = key_hash([_column_to_numpy(batch[name]) for name in keys], self._seed)
        position = hashed.astype(np.float64) / 2.0**64
        return np.asarray((position >= self._window[0]) & (position < self._window[1]))

    def _known(self, columns: Sequence[str] | None) -> tuple[str, ...]:
        names = self.names()
        for name in columns or ():
            if name not in names:
                raise TableError(f"The table has no column {name!r}. " + did_you_mean(name, names))
        return tuple(columns) if columns is not None else names

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Read the table, or some columns, into one Arrow table."""
        wanted = self._known(columns)
        schema = pa.schema([self._schema.field(name) for name in wanted], self._schema.metadata)
        batches = list(self.batches(wanted))
        return pa.Table.from_batches(batches, schema=schema).unify_dictionaries()

    def to_numpy(self, columns: Sequence[str] | None = None) -> NDArray[np.float64]:
        """Read numeric columns into an array of shape (rows, columns); default: the features."""
        wanted = self.names("feature") if columns is None else tuple(columns)
        table = self.to_arrow(wanted)
        for item in table.schema:
            if pa.types.is_dictionary(item.type) or pa.types.is_string(item.type):
                raise TableError(f"Column {item.name!r} holds text; read it with to_arrow.")
        stacked = [_column_to_numpy(table[name]).astype(np.float64) for name in wanted]
        return np.stack(stacked, axis=1) if stacked else np.empty((len(table), 0))

    def column(self, name: str) -> NDArray[Any]:
        """Read one column as a numpy array (text as objects)."""
        return _column_to_numpy(self.to_arrow([name])[name])

    def to_pandas(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read the table, or some columns, into a pandas DataFrame."""
        return self.to_arrow(columns).to_pandas()

    def split(
        self, fractions: Mapping[str, float] | None = None, *, seed: int = 0
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
        """
        shares = dict(fractions or DEFAULT_SPLIT)
        if any(share <= 0 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
            raise ParameterError(f"Fractions must be positive and add up to at most 1: {shares}.")
        if not self.names("key"):
            raise TableError("The table has no key column, so its rows cannot be split by event.")
        if self._window != (0.0, 1.0):
            raise TableError("This view is already the result of a split; split the whole table.")
        views, low = {}, 0.0
        for name, share in shares.items():
            high = 1.0 if abs(low + share - 1) < 1e-9 else low + share
            views[name] = FeatureTable(self.parts, window=(low, high), seed=seed)
            low = high
        return views

    def duplicates(self) -> dict[str, int]:
        """Count rows per dataset whose event key occurred before in that dataset."""
        keys = list(self.names("key"))
        found: dict[str, int] = {}
        for dataset in self.datasets if keys else ():
            parts = [part for part in self.parts if part.parent.name == dataset]
            table = FeatureTable(parts).to_arrow(keys)
            extra = len(table) - len(table.group_by(keys).aggregate([]))
            if extra:
                found[dataset] = extra
        return found

    def __repr__(self) -> str:
        return (
            f"<FeatureTable: {len(self):,} rows, {len(self.columns)} columns, "
            f"{len(self.parts)} parts, datasets {', '.join(self.datasets)}>"
        )

    def _repr_html_(self) -> str:
        head = "".join(
            f"<tr><td>{c.name}</td><td>{c.dtype}</td><td>{c.unit}</td><td>{c.role}</td></tr>"
            for c in self.columns
        )
        return (
            f"<p><b>FeatureTable</b>: {len(self):,} rows in {len(self.parts)} parts "
            f"({', '.join(self.datasets)})</p><table><tr><th>column</th><th>dtype</th>"
            f"<th>unit</th><th>role</th></tr>{head}</table>"
        )


def _column_to_numpy(column: Any) -> NDArray[Any]:
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return np.asarray(column.to_numpy(zero_copy_only=False))
