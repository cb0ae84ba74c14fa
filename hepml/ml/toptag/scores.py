"""Scores of the jets of one dataset, as few bytes of each as metrics need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import TableError
from hepml.ml.toptag.metrics import pt_bins
from hepml.tables import FeatureTable

__all__ = ["JetScores", "read_scores"]

MASS = "jet_m"


@dataclass(frozen=True, slots=True, eq=False)
class JetScores:
    """Jets that have a score.

    Attributes
    ----------
    score : array of float
        Larger for top quarks.
    truth : array of bool
        Which are top quarks.
    bin : array of int8
        Bin of pT, -1: none.
    mass : array of float32 or None
        [GeV].
    weights : dict of str to array of float32
        Relative to the nominal weight.
    dropped : int
        Jets without a score; they are in no array.
    """

    score: NDArray[Any]
    truth: NDArray[np.bool_]
    bin: NDArray[np.int8]
    mass: NDArray[np.float32] | None = None
    weights: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    dropped: int = 0

    def __len__(self) -> int:
        return len(self.score)

    def only(self, kind: Literal["signal", "background"]) -> JetScores:
        """Signal or background, without masses and weights."""
        rows = self.truth if kind == "signal" else ~self.truth
        return JetScores(self.score[rows], self.truth[rows], self.bin[rows])

    def plus(self, other: JetScores) -> JetScores:
        """Both, without masses and weights."""
        return JetScores(
            np.concatenate([self.score, other.score]),
            np.concatenate([self.truth, other.truth]),
            np.concatenate([self.bin, other.bin]),
            dropped=self.dropped,
        )


def read_scores(
    table: FeatureTable,
    *,
    score: str = "score",
    weights: Sequence[str] = (),
    mass: bool = False,
    max_jets: int | None = None,
) -> JetScores:
    """Read a table batch by batch; jets whose score is no finite number are counted and left out.

    Parameters
    ----------
    table : FeatureTable
        Of one dataset.
    score : str
        Column of scores.
    weights : sequence of str
        Columns to read where the table has them.
    mass : bool
        Whether to read the mass, if it is there.
    max_jets : int, optional
        Most jets, those without a score included.

    Raises
    ------
    TableError
        If a column is missing or a label neither 0 nor 1.
    """
    known = set(table.names())
    columns = ["label", score, "jet_pt", *(name for name in weights if name in known)]
    if mass and MASS in known:
        columns.append(MASS)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in (*columns, "bin")}
    left, dropped = max_jets, 0
    for batch in table.batches(columns):
        if left is not None:
            if left <= 0:
                break
            batch = batch.slice(0, left)
            left -= len(batch)
        found = {name: _numbers(batch.column(place)) for place, name in enumerate(columns)}
        scored = np.isfinite(found[score])
        dropped += int((~scored).sum())
        found["bin"] = pt_bins(found.pop("jet_pt"))
        found["label"] = _truth(found["label"], table)
        for name, values in found.items():
            parts[name].append(values if scored.all() else values[scored])
    joined = {name: _joined(values) for name, values in parts.items() if name != "jet_pt"}
    return JetScores(
        score=joined[score],
        truth=joined["label"].astype(bool),
        bin=joined["bin"].astype(np.int8),
        mass=joined[MASS].astype(np.float32) if MASS in joined else None,
        weights={name: joined[name].astype(np.float32) for name in weights if name in joined},
        dropped=dropped,
    )


def _numbers(column: Any) -> NDArray[Any]:
    values: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return values


def _truth(label: NDArray[Any], table: FeatureTable) -> NDArray[np.bool_]:
    top = label == 1
    wrong = ~(top | (label == 0))
    if wrong.any():
        raise TableError(
            f"Dataset {', '.join(table.datasets)}: the label of a jet is 1 (top) or 0 (QCD), not "
            f"{label[wrong][0]} ({int(wrong.sum())} jets of a batch). Data without truth cannot "
            "be evaluated."
        )
    return np.asarray(top)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    joined: NDArray[Any] = np.concatenate(parts) if parts else np.empty(0)
    # the parts are not needed twice
    parts.clear()
    return joined
