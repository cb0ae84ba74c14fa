"""Measure the preparation of dijet events, on samples of two sizes, and a prior-assisted fit.

Simulated files in the published layouts are written once and kept; the commands run as a user types
them. What they need for the published number of events is in proportion, and memory must not grow.
The fit is that of ``hepml ml dijet``, of masses, signal fraction and mixture with intervals, to
events whose density ratios are known exactly: how long the priors take is not in it.

    python benchmarks/dijet.py --data CACHE --out RESULT.json
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from measure import BenchmarkError, run_command
from session import conditions, say
from tables import markdown

if TYPE_CHECKING:
    from hepml.ml.dijet.grid import RatioGrid

__all__ = [
    "COLUMNS", "EVENTS", "lines", "main", "measure_fit", "measure_size", "ratios", "targets",
]  # fmt: skip

Record = dict[str, Any]

EVENTS = 734_210 + 9_800_000
"""Background in the signal region and signal of the published study."""
WANTED = {"seconds": 600.0, "gigabytes": 2.0, "growth": 1.25, "fit": 30.0}
FIT, QUICK_FIT = 200_000, 2_000
"""Events of the data that are fitted."""
# of the signal in them [GeV], and its share
MASSES, RESOLUTIONS, SHARE = (330.0, 210.0), (30.0, 50.0), 0.003
# mean and width of both masses
BACKGROUND = (200.0, 150.0)
NODES = np.arange(50.0, 601.0, 50.0)
# share of the published numbers
SIZES, QUICK = (0.05, 0.10), (0.002, 0.004)
WORKERS = 2
COLUMNS = (
    *("events", "step", "time [s]", "events/s", "CPU [s]", "memory of a process [MB]"),
    "bytes an event",
)


def make(folder: Path, share: float) -> None:
    """Simulate a share of the published samples, unless it is there."""
    if (folder / "simulation.json").exists():
        return
    from hepml.simulate.dijet import simulate

    signal = round(9_800_000 * share / 2 / 144)
    background = round(612_858 * share)
    simulate(folder, round(1_000_000 * share), extra=background, signal=signal)


def measure_size(files: Path, scratch: Path) -> list[Record]:
    """Import and run one size.

    Raises
    ------
    BenchmarkError
        If a command fails, or events are lost.
    """
    truth = json.loads((files / "simulation.json").read_text())["files"]
    events = sum(item["events"] for item in truth.values())
    store, run = scratch / "events", scratch / "run"
    commands = {
        "import": (["import", "dijet", files, "--out", store, "--workers", WORKERS], store),
        "run": (["run", "dijet", store, "--out", run, "--workers", WORKERS], run / "features"),
    }
    found = []
    for step, (words, made) in commands.items():
        found.append({"step": step, "events": events, **_command(words, scratch / "log")})
        found[-1]["written"] = sum(item.stat().st_size for item in made.rglob("*.parquet"))
    report = json.loads((run / "report.json").read_text())
    if report["events_processed"] != events:
        raise BenchmarkError(f"{report['events_processed']} of {events} events were selected from.")
    return found


def _command(words: Sequence[object], log: Path) -> dict[str, float]:
    code_text = "from hepml.cli import main; main()"
    with log.open("w") as output:
        command = [sys.executable, "-c", code_text, *map(str, words)]
        code, measured = run_command(command, output)
    if code:
        tail = "\n".join(log.read_text().splitlines()[-15:])
        raise BenchmarkError(f"{words[0]} {words[1]} ended with code {code}:\n{tail}")
    return measured.as_json()


def measure_fit(events: int) -> Record:
    """Fit two masses, mu and alpha to data with 0.3 % of signal; from ten nodes, with intervals.

    Raises
    ------
    BenchmarkError
        If the fit is not near the signal that is in the data.
    """
    from hepml.ml.dijet.fit import fit_mixture

    say(f"a fit of {events:,} events")
    fit_mixture(ratios(1_000), starts=1)  # compiles
    data = ratios(events)
    wall, cpu = time.perf_counter(), time.process_time()
    found = fit_mixture(data, starts=10)
    measured = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    mass = found["mx"].value
    if events >= FIT and (mass is None or abs(mass - MASSES[0]) > 30 or not found.converged):
        raise BenchmarkError(f"The fit ended at mX = {mass} GeV, {MASSES[0]} are in the data.")
    return {"step": "fit", "events": len(data), **measured}


def ratios(events: int) -> RatioGrid:
    """Density ratios of two measured masses at 144 mass points, for two modes of the signal.

    Their logarithms are parabolas of the masses, and so are right between the points too.
    """
    from hepml.ml.dijet.grid import RatioGrid

    rng = np.random.default_rng(2_405)
    signal = round(events * SHARE)
    background = rng.normal(*BACKGROUND, (events - signal, 2))
    peak = rng.normal(MASSES, rng.choice(RESOLUTIONS, (signal, 1)), (signal, 2))
    x = np.concatenate([background, peak])

    def log_normal(mean: float, width: float) -> Any:
        return -(((x - mean) / width) ** 2) / 2 - np.log(width)

    below = log_normal(*BACKGROUND).sum(axis=1)
    values = np.empty((2, len(NODES), len(NODES), len(x)), np.float32)
    for mode, width in enumerate(RESOLUTIONS):
        each = [log_normal(mass, width) for mass in NODES.tolist()]
        for i, first in enumerate(each):
            for j, second in enumerate(each):
                values[mode, i, j] = first[:, 0] + second[:, 1] - below
    return RatioGrid(values, {"mx": NODES, "my": NODES}, names=("qq", "qqq"))


def lines(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """Rows of the table."""
    return [
        (
            f"{item['events']:,}",
            item["step"],
            f"{item['wall']:.1f}",
            f"{item['events'] / item['wall']:,.0f}",
            f"{item['cpu']:.1f}",
            f"{item['memory']:.0f}",
            f"{item['written'] / item['events']:.0f}",
        )
        for item in records
    ]


def targets(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What the published number of events needs by the larger sample, and how memory grows."""
    sizes = sorted({item["events"] for item in records})
    small, large = ([i for i in records if i["events"] == size] for size in (sizes[0], sizes[-1]))
    scale = EVENTS / sizes[-1]
    growth = max(a["memory"] / b["memory"] for a, b in zip(large, small, strict=True))
    found = {
        "seconds": sum(item["wall"] for item in large) * scale,
        "gigabytes": sum(item["written"] for item in large) * scale / 1e9,
        "growth": growth,
    }
    return [_judged(name, value) for name, value in found.items()]


def _judged(name: str, value: float) -> dict[str, Any]:
    return {
        "target": name, "wanted": WANTED[name], "measured": value, "met": value <= WANTED[name],
    }  # fmt: skip


_TITLES = {
    "seconds": "seconds for 10.5 M events, import and run",
    "gigabytes": "GB on disk for 10.5 M events, store and table",
    "growth": "memory of the larger sample over that of the smaller one",
    "fit": "seconds for one prior-assisted fit of 200,000 events",
}


def report(records: Sequence[Record], quick: bool, fit: Record | None = None) -> dict[str, Any]:
    """Print the tables; return everything as JSON."""
    text = [markdown(COLUMNS, lines(records))]
    found = [] if quick else targets(records)
    if fit is not None:
        row = (f"{fit['events']:,}", "fit", f"{fit['wall']:.1f}", f"{fit['cpu']:.1f}")
        text.append(markdown(("events", "step", "time [s]", "CPU [s]"), [row]))
        found += [] if quick else [_judged("fit", fit["wall"])]
    if found:
        rows = [_target(item) for item in found]
        text.append(markdown(("target", "wanted", "measured", "met"), rows))
    print("\n" + "\n\n".join(text))
    content = {"records": list(records), "targets": found, "markdown": "\n\n".join(text)}
    return content if fit is None else content | {"fit": fit}


def _target(item: Mapping[str, Any]) -> tuple[str, ...]:
    met = "yes" if item["met"] else "NO"
    return _TITLES[item["target"]], f"<= {item['wanted']:g}", f"{item['measured']:.3g}", met


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"), help="cache of files")
    parser.add_argument("--quick", action="store_true", help="small samples; no targets")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args(arguments)
    given.chunk_size = None
    began = conditions(given)
    try:
        fit = measure_fit(QUICK_FIT if given.quick else FIT)
        found = report(_records(given), given.quick, fit)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    if given.out:
        given.out.write_text(json.dumps({"conditions": began, **found}, indent=1) + "\n")
    return 0


def _records(given: argparse.Namespace) -> list[Record]:
    records: list[Record] = []
    for share in QUICK if given.quick else SIZES:
        files = given.data / f"dijet-{share:g}"
        say(f"{share:.1%} of the published events in {files}")
        make(files, share)
        scratch = given.data / "dijet-scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        try:
            records += measure_size(files, scratch)
        finally:
            shutil.rmtree(scratch)
    return records


if __name__ == "__main__":
    sys.exit(main())
