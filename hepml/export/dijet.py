"""Write the table of dijets as the files of the published package, to be read by other programs."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hepml.engine.store import Layout, locked, write_json
from hepml.errors import OutputError, ParameterError
from hepml.export.dijet_asked import DijetExport
from hepml.export.dijet_layout import columns_of, shard_path, shard_ranges
from hepml.export.dijet_plan import DijetPlan, Target, plan_dijets
from hepml.export.dijet_rows import OrderedRows, order_rows
from hepml.export.dijet_shards import Piece, Shard, Writer
from hepml.files import make_folder

__all__ = ["DijetExport", "DijetPlan", "Written", "plan_dijets", "write_dijets"]

Progress = Callable[[str, int, int], None]

MANIFEST = "export.json"
_ROWS = ".rows-"
_AT_A_TIME = 64  # shards handed to the threads


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an export.

    Attributes
    ----------
    files : int
        Shards that were written.
    kept : int
        Shards that were there already.
    """

    files: int
    kept: int


def write_dijets(plan: DijetPlan, *, workers: int = 2, progress: Progress | None = None) -> Written:
    """Write the files of a plan.

    Every shard is whole or absent; one that is there, with its metadata, is kept: the same call
    finishes an export that was stopped. The events are put in order on disk first, in a hidden
    folder that is removed at the end, so that memory does not grow with their number.

    Parameters
    ----------
    plan : DijetPlan
        See :func:`plan_dijets`.
    workers : int
        Threads.
    progress : callable, optional
        Called with what is done, how many files are done and how many there are.

    Raises
    ------
    OutputError
        If the folder belongs to another export or to something else, is being written by another
        process, or lacks room.
    """
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    root = plan.asked.root
    _check_room(plan)
    try:
        make_folder(root)
    except OSError as error:
        raise OutputError(f"Cannot write to {root}: {error.strerror}.") from error
    with ExitStack() as stack:
        stack.enter_context(locked(Layout(root)))
        _claim(plan)
        _remove_leftovers(root)
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=root, prefix=_ROWS))
        tell = progress or (lambda what, done, total: None)
        tell("putting events in order", 0, plan.files)
        rows = _ordered(plan, Path(folder))
        return _write(plan, rows, workers, tell)


def _write(
    plan: DijetPlan, rows: Mapping[str, OrderedRows], workers: int, tell: Progress
) -> Written:
    writer = Writer(plan.asked.form, plan.asked.features)
    shards = _shards(plan, rows)
    done = new = 0
    with ThreadPoolExecutor(workers) as pool:
        while some := list(islice(shards, _AT_A_TIME)):
            # a stop lets the shards in progress end, and the others never start
            for shard, written in zip(some, pool.map(writer.write, some), strict=True):
                done, new = done + 1, new + written
                tell(shard.path.parent.name, done, plan.files)
    return Written(new, done - new)


def _shards(plan: DijetPlan, rows: Mapping[str, OrderedRows]) -> Iterator[Shard]:
    asked = plan.asked
    for target in plan.targets:
        for number in range(asked.shards):
            path = shard_path(target.folder, number, asked.form)
            seed = None if asked.kind == "dedicated" else asked.seed + number
            yield Shard(path, tuple(_pieces(target, rows, number, asked.shards)), seed)


def _pieces(
    target: Target, rows: Mapping[str, OrderedRows], number: int, shards: int
) -> Iterator[Piece]:
    """This shard of every sample, and of signal of every mass point."""
    for facts, points in target.contents:
        for together in [(point,) for point in points] if facts.label else [points]:
            first, last = shard_ranges(facts.at(together[0]), shards)[number]
            events = rows[facts.dataset].part(together[0], first, last)
            yield Piece(events, facts.label, together)


def _ordered(plan: DijetPlan, folder: Path) -> dict[str, OrderedRows]:
    columns = columns_of(plan.asked.features)
    found = {}
    for place, facts in enumerate(plan.samples):
        own = folder / str(place)
        try:
            own.mkdir()
            found[facts.dataset] = order_rows(plan.table, facts, columns, own, plan.originals)
        except OSError as error:
            raise OutputError(f"Cannot write to {folder}: {error.strerror or error}.") from error
    return found


def _check_room(plan: DijetPlan) -> None:
    """Raise an OutputError unless the disk holds what is missing."""
    place = plan.asked.root.absolute()
    there = 0
    for item in place.rglob("SR_*") if place.exists() else ():
        with suppress(OSError):
            there += item.stat().st_size
    ordered = sum(item.events for item in plan.samples) * 4 * len(columns_of(plan.asked.features))
    needed = max(plan.bytes - there, 0) + ordered
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if needed > free:
        raise OutputError(
            f"{needed / 1e9:,.1f} GB are needed and {free / 1e9:,.1f} GB are free in {place}. Name "
            "fewer --samples or --mass-points, or another --out."
        )


def _claim(plan: DijetPlan) -> None:
    """Note in each folder what export it holds.

    Raises
    ------
    OutputError
        If it holds another one.
    """
    for folder, identity in _identities(plan).items():
        path = folder / MANIFEST
        if not path.exists():
            if any(folder.glob("**/SR_*")):
                raise OutputError(
                    f"{folder} holds files that no export of hepml wrote. Choose another --out."
                )
            write_json(path, identity)
            continue
        try:
            known = json.loads(path.read_text())
            other = [name for name, value in identity.items() if known.get(name) != value]
        except (OSError, ValueError, AttributeError) as error:
            raise OutputError(f"{path} cannot be read: {error}. Choose another --out.") from error
        if other:
            raise OutputError(
                f"{folder} holds another export, with other {', '.join(other)}. Choose another "
                "--out, or remove that folder first."
            )


def _identities(plan: DijetPlan) -> dict[Path, dict[str, Any]]:
    """What decides the content of files, by folder; further mass points join dedicated ones."""
    asked = plan.asked
    common = {
        "export": asked.kind,
        "format": asked.form,
        "shards": asked.shards,
        "features": list(asked.features),
        "table": plan.source,
    }
    if asked.kind == "dedicated":
        return {asked.root: common}
    return {
        target.folder: common
        | {
            "seed": asked.seed,
            "samples": {
                facts.name: [list(point) for point in points] for facts, points in target.contents
            },
        }
        for target in plan.targets
    }


def _remove_leftovers(root: Path) -> None:
    """Drop what a killed export left; the lock says that no other one is at work."""
    for path in root.glob(f"{_ROWS}*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in root.glob("**/.SR_*.tmp"):
        path.unlink(missing_ok=True)
