"""The files of the dimuon simulator: what goes into each of them, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hepml.simulate.components import COMPONENTS
from hepml.simulate.dimuon_events import (
    flat_columns,
    generated_block,
    joined_blocks,
    triggered_block,
)
from hepml.simulate.dimuon_truth import selected_counts, summed
from hepml.simulate.kinematics import FloatArray
from hepml.simulate.trees import Columns

__all__ = [
    "LUMINOSITY_PER_EVENT",
    "RUNS",
    "SAMPLES",
    "DimuonJob",
    "Sample",
    "certified",
    "data_clusters",
    "file_runs",
    "simulation_clusters",
]

# Luminosity [pb^-1] of the published data, and of one event of the default mixture.
LUMINOSITY = 8_700.0
LUMINOSITY_PER_EVENT = LUMINOSITY / (1000.0 * sum(item.share for item in COMPONENTS.values()))
# First and last run of the 2016H period.
RUNS = (281_613, 284_044)
# Places of a file's runs after its first one, and the luminosity blocks of each run.
RUN_STEPS, BLOCKS = (0, 3, 4, 9, 13, 17), 400
# Parts of seeds that are no component: the order of events, event weights.
ORDER, WEIGHTS = 1001, 1002


@dataclass(frozen=True, slots=True)
class Sample:
    """One simulated process.

    Attributes
    ----------
    components : tuple of str
        What it consists of.
    weight, negative : float
        Absolute generator weight, and the share of negative ones.
    """

    components: tuple[str, ...]
    weight: float
    negative: float

    @property
    def cross_section(self) -> float:
        """Cross section [pb] of what is generated: that of the default data."""
        parts = (COMPONENTS[name] for name in self.components)
        return sum(1000.0 * part.share / part.efficiency for part in parts) / LUMINOSITY

    def numbers(self, events: int) -> dict[str, int]:
        """Divide generated events among the components as in the default data."""
        parts = [COMPONENTS[name] for name in self.components]
        ends = np.cumsum([part.share / part.efficiency for part in parts])
        counts = np.diff(np.round(events * ends / ends[-1]).astype(int), prepend=0)
        return dict(zip(self.components, counts.tolist(), strict=True))


SAMPLES = {
    "DYToMuMu": Sample(("drell_yan", "z"), 8.4, 0.12),
    "UpsilonToMuMu": Sample(
        tuple(name for name, component in COMPONENTS.items() if component.state), 1.25, 0.02
    ),
}


@dataclass(frozen=True, slots=True)
class DimuonJob:
    """One file to write.

    Attributes
    ----------
    file : str
        Its name.
    place : int
        Part of the seed: number of the data file, or 1000 and more for simulation.
    sizes : tuple of dict of str to int
        For each cluster the events of each component: written (data) or generated (simulation).
    sample : str
        Name in `SAMPLES`; empty for data.
    absent : tuple of str
        Branches that this file lacks.
    luminosity : float
        What the data stand for [pb^-1].
    record : dict
        The truth about the file, filled while it is made.
    runs : dict of str to array
        Columns of its tree ``Runs``, filled while it is made.
    """

    file: str
    place: int
    sizes: tuple[Mapping[str, int], ...]
    sample: str = ""
    absent: tuple[str, ...] = ()
    luminosity: float = 0.0
    record: dict[str, Any] = field(default_factory=dict)
    runs: dict[str, Any] = field(default_factory=dict)


def file_runs(place: int) -> tuple[int, ...]:
    """Run numbers of a data file; no two files share one."""
    return tuple(RUNS[0] + 24 * place + step for step in RUN_STEPS)


def certified(run: int) -> list[list[int]]:
    """Made-up ranges of good luminosity blocks of a run, as golden JSON files give them."""
    return [[1, BLOCKS]] if run % 3 == 0 else [[1, 150], [161, BLOCKS - 20]]


def data_clusters(job: DimuonJob, seed: int) -> Iterator[Columns]:
    """Clusters of collision data; fills the job's record with the truth about them."""
    total = sum(sum(sizes.values()) for sizes in job.sizes)
    runs, start = file_runs(job.place), 0
    job.runs["run"] = np.array(runs, np.uint32)
    selected: Any = None
    for cluster, sizes in enumerate(job.sizes):
        blocks = [
            triggered_block(_stream(seed, name, job.place, cluster), COMPONENTS[name], number)
            for name, number in sizes.items()
        ]
        size = sum(sizes.values())
        order = np.random.default_rng([seed, ORDER, job.place, cluster]).permutation(size)
        block = joined_blocks(blocks, order)
        is_upsilon = [bool(COMPONENTS[name].state) for name in sizes]
        counts = selected_counts(block, np.repeat(is_upsilon, list(sizes.values()))[order])
        selected = counts if selected is None else summed(selected, counts)
        yield flat_columns(block) | _data_ids(runs, start, size, total)
        start += size
    components = {name: sum(sizes[name] for sizes in job.sizes) for name in COMPONENTS}
    job.record.update({"kind": "data", "components": components, "selected": selected})
    job.record.update({"luminosity": job.luminosity, "runs": list(runs)})
    job.record["absent"] = list(job.absent)


def simulation_clusters(job: DimuonJob, seed: int) -> Iterator[Columns]:
    """Clusters of one simulated process; its tree ``Runs`` sums all generated events."""
    sample = SAMPLES[job.sample]
    sums, start = np.zeros(3), 0
    for cluster, sizes in enumerate(job.sizes):
        blocks, weights, numbers = [], [], []
        for name, number in sizes.items():
            rng = _stream(seed, name, job.place, cluster)
            block, kept = generated_block(rng, COMPONENTS[name], number)
            all_weights = _weights(sample, [seed, WEIGHTS, job.place, cluster], name, number)
            sums += (number, all_weights.sum(), (all_weights**2).sum())
            blocks.append(block)
            weights.append(all_weights[kept])
            numbers.append(start + kept)
            start += number
        size = sum(len(block) for block in blocks)
        order = np.random.default_rng([seed, ORDER, job.place, cluster]).permutation(size)
        event = np.concatenate(numbers)[order] + 1
        yield flat_columns(joined_blocks(blocks, order)) | {
            "run": np.ones(size),
            "luminosityBlock": 1 + event // 1000,
            "event": event,
            "genWeight": np.concatenate(weights)[order],
        }
    job.runs["run"] = np.ones(1, np.uint32)
    job.runs["genEventCount"] = np.array([sums[0]], np.int64)
    job.runs["genEventSumw"], job.runs["genEventSumw2"] = sums[1:2].copy(), sums[2:3].copy()
    job.record.update({"kind": "simulation", "generated": start, "sum_of_weights": float(sums[1])})
    job.record.update({"components": list(sample.components)})
    job.record["cross_section"] = sample.cross_section


def _stream(seed: int, component: str, place: int, cluster: int) -> np.random.Generator:
    """Random numbers of one component in one cluster of one file, whatever else there is."""
    return np.random.default_rng([seed, COMPONENTS[component].number, place, cluster])


def _weights(sample: Sample, seed: list[int], component: str, n: int) -> FloatArray:
    """Generator weights of all generated events, in the precision of the file."""
    rng = np.random.default_rng([*seed, COMPONENTS[component].number])
    sign = np.where(rng.random(n) < sample.negative, -1.0, 1.0)
    return np.asarray(np.float32(sample.weight) * sign, np.float64)


def _data_ids(runs: tuple[int, ...], start: int, size: int, total: int) -> dict[str, Any]:
    """Rising runs and luminosity blocks, and event numbers that are unique in a block."""
    entry = np.arange(start, start + size)
    place = entry * (len(runs) * BLOCKS) // max(total, 1)
    block = 1 + place % BLOCKS
    number = block * 1_500_000 + entry * 7_919 % 1_500_000
    return {
        "run": np.array(runs)[place // BLOCKS],
        "luminosityBlock": block,
        "event": number,
    }
