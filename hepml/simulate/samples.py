"""The data sets of the diphoton simulator: what goes into each file, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hepml.simulate.detector import reconstructed
from hepml.simulate.kinematics import FloatArray, IntArray
from hepml.simulate.mini import SCALE_FACTORS
from hepml.simulate.objects import Collection
from hepml.simulate.photons import measured_photons
from hepml.simulate.production import MODES, Truth, background, higgs, joined
from hepml.simulate.trees import Columns

__all__ = [
    "HIGGS_FACTOR",
    "LUMINOSITY_PER_EVENT",
    "PERIODS",
    "SAMPLES",
    "Job",
    "Mode",
    "data_clusters",
    "simulation_clusters",
]

HIGGS_FACTOR = 5.0
FAKE_FRACTION = 0.3
# Luminosity [pb^-1] of one background event: the share of them that the official selection keeps
# in 105-160 GeV, over the 75,985 background events it keeps in 10,064 pb^-1 (spec section 4).
SELECTED_FRACTION = 0.216
LUMINOSITY_PER_EVENT = SELECTED_FRACTION / (75_985 / 10_064)
# Share of generated background that passes the pre-selection of the files.
BACKGROUND_PRESELECTION = 0.75
# Period: first run, last run, luminosity [pb^-1].
PERIODS = {
    "A": (297_730, 300_279, 500.0),
    "B": (300_345, 300_908, 1_900.0),
    "C": (301_912, 302_393, 2_900.0),
    "D": (302_737, 303_560, 4_700.0),
}


@dataclass(frozen=True, slots=True)
class Mode:
    """One simulated production mode as published.

    Attributes
    ----------
    number : int
        Dataset number, the ``channelNumber`` of its events.
    cross_section : float
        Cross section times branching ratio in the file [pb].
    true_cross_section : float
        The same for what nature would do; differs for tt, whose published value is 435 times
        too small.
    weight, spread, negative : float
        Absolute generator weight, its relative spread, and the share of negative ones.
    """

    number: int
    name: str
    cross_section: float
    true_cross_section: float
    weight: float
    spread: float
    negative: float


SAMPLES = {
    "tt": Mode(341_081, "ttH125_gamgam", 2.6433864e-6, 1.151e-3, 0.5234, 0.0, 0.05),
    "gg": Mode(343_981, "ggH125_gamgam", 0.102, 0.102, 30.1, 0.05, 0.03),
    "VBF": Mode(345_041, "VBFH125_gamgam", 0.008518764, 0.008518764, 3.7366, 0.05, 0.0),
    "Wp": Mode(
        345_318, "WpH125J_Wincl_gamgam", 1.9654512e-3, 1.9654512e-3, 0.87689060, 0.0, 0.0085
    ),
    "Z": Mode(345_319, "ZH125J_Zincl_gamgam", 1.7347836e-3, 1.7347836e-3, 0.7926, 0.0, 0.02),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One file to write.

    Attributes
    ----------
    file : str
        Its name.
    mode : str
        ``"data"`` or a production mode.
    sizes : tuple of int
        Events of each cluster: written (data) or generated (simulation).
    period : str
        Data period.
    record : dict
        The truth about the file, filled while it is made.
    """

    file: str
    mode: str
    sizes: tuple[int, ...]
    period: str = ""
    record: dict[str, Any] = field(default_factory=dict)


def data_clusters(job: Job, seed: int) -> Iterator[Columns]:
    """Clusters of collision data; fills the job's record with the truth about them."""
    first, last, _ = PERIODS[job.period]
    found = np.zeros(len(MODES) + 1, np.int64)
    start = 0
    for cluster, size in enumerate(job.sizes):
        rng = np.random.default_rng([seed, ord(job.period), cluster])
        truth, photons, origin = _mixture(rng, size)
        found += np.bincount(origin, minlength=len(found))
        scalars: dict[str, Any] = {
            "runNumber": np.sort(rng.integers(first, last + 1, size)),
            "eventNumber": start + rng.permutation(size) + 1,
        }
        scalars |= {name: np.zeros(size) for name in ("channelNumber", "XSection", "SumWeights")}
        scalars |= {name: np.ones(size) for name in ("mcWeight", *SCALE_FACTORS)}
        start += size
        job.record.update(
            {
                "kind": "data",
                "luminosity": float(found[-1] * LUMINOSITY_PER_EVENT),
                "background": int(found[-1]),
                "higgs": dict(zip(MODES, found.tolist(), strict=False)),
                "higgs_factor": HIGGS_FACTOR,
            }
        )
        yield _columns(rng, truth, photons, scalars, simulated=False)


def _mixture(rng: np.random.Generator, size: int) -> tuple[Truth, Collection, IntArray]:
    """Background and Higgs bosons in random order until ``size`` events pass the pre-selection."""
    produced = int(1.05 * size / BACKGROUND_PRESELECTION) + 50
    while True:
        exposure = produced * BACKGROUND_PRESELECTION * LUMINOSITY_PER_EVENT
        numbers = [
            rng.poisson(HIGGS_FACTOR * SAMPLES[mode].true_cross_section * exposure)
            for mode in MODES
        ]
        parts = [higgs(rng, number, mode) for number, mode in zip(numbers, MODES, strict=True)]
        parts.append(background(rng, produced, FAKE_FRACTION))
        order = rng.permutation(sum(numbers) + produced)
        truth = joined(parts, order)
        kept, photons = measured_photons(rng, truth)
        if kept.sum() >= size:
            break
        produced = int(1.5 * produced)
    origin = np.repeat(np.arange(len(parts)), [*numbers, produced])[order]
    chosen = np.flatnonzero(kept)[:size]
    use = int(photons.counts[:size].sum())
    columns = {name: values[:use] for name, values in photons.columns.items()}
    return joined([truth], chosen), Collection(photons.counts[:size], columns), origin[chosen]


def simulation_clusters(job: Job, seed: int) -> Iterator[Columns]:
    """Clusters of one production mode; weights have a stream of their own, summed beforehand."""
    sample = SAMPLES[job.mode]
    total = sum(float(_weights(sample, seed, i, n).sum()) for i, n in enumerate(job.sizes))
    job.record.update({"kind": "simulation", "generated": sum(job.sizes), "sum_of_weights": total})
    job.record.update({"mode": job.mode, "cross_section": sample.cross_section})
    start = 0
    for cluster, size in enumerate(job.sizes):
        rng = np.random.default_rng([seed, sample.number, cluster, 0])
        truth = higgs(rng, size, job.mode)
        kept, photons = measured_photons(rng, truth)
        chosen = np.flatnonzero(kept)
        n = len(chosen)
        scalars: dict[str, Any] = {
            "runNumber": np.full(n, 284_500),
            "eventNumber": start + chosen + 1,
            "channelNumber": np.full(n, sample.number),
            "mcWeight": _weights(sample, seed, cluster, size)[chosen],
            "XSection": np.full(n, sample.cross_section),
            "SumWeights": np.full(n, total),
        }
        for name, spread in SCALE_FACTORS.items():
            scalars[name] = rng.normal(1.0, spread, n)
        start += size
        yield _columns(rng, joined([truth], chosen), photons, scalars, simulated=True)


def _weights(sample: Mode, seed: int, cluster: int, n: int) -> FloatArray:
    """Generator weights of all generated events of a cluster, accepted or not."""
    rng = np.random.default_rng([seed, sample.number, cluster, 1])
    sign = np.where(rng.random(n) < sample.negative, -1.0, 1.0)
    return np.asarray(sample.weight * sign * rng.normal(1.0, sample.spread, n))


def _columns(
    rng: np.random.Generator,
    truth: Truth,
    photons: Collection,
    scalars: dict[str, Any],
    *,
    simulated: bool,
) -> dict[str, Any]:
    """All columns of a cluster under their branch names."""
    collections, found = reconstructed(rng, truth, photons, simulated)
    columns = scalars | found
    for prefix, collection in collections.items():
        columns[f"{prefix}_n"] = collection.counts
        columns |= {f"{prefix}_{name}": value for name, value in collection.columns.items()}
    return columns
