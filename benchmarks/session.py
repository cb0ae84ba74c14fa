"""Measure the contenders of one channel side by side, and report.

Equal counts after every step and equal histograms are required of every run of every contender.
Each run is a process of its own. See ``README.md`` beside this file for what the columns mean.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contenders import CONTENDERS
from measure import BenchmarkError, measure
from tables import COLUMNS, markdown, rows, summary, targets

__all__ = ["Benchmark", "check_equal", "run"]

WARM_EVENTS = 20_000
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What distinguishes the benchmark of one channel.

    Attributes
    ----------
    channel : str
        Prefix of the modules with its definition and its analyses.
    sections : tuple of str
        ``<layout of the files>-<workload>``; the first one is measured repeatedly.
    targeted : tuple of str
        Sections on which the channel's targets are stated.
    events, other_events : int
        Default number of events of the first section, and of the others.
    once : frozenset of str
        Contenders of which one repetition is enough: no target is stated against them.
    about : str
        First line of the help.
    """

    channel: str
    sections: tuple[str, ...]
    targeted: tuple[str, ...]
    events: int
    other_events: int
    once: frozenset[str]
    about: str


class Session:
    """What was asked for, the reference answers, and what was measured so far."""

    def __init__(self, benchmark: Benchmark, given: argparse.Namespace) -> None:
        self.benchmark, self.given = benchmark, given
        self.scratch: Path = given.data / ".scratch"
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.records: list[dict[str, Any]] = []
        self.growth: dict[str, float] = {}

    def files(self, layout: str, events: int) -> list[Path]:
        """Return a set of files, made first where it is not in the cache, and read once."""
        name = self.given.sample.stem if self.given.sample else "drawn"
        folder = self.given.data / f"{layout}-{name}-{events}"
        if not folder.exists():
            say(f"making {events:,} events, layout {layout}")
            command = [sys.executable, "-W", "ignore", str(_HERE / "inputs.py"), layout]
            command += [f"--events={events}", f"--files={self.given.files}", f"--out={folder}"]
            command += [f"--sample={self.given.sample}"] if self.given.sample else []
            if subprocess.run(command, check=False).returncode:
                raise BenchmarkError(f"The files in {folder} could not be made.")
        files = sorted(folder.glob("*.root"))
        if not files:
            raise BenchmarkError(f"There is no ROOT file in {folder}.")
        for file in files:  # into the page cache: no contender shall pay for the disk
            with file.open("rb") as handle:
                while handle.read(1 << 24):
                    pass
        return files

    def contenders(self, workload: str) -> list[str]:
        """Names of the contenders that can do a workload here."""
        return [
            name
            for name in self.given.contenders
            if importlib.util.find_spec(CONTENDERS[name].needs) is not None
            and (CONTENDERS[name].table or workload != "table")
        ]

    def section(self, section: str) -> None:
        """Verify once on a small sample, then measure, the contenders taking turns."""
        layout, workload = section.split("-")
        main = section == self.benchmark.sections[0]
        events = self.given.events if main else min(self.given.events, self.given.other_events)
        warm, files = self.files(layout, WARM_EVENTS), self.files(layout, events)
        names = self.contenders(workload)
        say(f"{section}: untimed runs of {len(names)} contenders (bytecode, compiled kernels)")
        options: dict[str, Any] = {"channel": self.benchmark.channel, "workload": workload}
        options |= {"scratch": self.scratch, "chunk_size": self.given.chunk_size}
        sums = workload == "table"
        check_equal({name: measure(name, warm, sums=sums, **options)[1] for name in names})
        reference: dict[str, Any] = {}
        for repetition in range(self.given.repetitions if main else 1):
            for name in names:
                if not (repetition and name in self.benchmark.once):
                    self.measure(section, name, files, warm, reference, options)
        if main:
            self.memory_growth(files, names, options)

    def measure(
        self,
        section: str,
        name: str,
        files: Sequence[Path],
        warm: Sequence[Path],
        reference: dict[str, Any],
        options: dict[str, Any],
    ) -> None:
        """Measure one contender: as a whole process, and in steady state if that differs."""
        whole, answer = measure(name, files, **options)
        loops = [answer]
        if CONTENDERS[name].warms_up:
            loops.append(measure(name, files, warm=warm, **options)[1])
        for loop in loops:
            check_equal({**reference, name: loop})
            reference.setdefault(name, loop)
        events, seconds = answer["cutflow"][0], loops[-1]["seconds"]
        record = {
            "section": section,
            "contender": name,
            "label": CONTENDERS[name].label,
            "events": events,
            "seconds": seconds,
            "rate": events / seconds,
            "loop_cpu": loops[-1].get("loop_cpu"),
            **whole.as_json(),
        }
        self.records.append(record)
        say(
            f"  {record['label']:36s} {record['rate'] / 1e3:7.0f} k events/s   loop CPU "
            f"{record['loop_cpu'] or math.nan:6.2f} s   whole "
            f"{whole.wall:6.2f} s   CPU {whole.cpu:6.2f} s   {whole.memory:5.0f} MB"
        )

    def memory_growth(
        self, files: Sequence[Path], names: Sequence[str], options: dict[str, Any]
    ) -> None:
        """Compare hepml's memory on all files with that on a quarter of them."""
        part = files[: len(files) // 4]
        found = summary([r for r in self.records if r["section"] == self.benchmark.sections[0]])
        for name in ("hepml-iterative", "hepml-futures"):
            if name in names and part:
                small, _ = measure(name, part, **options)
                self.growth[name] = found[name]["memory"]["median"] / small.memory


def check_equal(answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Require the same counts, histograms and tables of all contenders.

    Raises
    ------
    BenchmarkError
        If two answers differ; column sums may by 1e-6, for the order of additions.
    """
    (first, expected), *others = answers.items()
    for name, answer in others:
        if answer["cutflow"] != expected["cutflow"]:
            raise BenchmarkError(
                f"{first} and {name} differ in their cutflow:\n"
                f"{expected['cutflow']}\n{answer['cutflow']}"
            )
        for histogram in expected["histograms"].keys() | answer["histograms"].keys():
            one, two = (which["histograms"].get(histogram) for which in (expected, answer))
            if one != two:
                raise BenchmarkError(
                    f"{first} and {name} differ in histogram {histogram}:\n{one}\n{two}"
                )
        ours, theirs = expected.get("table") or {}, answer.get("table") or {}
        for column in ours.keys() | theirs.keys():
            left, right = ours.get(column, math.nan), theirs.get(column, math.nan)
            if not math.isclose(left, right, rel_tol=1e-6, abs_tol=1e-3):
                raise BenchmarkError(f"{first} and {name}: column {column} sums to {left}, {right}")


def conditions(given: argparse.Namespace) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    versions: dict[str, str | None] = {}
    for package in ("hepml-columnar", "coffea", "awkward", "uproot", "numpy", "isal", "root"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load before": os.getloadavg()[0],
        "machine": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": versions,
        "chunk_size": given.chunk_size,
        "bytecode": "compiled by untimed runs",
        "page cache": "warm",
    }


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def report(session: Session, about: Mapping[str, Any]) -> dict[str, Any]:
    """Print the tables; return everything as JSON."""
    from rich.console import Console
    from rich.table import Table

    benchmark = session.benchmark
    wanted = importlib.import_module(f"{benchmark.channel}_definition").TARGETS
    content: dict[str, Any] = {"conditions": about, "records": session.records}
    content |= {"sections": {}, "targets": []}
    text, lines = [], []
    for section in dict.fromkeys(record["section"] for record in session.records):
        own = [record for record in session.records if record["section"] == section]
        found = content["sections"][section] = summary(own)
        title = f"{section}, {own[0]['events']:,} events"
        table = Table(*COLUMNS, title=title)
        for line in rows(found):
            table.add_row(*line)
        Console(width=None if sys.stdout.isatty() else 250).print(table)
        text.append(f"**{title}**\n\n{markdown(COLUMNS, rows(found))}\n")
        if section in benchmark.targeted:
            growth = session.growth if section == benchmark.sections[0] else {}
            for one in targets(found, growth, wanted):
                content["targets"].append({"section": section, **one})
                met = "yes" if one["met"] else "NO"
                measured = f"{one['measured']:.2f}"
                lines.append((section, one["target"], one["wanted"], measured, met))
    if lines:
        text.append(markdown(("section", "target", "wanted", "measured", "met"), lines) + "\n")
    print("\n".join(text))
    content["markdown"] = "\n".join(text)
    return content


def parse(benchmark: Benchmark, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    main, sections = benchmark.sections[0], benchmark.sections
    parser = argparse.ArgumentParser(description=benchmark.about)
    parser.add_argument("--sample", type=Path, help="small file that is repeated")
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"), help="cache of files")
    parser.add_argument("--events", type=int, default=benchmark.events, help=f"events of {main}")
    parser.add_argument(
        "--other-events", type=int, default=benchmark.other_events, help="of the other sections"
    )
    parser.add_argument("--files", type=int, default=8, help="files to make")
    parser.add_argument("--repetitions", type=int, default=3, help=f"of {main}; others: 1")
    parser.add_argument("--chunk-size", type=int, default=250_000, help="of hepml")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--sections", nargs="+", choices=sections, default=list(sections))
    parser.add_argument("--out", type=Path, help="JSON file to write")
    return parser.parse_args(arguments)


def run(benchmark: Benchmark, arguments: Sequence[str] | None = None) -> int:
    """Run a benchmark from the command line; returns the exit code."""
    given = parse(benchmark, arguments)
    about = conditions(given)
    say(f"bytecode {about['bytecode']}, page cache warm, {about['cores']} cores")
    try:
        session = Session(benchmark, given)
        for section in given.sections:
            session.section(section)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    content = report(session, about)
    if given.out:
        given.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0
