"""Read what figures need from a run directory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hist

from hepml.errors import FileAccessError, did_you_mean
from hepml.histograms import load_histograms
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
    FileAccessError
        If this is not a run directory, or a file in it is malformed.
    """
    if not path.is_dir():
        nearby = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, nearby) if nearby else ""
        raise FileAccessError(f"There is no run directory {path}. {hint}".strip())
    absent = [
        name
        for name in ("histograms.json", "cutflow.json", "provenance.json")
        if not (path / name).is_file()
    ]
    if absent:
        raise FileAccessError(
            f"{path} is not the directory of a finished run: it has no {', '.join(absent)}. "
            "Give the folder that was named with `hepml run ... --out`; an interrupted run is "
            f"finished by `hepml resume {path}`."
        )
    provenance = _read_object(path / "provenance.json")
    cutflow = _read_object(path / "cutflow.json")
    histograms = _read_histograms(path / "histograms.json")
    samples = _samples(path / "provenance.json", provenance)
    for name, histogram in histograms.items():
        for dataset in histogram.axes["dataset"]:
            if dataset not in samples:
                raise FileAccessError(
                    f"{path}: histogram {name!r} has a dataset {dataset!r} that provenance.json "
                    "does not know. " + did_you_mean(dataset, samples)
                )
    parameters = provenance.get("parameters") or {}
    return RunContents(
        path=path,
        processor=str(provenance.get("processor") or ""),
        luminosity=float(parameters.get("luminosity") or 1.0),
        datasets=provenance["datasets"],
        samples=samples,
        histograms=histograms,
        cutflow=_cutflow(path / "cutflow.json", cutflow),
    )


def _read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _malformed(path, str(error)) from error
    if not isinstance(content, dict):
        raise _malformed(path, f"it holds a {type(content).__name__}, not an object")
    return content


def _read_histograms(path: Path) -> dict[str, hist.Hist[Any]]:
    """Read histograms and check that they are those of a run."""
    try:
        histograms = load_histograms(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _malformed(path, f"{type(error).__name__}: {error}") from error
    for name, histogram in histograms.items():
        leading = [axis.name for axis in histogram.axes][:2]
        if leading != ["dataset", "variation"] or len(histogram.axes) < 3:
            raise _malformed(
                path,
                f"the first axes of {name!r} are {leading}, not dataset and variation "
                "followed by at least one more",
            )
        if histogram.view().dtype.names != ("value", "variance"):
            raise _malformed(path, f"{name!r} has no weighted storage")
    return histograms


def _samples(path: Path, provenance: Mapping[str, Any]) -> dict[str, Sample]:
    """Read what is known of each dataset."""
    datasets = provenance.get("datasets")
    if not isinstance(datasets, dict):
        raise _malformed(path, "it has no 'datasets'")
    samples = {}
    for name, entry in datasets.items():
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if kind not in ("data", "simulation"):
            raise _malformed(path, f"dataset {name!r} is neither data nor simulation: {kind!r}")
        samples[name] = Sample(
            name=name,
            kind=kind,
            label=str(entry.get("label") or name),
            simulated=bool(entry.get("simulated", False)),
            published=bool(entry.get("published", False)),
            higgs_factor=float(entry.get("higgs_factor") or 1.0),
            lost=int(entry.get("processed") or 0) < int(entry.get("planned") or 0),
            signal=entry.get("signal"),
        )
    return samples


def _cutflow(path: Path, cutflow: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Check the layout of the cutflow."""
    for name, rows in cutflow.items():
        good = isinstance(rows, list) and all(
            isinstance(row, dict) and {"step", "raw", "weighted"} <= set(row) for row in rows
        )
        if not good:
            raise _malformed(path, f"{name!r} is not a list of step, raw and weighted")
    return dict(cutflow)


def _malformed(path: Path, reason: str) -> FileAccessError:
    return FileAccessError(
        f"{path} is malformed: {reason}. It is written by `hepml run`; run it again, or "
        "`hepml resume` the folder."
    )
