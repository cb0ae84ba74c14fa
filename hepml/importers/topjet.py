"""Import top-tagging jets: HDF5 files to jagged Parquet, several at a time, resumable."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from hepml.catalogue import Catalogue
from hepml.errors import CatalogueError, EmptyInputError, OutputError, OverlapError, ParameterError
from hepml.files import explain_write, make_folder
from hepml.importers.topjet_layout import read_layout
from hepml.importers.topjet_work import Outcome, Task, import_part, open_jets, remove_leftovers
from hepml.processes import follow_parent, without_main

__all__ = ["BAD_JETS", "JetImport", "dataset_of", "import_jets"]

BAD_JETS = ("refuse", "drop")
SUFFIXES = (".h5", ".h5.gz", ".hdf5", ".hdf5.gz")
# Jets of one output file: files of the 2022 release hold 42 million, and a stop costs one part.
PART = 1_000_000
CHANNEL = "topjet"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class JetImport:
    """What became of every file.

    Attributes
    ----------
    outcomes : tuple of Outcome
        One for each file written, kept or failed, in the order of the input.
    """

    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Files of which nothing was written."""
        return tuple(item for item in self.outcomes if item.state == "failed")

    @property
    def datasets(self) -> dict[str, tuple[Outcome, ...]]:
        """Data set to its files that are there now."""
        found: dict[str, list[Outcome]] = {}
        for item in self.outcomes:
            if item.state != "failed":
                found.setdefault(item.dataset, []).append(item)
        return {name: tuple(items) for name, items in found.items()}


def import_jets(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    workers: int = 2,
    max_constits: int | None = None,
    bad_jets: str = BAD_JETS[0],
    progress: Progress | None = None,
) -> JetImport:
    """Import files to ``out/<dataset>/<file>.parquet``; zero padding stays behind.

    A file that is there already, made of the same source and sound, is kept: the same call
    finishes an import that was stopped.

    Parameters
    ----------
    sources : sequence of path
        HDF5 files, gzipped or not, or folders of them.
    out : path
        Folder; made where it is not there.
    workers : int
        Processes; each reads one file at a time, in some 300 MB of memory.
    max_constits : int, optional
        Keep no more than this many constituents a jet; default: all.
    bad_jets : {"refuse", "drop"}
        Jets with unusable numbers (NaN, no energy): refuse their file, or leave them out and
        count them. Undefined high-level quantities are no reason for either.
    progress : callable, optional
        Called with the data set, how many files are done and how many there are.

    Returns
    -------
    JetImport
        A file that cannot be imported is named there, with its reason; the others are imported.

    Raises
    ------
    EmptyInputError
        If there is nothing to import.
    OverlapError
        If two inputs would become the same file.
    ParameterError
        If an option makes no sense.
    """
    if workers < 1:
        raise ParameterError(f"--workers must be at least 1, not {workers}.")
    if bad_jets not in BAD_JETS:
        raise ParameterError(f"--bad-jets is {' or '.join(BAD_JETS)}, not {bad_jets!r}.")
    if max_constits is not None and max_constits < 1:
        raise ParameterError(f"--max-constits must be at least 1, not {max_constits}.")
    root = Path(out)
    try:
        make_folder(root)
    except OSError as error:
        raise OutputError(explain_write(root, error)) from error
    tasks = _tasks(_files(sources), root, max_constits, bad_jets == "drop")
    found: dict[Path, Outcome] = {}
    for outcome in _outcomes(tasks, workers):
        found[outcome.target] = outcome
        if progress is not None:
            progress(outcome.dataset, len(found), len(tasks))
    return JetImport(tuple(found[task.target] for task in tasks))


def dataset_of(source: Path, catalogue: Catalogue | None = None) -> str:
    """Data set of a file by its name: that of the catalogue, whatever the spelling."""
    catalogue = catalogue or Catalogue.load()
    known = catalogue.match_file(source.name, CHANNEL)
    if known is not None:
        return known[0].name
    stem = re.sub(r"_\d+$", "", _stem(source))
    try:
        return catalogue.match(stem, CHANNEL)[0].name
    except CatalogueError:
        return stem


def _stem(source: Path) -> str:
    name = source.name
    for suffix in SUFFIXES[::-1]:
        name = name.removesuffix(suffix)
    return name


def _files(sources: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for source in map(Path, sources):
        if source.is_dir():
            inside = sorted(path for path in source.iterdir() if path.name.endswith(SUFFIXES))
            if not inside:
                raise EmptyInputError(f"The folder {source} holds no HDF5 file ({SUFFIXES[0]}).")
            found += inside
        elif source.exists():
            found.append(source)
        else:
            raise EmptyInputError(f"There is no {source}.")
    if not found:
        raise EmptyInputError("No files to import: name HDF5 files, or folders of them.")
    return found


def _tasks(files: Sequence[Path], root: Path, max_constits: int | None, drop: bool) -> list[Task]:
    catalogue = Catalogue.load()
    owners: dict[Path, Path] = {}
    tasks: list[Task] = []
    for file in files:
        dataset = dataset_of(file, catalogue)
        for name, rows in _parts(file, root):
            target = root / dataset / f"{name}.parquet"
            if target in owners:
                raise OverlapError(
                    f"{owners[target]} and {file} would both become {target}: the same jets twice? "
                    "Name one of them, or import them to two folders."
                )
            owners[target] = file
            tasks.append(Task(file, target, dataset, rows, max_constits, drop))
    return tasks


def _parts(file: Path, root: Path) -> Iterator[tuple[str, tuple[int, int] | None]]:
    """Names and rows of the files that one input becomes."""
    stem = _stem(file)
    jets = 0
    # gzipped files hold 100,000 jets, and could only be entered from the start
    if not file.name.endswith(".gz") and file.stat().st_size > PART * 1000:
        with open_jets(file, root) as opened:
            jets = read_layout(opened, file.name).jets
    if jets <= PART:
        yield stem, None
        return
    for number, rows in enumerate(pairwise([*range(0, jets, PART), jets])):
        yield f"{stem}_part{number:03d}", rows


def _outcomes(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    """Outcomes as they come; a process that is killed takes only its own file with it."""
    size = min(workers, len(tasks))
    if size < 2:
        yield from map(import_part, tasks)
        return
    lost: list[Task] = []
    yield from _pooled(tasks, size, lost)
    while lost:
        # one at a time: then it is known whose process was killed
        again, lost = lost, []
        yield from _pooled(again, 1, lost)
        if lost:
            yield _killed(lost.pop(0))


def _pooled(tasks: Sequence[Task], size: int, lost: list[Task]) -> Iterator[Outcome]:
    """Outcomes of one pool; when a process is killed, what has none goes to ``lost``, in order."""
    context = multiprocessing.get_context("forkserver")
    with without_main():
        pool = ProcessPoolExecutor(size, mp_context=context, initializer=follow_parent)
        futures = {pool.submit(import_part, task): task for task in tasks}
    missing = set()
    try:
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                missing.add(futures[future].target)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    lost += [task for task in tasks if task.target in missing]


def _killed(task: Task) -> Outcome:
    remove_leftovers(task.target)
    reason = "its process was killed, perhaps for want of memory. Import again with --workers 1."
    return Outcome(
        task.source, task.target, task.dataset, "failed", reason=f"{task.source}: {reason}"
    )
