"""Distributions of a table's columns by class: what `hepml explore` shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.columns import Column
from hepml.errors import ParameterError, TableError, did_you_mean
from hepml.explore.classes import DATA_CLASS, RowClasses
from hepml.explore.columns import axis_label, choose_columns
from hepml.explore.passes import Filled, Survey, edges_of, fill_bins, survey
from hepml.explore.results import ClassDistribution, ClassSummary, Distribution, Exploration
from hepml.normalise import normalise as find_normalisation
from hepml.plots.contents import RunContents, read_run
from hepml.plots.samples import DATA, data_label, pretty, simulation_groups
from hepml.plots.yields import own_axes
from hepml.stats.account import open_table
from hepml.tables import FeatureTable

__all__ = ["explore"]

Progress = Callable[[str, int, int], None]


def explore(
    path: str | Path,
    columns: Sequence[str] | None = None,
    *,
    everything: bool = False,
    label: str | None = None,
    weight: str | None = None,
    datasets: Sequence[str] = (),
    normalise: Literal["area", "yields"] = "area",
    luminosity: float | None = None,
    allow_missing: bool = False,
    progress: Progress | None = None,
) -> Exploration:
    """Find the distribution of columns in every class, reading the table twice in batches.

    Parameters
    ----------
    path : path
        Run directory, Parquet file or folder of them.
    columns : sequence of str, optional
        Columns by name or published name; default: see `choose_columns`.
    everything : bool
        Every column of numbers.
    label : str, optional
        Column that names the classes, ``"none"`` for the datasets; default: the table's label.
    weight : str, optional
        Column of weights, ``"none"`` for counts; default: the table's own.
    datasets : sequence of str
        Only these; default: all.
    normalise : {"area", "yields"}
        How figures scale the classes: to unit area, or to expected yields.
    luminosity : float, optional
        With ``yields``: luminosity [pb^-1] of simulation; default: that of the data.
    allow_missing : bool
        With ``yields``: scale incomplete simulation nevertheless.
    progress : callable, optional
        Called with what is done, how many rows are, of how many.

    Raises
    ------
    TableError
        If there is no table, or no such column.
    ParameterError
        If a column holds no numbers, or there are too many classes.
    IncompleteRunError
        If simulation that has to be scaled is not complete.
    """
    if normalise not in ("area", "yields"):
        raise ParameterError(f"--normalise is area or yields, not {normalise!r}.")
    if luminosity is not None and normalise == "area":
        raise ParameterError("--luminosity is for yields: add  --normalise yields")
    context = _context(Path(path), datasets)
    table = context.table
    if not len(table):
        raise TableError(f"The table of {path} has no rows to look at.")
    chosen = choose_columns(table, columns, everything=everything)
    scale, reached = _scale(context, normalise, luminosity, allow_missing)
    classes = RowClasses(
        _role(table, label, "label"), _role(table, weight, "weight"), context.kinds, scale
    )
    found, filled, integers = _read(table, chosen, classes, progress)
    order = _order(classes.names, context)
    known = _known_labels(context.contents)
    channel = context.channel
    return Exploration(
        source=context.source,
        channel=channel,
        rows="Rows" if channel == "shower" else "Events",
        class_column=classes.label,
        weight=classes.weight,
        normalise=normalise,
        luminosity=reached if classes.weight else None,
        classes=tuple(_summary(classes, number, found[number], context) for number in order),
        distributions=tuple(
            Distribution(
                name=column.name,
                unit=column.unit,
                role=column.role,
                alias=column.alias,
                doc=column.doc,
                label=axis_label(column, channel, known),
                integer=integers[place],
                edges=tuple(filled[place].edges.tolist()),
                classes=tuple(
                    _distribution(classes.names[number][0], place, found[number], filled, number)
                    for number in order
                ),
            )
            for place, column in enumerate(chosen)
        ),
        notes=(*context.notes, *_remarks(chosen, found, filled)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Context:
    """The table and what its run says of it."""

    table: FeatureTable
    source: dict[str, Any]
    notes: tuple[str, ...]
    channel: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    contents: RunContents | None = None


def _context(path: Path, datasets: Sequence[str]) -> _Context:
    if not (path / "plan.json").exists():
        table, account = open_table(path, datasets)
        return _Context(table, account.source, account.notes)
    contents = read_run(path)
    table, account = open_table(path, list(datasets) or list(contents.samples))
    # nothing is fitted here
    notes = tuple(note for note in account.notes if "fitted together" not in note)
    kinds = {name: sample.kind for name, sample in contents.samples.items()}
    return _Context(table, account.source, notes, contents.processor, kinds, contents)


def _scale(
    context: _Context, normalise: str, luminosity: float | None, allow_missing: bool
) -> tuple[dict[str, float], float | None]:
    """What weights are multiplied with, and the luminosity that they then stand for."""
    contents = context.contents
    if normalise == "area" or contents is None:
        if luminosity is not None:
            raise ParameterError("--luminosity needs a run directory: a bare table has no account.")
        return {}, None
    found = find_normalisation(
        contents.datasets,
        contents.luminosity,
        luminosity,
        where=contents.path,
        allow_missing=allow_missing,
    )
    return dict(found.factors), found.luminosity


def _role(table: FeatureTable, wanted: str | None, role: Literal["label", "weight"]) -> str:
    """The column that serves as label or weight; empty for none."""
    if wanted == "none":
        return ""
    if wanted is None:
        return next(iter(table.names(role)), "")
    known = table.names()
    stored = wanted if wanted in known else table.aliases.get(wanted, "")
    if not stored:
        raise TableError(f"The table has no column {wanted!r}. {did_you_mean(wanted, known)}")
    return stored


def _read(
    table: FeatureTable, columns: Sequence[Column], classes: RowClasses, progress: Progress | None
) -> tuple[dict[int, Survey], list[Filled], list[bool]]:
    """Both passes."""
    found: dict[int, Survey] = {}
    total = 2 * len(table)
    for rows, found in survey(table, columns, classes):  # noqa: B007
        if progress is not None:
            progress("looking", rows, total)
    known = [found[number] for number in sorted(found)]
    ranges = [edges_of(column, place, known) for place, column in enumerate(columns)]
    means = np.array([_means(item) for item in known])
    filled: list[Filled] = []
    for rows, filled in fill_bins(table, columns, classes, [edges for edges, _ in ranges], means):  # noqa: B007
        if progress is not None:
            progress("filling", len(table) + rows, total)
    return found, filled, [integer for _, integer in ranges]


def _means(found: Survey) -> NDArray[np.float64]:
    """Weighted mean of every column, 0 where there is none."""
    safe = np.where(found.sum_weights != 0, found.sum_weights, 1.0)
    return np.where(found.sum_weights != 0, found.sum_values / safe, 0.0)


def _order(names: Sequence[tuple[str, bool]], context: _Context) -> list[int]:
    """Numbers of the classes: the channel's own order, other simulation, then data."""
    samples = context.contents.samples if context.contents else {}
    usual = list(simulation_groups(samples, context.channel))

    def place(number: int) -> tuple[bool, int, str]:
        name, data = names[number]
        return data, usual.index(name) if name in usual else len(usual), name

    return sorted(range(len(names)), key=place)


def _summary(classes: RowClasses, number: int, found: Survey, context: _Context) -> ClassSummary:
    name, data = classes.names[number]
    return ClassSummary(
        name=name,
        title=_title(name, data, classes.label, context),
        data=data,
        rows=found.rows,
        sum_weights=found.weight,
        negative_share=found.negative / found.rows,
    )


def _title(name: str, data: bool, label: str, context: _Context) -> str:
    """How a legend writes a class."""
    if data:
        return data_label(context.contents.samples) if context.contents else DATA
    if label and name in ("0", "1"):
        return label if name == "1" else f"not {label}"
    return pretty(name, context.channel)


def _distribution(
    name: str, place: int, found: Survey, filled: Sequence[Filled], number: int
) -> ClassDistribution:
    into, total = filled[place], float(found.sum_weights[place])
    defined = int(found.defined[place])
    mean = float(_means(found)[place]) if defined and total else None
    variance = float(into.squares[number]) / total if mean is not None else -1.0
    return ClassDistribution(
        name=name,
        n=found.rows,
        nan_share=float(found.nan[place] / found.rows),
        infinite_share=float(found.infinite[place] / found.rows),
        sum_weights=total,
        mean=mean,
        std=float(np.sqrt(variance)) if variance >= 0 else None,
        low=float(found.low[place]) if defined else None,
        high=float(found.high[place]) if defined else None,
        quantiles=found.quantiles(place),
        values=tuple(into.values[number].tolist()),
        variances=tuple(into.variances[number].tolist()),
        below=float(into.below[number]),
        above=float(into.above[number]),
    )


def _known_labels(contents: RunContents | None) -> dict[str, str]:
    """Texts of the axes of the run's own histograms, by quantity."""
    axes = [
        axis
        for histogram in (contents.histograms.values() if contents else ())
        for axis in own_axes(histogram)
    ]
    return {axis.name: axis.label for axis in axes if axis.label and axis.name != DATA_CLASS}


def _remarks(
    columns: Sequence[Column], found: Mapping[int, Survey], filled: Sequence[Filled]
) -> list[str]:
    """Columns that are nowhere defined, constant, or infinite somewhere."""
    notes = []
    for place, column in enumerate(columns):
        infinite = sum(int(item.infinite[place]) for item in found.values())
        if not len(filled[place].edges):
            notes.append(f"{column.name!r} is not defined in any row")
        elif (
            len({float(v) for i in found.values() if i.defined[place] for v in _ends(i, place)}) < 2
        ):
            notes.append(f"{column.name!r} has the same value in all rows that define it")
        if infinite:
            notes.append(f"{column.name!r} is infinite in {infinite:,} rows, which are left out")
    return notes


def _ends(found: Survey, place: int) -> tuple[float, float]:
    return float(found.low[place]), float(found.high[place])
