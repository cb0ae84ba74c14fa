"""Read a run's documents and check that they are what a run writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.errors import OutputError, did_you_mean

if TYPE_CHECKING:
    import hist

__all__ = ["check_folder", "read_cutflow", "read_histograms", "read_object", "read_provenance"]

Document = dict[str, Any]


def check_folder(folder: Path) -> None:
    """Raise an OutputError if there is no such folder, or no run was planned in it."""
    if not folder.is_dir():
        nearby = [item.name for item in folder.parent.iterdir()] if folder.parent.is_dir() else []
        hint = did_you_mean(folder.name, nearby) if nearby else ""
        raise OutputError(
            f"{folder} is not a run directory: there is no such folder. {hint}".strip()
        )
    if not (folder / "plan.json").exists():
        raise OutputError(
            f"{folder} is not a run directory: it has no plan.json. "
            "Give the folder named with --out."
        )


def read_object(path: Path) -> Document:
    """Read a JSON object.

    Raises
    ------
    OutputError
        If it is not there, because the run did not come to its end, or is malformed.
    """
    if not path.exists():
        raise OutputError(
            f"{path} does not exist: the run was stopped before its end. "
            f"Finish it with  hepml resume {path.parent}"
        )
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _malformed(path, str(error)) from error
    if not isinstance(content, dict):
        raise _malformed(path, f"it holds a {type(content).__name__}, not an object")
    return content


def read_provenance(path: Path) -> Document:
    """Read ``provenance.json``: every dataset of it is data or simulation."""
    content = read_object(path)
    datasets = content.get("datasets")
    if not isinstance(datasets, dict):
        raise _malformed(path, "it has no 'datasets'")
    for name, entry in datasets.items():
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if kind not in ("data", "simulation"):
            raise _malformed(path, f"dataset {name!r} is neither data nor simulation: {kind!r}")
    return content


def read_cutflow(path: Path) -> dict[str, list[Document]]:
    """Read ``cutflow.json``: per dataset rows of step, raw and weighted counts."""
    content = read_object(path)
    for name, rows in content.items():
        good = isinstance(rows, list) and all(
            isinstance(row, dict) and {"step", "raw", "weighted"} <= set(row) for row in rows
        )
        if not good:
            raise _malformed(path, f"{name!r} is not a list of step, raw and weighted")
    return content


def read_histograms(path: Path) -> dict[str, hist.Hist[Any]]:
    """Read ``histograms.json``: weighted, with axes dataset and variation first."""
    from hepml.histograms import load_histograms

    read_object(path)
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


def _malformed(path: Path, reason: str) -> OutputError:
    return OutputError(
        f"{path} is malformed: {reason}. It is written by `hepml run`; run it again, or "
        "`hepml resume` the folder."
    )
