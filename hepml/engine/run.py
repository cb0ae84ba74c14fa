"""Run a processor over files: resolve them, plan, execute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hepml.engine.cluster import ClusterOptions, as_options, check_cluster
from hepml.engine.execution import execute_plan
from hepml.engine.executors import check_executor
from hepml.engine.planning import make_plan
from hepml.engine.pool import warm_up
from hepml.engine.progress import file_progress
from hepml.engine.remote import folder_of, is_url, publish, refuse_taken
from hepml.engine.rundir import Run
from hepml.engine.sources import check_lazy
from hepml.engine.store import Layout
from hepml.errors import HepmlError

if TYPE_CHECKING:
    from hepml.inputs import Input
    from hepml.processor import Processor

__all__ = ["Run", "as_inputs", "execute_plan", "run"]


def run(
    processor: Processor,
    catalogue: Sequence[Input] | Mapping[str, str | Sequence[str]] | Sequence[str],
    *,
    out: str | Path,
    model: str | Path | None = None,
    score: str = "score",
    executor: str = "futures",
    workers: int = 2,
    scheduler: str | None = None,
    cluster: ClusterOptions | str = "local",
    chunk_size: int | None = None,
    max_events: int | None = None,
    kind: str | None = None,
    retries: int = 2,
    progress: bool = False,
    allow_missing: bool = False,
) -> Run:
    """Run a processor over files and write a run directory.

    Parameters
    ----------
    processor : Processor
        The selection, with its parameters.
    catalogue : sequence of Input, sequence of str, or mapping of str to files
        ``Catalogue.select(...)``; or file names, directories and dataset names as on the
        command line; or dataset name to files.
    out : path
        Folder to create; or a URL (``root://``, whatever fsspec knows), then the run is made in a
        folder of that name here, and copied when it is complete.
    model : path, optional
        Folder of a trained model; its scores become columns of the feature table.
    score : str
        With ``model``: name of its column, or what the names begin with where it gives several.
    executor : {"iterative", "futures", "dask", "dask-awkward"}
        How to run; the result does not depend on it.
    workers : int
        Processes on this machine.
    scheduler : str, optional
        Address of a running dask scheduler, for the dask executors.
    cluster : str or ClusterOptions
        Where dask workers come from without it: ``"local"``, or a batch system by name.
    chunk_size : int, optional
        Wanted entries a chunk; default: the processor's own, ``processor.chunk_size``.
    max_events : int, optional
        At most this many events per dataset; such a run cannot be normalised.
    kind : {"data", "simulation"}, optional
        For files that neither the catalogue nor their content classifies.
    retries : int
        Further attempts at a chunk that failed, or at a remote file that does not open.
    progress : bool
        Show a progress bar.
    allow_missing : bool
        Return an incomplete run instead of raising.

    Returns
    -------
    Run
        The finished run.

    Raises
    ------
    IncompleteRunError
        If a chunk has no result and ``allow_missing`` is false; the run directory stays.
    ModelError
        If the model cannot be applied to the processor's table.
    """
    from hepml.registry import registered_name

    if model is not None:
        processor = processor.with_model(model, score)
    check_executor(executor, workers, retries)
    options = as_options(cluster, scheduler)
    check_cluster(executor, options)
    check_lazy(executor, processor)
    url = str(out) if is_url(out) else None
    if url:
        refuse_taken(url)
    layout = Layout(folder_of(url) if url else out)
    layout.refuse_taken()
    if executor == "futures":
        warm_up()
    processor.check_model()
    inputs = as_inputs(catalogue, processor.name)
    with file_progress(len(inputs), show=progress) as on_files:
        plan = make_plan(
            processor,
            inputs,
            name=registered_name(type(processor)),
            chunk_size=chunk_size,
            max_events=max_events,
            kind=kind,
            retries=retries,
            executor=executor,
            workers=workers,
            on_files=on_files,
        )
    layout.create()
    plan.save(layout.plan)
    try:
        result = execute_plan(
            layout,
            plan,
            processor,
            executor=executor,
            workers=workers,
            options=options,
            retries=retries,
            progress=progress,
            allow_missing=allow_missing,
        )
    except HepmlError:
        if not layout.report.exists():
            layout.discard_unused()  # no scheduler, other code on the workers: it never began
        raise
    if url and result.complete:
        publish(layout.root, url)
    return result


def as_inputs(
    catalogue: Sequence[Input] | Mapping[str, str | Sequence[str]] | Sequence[str], channel: str
) -> tuple[Input, ...]:
    """Accept inputs, command-line words, or a mapping of dataset name to files."""
    from hepml.catalogue import Catalogue, resolve_inputs
    from hepml.inputs import Input

    if isinstance(catalogue, Mapping):
        return tuple(
            replace(item, dataset=name, label=item.label if item.catalogued else name, named=True)
            for name, files in catalogue.items()
            for item in resolve_inputs(
                [files] if isinstance(files, str) else [str(file) for file in files],
                Catalogue.load(),
                channel,
            )
        )
    items = [catalogue] if isinstance(catalogue, str) else list(catalogue)
    ready = tuple(item for item in items if isinstance(item, Input))
    if len(ready) == len(items):
        return ready
    return resolve_inputs([str(item) for item in items], Catalogue.load(), channel)
