"""Simulate the diphoton channel: files like those of the ATLAS 13 TeV open data, data included.

The five production modes are written with the names, weights and cross sections of the published
files. The "data" are a falling background with the published fit's spectrum and Higgs bosons at
``HIGGS_FACTOR`` times the true rate, because the luminosity of a small sample would hide them.
What was put in is written into every file (key ``hepml_simulation``) and into ``simulation.json``.
The luminosity there is the one at which the official selection finds this much background; scaled
to it and times ``HIGGS_FACTOR``, simulation describes the peak (but for tt, 1 % of it, whose
published cross section is 435 times too small: the data hold the true one).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ParameterError
from hepml.simulate.files import check_sizes, cluster_sizes, create_files
from hepml.simulate.mini import BRANCHES
from hepml.simulate.production import MODES
from hepml.simulate.samples import (
    HIGGS_FACTOR,
    LUMINOSITY_PER_EVENT,
    PERIODS,
    SAMPLES,
    Job,
    data_clusters,
    simulation_clusters,
)
from hepml.simulate.trees import Columns, write_tree

__all__ = ["HIGGS_FACTOR", "LUMINOSITY_PER_EVENT", "simulate"]


def simulate(
    out: Path,
    events: int,
    seed: int,
    *,
    clusters: int | None = None,
    simulated: int | None = None,
    periods: str = "ABCD",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write data and simulation files of the diphoton channel, and ``simulation.json``.

    Every file depends only on ``seed``, its own dataset and ``clusters``, and memory only on the
    size of a cluster.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds files of this kind is refused:
        nothing is overwritten, and real data are not mixed with simulated.
    events : int
        Data events in all; shared among the periods like their luminosities.
    seed : int
        Not negative.
    clusters : int, optional
        Clusters in each file; default 8, more where one would exceed 100,000 events.
    simulated : int, optional
        Events generated per production mode, of which 70 to 76 % pass the pre-selection of the
        files; default ``events / 5``, at least 4,000.
    periods : str
        Data periods to write, one file each.
    progress : callable, optional
        Called with the events done so far and in all.

    Returns
    -------
    tuple of path
        The files: data first, then the production modes, then ``simulation.json``.

    Raises
    ------
    ParameterError
        If a number is out of range or a period unknown.
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    simulated = max(4_000, events // 5) if simulated is None else simulated
    _check_parameters(events, seed, clusters, simulated, periods)
    jobs = _planned(events, clusters, simulated, periods)
    names = [job.file for job in jobs] + ["simulation.json"]
    return create_files(
        Path(out),
        names,
        ("*.GamGam.root", "simulation.json"),
        lambda scratch: _write_all(scratch, jobs, seed, progress),
    )


def _check_parameters(
    events: int, seed: int, clusters: int | None, simulated: int, periods: str
) -> None:
    """Refuse what cannot be simulated."""
    check_sizes(events, seed, clusters)
    if simulated < 1:
        raise ParameterError(f"At least 1 event per production mode is needed, not {simulated}.")
    if not periods or set(periods) - set(PERIODS) or len(set(periods)) != len(periods):
        raise ParameterError(
            f"Data periods {periods!r}: give each of {', '.join(PERIODS)} at most once, as 'ABCD'."
        )


def _planned(events: int, clusters: int | None, simulated: int, periods: str) -> list[Job]:
    """List the files to write; a period without a single event is left out."""
    ends = np.cumsum([PERIODS[period][2] for period in periods])
    shares = np.diff(np.round(events * ends / ends[-1]).astype(int), prepend=0)
    jobs = [
        Job(f"data_{period}.GamGam.root", "data", cluster_sizes(int(share), clusters), period)
        for period, share in zip(periods, shares, strict=True)
        if share
    ]
    for mode, sample in SAMPLES.items():
        name = f"mc_{sample.number}.{sample.name}.GamGam.root"
        jobs.append(Job(name, mode, cluster_sizes(simulated, clusters)))
    return jobs


def _write_all(
    scratch: Path, jobs: list[Job], seed: int, progress: Callable[[int, int], None] | None
) -> None:
    """Write every file and then the record of what is in them."""
    total, done = sum(sum(job.sizes) for job in jobs), 0
    samples: dict[str, Any] = {}
    for job in jobs:
        notes: dict[str, Any] = {"simulated": True, "seed": seed}

        def clusters(job: Job = job, notes: dict[str, Any] = notes) -> Iterator[Columns]:
            nonlocal done
            source = data_clusters if job.mode == "data" else simulation_clusters
            for size, columns in zip(job.sizes, source(job, seed), strict=True):
                yield columns
                done += size
                if progress is not None:
                    progress(done, total)
            notes.update(job.record)

        path = scratch / job.file
        entries = write_tree(
            path, "mini", BRANCHES, clusters(), baskets=len(job.sizes), notes=notes
        )
        samples[job.file] = {**job.record, "entries": entries}
    text = json.dumps(_record(samples, seed), indent=1)
    (scratch / "simulation.json").write_text(text + "\n")


def _record(samples: dict[str, Any], seed: int) -> dict[str, Any]:
    """What is in the files, as ``simulation.json`` tells it."""
    from hepml import __version__

    data = [sample for sample in samples.values() if sample["kind"] == "data"]
    return {
        "generator": f"hepml simulate diphoton, hepml {__version__}",
        "simulated": True,
        "seed": seed,
        "data_events": sum(sample["entries"] for sample in data),
        "luminosity": sum(sample["luminosity"] for sample in data),
        "higgs_factor": HIGGS_FACTOR,
        "higgs_in_data": {m: sum(sample["higgs"][m] for sample in data) for m in MODES},
        "true_cross_sections": {m: SAMPLES[m].true_cross_section for m in MODES},
        "units": "luminosity in pb^-1, cross sections (times branching ratio) in pb",
        "samples": samples,
    }
