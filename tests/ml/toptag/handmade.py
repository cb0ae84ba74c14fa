"""Tables of scores and sets of metrics that are made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hepml.columns import feature, key, label, observer
from hepml.ml.toptag.metrics import EDGES
from hepml.ml.toptag.results import MetricSet, PtBin, Rejection
from hepml.parts import write_part

WEIGHTS = ("weight_isr_up", "weight_isr_down", "weight_fsr_up", "weight_fsr_down")

COLUMNS = (
    key("row"),
    label("label", "int8"),
    feature("score"),
    feature("jet_pt", "GeV"),
    feature("jet_m", "GeV"),
    *(observer(name) for name in WEIGHTS),
)


def write_scores(
    folder: Path,
    dataset: str,
    label: Sequence[int],
    score: Sequence[float],
    *,
    pt: Sequence[float] | float = 400.0,
    mass: Sequence[float] | float = 170.0,
    weights: Mapping[str, Any] | None = None,
    part: str = "a",
) -> None:
    """Write ``<folder>/<dataset>/<part>.parquet``; weights that are not given are NaN."""
    size = len(label)
    rows: dict[str, Any] = {
        "row": np.arange(size),
        "label": np.array(label, np.int8),
        "score": np.array(score, np.float32),
        "jet_pt": np.broadcast_to(np.array(pt, np.float32), size).copy(),
        "jet_m": np.broadcast_to(np.array(mass, np.float32), size).copy(),
    }
    for name in WEIGHTS:
        values = (weights or {}).get(name, np.nan)
        rows[name] = np.broadcast_to(np.array(values, np.float32), size).copy()
    write_part(folder / dataset / f"{part}.parquet", COLUMNS, rows)


def metric_set(
    name: str,
    rejection: float | None,
    bins: Sequence[float | None] | None = None,
    *,
    error: float | None = None,
) -> MetricSet:
    """A set with these rejections at 0.5, and twice them at 0.8; bins: those of all jets."""
    values = [rejection] * 14 if bins is None else list(bins)
    return MetricSet(
        name=name,
        title=name,
        datasets=(name,),
        signal=1000,
        background=1000,
        rejections=_both(rejection, error),
        bins=tuple(
            PtBin(low=low, high=high, signal=9, background=9, rejections=_both(value))
            for low, high, value in zip(EDGES, EDGES[1:], values, strict=False)
        ),
    )


def _both(value: float | None, error: float | None = None) -> tuple[Rejection, ...]:
    other = None if value is None else 2 * value
    return (
        Rejection(efficiency=0.5, value=value, error=error),
        Rejection(efficiency=0.8, value=other),
    )
