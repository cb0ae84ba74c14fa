"""One contender in a process of its own: do the work once, hand the answer back as JSON.

Started by ``session.py``; not meant to be called by hand. Imports are inside the functions, so
that a process pays for what its contender needs and for nothing else.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["CONTENDERS", "Contender", "Job"]

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What to do: the files, and in ``steady`` mode what to do before the clock starts."""

    channel: str
    workload: str
    files: list[str]
    warm: list[str]
    steady: bool
    chunk_size: int
    scratch: Path
    sums: bool

    def module(self, part: str) -> Any:
        """The channel's own definition, or its analysis in another framework."""
        return importlib.import_module(f"{self.channel}_{part}")


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the benchmark.

    Attributes
    ----------
    label : str
        What the tables say.
    run : callable
        Does the work of a Job.
    workers : int
        Processes or threads that work.
    table : bool
        Whether it can write a feature table (workload ``table``).
    needs : str
        Module without which it is left out.
    warms_up : bool
        Whether its first loop in a process is slower than the next (compilation, a pool of
        workers): the steady state is then taken in a process of its own, after a small sample.
        Otherwise it is the loop of the process that is measured as a whole.
    """

    label: str
    run: Callable[[Job], Result]
    workers: int = 1
    table: bool = True
    needs: str = "hepml"
    warms_up: bool = False


def _hepml(job: Job, executor: str, workers: int) -> Result:
    """Run the engine as ``hepml run`` does; in steady mode on workers that have worked before."""
    import hepml
    from hepml.engine import pool

    if executor == "futures" and not job.steady:
        pool.warm_up()  # as the command line does: the server starts while we import
    processor = job.module("definition").processor(job.workload)
    out = job.scratch / "run"
    if job.steady:
        return _hepml_steady(job, processor, executor, workers)
    began = time.perf_counter()
    run = hepml.run(
        processor,
        {"data": job.files},
        out=out,
        executor=executor,
        workers=workers,
        chunk_size=job.chunk_size,
    )
    return _hepml_result(job, run, time.perf_counter() - began)


def _hepml_steady(job: Job, processor: Any, executor: str, workers: int) -> Result:
    """Warm every worker, plan, and time the rest: processing, merging, writing the outputs."""
    from contextlib import nullcontext

    from hepml.engine.cluster import dask_client
    from hepml.engine.planning import make_plan
    from hepml.engine.run import as_inputs, execute_plan
    from hepml.engine.store import Layout

    cluster = dask_client(workers, None) if executor.startswith("dask") else nullcontext()
    with cluster as client:
        address = client.scheduler.address if client is not None else None
        for folder, files in (("warm-1", job.warm), ("warm-2", job.warm), ("run", job.files)):
            # small chunks while warming up, so that every worker gets some
            plan = make_plan(
                processor,
                as_inputs({"data": files}, processor.name),
                name=processor.name,
                chunk_size=job.chunk_size if folder == "run" else 1000,
            )
            layout = Layout(job.scratch / folder)
            layout.create()
            plan.save(layout.plan)
            began, before = time.perf_counter(), _cpu_of_tree()
            run = execute_plan(
                layout, plan, processor, executor=executor, workers=workers, scheduler=address
            )
            seconds, cpu = time.perf_counter() - began, _cpu_of_tree() - before
    return _hepml_result(job, run, seconds) | {"loop_cpu": cpu}


def _cpu_of_tree() -> float:
    """CPU time so far of this process and of its descendants that are alive [s]."""
    import psutil

    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def _hepml_result(job: Job, run: Any, seconds: float) -> Result:
    steps = run.cutflow["data"]
    return {
        "seconds": seconds,
        "cutflow": [step["raw"] for step in steps],
        "histograms": job.module("definition").contents(run.histograms, job.workload),
        "table": _column_sums(run.path / "features") if job.sums else None,
    }


def _plain(job: Job) -> Result:
    """Run plain uproot + awkward, as installed: Python's zlib, default steps."""
    plain = job.module("plain")
    if job.steady:
        plain.analyse(job.warm, job.workload, job.scratch)
    return plain.analyse(job.files, job.workload, job.scratch) | {
        "table": _column_sums(job.scratch) if job.sums else None
    }


def _coffea(job: Job) -> Result:
    """Run the same processor in coffea's own Runner with its defaults, one process."""
    from coffea.processor import IterativeExecutor, Runner

    definition = job.module("definition")
    processor = definition.processor(job.workload)
    runner = Runner(IterativeExecutor(status=False), schema=type(processor).schema)

    def fileset(files: Sequence[str]) -> dict[str, Any]:
        metadata = {"kind": "data"}
        return {"data": {"files": dict.fromkeys(files, definition.TREE), "metadata": metadata}}

    if job.steady:
        runner(fileset(job.warm), processor)
    began, before = time.perf_counter(), time.process_time()
    out = runner(fileset(job.files), processor)
    if processor.table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = {name: item.value for name, item in out["features"]["data"].items()}
        pq.write_table(pa.table(columns), job.scratch / "features.parquet")
    return {
        "seconds": time.perf_counter() - began,
        "loop_cpu": time.process_time() - before,
        "cutflow": [counts["raw"] for counts in out["cutflow"]["data"].values()],
        "histograms": definition.contents(out["histograms"], job.workload),
        "table": _column_sums(job.scratch) if job.sums else None,
    }


def _rdataframe(job: Job, threads: int, typed: bool) -> Result:
    module = job.module("rdataframe")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ROOT's wheels announce that they are experimental
        root = _root(threads, module.TYPED if typed else module.STRINGS)
    analyse = module.analyse_typed if typed else module.analyse_strings
    if job.steady:
        analyse(root, job.warm, job.workload)
    return analyse(root, job.files, job.workload)  # type: ignore[no-any-return]


def _root(threads: int, code: str) -> Any:
    """Import ROOT, compile what is given as C++, and switch on threads where there are several."""
    import ROOT

    ROOT.gROOT.SetBatch(True)
    if threads > 1:
        ROOT.EnableImplicitMT(threads)
    if not ROOT.gInterpreter.Declare(code):
        raise RuntimeError("ROOT did not accept the analysis.")
    return ROOT


def _column_sums(folder: Path) -> dict[str, float]:
    """Sum of each number column of a table, NaN left out, and the number of rows."""
    import numpy as np
    import pyarrow.dataset as ds

    # the sorting of files is of no interest: only sums are taken
    table = ds.dataset(sorted(folder.rglob("*.parquet"))).to_table()
    sums = {"rows": float(table.num_rows)}
    for name in sorted(table.column_names):
        values = table[name].to_numpy()
        if values.dtype.kind in "iuf":
            sums[name] = float(np.nansum(values.astype(np.float64)))
    return sums


def _row(
    label: str, run: Callable[..., Result], *options: Any, workers: int = 1, **others: Any
) -> Contender:
    return Contender(label, lambda job: run(job, *options), workers, **others)


_WARM: dict[str, Any] = {"warms_up": True}
_ROOT: dict[str, Any] = {"table": False, "needs": "ROOT"}

CONTENDERS: dict[str, Contender] = {
    "hepml-iterative": _row("hepml iterative", _hepml, "iterative", 1, **_WARM),
    "hepml-futures": _row("hepml futures, 2 workers", _hepml, "futures", 2, workers=2, **_WARM),
    "hepml-dask": _row("hepml dask, 2 workers", _hepml, "dask", 2, workers=2, **_WARM),
    "hepml-dask-awkward": _row(
        "hepml dask-awkward, 2 workers", _hepml, "dask-awkward", 2, workers=2, **_WARM
    ),
    "uproot": _row("plain uproot + awkward", _plain, needs="uproot"),
    "coffea": _row("coffea Runner, same processor", _coffea),
    "rdf-strings-1": _row(
        "RDataFrame in strings, 1 thread", _rdataframe, 1, False, **_ROOT, **_WARM
    ),
    "rdf-strings-2": _row(
        "RDataFrame in strings, 2 threads", _rdataframe, 2, False, workers=2, **_ROOT, **_WARM
    ),
    "rdf-typed-1": _row("RDataFrame in typed C++, 1 thread", _rdataframe, 1, True, **_ROOT),
    "rdf-typed-2": _row(
        "RDataFrame in typed C++, 2 threads", _rdataframe, 2, True, workers=2, **_ROOT
    ),
}


def main() -> None:
    """Do one contender's work and write its answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("contender", choices=CONTENDERS)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--warm", nargs="*", default=[])
    parser.add_argument("--steady", action="store_true")
    parser.add_argument("--channel", required=True)
    parser.add_argument("--workload", required=True)
    parser.add_argument("--sums", action="store_true")
    parser.add_argument("--chunk-size", type=int, default=250_000)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--answer", type=Path, required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as scratch:
        job = Job(
            channel=given.channel,
            workload=given.workload,
            files=given.files,
            warm=given.warm,
            steady=given.steady,
            chunk_size=given.chunk_size,
            scratch=Path(scratch),
            sums=given.sums,
        )
        answer = CONTENDERS[given.contender].run(job)
    if set(answer["histograms"]) != job.module("definition").expected(given.workload):
        raise SystemExit(f"{given.contender} filled {sorted(answer['histograms'])}")
    given.answer.write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
