"""Simulate the dimuon channel: files like CMS NanoAOD, "data" included.

The data are a mixture of components whose defaults reproduce the published selection of Upsilons
(opposite and same sign, before and after anti-isolation) at ``LUMINOSITY_PER_EVENT`` pb^-1 an
event. Everything is a parametric toy: two-body decays, a detector's resolution, hadrons around
muons and lifetimes, but no event generator. What was put in is written into every file (key
``hepml_simulation``) and into ``simulation.json``, never into branches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ParameterError
from hepml.simulate.components import COMPONENTS, component_yields
from hepml.simulate.dimuon_samples import (
    LUMINOSITY_PER_EVENT,
    SAMPLES,
    DimuonJob,
    certified,
    data_clusters,
    file_runs,
    simulation_clusters,
)
from hepml.simulate.dimuon_truth import SELECTION, summed
from hepml.simulate.files import check_sizes, cluster_sizes, create_files
from hepml.simulate.nanoaod import branches
from hepml.simulate.trees import Columns, nanoaod_counter, write_tree

__all__ = ["LUMINOSITY_PER_EVENT", "simulate"]

# Each data file has run numbers of its own, and the period has no more of them.
MOST_FILES = 100
# The last of several data files lacks this path, as happens where the trigger menu changed.
ABSENT = "HLT_Mu17_Mu8_DZ"
MASK = "lumi_mask.json"


def simulate(
    out: Path,
    events: int,
    seed: int,
    *,
    yields: Mapping[str, int] | None = None,
    files: int = 4,
    clusters: int | None = None,
    simulated: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write data and simulation files of the dimuon channel, a lumi mask and the truth.

    Events of a component in a cluster depend on ``seed``, the file and the cluster only, and
    memory on the size of a cluster.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds ROOT files is refused: nothing is
        overwritten, and real data are not mixed with simulated.
    events : int
        Data events of the default mixture. It also sets the luminosity.
    seed : int
        Not negative.
    yields : mapping of str to int, optional
        Events of a component, or of each component that a pattern matches, instead of its share
        of ``events``.
    files : int
        Data files, 1 to 100; the last of several lacks one trigger path.
    clusters : int, optional
        Clusters in each file; default 8, more where one would exceed 100,000 events.
    simulated : int, optional
        Events generated per simulated process, of which about 3/4 have two muons and are kept;
        default ``events / 5``, at least 4,000. No simulation for 0.
    progress : callable, optional
        Called with the events done so far and in all.

    Returns
    -------
    tuple of path
        The files: data, simulation, ``lumi_mask.json``, ``simulation.json``.

    Raises
    ------
    ParameterError
        If a number is out of range or a component unknown.
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    simulated = max(4_000, events // 5) if simulated is None else simulated
    _check_parameters(events, seed, files, clusters, simulated)
    jobs = _data_jobs(component_yields(events, yields or {}), files, clusters, events)
    jobs += _simulation_jobs(simulated, clusters)
    return create_files(
        Path(out),
        [job.file for job in jobs] + [MASK, "simulation.json"],
        ("*.root", MASK, "simulation.json"),
        lambda scratch: _write_all(scratch, jobs, seed, progress),
    )


def _check_parameters(
    events: int, seed: int, files: int, clusters: int | None, simulated: int
) -> None:
    """Refuse what cannot be simulated."""
    check_sizes(events, seed, clusters)
    if simulated < 0:
        raise ParameterError(f"The simulated events must not be negative: {simulated}.")
    if not 1 <= files <= MOST_FILES:
        raise ParameterError(f"The data files must be 1 to {MOST_FILES}, not {files}.")


def _data_jobs(
    yields: Mapping[str, int], files: int, clusters: int | None, events: int
) -> list[DimuonJob]:
    """Plan the data files; every component, and the luminosity, is spread evenly over them."""
    if not any(yields.values()):
        raise ParameterError("All yields are 0: there is no data event to simulate.")
    shares = {name: _spread(number, files) for name, number in yields.items()}
    jobs = []
    for place in range(files):
        wanted = {name: share[place] for name, share in shares.items()}
        sizes = _clusters(wanted, clusters)
        absent = (ABSENT,) if 0 < place == files - 1 else ()
        name = f"DoubleMuon_Run2016H_{place + 1}.root"
        part = events * LUMINOSITY_PER_EVENT / files
        jobs.append(DimuonJob(name, place, sizes, absent=absent, luminosity=part))
    return jobs


def _simulation_jobs(events: int, clusters: int | None) -> list[DimuonJob]:
    """Plan the simulated processes."""
    if events == 0:
        return []
    return [
        DimuonJob(f"{name}.root", 1000 + place, _clusters(sample.numbers(events), clusters), name)
        for place, (name, sample) in enumerate(SAMPLES.items())
    ]


def _clusters(wanted: Mapping[str, int], clusters: int | None) -> tuple[dict[str, int], ...]:
    """Divide the events of a file among its clusters; a cluster without any is left out."""
    number = max(1, len(cluster_sizes(sum(wanted.values()), clusters)))
    parts = {name: _spread(count, number) for name, count in wanted.items()}
    found = tuple({name: part[at] for name, part in parts.items()} for at in range(number))
    return tuple(sizes for sizes in found if any(sizes.values())) or found[:1]


def _spread(number: int, parts: int) -> list[int]:
    """Divide a number evenly; what is left over falls on parts far from each other."""
    edges = np.arange(parts + 1) * number // parts
    return [int(part) for part in np.diff(edges)]


def _write_all(
    scratch: Path, jobs: list[DimuonJob], seed: int, progress: Callable[[int, int], None] | None
) -> None:
    """Write every file, the mask and then the record of what is in them."""
    total, done = sum(sum(sizes.values()) for job in jobs for sizes in job.sizes), 0
    files: dict[str, Any] = {}
    for job in jobs:
        notes: dict[str, Any] = {"simulated": True, "seed": seed}

        def clusters(job: DimuonJob = job, notes: dict[str, Any] = notes) -> Iterator[Columns]:
            nonlocal done
            source = simulation_clusters if job.sample else data_clusters
            for sizes, columns in zip(job.sizes, source(job, seed), strict=True):
                yield columns
                done += sum(sizes.values())
                if progress is not None:
                    progress(done, total)
            notes.update(job.record)

        types = branches(bool(job.sample), job.absent)
        entries = write_tree(
            scratch / job.file,
            "Events",
            types,
            clusters(),
            baskets=len(job.sizes),
            notes=notes,
            counter=nanoaod_counter,
            trees={"Runs": job.runs},
        )
        files[job.file] = {**job.record, "entries": entries}
    runs = [run for job in jobs if not job.sample for run in file_runs(job.place)]
    mask = {str(run): certified(run) for run in runs}
    (scratch / MASK).write_text(json.dumps(mask, indent=1) + "\n")
    text = json.dumps(_record(files, seed), indent=1)
    (scratch / "simulation.json").write_text(text + "\n")


def _record(files: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """What is in the files, as ``simulation.json`` tells it."""
    from hepml import __version__

    data = [item for item in files.values() if item["kind"] == "data"]
    selected = data[0]["selected"]
    for item in data[1:]:
        selected = summed(selected, item["selected"])
    return {
        "generator": f"hepml simulate dimuon, hepml {__version__}",
        "simulated": True,
        "seed": seed,
        "data_events": sum(item["entries"] for item in data),
        "luminosity": sum(item["luminosity"] for item in data),
        "components": {name: sum(item["components"][name] for item in data) for name in COMPONENTS},
        "selection": SELECTION,
        "selected": selected,
        "units": "luminosity in pb^-1, cross sections in pb",
        "files": files,
    }
