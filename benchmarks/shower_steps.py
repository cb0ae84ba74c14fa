"""One part of the shower benchmark in a process of its own: do the work, answer as JSON.

Started by ``shower.py``; not meant to be called by hand.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

__all__ = ["STEPS", "engine", "kernels", "naive", "simulation"]

Answer = dict[str, Any]


def simulation(brick: Path, scratch: Path) -> Answer:
    """The showers of the brick, without noise and files."""
    from shower_inputs import settings

    from hepml.simulate.shower_brick import expose

    number = json.loads((brick / "about.json").read_text())["showers"]
    expose(settings(2, (125.0, 99.0), 0.0), 2, 1)  # load the compiled transport
    clock = Clock()
    signal = expose(settings(number, (125.0, 99.0), 0.0), 1, 1)
    clock.lap("total")
    return clock.answer({"base-tracks": len(signal) / number})


def kernels(brick: Path, scratch: Path) -> Answer:
    """All showers of a whole brick in memory, step by step on one core."""
    from shower_inputs import films_of, read_flat

    from processors.shower_basetracks import Basetracks, Injectors
    from processors.shower_candidates import find_candidates
    from processors.shower_cuts import ShowerCuts
    from processors.shower_features import shower_features
    from processors.shower_grid import Grid
    from processors.shower_injectors import find_injectors
    from processors.shower_links import link_candidates
    from processors.shower_neighbours import find_neighbours

    clock, cuts = Clock(), ShowerCuts()
    columns = read_flat(brick / "flat")
    clock.lap("read")
    found, _ = find_injectors(columns, "simulation")
    injectors = Injectors.of(found)
    clock.lap("injectors")
    tracks = Basetracks.of(columns, films_of(columns))
    del columns
    grid = Grid.of(tracks)
    clock.lap("index")
    candidates = find_candidates(tracks, grid, injectors, cuts, everything=False)
    clock.lap("candidates")
    links = link_candidates(tracks, injectors, candidates, cuts, kind="simulation")
    clock.lap("linking")
    features = shower_features(tracks, injectors, candidates, links)
    shower = candidates.shower[links.child]
    index = candidates.index[links.child]
    find_neighbours(tracks, grid, injectors, shower, index, cuts, everything=False)
    clock.lap("features")
    counts = {
        "showers": len(injectors),
        "candidates": len(candidates.index),
        "linked": len(features["link_dx"]),
    }
    for laps in (clock.seconds, clock.cpu):
        laps["total"] = sum(laps[name] for name in ("index", "candidates", "linking", "features"))
    return clock.answer(counts)


class Clock:
    """Seconds, and CPU seconds of this process, since the last lap, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}
        self._last = time.perf_counter(), time.process_time()

    def lap(self, name: str) -> None:
        """End a lap."""
        now = time.perf_counter(), time.process_time()
        self.seconds[name], self.cpu[name] = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now

    def answer(self, counts: dict[str, Any]) -> Answer:
        """All laps, and what was counted."""
        return {"seconds": self.seconds, "loop_cpu": self.cpu, "counts": counts}


def engine(brick: Path, scratch: Path, executor: str = "iterative", workers: int = 1) -> Answer:
    """``hepml run shower`` from tiles to the feature table, injectors already found."""
    from hepml.engine import pool

    if executor == "futures":
        pool.warm_up()  # as the command line does
    import hepml
    from processors.shower import ShowerProcessor

    files = sorted((brick / "tiles").glob("*.parquet"))
    clock = Clock()
    run = hepml.run(
        ShowerProcessor(),
        {"brick": [str(file) for file in files]},
        out=scratch / "run",
        executor=executor,
        workers=workers,
    )
    clock.lap("total")
    flow = {row["step"]: row["raw"] for row in run.cutflow["brick"]}
    counts = {
        "showers": flow["showers: in the core"],
        "candidates": flow["base-tracks: impact parameter"],
        "linked": flow["base-tracks: linked"],
    }
    return clock.answer(counts)


def naive(brick: Path, scratch: Path, noise: float = 5.0) -> Answer:
    """One shower by the published scripts with less noise, scaled; and the same by our kernels."""
    from shower_compare import compare

    return compare(brick, scratch, noise)


STEPS: dict[str, Callable[..., Answer]] = {
    "simulation": simulation,
    "kernels": kernels,
    "iterative": engine,
    "futures": partial(engine, executor="futures", workers=2),
    "naive": naive,
}


def main() -> None:
    """Do one step and write its answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--brick", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--naive-noise", type=float, default=5.0)
    given = parser.parse_args()
    more = {"noise": given.naive_noise} if given.step == "naive" else {}
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        answer = STEPS[given.step](given.brick, Path(scratch), **more)
    given.answer.write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
