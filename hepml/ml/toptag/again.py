"""Judge a tagger again from the scores that it left behind."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from hepml.errors import FileAccessError
from hepml.ml.steps import Progress
from hepml.ml.toptag.evaluation import evaluate, write_evaluation
from hepml.ml.toptag.published import PUBLISHED, read_benchmarks
from hepml.ml.toptag.results import TaggerResult

__all__ = ["SCORES", "judge_again"]

SCORES = "scores"
"""Folder of the scores within that of a tagger."""


def judge_again(
    scores: str | Path,
    folder: Path,
    *,
    title: str | None = None,
    benchmarks: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> TaggerResult:
    """Evaluate scores and fill a folder, as after training.

    Parameters
    ----------
    scores : path
        Folder of a tagger, or of its scores. What the former knows of the training is kept.
    folder : Path
        To be filled with ``result.json``, ``metrics.json``, ``efficiencies.csv``, ``metrics/``,
        and ``jets.json`` where the tagger has it.
    title : str, optional
        Name for people.
    benchmarks : path, optional
        See `hepml.ml.toptag.published.read_benchmarks`.
    progress, **options
        See `hepml.ml.toptag.evaluation.evaluate`.

    Raises
    ------
    FileAccessError
        If there is nothing at ``scores``.
    """
    place = Path(scores)
    if not place.exists():
        raise FileAccessError(f"There is no {place}. Give the folder of a tagger or its scores.")
    known: dict[str, Any] = {"tagger": title or place.name}
    if (place / "result.json").exists():
        before = TaggerResult.read(place / "result.json")
        names = ("tagger", "title", "source", "parameters", "training_jets", "seconds", "history")
        known = {name: getattr(before, name) for name in (*names, "task")}
        if (place / "jets.json").exists():
            shutil.copyfile(place / "jets.json", folder / "jets.json")
    if title is not None:
        known["title"] = title
    found = evaluate(
        place / SCORES if (place / SCORES).is_dir() else place,
        published=PUBLISHED if benchmarks is None else read_benchmarks(benchmarks),
        npz=folder / "metrics",
        progress=progress,
        **known,
        **options,
    )
    write_evaluation(found, folder)
    return found
