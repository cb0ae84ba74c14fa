"""Read what figures need from a run directory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hist

from hepml.engine.rundir import Run
from hepml.errors import OutputError, did_you_mean
from hepml.plots.samples import Sample

__all__ = ["RunContents", "read_run"]


@dataclass(frozen=True, slots=True)
class RunContents:
    """What a run directory holds, as far as figures are concerned.

    Attributes
    ----------
    path : Path
        The directory.
    processor : str
        Name of the channel.
    luminosity : float
        Luminosity [pb^-1] that simulation in the histograms is scaled to.
    datasets : dict of str to dict
        Account of every dataset, as ``provenance.json`` has it.
    samples : dict of str to Sample
        What figures need to know of every dataset.
    histograms : dict of str to hist.Hist
        Axes dataset and variation, then the channel's own.
    cutflow : dict of str to list
        Dataset to rows of step, raw and weighted counts.
    """

    path: Path
    processor: str
    luminosity: float
    datasets: dict[str, dict[str, Any]]
    samples: dict[str, Sample]
    histograms: dict[str, hist.Hist[Any]]
    cutflow: dict[str, list[dict[str, Any]]]


def read_run(path: Path) -> RunContents:
    """Read a run directory.

    Raises
    ------
    OutputError
        If this is not a run directory, the run is not finished, or a file in it is malformed.
    """
    run = Run(path)
    samples = {name: _sample(name, entry) for name, entry in run.provenance["datasets"].items()}
    for name, histogram in run.histograms.items():
        for dataset in histogram.axes["dataset"]:
            if dataset not in samples:
                raise OutputError(
                    f"{path}: histogram {name!r} has a dataset {dataset!r} that provenance.json "
                    "does not know. " + did_you_mean(dataset, samples)
                )
    parameters = run.provenance.get("parameters") or {}
    return RunContents(
        path=path,
        processor=str(run.provenance.get("processor") or ""),
        luminosity=float(parameters.get("luminosity") or 1.0),
        datasets=run.provenance["datasets"],
        samples=samples,
        histograms=run.histograms,
        cutflow=run.cutflow,
    )


def _sample(name: str, entry: Mapping[str, Any]) -> Sample:
    """What figures need to know of a dataset."""
    return Sample(
        name=name,
        kind=entry["kind"],
        label=str(entry.get("label") or name),
        simulated=bool(entry.get("simulated", False)),
        published=bool(entry.get("published", False)),
        higgs_factor=float(entry.get("higgs_factor") or 1.0),
        lost=int(entry.get("processed") or 0) < int(entry.get("planned") or 0),
        signal=entry.get("signal"),
    )
