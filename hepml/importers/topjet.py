"""Import top-tagging jets: HDF5 files to jagged Parquet, several at a time, resumable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from hepml.catalogue import Catalogue
from hepml.errors import CatalogueError, ParameterError
from hepml.importers.hdf5 import find_files, open_hdf5, plain_stem
from hepml.importers.topjet_layout import read_layout
from hepml.importers.topjet_work import JetOutcome, JetTask, import_part
from hepml.importers.whole import BAD_ROWS, Imports, Progress, claim, drops, import_all, parts_of
from hepml.importers.work import make_output

__all__ = ["JetImport", "dataset_of", "import_jets"]

# Jets of one output file: files of the 2022 release hold 42 million, and a stop costs one part.
PART = 1_000_000
CHANNEL = "topjet"


class JetImport(Imports[JetOutcome]):
    """What became of every file, see `hepml.importers.whole.Imports`."""


def import_jets(
    sources: Sequence[str | Path],
    out: str | Path,
    *,
    workers: int = 2,
    max_constits: int | None = None,
    bad_jets: str = BAD_ROWS[0],
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
    drop = drops(bad_jets, "jets", workers)
    if max_constits is not None and max_constits < 1:
        raise ParameterError(f"--max-constits must be at least 1, not {max_constits}.")
    root = Path(out)
    make_output(root)
    tasks = _tasks(find_files(sources), root, max_constits, drop)
    return JetImport(import_all(tasks, workers, import_part, JetOutcome, progress))


def dataset_of(source: Path, catalogue: Catalogue | None = None) -> str:
    """Data set of a file by its name: that of the catalogue, whatever the spelling."""
    catalogue = catalogue or Catalogue.load()
    known = catalogue.match_file(source.name, CHANNEL)
    if known is not None:
        return known[0].name
    stem = re.sub(r"_\d+$", "", plain_stem(source))
    try:
        return catalogue.match(stem, CHANNEL)[0].name
    except CatalogueError:
        return stem


def _tasks(
    files: Sequence[Path], root: Path, max_constits: int | None, drop: bool
) -> list[JetTask]:
    catalogue = Catalogue.load()
    owners: dict[Path, Path] = {}
    tasks = []
    for file in files:
        dataset = dataset_of(file, catalogue)
        for name, rows in parts_of(file, _jets(file, root), PART):
            target = root / dataset / f"{name}.parquet"
            claim(owners, target, file, "jets")
            task = JetTask(
                source=file,
                target=target,
                dataset=dataset,
                rows=rows,
                drop=drop,
                max_constits=max_constits,
            )
            tasks.append(task)
    return tasks


def _jets(file: Path, root: Path) -> int:
    """Jets of a file that may become several; else 0."""
    # gzipped files hold 100,000 jets, and could only be entered from the start
    if not file.name.endswith(".gz") and file.stat().st_size > PART * 1000:
        with open_hdf5(file, root) as opened:
            return read_layout(opened, file.name).jets
    return 0
