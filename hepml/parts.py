"""Parquet parts of a feature table: find them, read their schema, write them whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import TableError, did_you_mean
from hepml.files import make_folder, whole_file

__all__ = [
    "arrow_schema",
    "check_layout",
    "declared_columns",
    "find_parts",
    "is_text",
    "read_schema",
    "to_numpy",
    "write_part",
]

DATASET = "dataset"
TEXT = pa.dictionary(pa.int32(), pa.string())


def arrow_schema(columns: Sequence[Column], metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """Arrow schema of a table; unit, role, doc and alias ride along as field metadata."""
    fields = [
        pa.field(
            column.name,
            TEXT if column.dtype == "string" else pa.from_numpy_dtype(np.dtype(column.dtype)),
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
        pa.array(rows[column.name], pa.string()).dictionary_encode()
        if column.dtype == "string"
        else pa.array(rows[column.name]).cast(schema.field(column.name).type)
        for column in columns
    ]
    table = pa.Table.from_arrays(arrays, schema=schema)
    make_folder(path.parent)
    with whole_file(path) as handle:
        pq.write_table(table, handle, compression="zstd")


def read_schema(part: Path) -> pa.Schema:
    """Read the schema of a Parquet file.

    Raises
    ------
    TableError
        If the file cannot be read, or is no Parquet file.
    """
    try:
        return pq.read_schema(part)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{part} is not a readable Parquet file: {error}") from error


def find_parts(sources: Iterable[str | Path]) -> tuple[list[Path], dict[Path, str]]:
    """Find the Parquet files of run directories, folders and single files.

    Returns
    -------
    list of Path, dict
        The files in a fixed order, and the dataset of those that were named one by one.

    Raises
    ------
    TableError
        If a path does not exist, or there is no Parquet file.
    """
    parts: list[Path] = []
    names: dict[Path, str] = {}
    paths = [Path(source) for source in sources]
    for path in paths:
        if path.is_dir():
            root = path / "features" if (path / "features").is_dir() else path
            left_out = _unaccounted(root)
            parts += sorted(
                part
                for part in root.rglob("*.parquet")
                if not part.name.startswith(".") and part not in left_out
            )
        elif path.exists():
            parts.append(path)
            known = (read_schema(path).metadata or {}).get(DATASET.encode())
            names[path] = known.decode() if known else path.stem
        else:
            nearby = path.parent.iterdir() if path.parent.is_dir() else ()
            hint = did_you_mean(path.name, [item.name for item in nearby])
            raise TableError(f"There is no table at {path}. {hint}")
    if not parts:
        raise TableError(
            f"No Parquet files under {', '.join(map(str, paths))}. Give a run directory, "
            "a folder with Parquet parts, or a Parquet file."
        )
    return parts, names


def _unaccounted(features: Path) -> set[Path]:
    """Parts of a run that its report does not count: a lost worker may write after the end.

    Raises
    ------
    TableError
        If the run has no report: nothing says which of its parts are whole data sets.
    """
    run = features.parent
    if features.name != "features" or not (run / "plan.json").exists():
        return set()
    try:
        failed = json.loads((run / "report.json").read_text())["failed"]
        chunks = [(item["dataset"], item["chunk"]) for item in failed if "chunk" in item]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TableError(
            f"{run} has no readable report: the run was stopped before its end, and its table is "
            f"not whole. Finish it:  hepml resume {run}"
        ) from error
    return {features / dataset / f"{chunk}.parquet" for dataset, chunk in chunks}


def check_layout(parts: Sequence[Path]) -> None:
    """Raise a TableError unless all parts have the same columns."""
    first = read_schema(parts[0])
    for part in parts[1:]:
        other = read_schema(part)
        if not other.equals(first):
            ours, theirs = set(first.names), set(other.names)
            detail = (
                f"columns {sorted(ours ^ theirs)[:5]} are not in both"
                if ours != theirs
                else "the types or the order differ"
            )
            raise TableError(
                f"{part} has another layout than {parts[0]}: {detail}. "
                "Open tables of different processors one by one."
            )


def declared_columns(schema: pa.Schema) -> tuple[Column, ...]:
    """Columns as they were declared; in a foreign file text is a label, all else a feature."""
    found = []
    for item in schema:
        described = (item.metadata or {}).get(b"hepml")
        if described:
            found.append(Column(**json.loads(described)))
        elif is_text(item.type):
            found.append(Column(item.name, "string", role="label"))
        else:
            found.append(Column(item.name, np.dtype(item.type.to_pandas_dtype()).name))
    return tuple(found)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type are text, dictionary encoded or not."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def to_numpy(column: Any) -> NDArray[Any]:
    """Turn an Arrow column, chunked or not, into numpy; text becomes objects."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else _none(column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _none(kind: pa.DataType) -> pa.Array:
    return pa.array([], kind.value_type if pa.types.is_dictionary(kind) else kind)
