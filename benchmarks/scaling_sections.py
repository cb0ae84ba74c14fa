"""What ``scaling.py`` measures: each function returns the rows of one table."""

from __future__ import annotations

import json
import resource
import shutil
import statistics
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

__all__ = ["chunk_sizes", "merging", "overhead", "planning", "workers"]

Row = dict[str, Any]

PER_FILE = 100  # chunks
SMALL = 20  # events of a small chunk
UUID_AT = 47  # in the header of a file below 2 GB, behind the version of its TUUID


class Clock:
    """Wall and CPU time [s] of this process since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Wall and CPU seconds."""
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def memory() -> float:
    """Largest resident memory of this process so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def planning(chunks: int, scratch: Path) -> list[Row]:
    """Open a few files of 100 clusters each; and plan 100 chunks each of very many files.

    Opening costs what uproot needs to read the description of a tree, however many chunks it is
    cut into, so it is measured on its own.
    """
    from hepml.engine.chunking import chunk_edges
    from hepml.engine.plan import Plan
    from hepml.engine.planning import make_plan
    from hepml.engine.run import as_inputs

    files = small_files(max(10, chunks // 1000), scratch / "files")
    processor = diphoton()
    inputs = as_inputs({"data": files}, processor.name)
    make_plan(processor, inputs[:2], name=processor.name, chunk_size=SMALL)  # imports
    before, clock = memory(), Clock()
    opened = make_plan(processor, inputs, name=processor.name, chunk_size=SMALL)
    rows = [plan_row("open files and cut them", opened, clock, before)]
    before, clock = memory(), Clock()
    one = opened.files[0]
    clusters, entries = one.edges, one.entries
    plan = Plan(
        processor.name,
        processor.parameters(),
        tuple(
            replace(
                one,
                uuid=str(uuid.UUID(int=k)),
                endpoints=(f"root://host//store/data/file_{k:06d}.root",),
                edges=chunk_edges(clusters, entries, SMALL),
                order=k,
            )
            for k in range(chunks // PER_FILE)
        ),
    )
    plan.save(scratch / "plan.json")
    rows.append(plan_row("cut, chunks, save", plan, clock, before))
    before, clock = memory(), Clock()
    rows.append(plan_row("load, chunks", Plan.load(scratch / "plan.json"), clock, before))
    return rows


def plan_row(what: str, plan: Any, clock: Clock, before: float) -> Row:
    """Make every chunk of a plan and hold them all, as a run does."""
    chunks = list(plan.chunks())
    wall, cpu = clock.read()
    return {
        "what": what,
        "files": len(plan.files),
        "chunks": len(chunks),
        "wall [s]": wall,
        "CPU [s]": cpu,
        "CPU a file [ms]": 1000 * cpu / len(plan.files),
        "memory [MB]": memory(),
        "before [MB]": before,
    }


def merging(records: int, scratch: Path) -> list[Row]:
    """Read so many checkpoints of the diphoton selection and write the report of the run."""
    from hepml.engine.execution import finish
    from hepml.engine.fingerprint import fingerprint
    from hepml.engine.plan import Plan
    from hepml.engine.store import Layout
    from hepml.engine.task import Job, run_chunk

    processor = diphoton()
    layout = Layout(scratch / "run")
    layout.create()
    mark = fingerprint(processor)
    plan = plan_of(processor, small_files(1, scratch / "files"), SMALL)
    first = next(plan.chunks())
    run_chunk(Job.make(processor, str(layout.root), mark, 0), first)
    text = layout.checkpoint(first.id).read_text()
    files = tuple(
        replace(plan.files[0], uuid=str(uuid.UUID(int=k)), endpoints=(f"/files/{k}",), order=k)
        for k in range(records // PER_FILE)
    )
    plan = Plan(processor.name, processor.parameters(), files)
    for chunk in plan.chunks():
        layout.checkpoint(chunk.id).write_text(text.replace(first.id, chunk.id))
    before, clock = memory(), Clock()
    finish(layout, plan, processor, mark, {}, "dask")
    wall, cpu = clock.read()
    report = json.loads(layout.report.read_text())
    return [
        {
            "records": report["processed"],
            "wall [s]": wall,
            "CPU [s]": cpu,
            "CPU a record [ms]": 1000 * cpu / records,
            "memory [MB]": memory(),
            "before [MB]": before,
            "checkpoint [kB]": len(text) / 1000,
        }
    ]


def overhead(chunks: int, repetitions: int, scratch: Path) -> list[Row]:
    """Run chunks that hold next to nothing."""
    files = small_files(max(1, chunks // PER_FILE), scratch / "files")
    rows = []
    for executor in ("futures", "dask"):
        with place(executor, 2) as address:
            execute(files, SMALL, executor, 2, address, scratch)  # warms up
            measured = [
                execute(files, SMALL, executor, 2, address, scratch) for _ in range(repetitions)
            ]
        count = measured[0]["chunks"]
        row: Row = {"executor": executor, "chunks": count}
        client = [run["client CPU [s]"] for run in measured]
        busy = [run["in chunks [s]"] for run in measured]
        row["client CPU a chunk [ms]"] = 1000 * statistics.median(client) / count
        row["wall a chunk [ms]"] = (
            1000 * statistics.median(run["wall [s]"] for run in measured) / count
        )
        row["of it in the chunk [ms]"] = 1000 * statistics.median(busy) / count
        rows.append(row)
    return rows


def workers(files: Sequence[str], repetitions: int, scratch: Path) -> list[Row]:
    """Process the same events on one worker, two, four ... as far as there are cores."""
    import os

    counts = [2**k for k in range(8) if 2**k <= (os.cpu_count() or 1)]
    rows = []
    for executor in ("futures", "dask"):
        for count in counts:
            with place(executor, count) as address:
                execute(files, 10_000, executor, count, address, scratch)  # warms up
                measured = [
                    execute(files, 250_000, executor, count, address, scratch)
                    for _ in range(repetitions)
                ]
            rows.append({"executor": executor, "workers": count, **middle(measured)})
    for row in rows:
        alone = next(other for other in rows if other["executor"] == row["executor"])
        row["speed-up"] = row["events/s"] / alone["events/s"]
    return rows


def chunk_sizes(
    files: Sequence[str], sizes: Sequence[int], repetitions: int, scratch: Path
) -> list[Row]:
    """Process the same events in chunks of other sizes."""
    rows = []
    for executor in ("futures", "dask"):
        with place(executor, 2) as address:
            execute(files, min(sizes), executor, 2, address, scratch)  # warms up
            for size in sizes:
                measured = [
                    execute(files, size, executor, 2, address, scratch) for _ in range(repetitions)
                ]
                rows.append({"executor": executor, "chunk size": size, **middle(measured)})
    return rows


def middle(measured: Sequence[Row]) -> Row:
    """The repetition of median wall time."""
    ordered = sorted(measured, key=lambda run: float(run["wall [s]"]))
    return ordered[(len(ordered) - 1) // 2]


@contextmanager
def place(executor: str, count: int) -> Iterator[str | None]:
    """Keep a dask cluster for several runs; the pool of processes keeps itself."""
    from hepml.engine.cluster import dask_client

    with dask_client(count, None) if executor == "dask" else nullcontext() as client:
        yield client.scheduler.address if client is not None else None


def execute(
    files: Sequence[str], size: int, executor: str, count: int, address: str | None, scratch: Path
) -> Row:
    """Execute one plan into a new run directory: wall, CPU of client and workers, rate."""
    import psutil

    from hepml.engine.execution import execute_plan
    from hepml.engine.store import Layout

    processor = diphoton()
    plan = plan_of(processor, files, size)
    layout = Layout(scratch / f"run-{uuid.uuid4().hex}")
    layout.create()
    plan.save(layout.plan)

    def others() -> float:
        times = [item.cpu_times() for item in psutil.Process().children(recursive=True)]
        return float(sum(item.user + item.system for item in times))

    before, clock = others(), Clock()
    run = execute_plan(layout, plan, processor, executor=executor, workers=count, scheduler=address)
    wall, cpu = clock.read()
    used = others() - before
    shutil.rmtree(layout.root)
    accounts = run.report["datasets"].values()
    return {
        "chunks": run.report["processed"],
        "wall [s]": wall,
        "events/s": run.report["events_processed"] / wall,
        "client CPU [s]": cpu,
        "workers' CPU [s]": used,
        "in chunks [s]": sum(account["seconds"] for account in accounts),
    }


def diphoton() -> Any:
    """The diphoton selection without its table."""
    from processors import DiphotonProcessor

    return DiphotonProcessor.from_parameters(table=False)


def plan_of(processor: Any, files: Sequence[str], size: int) -> Any:
    """A plan of data files."""
    from hepml.engine.planning import make_plan
    from hepml.engine.run import as_inputs

    inputs = as_inputs({"data": list(files)}, processor.name)
    return make_plan(processor, inputs, name=processor.name, chunk_size=size)


def small_files(count: int, folder: Path) -> list[str]:
    """Copies of one `mini` file of 100 clusters of 20 events, each with a uuid of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / "0.root"
    if not first.exists():
        write_small(first)
    paths = [folder / f"{k}.root" for k in range(count)]
    for path in paths:
        if not path.exists():
            shutil.copyfile(first, path)
            # a copy with the same uuid is the same file, which hepml refuses to count twice
            with path.open("r+b") as handle:
                handle.seek(UUID_AT)
                handle.write(uuid.uuid4().bytes)
    return [str(path) for path in paths]


def write_small(path: Path) -> None:
    """Simulate a file of data in many small clusters."""
    from hepml.simulate.diphoton import simulate

    made = path.parent / "simulated"
    simulate(made, SMALL * PER_FILE, 20, clusters=PER_FILE, simulated=1, periods="D")
    next(made.glob("data_*.root")).rename(path)
    shutil.rmtree(made)
