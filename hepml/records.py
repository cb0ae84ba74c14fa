"""The entries of a catalogue as validated models."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

__all__ = [
    "Certificate",
    "Channel",
    "Dataset",
    "File",
    "Record",
    "Release",
    "Series",
    "Unlisted",
]

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$")]
Base = Annotated[str, StringConstraints(pattern=r"^[a-z]+://.*/$")]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0.0)]
Checksum = Annotated[
    str,
    StringConstraints(
        pattern=r"^(adler32:[0-9a-f]{8}|md5:[0-9a-f]{32}|sha256:[0-9a-f]{64})$",
    ),
]


class Record(BaseModel):
    """Base of the entries: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def _inside(path: str) -> str:
    # A download writes below the mirror directory: a path must not lead out of it.
    if path.startswith("/") or ".." in path.split("/") or "\\" in path or "://" in path:
        raise ValueError(f"{path!r} must be a relative path without '..'")
    if not path.rpartition("/")[2]:
        raise ValueError("the path ends without a file name")
    return path


class File(Record):
    """One file of a dataset.

    Attributes
    ----------
    path : str
        Path below the bases of the release.
    size : int, optional
        Bytes.
    entries : int, optional
        Events, jets or rows in it.
    checksum : str, optional
        ``adler32:``, ``md5:`` or ``sha256:`` and the lower-case hexadecimal digest.
    """

    path: str
    size: Count | None = None
    entries: Count | None = None
    checksum: Checksum | None = None

    _path = field_validator("path")(_inside)

    @property
    def name(self) -> str:
        """The base name, by which a file on the command line is recognised."""
        return self.path.rpartition("/")[2]


class Series(Record):
    """Files that differ by a running number only.

    Attributes
    ----------
    pattern : str
        File name with one format field, ``train_nominal_{:03d}.h5.gz``.
    first, count : int
        First number and number of files.
    entries : int, optional
        Events, jets or rows of the whole series.
    entries_per_file : int, optional
        Entries of each file but the last, where that is known.
    """

    pattern: str
    first: Count = 0
    count: Annotated[int, Field(ge=1)]
    entries: Count | None = None
    entries_per_file: Annotated[int, Field(ge=1)] | None = None

    @field_validator("pattern")
    @classmethod
    def _numbered(cls, pattern: str) -> str:
        try:
            distinct = pattern.format(0) != pattern.format(1)
        except (ValueError, IndexError, KeyError, AttributeError) as error:
            raise ValueError(f"{pattern!r} is not a pattern of one number: {error}") from error
        if not distinct:
            raise ValueError(f"{pattern!r} holds no number, such as {{:03d}}")
        return _inside(pattern)

    def files(self) -> tuple[File, ...]:
        """Write the series out, one entry per file."""
        return tuple(
            File(path=self.pattern.format(self.first + index), entries=self._entries(index))
            for index in range(self.count)
        )

    def _entries(self, index: int) -> int | None:
        if self.entries_per_file is None:
            return None
        if index < self.count - 1:
            return self.entries_per_file
        if self.entries is None:
            return None
        return self.entries - index * self.entries_per_file


class Unlisted(Record):
    """What is known of a dataset whose file names are not: totals of the record."""

    files: Count | None = None
    entries: Count | None = None
    size: Count | None = None


class Certificate(Record):
    """List of certified luminosity sections: file name and record number."""

    name: str
    record: int


class Channel(Record):
    """A channel, for people."""

    title: str
    note: str = ""


class Release(Record):
    """What was published together: one record, one set of locations.

    Attributes
    ----------
    luminosity : float, optional
        Of all its data together, pb^-1; more precise than the sum over rounded periods.
    bases : tuple of str
        Names of the locations of its files, in the order in which they are tried.
    """

    title: str
    record: int | None = None
    doi: str = ""
    url: str = ""
    licence: str = ""
    paper: str = ""
    luminosity: Positive | None = None
    bases: tuple[str, ...] = ()
    certificate: Certificate | None = None
    note: str = ""


class Dataset(Record):
    """Events of one process, or one period of data taking.

    Attributes
    ----------
    label : str
        Class that its events belong to; empty where a dataset holds several.
    trees : tuple of str
        Names of the trees to look for in ROOT files.
    cross_section : float, optional
        Times branching ratio, pb, as stored in the files.
    cross_section_corrected : float, optional
        The same where the stored value is known to be wrong, pb.
    sum_of_weights : float, optional
        Sum of generator weights before any selection.
    luminosity : float, optional
        Integrated luminosity of data, pb^-1.
    generated : int, optional
        Events generated before any selection.
    """

    channel: Name
    name: Name
    release: str
    kind: Literal["data", "simulation"]
    label: str = ""
    aliases: tuple[Name, ...] = ()
    trees: tuple[str, ...] = ()
    cross_section: Positive | None = None
    cross_section_corrected: Positive | None = None
    sum_of_weights: float | None = None
    luminosity: Positive | None = None
    generated: Count | None = None
    files: tuple[File, ...] = ()
    series: Series | None = None
    unlisted: Unlisted | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """``channel/name``, unique in a catalogue."""
        return f"{self.channel}/{self.name}"

    @cached_property
    def members(self) -> tuple[File, ...]:
        """Every file: those listed, then those of the series."""
        return self.files + (self.series.files() if self.series else ())

    @property
    def file_count(self) -> int | None:
        """Number of files, ``None`` where it is not known."""
        if self.unlisted is not None:
            return self.unlisted.files
        return len(self.members)

    @property
    def entries(self) -> int | None:
        """Entries of the whole dataset, ``None`` where they are not known."""
        if self.unlisted is not None:
            return self.unlisted.entries
        if self.series is not None:
            return self.series.entries
        return _total(file.entries for file in self.files)

    @property
    def size(self) -> int | None:
        """Bytes of the whole dataset, ``None`` where they are not known."""
        if self.unlisted is not None:
            return self.unlisted.size
        return _total(file.size for file in self.members)


def _total(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
