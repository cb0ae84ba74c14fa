"""A set of simulated files: all of them at once or none, and never over what is there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from hepml.errors import OutputError, ParameterError

__all__ = ["check_sizes", "cluster_sizes", "create_files"]

# Events of a cluster at most.
CLUSTER = 100_000


def check_sizes(events: int, seed: int, clusters: int | None) -> None:
    """Refuse numbers that no channel's events can be simulated with."""
    if events < 1:
        raise ParameterError(f"The number of data events must be at least 1, not {events}.")
    if seed < 0:
        raise ParameterError(f"The seed must not be negative: {seed}.")
    if clusters is not None and clusters < 1:
        raise ParameterError(f"A file needs at least 1 cluster, not {clusters}.")


def cluster_sizes(events: int, clusters: int | None) -> tuple[int, ...]:
    """Divide events among clusters, none of them empty: 8, more where one would be too large."""
    number = min(clusters or max(8, -(-events // CLUSTER)), events)
    return tuple(int(size) for size in np.diff(np.linspace(0, events, number + 1).astype(int)))


def create_files(
    out: Path, names: Sequence[str], patterns: Sequence[str], write: Callable[[Path], None]
) -> tuple[Path, ...]:
    """Write files in a scratch folder and move them into ``out`` when all are complete.

    Parameters
    ----------
    out : Path
        Directory, made where it does not exist.
    names : sequence of str
        The files that ``write`` makes.
    patterns : sequence of str
        Globs of files that must not be there yet.
    write : callable
        Given the scratch folder.

    Returns
    -------
    tuple of path
        The files in the order of ``names``.

    Raises
    ------
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        taken = sorted(path for pattern in patterns for path in out.glob(pattern))
        if taken:
            text = f"{taken[0]} exists already. Give an empty or new directory with --out."
            raise OutputError(text)
        with tempfile.TemporaryDirectory(prefix=".simulating-", dir=out) as scratch:
            write(Path(scratch))
            for name in names:
                (Path(scratch) / name).rename(out / name)
    except OSError as error:
        text = f"Cannot write simulated files to {out}: {error.strerror or error}."
        raise OutputError(text + " Choose a writable directory with --out.") from error
    finally:
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()
    return tuple(out / name for name in names)
