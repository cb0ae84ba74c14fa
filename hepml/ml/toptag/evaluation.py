"""From scores of jets to metrics, uncertainties, and a folder with all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hepml.ml.class_results import History
from hepml.ml.steps import Progress
from hepml.ml.toptag.results import TaggerResult
from hepml.tables import FeatureTable

__all__ = ["SCORE_COLUMNS", "evaluate", "flat_metrics", "write_evaluation"]

# Columns of the scores: those after the first four may be absent.
SCORE_COLUMNS = (
    "label", "score", "jet_pt", "jet_m",
    "weight_isr_up", "weight_isr_down", "weight_fsr_up", "weight_fsr_down",
)  # fmt: skip


def evaluate(
    scores: FeatureTable | str | Path,
    *,
    tagger: str,
    title: str = "",
    score: str = "score",
    task: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    parameters: int | None = None,
    training_jets: int | None = None,
    seconds: float = 0.0,
    history: History | None = None,
    notes: tuple[str, ...] = (),
    max_jets: int | None = None,
    npz: Path | None = None,
    progress: Progress | None = None,
) -> TaggerResult:
    """Judge a tagger by its scores.

    Parameters
    ----------
    scores : FeatureTable or path
        Table or folder of Parquet files ``<dataset>/*.parquet`` with the columns
        `SCORE_COLUMNS`: label (1: top, 0: QCD), score, pT and mass of the jet [GeV], and for
        the nominal dataset the weights of showers, over the nominal weight. Datasets go by the
        portal's names or their aliases; ``test_nominal`` is the nominal one.
    tagger, title : str
        Name of the tagger, and the one for people.
    score : str
        Column of the scores.
    task, source, parameters, training_jets, seconds, history, notes
        For the result; see `TaggerResult`.
    max_jets : int, optional
        Most jets to read of a dataset, the first ones; default: all.
    npz : Path, optional
        Folder for ``<name>_metrics.npz`` of every set, in the layout of the published code.
    progress : callable, optional
        Told of every set.
    """
    raise NotImplementedError


def flat_metrics(found: TaggerResult) -> dict[str, float | None]:
    """Content of ``metrics.json``: one flat object of figures."""
    raise NotImplementedError


def write_evaluation(found: TaggerResult, folder: str | Path) -> None:
    """Write ``result.json`` and ``metrics.json``."""
    raise NotImplementedError
