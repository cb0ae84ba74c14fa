"""What an export of dijets writes: samples, mass points, files, and how large it will be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ParameterError, TableError, did_you_mean
from hepml.export.dijet_asked import DijetExport
from hepml.export.dijet_layout import MODES, Point, columns_of, event_fields, point_name
from hepml.export.dijet_rows import NEEDED, SampleFacts, survey
from hepml.export.dijet_shards import Writer
from hepml.importers.dijet_samples import SAMPLES
from hepml.ml.sources import open_rows, selection_of
from hepml.parts import to_numpy
from hepml.tables import FeatureTable

__all__ = ["DijetPlan", "Target", "plan_dijets"]

# of other publications: only where they are asked for
_LATER = ("qcd_generated", "wprime_qq_extended")
_REGION = {"mass_low": 3300.0, "mass_high": 3700.0, "order": "mass"}
_METADATA = 300  # bytes of the file beside each shard
_LARGE = 10e9


@dataclass(frozen=True, slots=True)
class Target:
    """A folder of shards.

    Attributes
    ----------
    folder : Path
        Where.
    contents : tuple of (SampleFacts, tuple of Point)
        Samples in their order, each with the mass points that it is written for.
    """

    folder: Path
    contents: tuple[tuple[SampleFacts, tuple[Point, ...]], ...]

    @property
    def events(self) -> int:
        """Events in its files."""
        return sum(facts.at(point) for facts, points in self.contents for point in points)


@dataclass(frozen=True, slots=True, eq=False)
class DijetPlan:
    """What will be written.

    Attributes
    ----------
    asked : DijetExport
        The options.
    table : FeatureTable
        Where events come from.
    targets : tuple of Target
        Folders.
    source : dict
        What tells this table from others, as JSON values.
    originals : dict
        Original file of each identity in the column ``file``.
    bytes : float
        Size of all files; of Parquet about.
    notes : tuple of str
        What a reader must know.
    """

    asked: DijetExport
    table: FeatureTable
    targets: tuple[Target, ...]
    source: dict[str, Any]
    originals: dict[str, str]
    bytes: float
    notes: tuple[str, ...] = field(default=())

    @property
    def events(self) -> int:
        """Events in all files; background counts once for each mass point."""
        return sum(target.events for target in self.targets)

    @property
    def files(self) -> int:
        """Shards."""
        return len(self.targets) * self.asked.shards

    @property
    def samples(self) -> tuple[SampleFacts, ...]:
        """Samples that are written."""
        found = {facts.dataset: facts for item in self.targets for facts, _ in item.contents}
        return tuple(found.values())


def plan_dijets(run: str | Path, asked: DijetExport) -> DijetPlan:
    """Plan an export; reads which events there are, and writes nothing.

    Parameters
    ----------
    run : path
        Run directory of ``hepml run dijet``, Parquet file or folder of them.
    asked : DijetExport
        Options.

    Raises
    ------
    TableError
        If the table is none of dijets, or lacks signal of a mass point.
    ParameterError
        If there is no such sample, or nothing to write.
    """
    table, account = open_rows(run, labelled=True)
    columns = columns_of(asked.features)
    missing = [name for name in (*NEEDED, *columns) if name not in table.names()]
    if missing:
        raise TableError(f"{run} has no column {missing[0]!r}: give a run of hepml run dijet.")
    facts = [survey(table, name) for name in table.datasets]
    chosen = _chosen(facts, asked.samples)
    targets = tuple((_dedicated if asked.kind == "dedicated" else _mixed)(asked, chosen, facts))
    selection = selection_of(run)
    plan = DijetPlan(
        asked,
        table,
        targets,
        {"parts": _digest(table), "selection": selection},
        _originals(Path(run)),
        0.0,
    )
    size = plan.events * _bytes_per_event(table, asked) + plan.files * _METADATA
    notes = (*account.notes, *_notes(plan, selection, size))
    return DijetPlan(asked, table, targets, plan.source, plan.originals, size, notes)


def _chosen(
    facts: Sequence[SampleFacts], wanted: tuple[str, ...] | None
) -> tuple[SampleFacts, ...]:
    """Samples to write, in the published order, with those of one's own behind them."""
    order = {name: place for place, name in enumerate(SAMPLES)}
    ordered = sorted(facts, key=lambda item: (order.get(item.dataset, len(order)), item.dataset))
    if wanted is None:
        found = [item for item in ordered if item.events and item.dataset not in _LATER]
        if not found:
            raise TableError("The table has no events of known label; there is nothing to export.")
        return tuple(found)
    names = {item.name for item in facts} | {item.dataset for item in facts}
    for name in wanted:
        if name not in names:
            raise ParameterError(f"The table has no sample {name!r}. " + did_you_mean(name, names))
    found = [item for item in ordered if {item.name, item.dataset} & set(wanted)]
    for item in found:
        if not item.events:
            raise TableError(f"The sample {item.name!r} has no events of its label.")
    return tuple(found)


def _points(
    asked: DijetExport, signal: Sequence[SampleFacts], facts: Sequence[SampleFacts]
) -> tuple[Point, ...]:
    """Mass points that background is written for: those of the signal, or those asked for."""
    if asked.mass_points is None:
        known = sorted({point for item in signal or facts for point in item.points})
        if not known:
            raise ParameterError("The table has no signal. Say for which masses:  --mass-points")
        return tuple(known)
    wanted = tuple(dict.fromkeys(asked.mass_points))
    for item in signal:
        lacking = [point for point in wanted if point not in item.counts]
        if lacking:
            (x, y), more = lacking[0], len(lacking) - 1
            near = sorted(item.points, key=lambda point: np.hypot(point[0] - x, point[1] - y))
            others = f" (nor of {more} more)" if more else ""
            raise TableError(
                f"{item.name} has no events with masses {x:g}:{y:g} GeV{others}. Nearest of "
                f"{len(near)} mass points: {', '.join(f'{a:g}:{b:g}' for a, b in near[:4])}."
            )
    return wanted


def _dedicated(
    asked: DijetExport, chosen: Sequence[SampleFacts], facts: Sequence[SampleFacts]
) -> Iterator[Target]:
    points = _points(asked, [item for item in chosen if item.label], facts)
    for item in chosen:
        for point in points:
            if item.at(point):
                folder = asked.root / f"{item.name}_{point_name(point)}"
                yield Target(folder, ((item, (point,)),))


def _mixed(
    asked: DijetExport, chosen: Sequence[SampleFacts], facts: Sequence[SampleFacts]
) -> Iterator[Target]:
    """A folder for each decay mode, with the signal of that mode and all background."""
    background = [item for item in chosen if not item.label]
    modes = {
        mode: [item for item in chosen if item.label and item.prongs == prongs]
        for prongs, mode in MODES.items()
    }
    unknown = [item.name for item in chosen if item.label and item.prongs not in MODES]
    if unknown:
        raise TableError(
            f"The decay mode of {', '.join(unknown)} is not known, so there is no folder for it. "
            "Leave it out (--samples), or import it under a published name."
        )
    if not background or not any(modes.values()):
        lacking = "signal" if background else "background"
        raise ParameterError(
            f"Parameterised files mix background and signal, and there is no {lacking} among "
            f"{', '.join(item.name for item in chosen)}. Name more:  --samples"
        )
    for mode, signal in modes.items():
        if signal:
            points = _points(asked, signal, facts)
            contents = [(item, points) for item in background]
            for item in signal:
                contents.append((item, tuple(point for point in points if item.at(point))))
            yield Target(asked.root / mode, tuple(contents))


def _notes(plan: DijetPlan, selection: Mapping[str, Any], size: float) -> Iterator[str]:
    cuts = selection.get("cuts") or {}
    other = [name for name, value in _REGION.items() if cuts and cuts.get(name) != value]
    if other:
        yield (
            f"the run has {', '.join(f'{name} = {cuts.get(name)}' for name in other)}: these are "
            "not the events that the published package takes"
        )
    for item in plan.samples:
        if item.left_out:
            yield f"{item.name}: {item.left_out:,} events of another label are left out"
    events = sum(item.events for item in plan.samples)
    if size > _LARGE:
        yield (
            f"{events:,} events become {plan.events:,} records, since this layout holds "
            "background once for each mass point. The table holds each event once, and "
            "hepml ml dijet trains on it as it is"
        )


def _digest(table: FeatureTable) -> str:
    """Tells a table from others: names of parts come from what is in them."""
    parts = sorted((part.name, part.stat().st_size) for part in table.parts)
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _originals(run: Path) -> dict[str, str]:
    """Original file of each imported one; empty for a bare table."""
    if not (run / "provenance.json").exists():
        return {}
    from hepml.engine.rundir import Run

    found = {}
    for item in Run(run).provenance.get("inputs", ()):
        source = (item.get("imported") or {}).get("source") or {}
        if "name" in source:
            found[str(item["uuid"])] = str(source["name"])
    return found


def _bytes_per_event(table: FeatureTable, asked: DijetExport) -> float:
    columns = columns_of(asked.features)
    for batch in table.batches(["label", *columns], 20_000):
        if len(batch):
            rows = np.column_stack([to_numpy(batch.column(n)) for n in columns]).astype(np.float32)
            masses = np.full((len(batch), 2), 300.0)
            events = event_fields(asked.features, rows, masses, to_numpy(batch.column("label")))
            return Writer(asked.form, asked.features).bytes_per_event(events)
    return 0.0
