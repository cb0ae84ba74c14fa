"""Import dijet events: HDF5 files to Parquet, each event once, resumable."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hepml.errors import HepmlError
from hepml.importers.dijet_layout import find_frame
from hepml.importers.dijet_samples import DijetSample, name_files
from hepml.importers.dijet_work import DijetOutcome, DijetTask, import_part
from hepml.importers.hdf5 import open_hdf5
from hepml.importers.whole import BAD_ROWS, Imports, Progress, claim, drops, import_all, parts_of
from hepml.importers.work import make_output

__all__ = ["DijetImport", "import_dijets"]

# Events of one output file: the parametric files hold some ten million, and a stop costs one part.
PART = 1_000_000


class DijetImport(Imports[DijetOutcome]):
    """What became of every file, see `hepml.importers.whole.Imports`."""


def import_dijets(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    workers: int = 2,
    key: str | None = None,
    bad_events: str = BAD_ROWS[0],
    progress: Progress | None = None,
) -> DijetImport:
    """Import files to ``out/<sample>/<file>.parquet``.

    A file that is there already, made of the same source and sound, is kept: the same call
    finishes an import that was stopped.

    Parameters
    ----------
    sources : sequence of path or str
        HDF5 files (pandas frames, fixed or table), gzipped or not, folders of them, or
        ``NAME=FILES``; a name may be ours or a published one.
    out : path
        Folder; made where it is not there.
    workers : int
        Processes.
    key : str, optional
        Name of the frame, needed where a file holds several with jets.
    bad_events : {"refuse", "drop"}
        Events with unusable numbers (NaN, an impossible label): refuse their file, or leave them
        out and count them.
    progress : callable, optional
        Called with the sample, how many files are done and how many there are.

    Returns
    -------
    DijetImport
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
    drop = drops(bad_events, "events", workers)
    root = Path(out)
    files = name_files(sources)
    make_output(root)
    tasks = _tasks(files, root, key, drop)
    return DijetImport(import_all(tasks, workers, import_part, DijetOutcome, progress))


def _tasks(
    files: Sequence[tuple[Path, DijetSample]], root: Path, key: str | None, drop: bool
) -> list[DijetTask]:
    owners: dict[Path, Path] = {}
    tasks = []
    for file, sample in files:
        for name, rows in parts_of(file, _rows(file, root, key), PART):
            target = root / sample.name / f"{name}.parquet"
            claim(owners, target, file, "events")
            task = DijetTask(
                source=file,
                target=target,
                dataset=sample.name,
                rows=rows,
                drop=drop,
                sample=sample,
                key=key,
            )
            tasks.append(task)
    return tasks


def _rows(file: Path, root: Path, key: str | None) -> int:
    """Rows of a file that may become several; else 0."""
    # a gzipped file could only be entered from the start
    if not file.name.endswith(".gz") and file.stat().st_size > PART * 10:
        # what is wrong with a file is said when it is imported, and the others go on
        with suppress(HepmlError), open_hdf5(file, root) as opened:
            return find_frame(opened, file.name, key).rows
    return 0
