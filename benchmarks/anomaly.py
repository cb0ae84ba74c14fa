"""Validate the anomaly search on simulated muon pairs: with a resonance, and without.

    python benchmarks/anomaly.py --data CACHE --out RESULT.json

Each study simulates samples of its own and searches them as ``hepml ml upsilon-anomaly`` does:
``signal`` holds the Upsilons of the published selection, ``null`` holds none, ``control`` looks for
the same Upsilons in features that say nothing of them (the published negative control).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hepml.ml.anomaly import run_strategy
from hepml.ml.anomaly.reading import Wish, read_events
from hepml.ml.anomaly.report import SAMPLES
from hepml.ml.anomaly.scored import Scored, Statistics
from hepml.ml.anomaly.sculpted import follows_mass
from hepml.ml.anomaly.significance import judge_sample
from hepml.ml.anomaly.upsilon import PRESET
from hepml.windows import UPSILON

__all__ = ["main", "study", "summary"]

FEATURES = {
    "signal": ("dimuon_pt", "lead_ip3d", "trail_ip3d"),
    "null": ("dimuon_pt", "lead_ip3d", "trail_ip3d"),
    "control": ("delta_r", "delta_pt"),
}
Record = dict[str, Any]


def prepare(cache: Path, resonance: bool, events: int, seed: int) -> Path:
    """Simulate a sample and select its pairs, where that is not in the cache."""
    run = cache / f"{'signal' if resonance else 'null'}-{events}-{seed}"
    if (run / "report.json").exists():
        return run
    files = cache / f"files-{run.name}"
    more = [] if resonance else ["--yield", "upsilon_*=0"]
    for command in (
        ["simulate", "dimuon", f"--events={events}", f"--seed={seed}", "--simulated=0",
         f"--out={files}", *more],
        ["run", "dimuon", f"DoubleMuon={files}", f"--preset={PRESET}", f"--out={run}",
         "--executor=iterative"],
    ):  # fmt: skip
        subprocess.run(["hepml", *command], check=True, stdout=subprocess.DEVNULL)
    for path in files.iterdir():
        path.unlink()
    files.rmdir()
    return run


def study(run: Path, what: str, strategy: str, given: argparse.Namespace) -> Record:
    """Search one sample and its control."""
    began = time.process_time()
    events = read_events(run, Wish(FEATURES[what], UPSILON))
    found = run_strategy(
        strategy,
        events.data,
        density=given.density,
        density_options={"epochs": given.epochs} if given.density == "maf" else {},
        preprocessing=given.preprocessing,
        decorrelate=given.decorrelate,
        seeds=given.seeds,
        ensemble=given.ensemble,
        control=events.control,
    )
    asked = Statistics(toys=0, variations=False, nominal=given.nominal)
    record: Record = {"study": what, "strategy": strategy, "run": run.name}
    parts = [(events.data, found.scores, found.ratio)]
    if events.control is not None and found.control_scores is not None:
        parts.append((events.control, found.control_scores, found.control_ratio))
    for (name, title), (data, scores, ratio) in zip(SAMPLES["opposite"], parts, strict=False):
        sample = Scored(name, title, data.mass, strategy, {strategy: scores}, ratio)
        judged = judge_sample(sample, UPSILON, asked)
        weighted = judged.reweighting.row if judged.reweighting else None
        rows = [row for row in judged.cuts() if row.events >= 150 and row.Z is not None]
        record[name] = {
            "events": judged.events,
            "inclusive": judged.inclusive.Z,
            "nominal": judged.chosen.Z if judged.chosen else None,
            "best": max((row.Z or 0.0) for row in rows),
            # no excess without a cut: no weights, and no excess to report
            "weighted": 0.0 if weighted is None else weighted.Z,
        }
    record["closure"] = found.closure.auc if found.closure else None
    record["follows_mass"] = bool(
        found.closure and found.closure.mass and follows_mass(found.closure.mass)
    )
    record["seconds"] = time.process_time() - began
    return record


def summary(records: Sequence[Record]) -> list[str]:
    """Mean, largest, and how often Z passes 0, 1 and 2, by study, strategy and sample."""
    lines = ["| study | strategy | sample | Z | mean | largest | Z = 0 | Z > 1 | Z > 2 |"]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for what, strategy in dict.fromkeys((item["study"], item["strategy"]) for item in records):
        mine = [item for item in records if (item["study"], item["strategy"]) == (what, strategy)]
        for name, _ in SAMPLES["opposite"]:
            for kind in ("inclusive", "nominal", "best", "weighted"):
                values = np.array([item[name][kind] for item in mine if name in item], float)
                if not len(values):
                    continue
                shares = [(values == 0).mean(), (values > 1).mean(), (values > 2).mean()]
                cells = [f"{values.mean():.2f}", f"{values.max():.2f}"]
                cells += [f"{share:.2f}" for share in shares]
                lines.append(f"| {what} | {strategy} | {name} | {kind} | {' | '.join(cells)} |")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the studies and write their result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder for simulated samples")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--studies", nargs="+", default=list(FEATURES), choices=list(FEATURES))
    parser.add_argument("--strategies", nargs="+", default=["cathode", "cwola"])
    parser.add_argument("--events", type=int, default=100_000, help="simulated pairs of a sample")
    parser.add_argument("--samples", type=int, default=20, help="samples of the null study")
    parser.add_argument("--signal-samples", type=int, default=3, help="samples of the others")
    parser.add_argument("--first", type=int, default=1, help="seed of the first sample")
    parser.add_argument("--density", default="maf")
    parser.add_argument("--epochs", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--ensemble", type=int, default=10)
    parser.add_argument("--preprocessing", default="code", help="of the density model")
    parser.add_argument(
        "--decorrelate", action=argparse.BooleanOptionalAction, default=True, help="in CWoLa"
    )
    parser.add_argument("--nominal", type=float, default=0.1)
    given = parser.parse_args(arguments)
    given.data.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    for what in given.studies:
        number = given.samples if what == "null" else given.signal_samples
        for seed in range(given.first, given.first + number):
            run = prepare(given.data, what != "null", given.events, seed)
            for strategy in given.strategies:
                records.append(study(run, what, strategy, given))
                given.out.write_text(json.dumps(records, indent=1) + "\n")
                sys.stderr.write(f"{what} {seed} {strategy}: {records[-1]}\n")
    sys.stdout.write("\n".join(summary(records)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
