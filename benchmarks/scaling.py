"""How the engine scales: workers, size of chunks, cost of a chunk, plans and reports of 100,000.

    python benchmarks/scaling.py --data CACHE --out scaling.json
    python benchmarks/scaling.py --quick

Each section runs in a process of its own, so that times and memory are its own. The page
``docs/scaling.md`` says what follows from the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scaling_sections

HERE = Path(__file__).parent
SECTIONS = ("planning", "merging", "overhead", "workers", "chunks")
TITLES = {
    "planning": "Planning: every file is opened once",
    "merging": "Merging the records of all chunks into one report",
    "overhead": "Cost of a chunk beside its work, in chunks of 20 events",
    "workers": "Strong scaling: the same events on more workers",
    "chunks": "Throughput against the size of a chunk, two workers",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the measurements are."""

    planned: int
    merged: int
    small: int
    events: int
    chunk_sizes: tuple[int, ...]
    repetitions: int


FULL = Sizes(100_000, 100_000, 500, 2_000_000, (10_000, 25_000, 50_000, 100_000, 250_000), 3)
QUICK = Sizes(5_000, 2_000, 200, 200_000, (10_000, 50_000), 1)


def events_folder(data: Path, events: int) -> Path:
    """Simulated files of so many events; made once, kept in the cache."""
    folder = data / f"simulated-{events}"
    if not folder.exists():
        data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HERE / "inputs.py"), "simulated", f"--events={events}"]
        subprocess.run([*command, f"--out={folder}"], check=True, stdout=subprocess.DEVNULL)
    return folder


def run_section(name: str, sizes: Sizes, data: Path) -> list[dict[str, Any]]:
    """Measure one section in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="hepml-scaling-", dir=data) as scratch:
        answer = Path(scratch) / "answer.json"
        command = [sys.executable, __file__, "--section", name, "--scratch", scratch]
        command += ["--data", str(data)] + ["--quick"] * (sizes is QUICK)
        # bytecode must be kept, or every process compiles the stack anew
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        subprocess.run([*command, "--out", str(answer)], check=True, env=environment)
        rows: list[dict[str, Any]] = json.loads(answer.read_text())
        return rows


def measure_section(name: str, sizes: Sizes, data: Path, scratch: Path) -> list[dict[str, Any]]:
    """Measure one section in this process."""
    if name == "planning":
        return scaling_sections.planning(sizes.planned, scratch)
    if name == "merging":
        return scaling_sections.merging(sizes.merged, scratch)
    if name == "overhead":
        return scaling_sections.overhead(sizes.small, sizes.repetitions, scratch)
    files = sorted(map(str, events_folder(data, sizes.events).glob("*.root")))
    if name == "workers":
        return scaling_sections.workers(files, sizes.repetitions, scratch)
    return scaling_sections.chunk_sizes(files, sizes.chunk_sizes, sizes.repetitions, scratch)


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a Markdown table."""
    names = list(rows[0])
    cells = [names, ["---"] * len(names), *([_text(row[name]) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Run the sections, print their tables, write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder for input files, used again")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--quick", action="store_true", help="small sizes: a minute")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes = QUICK if given.quick else FULL
    data = given.data or Path(tempfile.gettempdir()) / "hepml-scaling"
    if given.section:
        rows = measure_section(given.section, sizes, data, given.scratch)
        given.out.write_text(json.dumps(rows))
        return
    data.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "load": os.getloadavg(),
        "sections": {},
    }
    for name in given.sections:
        rows = run_section(name, sizes, data)
        result["sections"][name] = rows
        print(f"\n{TITLES[name]}\n\n{table(rows)}", flush=True)
    if given.out:
        given.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
