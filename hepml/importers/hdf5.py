"""HDF5 files to import: find them, and open them whether gzipped or not."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from hepml.errors import EmptyInputError, FileAccessError, OutputError
from hepml.files import explain_write

__all__ = ["check_filters", "find_files", "open_hdf5", "plain_stem", "simulation_note"]

SUFFIXES = (".h5", ".h5.gz", ".hdf5", ".hdf5.gz")
# Chunks that a block needs are unpacked once, however they are cut; for each dataset.
CACHE = 32 << 20
COPY = 1 << 22


def plain_stem(source: Path) -> str:
    """Name of a file without what says that it is HDF5."""
    name = source.name
    for suffix in SUFFIXES[::-1]:
        name = name.removesuffix(suffix)
    return name


def find_files(sources: Sequence[str | Path]) -> list[Path]:
    """Files, and those in folders by name.

    Raises
    ------
    EmptyInputError
        If one does not exist, or there is none.
    """
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


@contextmanager
def open_hdf5(source: Path, scratch: Path) -> Iterator[Any]:
    """Open an HDF5 file; a gzipped one is unpacked once, beside the output, and gone at the end.

    Raises
    ------
    FileAccessError
        If it cannot be read, or is no HDF5 file.
    """
    if not source.name.endswith(".gz"):
        with _opened(source, source) as file:
            yield file
        return
    unpacked = scratch / f".{source.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        _unpack(source, unpacked)
        with _opened(unpacked, source) as file:
            unpacked.unlink()  # it stays until it is closed, and nothing is left after a kill
            yield file
    finally:
        with suppress(OSError):
            unpacked.unlink()


def _opened(path: Path, source: Path) -> Any:
    import h5py

    with suppress(ImportError):
        import_module("hdf5plugin")  # further compressions, where somebody installed them
    try:
        # no lock: published files lie on disks that one may not write to
        return h5py.File(path, "r", rdcc_nbytes=CACHE, rdcc_nslots=10_007, locking=False)
    except OSError as error:
        raise FileAccessError(
            f"{source} cannot be opened as HDF5: {str(error).splitlines()[0]}. "
            "Is it the whole file? Download it again."
        ) from error


def _unpack(source: Path, target: Path) -> None:
    igzip: Any = import_module("isal.igzip")  # twice as fast as gzip
    try:
        with igzip.open(source, "rb") as packed, target.open("xb") as plain:
            shutil.copyfileobj(packed, plain, COPY)
    except (EOFError, zlib.error, igzip.BadGzipFile, igzip.isal_zlib.error) as error:
        raise FileAccessError(
            f"{source} is damaged ({error}), or was not downloaded to its end. Download it again."
        ) from error
    except OSError as error:
        if error.errno is None:
            raise FileAccessError(f"{source} cannot be unpacked: {error}") from error
        raise OutputError(explain_write(target, error)) from error


def check_filters(dataset: Any, where: str) -> None:
    """Refuse a dataset that is compressed in a way that nobody here can undo.

    Raises
    ------
    FileAccessError
        If a filter is missing; HDF5 itself would speak of folders.
    """
    from h5py import h5z

    plan = dataset.id.get_create_plist()
    for number in range(plan.get_nfilters()):
        code, _, _, name = plan.get_filter(number)
        if not h5z.filter_avail(code):
            raise FileAccessError(
                f"{where}: {dataset.name} is compressed with "
                f"{name.decode(errors='replace') or code}, which needs:  pip install hdf5plugin"
            )


def simulation_note(stored: Any) -> dict[str, Any] | None:
    """What ``hepml simulate`` noted in the attribute ``hepml_simulation``; ``None``: nothing."""
    if stored is None:
        return None
    try:
        found = json.loads(str(stored))
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"note": str(stored)}
