"""Measure the shower channel on a full brick: kernels, engine, simulation, and the old scripts.

14.4 million base-tracks and 360 showers of 6 GeV at 40 base-tracks per mm^2 and film, simulated
once and kept. The published scripts would take days: they are run on one shower with less noise,
must give the same rows as hepml's mode ``legacy``, and are scaled.

    python benchmarks/shower.py --data CACHE --out RESULT.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measure import BenchmarkError, Measurement, run_command
from session import conditions, say
from shower_steps import STEPS
from tables import markdown

__all__ = ["check_counts", "main", "targets"]

_HERE = Path(__file__).parent
_LABELS = {
    "simulation": "simulation of the showers",
    "kernels": "candidates, linking, features",
    "iterative": "hepml run, iterative",
    "futures": "hepml run, futures, 2 workers",
    "naive": "published scripts (scaled)",
}
_COLUMNS = (
    "what", "loop [s]", "CPU of it [s]", "whole process [s]", "CPU, all processes [s]",
    "memory [MB]",
)  # fmt: skip
Record = dict[str, Any]


def prepare(given: argparse.Namespace) -> Path:
    """Return the folder of the brick, which is simulated where it is not in the cache."""
    showers, side, noise = (40, (40.0, 40.0), 40.0) if given.quick else (360, (125.0, 99.0), 40.0)
    folder: Path = given.data / f"shower-{showers}-{side[0]:g}x{side[1]:g}-{noise:g}"
    if not folder.exists():
        given.data.mkdir(parents=True, exist_ok=True)
        say(f"simulating and importing a brick of {showers} showers in {folder}")
        command = [sys.executable, str(_HERE / "shower_inputs.py"), f"--showers={showers}"]
        command += ["--size", *map(str, side), f"--noise={noise}", f"--out={folder}"]
        if subprocess.run(command, check=False).returncode:
            raise BenchmarkError(f"The brick in {folder} could not be made.")
    for file in folder.rglob("*.*"):  # into the page cache
        with file.open("rb") as handle:
            while handle.read(1 << 24):
                pass
    return folder


def measure_step(step: str, brick: Path, noise: float) -> Record:
    """Run one step in a process of its own."""
    with tempfile.TemporaryDirectory(dir=brick.parent) as scratch:
        answer, log = Path(scratch) / "answer.json", Path(scratch) / "log"
        command = [sys.executable, str(_HERE / "shower_steps.py"), step, f"--brick={brick}"]
        command += [f"--scratch={scratch}", f"--answer={answer}", f"--naive-noise={noise}"]
        with log.open("w") as output:
            code, measured = run_command(command, output)
        if code or not answer.exists():
            tail = "\n".join(log.read_text().splitlines()[-15:])
            raise BenchmarkError(f"{step} ended with code {code}:\n{tail}")
        return {"step": step, **json.loads(answer.read_text()), **measured.as_json()}


def check_counts(records: Sequence[Record]) -> None:
    """Require the same showers, candidates and links of the kernels and of the engine.

    Raises
    ------
    BenchmarkError
        If they differ.
    """
    ours = [record for record in records if record["step"] in ("kernels", "iterative", "futures")]
    for record in ours[1:]:
        if record["counts"] != ours[0]["counts"]:
            raise BenchmarkError(
                f"{ours[0]['step']} and {record['step']} differ: {ours[0]['counts']}, "
                f"{record['counts']}"
            )


def targets(records: Mapping[str, Record]) -> list[dict[str, Any]]:
    """Compare with what was asked for; only what was measured."""
    wanted = (
        ("simulation", "360 showers [s]", "loop", 5.0),
        ("kernels", "loop [s]", "loop", 45.0),
        ("kernels", "memory [MB]", "memory", 2000.0),
        ("iterative", "whole process [s]", "wall", 45.0),
        ("iterative", "memory [MB]", "memory", 2000.0),
    )
    found = []
    for step, name, figure, limit in wanted:
        if step in records:
            record = records[step]
            value = record["seconds"]["total"] if figure == "loop" else record[figure]
            title = f"{_LABELS[step]}: {name}"
            row = {"target": title, "wanted": limit, "measured": value, "met": value < limit}
            found.append(row)
    return found


def lines(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Rows of the table."""
    rows: list[tuple[str, ...]] = []
    for record in records:
        whole = Measurement(record["wall"], record["cpu"], record["memory"])
        own = (f"{whole.wall:.1f}", f"{whole.cpu:.1f}", f"{whole.memory:.0f}")
        total = record["seconds"]["total"]
        scaled = record["step"] == "naive"
        loop = f"{total / 3600:.1f} h" if scaled else f"{total:.2f}"
        # that of the workers is in the last columns only
        known = record["step"] not in ("futures", "naive")
        alone = f"{record['loop_cpu']['total']:.2f}" if known else "-"
        rest = ("-",) * 4 if scaled else (alone, *own)
        rows.append((_LABELS[record["step"]], loop, *rest))
        if record["step"] == "kernels":
            for name, seconds in record["seconds"].items():
                if name != "total":
                    cpu = f"{record['loop_cpu'][name]:.2f}"
                    rows.append((f"- {name}", f"{seconds:.2f}", cpu, "", "", ""))
    return rows


def report(records: Sequence[Record], about: dict[str, Any], quick: bool) -> dict[str, Any]:
    """Print the table; return everything as JSON."""
    table = markdown(_COLUMNS, lines(records))
    text = [table]
    content = {"conditions": about, "records": list(records), "targets": []}
    kernel = next((record for record in records if record["step"] == "kernels"), None)
    if kernel:
        counts = {name: f"{number:,.0f}" for name, number in kernel["counts"].items()}
        text.append(", ".join(f"{number} {name}" for name, number in counts.items()))
    naive = next((record for record in records if record["step"] == "naive"), None)
    if naive:
        text.append(_explain(naive))
    if not quick:
        found = targets({record["step"]: record for record in records})
        content["targets"] = found
        rows = [
            (
                one["target"],
                f"< {one['wanted']:g}",
                f"{one['measured']:.2f}",
                "yes" if one["met"] else "NO",
            )
            for one in found
        ]
        text.append(markdown(("target", "wanted", "measured", "met"), rows))
    print("\n" + "\n\n".join(text))
    return content | {"markdown": "\n\n".join(text)}


def _explain(naive: Record) -> str:
    """How the time of the scripts was found."""
    measured, scaled, counts = naive["measured"], naive["scaled"], naive["counts"]
    took, ours = measured["seconds"], 1000 * naive["seconds"]["hepml legacy"]
    return (
        f"Published scripts: one shower at {measured['noise']:g} base-tracks per mm^2 took "
        f"{sum(took.values()):.1f} s of CPU ({took['link']:.1f} s for {measured['rows']['link']:,} "
        f"pairs); hepml's mode legacy {ours:.1f} ms, with the same "
        f"{counts['linked rows compared']:,} rows. Scaled by rows read and pairs compared "
        f"({scaled['rows']['link']:,.0f} per shower of the brick) to {counts['showers']:,.0f} "
        "showers; a lower limit, since each pair costs more in a longer table."
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"), help="cache of files")
    parser.add_argument("--quick", action="store_true", help="a small brick; no targets")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument(
        "--naive-noise", type=float, help="base-tracks per mm^2 for the scripts; default 5, quick 1"
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args(arguments)
    given.chunk_size = None
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; returns the exit code."""
    given = parse(arguments)
    noise = given.naive_noise or (1.0 if given.quick else 5.0)
    about = conditions(given)
    try:
        brick = prepare(given)
        about |= json.loads((brick / "about.json").read_text())
        if {"kernels", "iterative", "futures"} & set(given.steps):
            measure_step("kernels", brick, noise)  # untimed: bytecode and compiled kernels
        records = []
        for step in given.steps:
            records.append(measure_step(step, brick, noise))
            seconds = records[-1]["seconds"]["total"]
            say(f"  {_LABELS[step]:34s} {seconds:10.2f} s   CPU {records[-1]['cpu']:8.2f} s")
        check_counts(records)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    content = report(records, about, given.quick)
    if given.out:
        given.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
