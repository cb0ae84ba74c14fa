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
from hepml.lists import arrow_lists, is_list, item_dtype, list_dtype, list_type

__all__ = [
    "arrow_schema",
    "check_layout",
    "declared_columns",
    "find_parts",
    "is_number",
    "is_text",
    "read_schema",
    "to_numpy",
    "write_part",
]

DATASET = "dataset"
TEXT = pa.dictionary(pa.int32(), pa.string())
# Rows of a group where rows hold lists: some 10 MB of a table with the constituents of jets.
GROUP = 10_000


def arrow_schema(columns: Sequence[Column], metadata: Mapping[str, str] | None = None) -> pa.Schema:
    """Arrow schema of a table; unit, role, doc and alias ride along as field metadata."""
    fields = [
        pa.field(
            column.name,
            _arrow_type(column.dtype),
            nullable=False,
            metadata={"hepml": json.dumps(asdict(column), sort_keys=True)},
        )
        for column in columns
    ]
    return pa.schema(fields, metadata=dict(metadata or {}))


def _arrow_type(dtype: str) -> pa.DataType:
    if dtype == "string":
        return TEXT
    return list_type(dtype) if item_dtype(dtype) else pa.from_numpy_dtype(np.dtype(dtype))


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
        One array per declared column: numpy, or awkward where it holds lists.
    metadata : mapping of str to str, optional
        Provenance to store in the file.
    """
    schema = arrow_schema(columns, metadata)
    arrays = [_arrow_array(column, rows[column.name]) for column in columns]
    table = pa.Table.from_arrays(arrays, schema=schema)
    make_folder(path.parent)
    with whole_file(path) as handle:
        pq.write_table(table, handle, compression="zstd", **_encodings(columns))


def _arrow_array(column: Column, values: Any) -> pa.Array:
    if column.dtype == "string":
        return pa.array(values, pa.string()).dictionary_encode()
    if item_dtype(column.dtype):
        return arrow_lists(values, column.dtype)
    return pa.array(values).cast(_arrow_type(column.dtype))


def _encodings(columns: Sequence[Column]) -> dict[str, Any]:
    """How a part with lists is written: in small groups of rows, which a loader can shuffle."""
    lists = {column.name: item_dtype(column.dtype) for column in columns if column.is_list}
    if not lists:
        return {}
    # bytes of one significance side by side: smaller by an eighth, as fast (dictionaries: slower)
    split = [f"{name}.list.element" for name, item in lists.items() if item.startswith("float")]
    return {
        "row_group_size": GROUP,
        "use_dictionary": [column.name for column in columns if not column.is_list],
        "column_encoding": dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
        "write_page_checksum": True,
    }


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
        elif is_list(item.type):
            items = np.dtype(item.type.value_type.to_pandas_dtype()).name
            found.append(Column(item.name, list_dtype(items)))
        else:
            found.append(Column(item.name, np.dtype(item.type.to_pandas_dtype()).name))
    return tuple(found)


def is_text(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type are text, dictionary encoded or not."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type are numbers, or true and false."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def to_numpy(column: Any) -> NDArray[Any]:
    """Turn an Arrow column, chunked or not, into numpy; text becomes objects."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else _none(column.type)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _none(kind: pa.DataType) -> pa.Array:
    return pa.array([], kind.value_type if pa.types.is_dictionary(kind) else kind)
