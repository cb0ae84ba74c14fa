"""A run that takes a while, in a process that may be killed, and what must hold of it then."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

import hepml
from hepml.engine.pool import warm_up, without_main
from hepml.engine.resume import check, resume
from hepml.engine.store import Layout
from hepml.errors import HepmlError, IncompleteRunError
from hepml.inputs import Input
from hepml.processor import Selected
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import assert_same_bits, contents, leftovers, report_of

NAME = "tests.faults.scenes:PacedProcessor"
CHUNK = 50
PACE = 0.02  # seconds a chunk, so that a random moment hits something
KILLED = 9


class PacedProcessor(ProbeProcessor):
    """The probe, which takes its time, and more memory than there is if asked to."""

    name = "paced"
    event_ids: ClassVar[Mapping[str, str]] = {"run": "runNumber", "event": "eventNumber"}

    def select(self, events: Any) -> Selected:
        """As the probe does, a little later."""
        time.sleep(PACE)
        return super().select(events)

    def _fault(self, metadata: Any) -> str:
        fault = super()._fault(metadata)
        if fault == "memory":
            limit = resource.getrlimit(resource.RLIMIT_AS)
            used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), limit[1]))
            try:
                np.ones(1 << 30)
            finally:
                resource.setrlimit(resource.RLIMIT_AS, limit)
        if fault == "exit":
            os._exit(1)
        return fault


def seed() -> int:
    """The seed of random moments: a new one each time, that of HEPML_FAULT_SEED to repeat one."""
    chosen = int(os.environ.get("HEPML_FAULT_SEED", time.time_ns() % 1_000_000))
    print(f"HEPML_FAULT_SEED={chosen}")
    return chosen


def process(files: list[Path] | list[str] | list[Input], out: Path, **options: Any) -> hepml.Run:
    """Run to an end, complete or not."""
    usual = {"executor": "iterative", "chunk_size": CHUNK, "retries": 1, "allow_missing": True}
    words = [file if isinstance(file, Input) else str(file) for file in files]
    return hepml.run(PacedProcessor(options.pop("cuts", None)), words, out=out, **usual | options)  # type: ignore[arg-type]


def assert_exact(path: Path) -> dict[str, Any]:
    """The report accounts for every planned event, and no event is in the results twice."""
    report = report_of(path)
    run = hepml.Run(path)
    assert report["planned"] == report["processed"] + len(report["failed"]), report
    lost = sum(b - a for a, b in (item["entries"] for item in report["failed"] if item["entries"]))
    assert report["events_planned"] in (None, report["events_processed"] + lost)
    first = [rows[0]["raw"] for rows in run.cutflow.values() if rows]
    removed = sum(report["removed_duplicates"].values())
    assert sum(first) == report["events_processed"] - removed
    if list(run.layout.features.rglob("*.parquet")):
        table = contents(run)["table"]
        assert not table.duplicated(["run", "event"]).any()
        assert len(table) == sum(item["rows"] for item in report["datasets"].values())
    try:
        assert check(path).report["processed"] == report["processed"]
    except IncompleteRunError:
        assert report["failed"]
    return report


def assert_recovers(path: Path, files: list[Path] | list[str], plain: hepml.Run) -> None:
    """Whatever was left: a resume, or the run itself where none was begun, ends like the plain."""
    layout = Layout(path)
    if layout.report.exists():
        assert_exact(path)
    run = (
        resume(path, PacedProcessor(), executor="iterative")
        if layout.plan.exists()
        else process(files, path)
    )
    assert run.complete
    assert_exact(path)
    assert_same_bits(run, plain)
    assert contents(run)["table"].equals(contents(plain)["table"])
    assert leftovers(path / "features") == leftovers(path / "checkpoints") == []


class Client:
    """A process that runs or resumes, forked from a server that has imported everything."""

    def __init__(self, files: list[Path] | list[str], out: Path, die_at: int | None = None) -> None:
        context = multiprocessing.get_context("forkserver")
        warm_up()
        self._begun = context.Event()
        words = [str(file) for file in files]
        with without_main():
            self.process = context.Process(target=_work, args=(words, out, die_at, self._begun))
            self.process.start()
        assert self._begun.wait(60)

    def kill_after(self, seconds: float) -> bool:
        """Kill it after a while; whether it was still at work."""
        self.process.join(seconds)
        alive = self.process.is_alive()
        self.process.kill()
        self.process.join()
        return alive

    def wait(self) -> int:
        """Wait for its end: its exit code."""
        self.process.join(60)
        return int(self.process.exitcode if self.process.exitcode is not None else -1)


def _work(words: list[str], out: Path, die_at: int | None, begun: Any) -> None:
    if die_at is not None:
        _die_at_operation(die_at)
    begun.set()
    try:
        if (out / "plan.json").exists():
            resume(out, PacedProcessor(), executor="iterative", allow_missing=True)
        else:
            process(words, out)  # type: ignore[arg-type]
    except HepmlError as error:
        os._exit(error.exit_code)


def _die_at_operation(number: int) -> None:
    """Die as by a kill before the so-manieth change of the disk: a rename, or a removal."""
    left = [number]

    def deadly(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(path: Path, *arguments: Any, **options: Any) -> Any:
            # of a temporary file nothing is left to remove as a rule
            left[0] -= not (name == "unlink" and path.suffix == ".tmp")
            if left[0] < 0:
                os._exit(KILLED)
            return change(path, *arguments, **options)

        return changed

    for name in ("replace", "unlink", "mkdir"):
        setattr(Path, name, deadly(name, getattr(Path, name)))


def moments(rounds: int, longest: float) -> list[tuple[int, float]]:
    """Seed and random moment [s] of each round."""
    first = seed()
    return [
        (number, random.Random(number).uniform(0.0, longest))
        for number in range(first, first + rounds)
    ]
