"""Event displays of what a trained model takes of showers that it did not see in training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hepml.ml.shower.results import ShowerIdentification
from hepml.plots.displays import event_display, event_display_3d
from hepml.plots.origin import source_look
from hepml.plots.showertable import NEEDED, ShowerRows, typical_showers
from hepml.plots.style import Draw, Progress, save_figures
from hepml.tables import FeatureTable

__all__ = ["draw_selected"]


def draw_selected(
    table: str | Path | FeatureTable,
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    count: int = 3,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw some of the showers that the models were judged by, with what the main model takes.

    Parameters
    ----------
    table : path or FeatureTable
        Table with these showers: the run that was tested, or the one that was split.
    folder : path
        Result of ``hepml ml shower-id``, with its scores.
    out : path, optional
        Where the figures go; default: the same folder.
    formats : sequence of {"png", "pdf", "svg"}
        Files to write of each figure.
    label, style : str, optional
        Text above the frame; ATLAS or CMS.
    count : int
        How many showers, from small to large.
    progress : callable, optional
        Called with the figure's name, how many are done and how many there are.

    Returns
    -------
    list of Path
        Files written; none where the table does not say where base-tracks are.
    """
    opened = table if isinstance(table, FeatureTable) else FeatureTable.open(table)
    if not NEEDED.issubset(opened.names()):
        return []
    found = ShowerIdentification.read(Path(folder) / "result.json")
    main = next(item for item in found.judgements if item.model == found.main)
    scores = _scores(FeatureTable.open(Path(folder) / "scores"), main.points[0].threshold)
    showers = typical_showers(opened, count, scores)
    look = source_look(found.source, label, style)
    figures: list[tuple[str, Draw]] = []
    for number, rows in enumerate(showers, start=1):
        taken = _taken(rows, scores)
        figures.append((f"event_display_{number}", partial(event_display, rows, look, taken)))
    for rows in showers[len(showers) // 2 :][:1]:
        draw = partial(event_display_3d, rows, look, _taken(rows, scores))
        figures.append(("event_display_3d", draw))
    return save_figures(figures, Path(out or folder), formats, look, progress)


def _scores(table: FeatureTable, threshold: float) -> dict[tuple[int, int], NDArray[np.int64]]:
    """Rows that are taken of each shower that has scores."""
    columns = {name: table.column(name) for name in ("brick", "shower", "row", "score")}
    keys, shower = np.unique(
        np.stack([columns["brick"], columns["shower"]]), axis=1, return_inverse=True
    )
    order = np.argsort(shower.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(shower.reshape(-1)))
    taken: dict[tuple[int, int], NDArray[np.int64]] = {}
    for (brick, number), own in zip(keys.T.tolist(), np.split(order, ends[:-1]), strict=True):
        above = own[columns["score"][own] >= threshold]
        taken[(brick, number)] = columns["row"][above]
    return taken


def _taken(rows: ShowerRows, scores: dict[tuple[int, int], NDArray[np.int64]]) -> NDArray[np.bool_]:
    return np.isin(rows.row, scores[(rows.brick, rows.shower)])
