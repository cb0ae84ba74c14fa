"""One step of the top-tagging benchmark in a process of its own."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from topjet_loading import LOADING_STEPS

__all__ = ["STEPS"]

Answer = dict[str, Any]


def _import(*sources: Path, scratch: Path, workers: int = 1) -> Answer:
    from hepml.importers.topjet import import_jets

    began, cpu = time.perf_counter(), time.process_time()
    found = import_jets(sources, scratch / "imported", workers=workers)
    seconds = time.perf_counter() - began
    if found.failed:
        raise SystemExit(found.failed[0].reason)
    written = sum(item.target.stat().st_size for item in found.outcomes)
    return {
        "seconds": seconds,
        "loop_cpu": time.process_time() - cpu if workers == 1 else None,
        "input": sum(item.input_bytes for item in found.outcomes),
        "written": written,
        "jets": sum(item.jets for item in found.outcomes),
        "constituents": sum(item.constituents for item in found.outcomes),
    }


def contiguous(data: Path, scratch: Path) -> Answer:
    """The published layout."""
    return _import(data / "test_nominal_000.h5", scratch=scratch)


def chunked(data: Path, scratch: Path) -> Answer:
    """Compressed chunks inside the file."""
    return _import(data / "esup_000.h5", scratch=scratch)


def gz(data: Path, scratch: Path) -> Answer:
    """Gzipped as a whole, as the files of 2024 are published."""
    return _import(data / "esdown_000.h5.gz", scratch=scratch)


def parallel(data: Path, scratch: Path) -> Answer:
    """Two files, two processes."""
    sources = (data / "test_nominal_000.h5", data / "test_nominal_001.h5")
    return _import(*sources, scratch=scratch, workers=2)


def naive(data: Path, scratch: Path) -> Answer:
    """What a few lines of h5py and awkward do: the whole file in memory."""
    import awkward as ak
    import h5py

    began, cpu = time.perf_counter(), time.process_time()
    columns, size = {}, 0
    with h5py.File(data / "test_nominal_000.h5") as file:
        mask = ak.from_regular(ak.Array(file["fjet_clus_pt"][:] != 0))
        for name in file:
            values = file[name][:]
            size += values.nbytes
            jagged = name.startswith("fjet_clus")
            columns[name] = ak.from_regular(values)[mask] if jagged else values
    target = scratch / "naive.parquet"
    ak.to_parquet(ak.Array(columns), target)
    return {
        "seconds": time.perf_counter() - began,
        "loop_cpu": time.process_time() - cpu,
        "input": size,
        "written": target.stat().st_size,
        "jets": len(columns["fjet_pt"]),
        "constituents": int(ak.sum(ak.num(columns["fjet_clus_pt"]))),
    }


STEPS: dict[str, Callable[[Path, Path], Answer]] = {
    step.__name__: step for step in (contiguous, chunked, gz, parallel, naive)
} | LOADING_STEPS


def main() -> None:
    """Run one step and write its answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    given = parser.parse_args()
    given.answer.write_text(json.dumps(STEPS[given.step](given.data, given.scratch)))


if __name__ == "__main__":
    main()
