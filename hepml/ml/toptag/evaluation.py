"""From scores of jets to metrics and uncertainties, one dataset in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import TableError
from hepml.ml.class_results import History
from hepml.ml.steps import Progress, Steps
from hepml.ml.toptag.arrays import write_arrays, write_npz
from hepml.ml.toptag.evaluation_output import flat_metrics, write_evaluation
from hepml.ml.toptag.influence import influences, ratio_errors
from hepml.ml.toptag.judging import Judged, judge_set, weights_of
from hepml.ml.toptag.published import PUBLISHED, Baseline
from hepml.ml.toptag.results import Efficiency, MetricSet, TaggerResult
from hepml.ml.toptag.roles import NOMINAL, SETS, JetSet, known_datasets
from hepml.ml.toptag.scores import JetScores, read_scores
from hepml.ml.toptag.systematics import find_systematics, systematic_notes
from hepml.ml.toptag.tagging import mass_shapes, shares, tagging_efficiencies
from hepml.tables import FeatureTable

__all__ = ["SCORE_COLUMNS", "evaluate", "flat_metrics", "write_evaluation"]

# Columns of the scores: those after the first three may be absent.
SCORE_COLUMNS = (
    "label", "score", "jet_pt", "jet_m",
    "weight_isr_up", "weight_isr_down", "weight_fsr_up", "weight_fsr_down",
)  # fmt: skip

_TRAINING = "train_nominal"


def evaluate(
    scores: FeatureTable | str | Path,
    *,
    tagger: str,
    title: str = "",
    score: str = "score",
    nominal: str | None = None,
    task: Mapping[str, Any] | None = None,
    source: Mapping[str, Any] | None = None,
    parameters: int | None = None,
    training_jets: int | None = None,
    seconds: float = 0.0,
    history: History | None = None,
    notes: Sequence[str] = (),
    published: Sequence[Baseline] = PUBLISHED,
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
        portal's names or their aliases.
    tagger, title : str
        Name of the tagger, and the one for people.
    score : str
        Column of the scores.
    nominal : str, optional
        Dataset that the others are compared with; default: ``test_nominal``, or the only one.
    task, source, parameters, training_jets, seconds, history, notes, published
        For the result; see `TaggerResult`.
    max_jets : int, optional
        Most jets to read of a dataset, the first ones; default: all. The published code reads
        3,000,000.
    npz : Path, optional
        Folder for ``<name>_metrics.npz`` of every set and ``uncertainties.npz``, in the layout
        of the published code.
    progress : callable, optional
        Told of every dataset.

    Raises
    ------
    TableError
        If there is no nominal dataset, or a column is missing.
    """
    table = scores if isinstance(scores, FeatureTable) else FeatureTable.open(scores)
    reader = _Reader(table, score, max_jets, nominal)
    work = _Work(reader, npz)
    steps = Steps(progress, len(reader.datasets))
    for dataset in reader.datasets:
        steps(dataset)
        work.add(dataset)
    sets = {item.name: item for item in work.sets}
    found = find_systematics(sets) if len(work.seen) > 1 or work.weighted else None
    if npz is not None and found is not None:
        write_arrays(npz / "uncertainties.npz", found)
    said = (*notes, *reader.notes, *work.notes, *(systematic_notes(found) if found else ()))
    return TaggerResult(
        tagger=tagger,
        title=title or tagger,
        task=dict(task or {}),
        source=dict(source or {}),
        parameters=parameters,
        training_jets=training_jets,
        seconds=seconds,
        history=history,
        sets=tuple(work.sets),
        systematics=found,
        efficiencies=tuple(work.efficiencies),
        mass=mass_shapes(work.nominal, work.sets[0].rejections),
        published=tuple(published),
        notes=said,
    )


class _Reader:
    """Datasets of a table by the portal's names, nominal first."""

    def __init__(
        self, table: FeatureTable, score: str, max_jets: int | None, nominal: str | None
    ) -> None:
        known = known_datasets(table.datasets)
        self.table, self.score, self.max_jets = table, score, max_jets
        self.notes: list[str] = []
        if nominal is not None:
            table.of(nominal)  # names near misses
            known = {NOMINAL: nominal} | {k: v for k, v in known.items() if v != nominal}
        if len(known) > 1 and known.pop(_TRAINING, None) is not None:
            self.notes.append(f"Jets of {_TRAINING} were trained on and count nowhere.")
        if NOMINAL not in known:
            if len(known) != 1:
                raise TableError(
                    f"There is no dataset {NOMINAL!r} to compare with, only "
                    f"{', '.join(map(repr, known)) or 'none'}. Say which one is nominal."
                )
            known = {NOMINAL: next(iter(known.values()))}
            self.notes.append(f"Dataset {known[NOMINAL]!r} is taken as the nominal one.")
        order = {item.dataset: place for place, item in enumerate(reversed(SETS))}
        self.spelling = {
            name: known[name] for name in sorted(known, key=lambda name: -order.get(name, -1))
        }
        self.datasets = tuple(self.spelling)

    def read(self, dataset: str) -> JetScores:
        """Jets of a dataset; masses and shower weights of the nominal one only."""
        first = dataset == NOMINAL
        return read_scores(
            self.table.of(self.spelling[dataset]),
            score=self.score,
            weights=tuple(item.weight for item in SETS if item.weight) if first else (),
            mass=first,
            max_jets=self.max_jets,
        )


class _Work:
    """Metrics as they are found; of the nominal jets everything is kept, of others nothing."""

    def __init__(self, reader: _Reader, npz: Path | None) -> None:
        self.reader, self.npz = reader, npz
        self.sets: list[MetricSet] = []
        self.efficiencies: list[Efficiency] = []
        self.notes: list[str] = []
        self.seen: list[str] = []
        self.weighted = False
        self.influences: list[NDArray[np.float64] | None] = []
        self.nominal = reader.read(NOMINAL)

    def add(self, dataset: str) -> None:
        """Judge all sets that are made of the jets of a dataset."""
        jets = self.nominal if dataset == NOMINAL else self.reader.read(dataset)
        self.seen.append(dataset)
        if jets.dropped:
            total = len(jets) + jets.dropped
            self.notes.append(f"{dataset}: {jets.dropped:,} of {total:,} jets have no score.")
        wanted = [item for item in SETS if item.dataset == dataset]
        for item in wanted or [JetSet(dataset, dataset, dataset)]:
            if item.weight and not self._has_weights(item):
                continue
            self._judge(item, jets)
        points = self.sets[0].rejections
        known = shares(self.efficiencies) if dataset != NOMINAL else None
        self.efficiencies += tagging_efficiencies(dataset, jets, points, known)

    def _has_weights(self, item: JetSet) -> bool:
        """Whether all jets have the weights of a set."""
        weights = self.nominal.weights.get(item.weight)
        if weights is None or not len(weights):
            return False
        on = self.nominal.truth if item.on == "signal" else ~self.nominal.truth
        bad = int((~np.isfinite(weights[on])).sum())
        if bad and bad < int(on.sum()):
            self.notes.append(f"{item.name}: left out, {bad:,} jets have no {item.weight}.")
        self.weighted = self.weighted or not bad
        return not bad

    def _judge(self, item: JetSet, jets: JetScores) -> None:
        names: tuple[str, ...] = (item.dataset,)
        if item.add:
            jets = jets.plus(self.nominal.only(item.add))
            names = (*names, NOMINAL) if item.add == "background" else (NOMINAL, *names)
        found = judge_set(jets, item, names)
        if jets is self.nominal:
            found = self._compared(found, item)
        self.sets.append(found.metrics)
        self._keep(found)
        metrics = found.metrics
        if metrics.auc is None:
            self.notes.append(
                f"{metrics.name}: no metrics, there are {metrics.signal:,} signal and "
                f"{metrics.background:,} background jets."
            )
        for point in metrics.rejections:
            if point.least is not None:
                self.notes.append(
                    f"{metrics.name}: no background jet of {metrics.background:,} passes at "
                    f"{point.efficiency:g}, the rejection is above {point.least:.3g}."
                )

    def _compared(self, found: Judged, item: JetSet) -> Judged:
        """With errors of the ratios to nominal, both being of the same jets."""
        weights, points = weights_of(self.nominal, item), found.metrics.rejections
        mine = [influences(self.nominal, weights, found.roc, point) for point in points]
        if not self.sets:
            self.influences = mine
            return found
        compared = ratio_errors(points, mine, self.sets[0].rejections, self.influences)
        return Judged(found.metrics.model_copy(update={"rejections": compared}), found.roc)

    def _keep(self, found: Judged) -> None:
        if self.npz is not None:
            write_npz(self.npz / f"{found.metrics.name}_metrics.npz", found.arrays())
