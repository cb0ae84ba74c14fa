"""Measure the classification of production modes on a table as large as the published one.

280,000 events of five modes and 80 features, simulated and selected once and kept: LightGBM is
trained and judged in full by ``hepml.ml.production``, and scores the whole table.

    python benchmarks/production.py --data CACHE --out RESULT.json
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from session import conditions, say
from tables import markdown

__all__ = ["main", "measure_models", "prepare"]

# a third of the generated events is selected
_SHARE = 0.355
# what is asked for: training and judging on two cores, scoring on one
SECONDS, ROWS = 60.0, 500_000.0
Record = dict[str, Any]


def prepare(folder: Path, events: int) -> Path:
    """Return the run directory with this many simulated events, made where it is not there."""
    import hepml
    from hepml.simulate.diphoton import simulate
    from processors.diphoton import DiphotonProcessor

    place = folder / f"production-{events}"
    if not (place / "run" / "report.json").exists():
        generated = round(events / 5 / _SHARE)
        say(f"simulating {generated:,} events of each mode in {place}")
        simulate(place / "files", 1000, 1, simulated=generated)
        files = sorted(str(path) for path in (place / "files").glob("mc_*.root"))
        hepml.run(DiphotonProcessor(), files, out=place / "run", executor="iterative")
    return place / "run"


def measure_models(run: Path, workers: int, models: Sequence[str] = ("boosted",)) -> Record:
    """Train, judge and score; wall time and CPU of this process.

    Parameters
    ----------
    run : Path
        Run directory.
    workers : int
        Threads of the training.
    models : sequence of str
        Which models; the first scores the table.
    """
    from hepml.ml.production import ProductionOptions, classify_modes

    marks: list[tuple[str, float, float]] = []

    def progress(name: str, done: int, total: int) -> None:
        marks.append((name, time.perf_counter(), time.process_time()))

    options = ProductionOptions(models=tuple(models), workers=workers)
    found = classify_modes(run, options, progress=progress)
    progress("", 1, 1)
    steps = {
        name: {"wall": after[1] - wall, "cpu": after[2] - cpu}
        for (name, wall, cpu), after in itertools.pairwise(marks)
    }
    model, sample = found.trained[0].model, found.tested.whole
    x = sample.matrix(model.inputs)
    model.probabilities(x[:1000])
    wall, cpu = _best(lambda: model.probabilities(x))
    part = x[:20_000]
    booster = model.estimator.booster_
    _, other = _best(lambda: booster.predict(part, num_threads=1))
    return {
        "rows": len(x),
        "features": x.shape[1],
        "trees": booster.num_trees(),
        "steps": steps,
        "total": {
            "wall": sum(item["wall"] for item in steps.values()),
            "cpu": sum(item["cpu"] for item in steps.values()),
        },
        "scoring": {"rows/s": len(x) / wall, "rows/s of CPU": len(x) / cpu},
        "lightgbm rows/s of CPU": len(part) / other,
        "macro_auc": found.result.judgements[0].macro_auc.value,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _best(work: Callable[[], object], repeats: int = 3) -> tuple[float, float]:
    """Least wall time and least CPU time of several runs [s]."""
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return min(walls), min(cpus)


def report(record: Record) -> str:
    """The measurement as text."""
    rows = [
        (name, f"{item['wall']:.1f}", f"{item['cpu']:.1f}")
        for name, item in (*record["steps"].items(), ("all", record["total"]))
    ]
    speed, own = record["scoring"]["rows/s of CPU"], record["lightgbm rows/s of CPU"]
    text = markdown(("step", "wall [s]", "CPU [s]"), rows)
    return (
        f"{record['rows']:,} rows x {record['features']} features, {record['trees']} trees, mean "
        f"AUC {record['macro_auc']:.3f}, {record['memory']:.0f} MB\n\n{text}\n\n"
        f"scoring: {speed:,.0f} rows/s of one core's CPU ({record['scoring']['rows/s']:,.0f} by "
        f"the clock), LightGBM's own predict {own:,.0f}: {speed / own:.1f} times as fast\n"
        f"targets: {record['total']['wall']:.1f} s < {SECONDS:g} s, "
        f"{speed:,.0f} rows/s > {ROWS:,.0f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmark-data"), help="cache of files")
    parser.add_argument("--events", type=int, default=280_000, help="rows of the table, about")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--models", nargs="+", default=["boosted"])
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args(arguments)
    given.chunk_size = None
    about = conditions(given)
    record = measure_models(prepare(given.data, given.events), given.workers, given.models)
    text = report(record)
    print(text)
    if given.out:
        content = about | {"measured": record, "markdown": text}
        given.out.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
