"""An anomaly search from a table to results in a folder, resumable at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from hepml import __version__
from hepml.engine.store import Layout, locked, write_json
from hepml.errors import OutputError
from hepml.ml.anomaly.asked import (
    AnomalyOptions,
    AnomalyTask,
    choose_density,
    new_task,
    opened,
    same_task,
)
from hepml.ml.anomaly.blind import blind_result
from hepml.ml.anomaly.findings import AnomalyFindings, Training
from hepml.ml.anomaly.folder import AnomalyFolder
from hepml.ml.anomaly.reading import AnomalyEvents, Wish, read_events
from hepml.ml.anomaly.report import flat_metrics, judge_kept, true_efficiency
from hepml.ml.anomaly.scored import Statistics
from hepml.ml.anomaly.sensitivity import expected_sensitivity
from hepml.ml.anomaly.strategies import run_strategy
from hepml.ml.anomaly.trained import describe_training
from hepml.windows import Window

__all__ = ["judge_folder", "search_anomaly"]

Progress = Callable[[str, int, int], None]


def search_anomaly(
    name: str,
    path: str | Path,
    out: str | Path,
    wish: Wish,
    options: AnomalyOptions,
    statistics: Statistics,
    *,
    nominal: float | None = None,
    notes: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> AnomalyFindings:
    """Train, score every event by models that never saw it, and say how significant it is.

    The task, with the nominal working point, is written before anything else. Each trained model
    is kept as soon as it is trained: the same call after an interruption goes on from there.

    Parameters
    ----------
    name : str
        Of the task.
    path : path
        Run directory, Parquet file or folder of them.
    out : path
        Folder to create, or of the same search.
    wish : Wish
        What to read.
    options : AnomalyOptions
        How to train.
    statistics : Statistics
        How to judge.
    nominal : float, optional
        False-positive rate of the working point that counts; default: that of the folder, else
        0.1. After the signal region was opened it cannot be changed.
    notes : tuple of str
        What a reader must know.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.

    Raises
    ------
    OutputError
        If the folder belongs to another search, or cannot be written.
    TableError, ParameterError, EmptyInputError, ModelError, StatisticsError
        If the events cannot be searched like this.
    """
    density, remark = choose_density(options.density)
    chosen = replace(options, density=density)
    asked = statistics if nominal is None else replace(statistics, nominal=nominal)
    folder = AnomalyFolder(out)
    known = folder.read_task()
    wanted = replace(wish, blind=options.blind)
    events = read_events(path, wanted)
    record = new_task(name, path, wanted, chosen, asked, events.data)
    if known is not None:
        record = same_task(known, record, nominal, folder.root)
        asked = replace(asked, nominal=record.nominal)
    folder.root.mkdir(parents=True, exist_ok=True)
    said = (*notes, *((remark,) if remark else ()))
    with locked(Layout(folder.root)):
        record.write(folder.task)
        if options.blind:
            return _closed(folder, record, events, chosen, asked, said, progress)
        _train(folder, events, chosen, asked, progress)
        record = opened(record)
        record.write(folder.task)
        source = events.source
        return _judge(folder, record, wish.window, source, asked, (*said, *events.notes), progress)


def judge_folder(
    out: str | Path,
    statistics: Statistics,
    *,
    nominal: float | None = None,
    progress: Progress | None = None,
) -> AnomalyFindings:
    """Do the statistics again from what a folder holds; nothing is trained and no table is read.

    Raises
    ------
    OutputError
        If the folder holds no finished training.
    ParameterError
        If the nominal working point is changed.
    """
    folder = AnomalyFolder(out)
    known = folder.read_task()
    if known is None or not folder.trained:
        raise OutputError(
            f"{out} holds no finished training. Run the same command without --no-train."
        )
    again = known.model_copy(update={"statistics": asdict(statistics)})
    record = same_task(known, again, nominal, folder.root)
    asked = replace(statistics, nominal=record.nominal)
    before = AnomalyFindings.read(folder.result) if folder.result.is_file() else None
    window = Window(**{k: _tupled(v) for k, v in known.wish["window"].items()})
    source = before.source if before else {"path": known.input["path"]}
    notes = before.notes if before else ()
    with locked(Layout(folder.root)):
        record = opened(record)
        record.write(folder.task)
        return _judge(folder, record, window, source, asked, notes, progress)


def _train(
    folder: AnomalyFolder,
    events: AnomalyEvents,
    options: AnomalyOptions,
    asked: Statistics,
    progress: Progress | None,
) -> None:
    """Score all events, unless that was done."""
    if folder.trained:
        return
    found = run_strategy(
        options.strategy,
        events.data,
        density=options.density,
        density_options=options.density_options,
        preprocessing=options.preprocessing,
        decorrelate=options.decorrelate,
        seeds=options.seeds,
        folds=options.folds,
        ensemble=options.ensemble,
        degree=asked.degree,
        bins=asked.bins,
        control=events.control,
        quick=options.quick,
        store=folder.state,
        progress=progress,
    )
    folder.write_training(events, found, describe_training(events, found, options))


def _closed(
    folder: AnomalyFolder,
    record: AnomalyTask,
    events: AnomalyEvents,
    options: AnomalyOptions,
    asked: Statistics,
    notes: tuple[str, ...],
    progress: Progress | None,
) -> AnomalyFindings:
    """Sidebands, closure and what could be seen; events of the signal region were not read."""
    data = events.data
    trained = blind_result(data, options, asked, folder.state, progress)
    found = AnomalyFindings(
        version=__version__,
        task=record.to_json(),
        source=events.source,
        window=_edges(data.window),
        blind=True,
        training=describe_training(events, trained, options),
        sensitivity=expected_sensitivity(
            data.mass, data.window, asked.points, degree=asked.degree, bins=asked.bins
        ),
        notes=tuple(dict.fromkeys((*notes, *events.notes))),
    )
    return _written(folder, found)


def _judge(
    folder: AnomalyFolder,
    record: AnomalyTask,
    window: Window,
    source: dict[str, Any],
    asked: Statistics,
    notes: tuple[str, ...],
    progress: Progress | None,
) -> AnomalyFindings:
    """Statistics of the scores in the folder."""
    training = Training.read(folder.training)
    kept = folder.read_kept(source.get("mass") or "", training.features)
    samples = judge_kept(
        kept,
        training.features,
        training.strategy,
        str(source.get("sign", "all")),
        window,
        asked,
        source,
        progress,
    )
    found = AnomalyFindings(
        version=__version__,
        task=record.to_json(),
        source=source,
        window=_edges(window),
        blind=False,
        training=training,
        sensitivity=expected_sensitivity(
            kept.mass[~kept.control], window, asked.points, degree=asked.degree, bins=asked.bins
        ),
        samples=samples,
        efficiency=true_efficiency(kept, window),
        notes=tuple(dict.fromkeys(notes)),
    )
    return _written(folder, found)


def _written(folder: AnomalyFolder, found: AnomalyFindings) -> AnomalyFindings:
    found.write(folder.result)
    write_json(folder.metrics, flat_metrics(found))
    return found


def _edges(window: Window) -> dict[str, Any]:
    names = ("name", "left", "low", "high", "right")
    return {name: getattr(window, name) for name in names}


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
