"""What an import noted in a Parquet file: identity, kind, source, account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from hepml.errors import FileAccessError

__all__ = ["NOTES", "TOTALS", "file_notes"]

# Key in the file's metadata of the JSON that every import writes.
NOTES = b"hepml"
# The same for what an import knows only when it has written the last row.
TOTALS = b"hepml_totals"


def file_notes(file: pq.ParquetFile, endpoint: str) -> dict[str, Any]:
    """What an import noted in an open file.

    Raises
    ------
    FileAccessError
        If the file's identity is not among it.
    """
    notes = _stored(file.schema_arrow.metadata, NOTES, endpoint)
    if not (isinstance(notes.get("uuid"), str) and notes["uuid"]):
        raise FileAccessError(
            f"{endpoint} is a Parquet file without identity: hepml did not import it. Import the "
            "original:  hepml import CHANNEL SOURCE --out DIR  or, for a file of your own, put "
            '{"uuid": ..., "kind": "data" or "simulation"} as JSON under the key \'hepml\' of its '
            "metadata."
        )
    if notes.get("kind") not in (None, "data", "simulation"):
        raise FileAccessError(
            f"{endpoint} says that it is {notes['kind']!r}; only data and simulation are known. "
            "Import it again."
        )
    return notes | _stored(file.metadata.metadata, TOTALS, endpoint)


def _stored(metadata: Mapping[bytes, bytes] | None, name: bytes, endpoint: str) -> dict[str, Any]:
    stored = (metadata or {}).get(name)
    try:
        found = json.loads(stored) if stored else {}
    except ValueError as error:
        raise FileAccessError(
            f"{endpoint} has damaged notes ({error}). Import it again."
        ) from error
    return found if isinstance(found, dict) else {}
