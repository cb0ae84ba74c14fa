"""Parquet of imported dijet events: blocks checked and converted, written, and read back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hepml.errors import OutputError, TableError
from hepml.importers.dijet_layout import JETS, Frame, read_rows
from hepml.importers.dijet_samples import DijetSample
from hepml.importers.whole import add_up
from hepml.notes import NOTES, TOTALS

__all__ = ["BLOCK", "Events", "event_schema", "read_events", "verify", "write_events"]

# Events of a block, which becomes a group of rows: 10 MB of input.
BLOCK = 50_000
# What the import adds to each event, so that a selection needs nothing else to know.
_ADDED = ("label_ok", "prongs", "inclusive")
_TYPES = {"row": pa.int64()} | dict.fromkeys(("label", *_ADDED), pa.int8())
# Few different values, or none.
_REPEATED = ("label", *_ADDED, "mx", "my", "j1_n", "j2_n")
Columns = dict[str, NDArray[Any]]


@dataclass(slots=True)
class Events:
    """A block of events.

    Attributes
    ----------
    columns : dict of str to array
        As they are stored, GeV.
    account : dict of str to int
        What a reader of the result should know, by what it is.
    points : dict of (float, float) to int
        Events of each mass point.
    """

    columns: Columns
    account: dict[str, int] = field(default_factory=dict)
    points: dict[tuple[float, float], int] = field(default_factory=dict)


def event_schema(names: Iterable[str]) -> pa.Schema:
    """Columns of an import: those of the file, and what is known of its sample.

    ``label_ok`` says whether the label is that of the sample (1, 0, or -1 where the sample has
    none), ``prongs`` how many partons each resonance decays to (0 for background, -1 unknown),
    ``inclusive`` is 0 where a sample was restricted to the signal region before.
    """
    jets = [name for name in names if name[:3] in ("j1_", "j2_")]
    every = [*jets, "label", "mx", "my", *_ADDED, "row"]
    return pa.schema([pa.field(name, _TYPES.get(name, pa.float32())) for name in every])


def read_events(
    file: Any,
    frame: Frame,
    names: Mapping[str, str],
    sample: DijetSample,
    where: str,
    *,
    rows: tuple[int, int],
    drop: bool = False,
) -> Iterator[Events]:
    """Read a range of rows block by block.

    Parameters
    ----------
    file : h5py.File
        The file.
    frame : Frame
        Its frame.
    names : mapping of str to str
        Our columns to the file's.
    sample : DijetSample
        Says the label where the file does not.
    where : str
        Its name, for messages.
    rows : (int, int)
        First row, and the one behind the last.
    drop : bool
        Leave out events with unusable numbers, and count them, instead of refusing the file.

    Raises
    ------
    TableError
        If an event has unusable numbers.
    """
    theirs = list(names.values())
    for start in range(*rows, BLOCK):
        stop = min(start + BLOCK, rows[1])
        found = read_rows(file, frame, theirs, (start, stop))
        columns: dict[str, NDArray[Any]] = {ours: found[name] for ours, name in names.items()}
        columns["row"] = np.arange(start, stop, dtype=np.int64)
        account = {}
        bad = _unusable(columns, names, where, drop=drop)
        if bad.any():
            columns = {name: values[~bad] for name, values in columns.items()}
            account["events left out: unusable numbers"] = int(bad.sum())
        yield _finished(columns, sample, account)


def _unusable(
    columns: Columns, names: Mapping[str, str], where: str, *, drop: bool
) -> NDArray[np.bool_]:
    """Events without momenta or with an impossible label; undefined subjettiness stays."""
    bad = np.zeros(len(columns["row"]), dtype=bool)
    first: list[tuple[int, str, str]] = []
    for name, values in columns.items():
        if name == "label":
            wrong, why = ~np.isin(values, (-1, 0, 1)), "is none of 0, 1 and -1 (unknown)"
        elif name[3:] in ("px", "py", "pz", "m"):
            # beyond single precision a number would become infinite
            wrong, why = ~(np.abs(values) < 1e30), "is not finite"
        else:
            continue
        if wrong.any():
            bad |= wrong
            first.append((int(columns["row"][np.argmax(wrong)]), names[name], why))
    if first and not drop:
        row, name, why = min(first)
        raise TableError(
            f"{where}: {int(bad.sum())} of {len(bad):,} events from row "
            f"{int(columns['row'][0]):,} on have unusable numbers; the first is row {row:,}: "
            f"{name!r} {why}. Leave such events out:  --bad-events drop"
        )
    return bad


def _finished(columns: Columns, sample: DijetSample, account: dict[str, int]) -> Events:
    """Bring columns to their types, fill in what the file lacks, and count."""
    size = len(columns["row"])
    none = np.full(size, np.nan)
    # published codes write 0 for "no signal"
    mx, my = (
        np.where(columns.get(n, none) > 0, columns.get(n, none), np.nan) for n in ("mx", "my")
    )
    columns |= {"mx": mx, "my": my}
    if "label" not in columns:
        known = sample.label if sample.label is not None else -1
        columns["label"] = (
            np.where(np.isfinite(mx), 1, known) if known < 0 else np.full(size, known)
        )
    label = columns["label"].astype(np.int8)
    undefined = sum(
        int(np.count_nonzero(~(columns[f"{jet}_{tau}"] > 0)))
        for jet in ("j1", "j2")
        for tau in ("tau1", "tau2")
    )
    counted = {
        "events without label": int((label < 0).sum()),
        "values of tau1 or tau2 that are not above 0": undefined,
    }
    if sample.label is not None:
        other = 1 - sample.label
        counted[f"events with the label {other}"] = int((label == other).sum())
    points = {}
    if size and np.isfinite(mx).any():
        pairs, counts = np.unique(
            np.stack([mx, my])[:, np.isfinite(mx)], axis=1, return_counts=True
        )
        points = {(float(x), float(y)): int(n) for (x, y), n in zip(pairs.T, counts, strict=True)}
    kept = {name: values.astype(np.float32, copy=False) for name, values in columns.items()}
    kept |= {"label": label, "row": columns["row"]} | _known(sample, label)
    account |= {name: count for name, count in counted.items() if count}
    return Events(kept, account, points)


def _known(sample: DijetSample, label: NDArray[np.int8]) -> Columns:
    """What the sample says of each of its events."""
    ok = np.full(len(label), -1) if sample.label is None else label == sample.label
    own = sample.prongs if sample.label == 1 and sample.prongs is not None else -1
    found = {
        "label_ok": ok,
        "prongs": np.select([label == 0, label == 1], [0, own], -1),
        "inclusive": np.full(len(label), sample.window is None),
    }
    return {name: values.astype(np.int8) for name, values in found.items()}


def write_events(
    handle: Any, schema: pa.Schema, blocks: Iterable[Events], notes: Mapping[str, Any]
) -> dict[str, Any]:
    """Write blocks, a group of rows for each.

    Returns
    -------
    dict
        ``sums`` of every column, ``counts`` of what a reader should know, and ``mass_points``
        (mX, mY, events), stored in the file beside the notes.
    """
    noted = schema.with_metadata({NOTES.decode(): json.dumps(notes)})
    sums: dict[str, float] = dict.fromkeys(("events", *_summed(schema)), 0)
    counts: dict[str, int] = {}
    points: dict[tuple[float, float], int] = {}
    with pq.ParquetWriter(handle, noted, **_options(noted)) as writer:
        for events in blocks:
            arrays = [pa.array(events.columns[item.name]) for item in schema]
            table = pa.Table.from_arrays(arrays, schema=noted)
            writer.write_table(table, row_group_size=max(len(table), 1))
            add_up(sums, _sums(events.columns, schema))
            add_up(counts, events.account)
            for point, number in events.points.items():
                points[point] = points.get(point, 0) + number
        listed = [[*point, number] for point, number in sorted(points.items())]
        totals = {"sums": sums, "counts": counts, "mass_points": listed}
        # known only now, when the schema with its notes is written already
        writer.add_key_value_metadata({TOTALS.decode(): json.dumps(totals)})
    return totals


def _options(schema: pa.Schema) -> dict[str, Any]:
    repeated = [name for name in _REPEATED if name in schema.names]
    encodings = {item.name: "BYTE_STREAM_SPLIT" for item in schema if item.name not in repeated}
    return {
        "compression": "zstd",
        "compression_level": 1,
        # bytes of one significance side by side compress better, and are read as fast
        "use_dictionary": repeated,
        "column_encoding": encodings | {"row": "DELTA_BINARY_PACKED"},
        # zstd alone does not notice every flipped bit
        "write_page_checksum": True,
    }


def _summed(schema: pa.Schema) -> list[str]:
    jets = [f"{jet}_{name}" for jet in ("j1", "j2") for name in JETS]
    return [name for name in schema.names if name in jets]


def _sums(columns: Mapping[str, NDArray[Any]], schema: pa.Schema) -> dict[str, float]:
    found = {
        name: float(np.nansum(np.abs(columns[name]), dtype=np.float64)) for name in _summed(schema)
    }
    return {"events": len(columns["row"]), **found}


def verify(path: Path, sums: Mapping[str, float]) -> None:
    """Read a written file back and compare it with its input.

    Raises
    ------
    OutputError
        If an event or a number is missing.
    """
    found: dict[str, float] = dict.fromkeys(sums, 0)
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        schema = file.schema_arrow
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, use_threads=False)
            add_up(
                found, _sums({name: table[name].to_numpy() for name in table.column_names}, schema)
            )
    wrong = [name for name in sums if not np.isclose(found.get(name, 0), sums[name], rtol=1e-9)]
    if wrong:
        said = "; ".join(f"{name}: {found[name]:,} for {sums[name]:,}" for name in wrong)
        raise OutputError(
            f"{path} does not give back what was imported ({said}). "
            "Is the disk sound? Import again."
        )
