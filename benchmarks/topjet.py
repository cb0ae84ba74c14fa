"""Measure the top-tagging channel, section by section: import of HDF5, batches for networks.

Files of 100,000 made-up jets (420 MB each) are written once and kept; each step runs in a process
of its own.

    python benchmarks/topjet.py --data CACHE --out RESULT.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from measure import BenchmarkError, run_command
from session import conditions, say
from tables import markdown
from topjet_inputs import make

__all__ = [
    "SECTIONS", "import_section", "import_targets", "loading_section", "loading_targets", "main",
]  # fmt: skip

_HERE = Path(__file__).parent
WANTED = 60.0  # MB/s of uncompressed input a core
Record = dict[str, Any]

_IMPORTS = {
    "contiguous": "contiguous HDF5, one process",
    "chunked": "chunks compressed inside, one process",
    "gz": ".h5.gz, one process",
    "parallel": "two files, two processes",
    "naive": "h5py and awkward, all in memory",
}


def measure_step(step: str, data: Path) -> Record:
    """Run one step in a process of its own."""
    with tempfile.TemporaryDirectory(dir=data) as scratch:
        answer, log = Path(scratch) / "answer.json", Path(scratch) / "log"
        command = [sys.executable, str(_HERE / "topjet_steps.py"), step, f"--data={data}"]
        command += [f"--scratch={scratch}", f"--answer={answer}"]
        with log.open("w") as output:
            code, measured = run_command(command, output)
        if code or not answer.exists():
            tail = "\n".join(log.read_text().splitlines()[-15:])
            raise BenchmarkError(f"{step} ended with code {code}:\n{tail}")
        return {"step": step, **json.loads(answer.read_text()), **measured.as_json()}


def import_section(given: argparse.Namespace) -> list[Record]:
    """Import files of every layout, and once as a few lines of h5py would.

    Raises
    ------
    BenchmarkError
        If constituents are lost.
    """
    jets = 20_000 if given.quick else 100_000
    data: Path = given.data / f"topjet-{jets}"
    data.mkdir(parents=True, exist_ok=True)
    say(f"files of {jets:,} jets in {data}")
    for number in range(2):
        make(data / f"test_nominal_{number:03d}.h5", jets, "contiguous")
    make(data / "esup_000.h5", jets, "chunked")
    make(data / "esdown_000.h5.gz", jets, "gz")
    for file in data.glob("*.h5*"):  # into the page cache
        with file.open("rb") as handle:
            while handle.read(1 << 24):
                pass
    records = []
    for step in _IMPORTS:
        records.append(measure_step(step, data))
        say(f"  {_IMPORTS[step]:40s} {_speed(records[-1], 'seconds'):6.0f} MB/s")
    each = {item["constituents"] * jets // item["jets"] for item in records}
    if len(each) > 1:
        raise BenchmarkError(f"The imports do not hold the same constituents: {records}")
    return records


def _speed(record: Mapping[str, Any], figure: str) -> float:
    return float(record["input"]) / float(record[figure]) / 1e6


def import_lines(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Rows of the table."""
    rows = []
    for record in records:
        alone = record["loop_cpu"]
        rows.append(
            (
                _IMPORTS[record["step"]],
                f"{record['seconds']:.2f}",
                f"{_speed(record, 'seconds'):.0f}",
                f"{_speed(record, 'loop_cpu'):.0f}" if alone else "-",
                f"{record['cpu']:.1f}",
                f"{record['memory']:.0f}",
                f"{record['written'] / record['jets']:.0f}",
            )
        )
    return rows


_IMPORT_COLUMNS = (
    "import", "time [s]", "input [MB/s]", "per CPU second [MB]", "CPU, whole process [s]",
    "memory [MB]", "bytes a jet",
)  # fmt: skip


def import_targets(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Compare with what was asked for: input by the core's own time, whatever else it did."""
    found = []
    for record in records:
        if record["step"] in ("contiguous", "chunked", "gz"):
            value = _speed(record, "loop_cpu")
            name = f"{_IMPORTS[record['step']]}: MB/s of input a core"
            row = {"target": name, "wanted": WANTED, "measured": value, "met": value >= WANTED}
            found.append(row)
    return found


_LOADS = {
    "loader": "batches, shuffled out of Parquet",
    "naive_loader": "batches by h5py and padded numpy, in order",
    "pfn": "PFN (train_py), training from Parquet",
    "pfn_memory": "PFN (train_py), training from memory",
    "small": "PFN (small), training from Parquet",
    "small_memory": "PFN (small), training from memory",
    "million": "ten times all jets: batches, trees, scores, metrics",
}
_LOAD_COLUMNS = ("step", "jets", "time [s]", "jets/s", "jets per CPU second", "memory [MB]")
MEMORY = 3000.0  # MB, for a million jets


def loading_section(given: argparse.Namespace) -> list[Record]:
    """Feed networks from Parquet, and as a few lines of h5py and numpy would."""
    jets = 20_000 if given.quick else 100_000
    data: Path = given.data / f"topjet-{jets}"
    data.mkdir(parents=True, exist_ok=True)
    make(data / "test_nominal_000.h5", jets, "contiguous")
    measure_step("table", data)
    records = []
    for step in _LOADS:
        records.append(measure_step(step, data))
        say(f"  {_LOADS[step]:52s} {_jets(records[-1], 'seconds'):9,.0f} jets/s")
    return records


def _jets(record: Mapping[str, Any], figure: str) -> float:
    return float(record["jets"]) / float(record[figure])


def loading_lines(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Rows of the table."""
    return [
        (
            _LOADS[record["step"]],
            f"{record['jets']:,}",
            f"{record['seconds']:.2f}",
            f"{_jets(record, 'seconds'):,.0f}",
            f"{_jets(record, 'loop_cpu'):,.0f}",
            f"{record['memory']:.0f}",
        )
        for record in records
    ]


def loading_targets(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Compare with what was asked for: trainings by CPU time, whatever else the machine does."""
    by_step = {record["step"]: record for record in records}
    speed = {step: _jets(record, "loop_cpu") for step, record in by_step.items()}
    # threads that work ahead are part of the loader, so it is the time that counts
    ratio = _jets(by_step["loader"], "seconds") / _jets(by_step["naive_loader"], "seconds")
    trained = [speed[name] / speed[f"{name}_memory"] for name in ("pfn", "small")]
    room = MEMORY / by_step["million"]["memory"]
    found = [("jets/s over those of the naive loader", 3.0, ratio)]
    found += [
        (f"{title}: jets per CPU second over those from memory", 1 / 1.3, value)
        for title, value in zip(("PFN (train_py)", "PFN (small)"), trained, strict=True)
    ]
    found.append(("3 GB over the memory of a million jets", 1.0, room))
    return [
        {"target": name, "wanted": wanted, "measured": value, "met": value >= wanted}
        for name, wanted, value in found
    ]


Section = tuple[
    Callable[[argparse.Namespace], list[Record]],
    tuple[str, ...],
    Callable[[Sequence[Record]], list[tuple[str, ...]]],
    Callable[[Sequence[Record]], list[dict[str, Any]]],
]
# name -> what measures, columns of its table, its rows, its targets
SECTIONS: dict[str, Section] = {
    "import": (import_section, _IMPORT_COLUMNS, import_lines, import_targets),
    "loading": (loading_section, _LOAD_COLUMNS, loading_lines, loading_targets),
}


def report(section: str, records: Sequence[Record], quick: bool) -> dict[str, Any]:
    """Print a section's table; return everything as JSON."""
    _, columns, lines, targets = SECTIONS[section]
    text = [markdown(columns, lines(records))]
    found = [] if quick else targets(records)
    rows = [
        (
            item["target"],
            f">= {item['wanted']:.3g}",
            f"{item['measured']:.3g}",
            "yes" if item["met"] else "NO",
        )
        for item in found
    ]
    if rows:
        text.append(markdown(("target", "wanted", "measured", "met"), rows))
    print("\n" + "\n\n".join(text))
    return {"records": list(records), "targets": found, "markdown": "\n\n".join(text)}


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"), help="cache of files")
    parser.add_argument("--quick", action="store_true", help="small files; no targets")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args(arguments)
    given.chunk_size = None
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; returns the exit code."""
    given = parse(arguments)
    content: dict[str, Any] = {"conditions": conditions(given)}
    try:
        for section in given.sections:
            records = SECTIONS[section][0](given)
            content[section] = report(section, records, given.quick)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if given.out:
        given.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
