"""Errors that a user can cause: each says what, where and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from hepml.redaction import redacted

__all__ = [
    "BranchError",
    "CatalogueError",
    "ChunkError",
    "DownloadError",
    "EmptyInputError",
    "FileAccessError",
    "HepmlError",
    "IncompleteRunError",
    "ModelError",
    "OutputError",
    "OverlapError",
    "ParameterError",
    "ProcessorError",
    "StatisticsError",
    "TableError",
    "TreeError",
    "did_you_mean",
]


class HepmlError(Exception):
    """Base of every error that hepml raises for a user's input.

    Parameters
    ----------
    message : str
        The whole text: what went wrong, where, and what to do next. Credentials in URLs are
        taken out, since texts of errors end in logs and reports.
    """

    exit_code = 2

    def __init__(self, message: str) -> None:
        self.message = str(redacted(message))
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class CatalogueError(HepmlError):
    """A catalogue is malformed, or a dataset is not in it."""


class ParameterError(HepmlError):
    """A processor parameter (preset, cut, weight, luminosity) is unknown or out of range."""


class ProcessorError(HepmlError):
    """A processor is unknown, breaks its contract, or does not fit the file."""


class FileAccessError(HepmlError):
    """A file is missing, damaged or cannot be opened."""


class TreeError(HepmlError):
    """A file holds no tree that the processor understands."""


class BranchError(HepmlError):
    """A file lacks a branch that the selection needs."""


class EmptyInputError(HepmlError):
    """Nothing to do: no files, or no events in them."""


class OutputError(HepmlError):
    """The output cannot be written, or belongs to something else."""


class OverlapError(HepmlError):
    """The same entries would be counted twice."""


class TableError(HepmlError):
    """A feature table is missing, malformed or lacks a column."""


class StatisticsError(HepmlError):
    """A fit or a significance cannot be had from these data."""


class ModelError(HepmlError):
    """A model cannot be trained on these data, read, or applied to this table."""


class DownloadError(HepmlError):
    """A download failed, or what arrived is not what the catalogue promises."""


class ChunkError(HepmlError):
    """One chunk could not be processed."""


class IncompleteRunError(HepmlError):
    """Some planned chunks have no result, so yields would be too low."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str], limit: int = 3) -> str:
    """Say which of the known names are close to a mistyped one.

    Returns
    -------
    str
        A sentence such as ``Did you mean 'photon_pt'?``, or the first known names.
    """
    names = sorted(set(known))
    same = [candidate for candidate in names if candidate.lower() == name.lower()]
    close = same or difflib.get_close_matches(name, names, n=limit, cutoff=0.6)
    if not close:
        lowered = {candidate.lower(): candidate for candidate in names}
        close = [
            lowered[match]
            for match in difflib.get_close_matches(name.lower(), lowered, n=limit, cutoff=0.6)
        ]
    if close:
        return "Did you mean " + " or ".join(repr(candidate) for candidate in close) + "?"
    if not names:
        return "There is none."
    shown = ", ".join(names[:10])
    return f"Known: {shown}" + (f", ... ({len(names)} in all)." if len(names) > 10 else ".")
