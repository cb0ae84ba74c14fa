"""The catalogue of public datasets: load, validate, select, and where every file lies."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hepml.document import validate
from hepml.errors import CatalogueError, did_you_mean
from hepml.inputs import Input, as_input
from hepml.records import Base, Channel, Dataset, File, Record, Release
from hepml.redaction import safe_logger

__all__ = ["Catalogue", "Input", "mirror_path", "resolve_inputs"]

logger = safe_logger(__name__)


class Catalogue(Record):
    """Public datasets by channel and name.

    Attributes
    ----------
    bases : dict
        Named locations; a file's path is appended to them.
    releases : dict
        What was published together: record, licence, and the bases of its files.
    datasets : tuple of Dataset
        In the order of the document.
    """

    schema_: Annotated[str, Field(alias="$schema")] = ""
    version: Literal[1]
    channels: dict[str, Channel] = Field(default_factory=dict)
    bases: dict[str, Base] = Field(default_factory=dict)
    releases: dict[str, Release] = Field(default_factory=dict)
    datasets: tuple[Dataset, ...] = ()

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> Self:
        """Read a catalogue; without a path the one that comes with hepml.

        Raises
        ------
        CatalogueError
            If it is missing, not JSON, or breaks the schema.
        """
        path = _shipped() if path is None else Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogueError(f"the catalogue {path} cannot be read: {error}") from error
        return validate(cls, text, str(path))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name, release in self.releases.items():
            for base in release.bases:
                _known(base, self.bases, f"release {name!r}: unknown base")
        names: set[str] = set()
        files: dict[str, str] = {}
        for dataset in self.datasets:
            where = f"dataset {dataset.key!r}: "
            _known(dataset.channel, self.channels, where + "unknown channel")
            _known(dataset.release, self.releases, where + "unknown release")
            for name in (dataset.name, *dataset.aliases):
                if f"{dataset.channel}/{name}" in names:
                    raise CatalogueError(where + f"the name {name!r} is there twice. Rename one.")
                names.add(f"{dataset.channel}/{name}")
            for file in dataset.members:
                # Files are recognised by base name, so it must say which dataset is meant.
                place = f"{dataset.channel}/{file.name}"
                if place in files:
                    raise CatalogueError(
                        where + f"the file {file.name!r} is also in {files[place]!r}."
                    )
                files[place] = dataset.key
        return self

    @cached_property
    def _by_file(self) -> dict[str, list[tuple[Dataset, File]]]:
        index: dict[str, list[tuple[Dataset, File]]] = {}
        for dataset in self.datasets:
            for file in dataset.members:
                # A file published as .h5.gz is worked on as .h5.
                for name in {file.name, file.name.removesuffix(".gz")}:
                    index.setdefault(name, []).append((dataset, file))
        return index

    def find(self, name: str) -> Dataset | None:
        """The dataset of exactly this ``channel/name``, or of this name if only one has it."""
        found = [d for d in self.datasets if name in (d.key, d.name)]
        return found[0] if len(found) == 1 else None

    def match(
        self, patterns: str | Iterable[str] = "*", channel: str | None = None
    ) -> tuple[Dataset, ...]:
        """Datasets that match names or patterns such as ``ggH``, ``data_*``, ``diphoton/*``.

        What matches no data set may be a release, or a pattern of some: ``lhco-*``.

        Raises
        ------
        CatalogueError
            If a pattern matches nothing; near misses are named.
        """
        found: dict[str, Dataset] = {}
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            matches = [d for d in self.datasets if _matches(d, pattern)]
            # only then: a pattern of names must not bring whole releases that begin alike
            matches = matches or [
                d for d in self.datasets if fnmatch.fnmatchcase(d.release, pattern)
            ]
            kept = [d for d in matches if channel is None or d.channel == channel]
            if not kept:
                raise CatalogueError(self._no_match(pattern, channel, matches))
            found.update((dataset.key, dataset) for dataset in kept)
        return tuple(found.values())

    def _no_match(self, pattern: str, channel: str | None, elsewhere: Sequence[Dataset]) -> str:
        place = f" of channel {channel!r}" if channel else ""
        if elsewhere:
            others = ", ".join(sorted({dataset.key for dataset in elsewhere}))
            return f"{pattern!r} is no dataset{place}; it matches {others}."
        hint = did_you_mean(pattern, self.names(channel, full="/" in pattern))
        return f"{pattern!r} matches no dataset{place} in the catalogue. {hint}"

    def names(self, channel: str | None = None, *, full: bool = False) -> list[str]:
        """Names of the datasets, of one channel or all; with `full` as ``channel/name``."""
        chosen = [d for d in self.datasets if channel is None or d.channel == channel]
        return [dataset.key if full else dataset.name for dataset in chosen]

    def select(
        self,
        patterns: str | Iterable[str],
        channel: str | None = None,
        mirror: str | os.PathLike[str] | None = None,
    ) -> tuple[Input, ...]:
        """Files of the datasets that match, ready to be processed.

        A pattern passes over datasets whose files are not known, with a warning; a dataset
        asked for by name must have some.

        Raises
        ------
        CatalogueError
            If nothing matches, or a dataset has no file or no location.
        """
        inputs: list[Input] = []
        problems: list[str] = []
        for pattern in [patterns] if isinstance(patterns, str) else list(patterns):
            for dataset in self.match(pattern, channel):
                problem, found = self._inputs(dataset, mirror)
                if problem and not is_glob(pattern):
                    raise CatalogueError(problem)
                if problem:
                    problems.append(problem)
                    logger.warning("passed over: %s", problem)
                inputs.extend(item for item in found if item not in inputs)
        if not inputs:
            raise CatalogueError(problems[0] if problems else "no dataset was named")
        return tuple(inputs)

    def _inputs(
        self, dataset: Dataset, mirror: str | os.PathLike[str] | None
    ) -> tuple[str, list[Input]]:
        release = self.releases[dataset.release]
        origin = release.url or (f"record {release.record}" if release.record else release.title)
        if not dataset.members:
            return (
                f"the files of {dataset.key!r} are not listed in the catalogue. "
                f"Get them from {origin} and give them by name.",
                [],
            )
        inputs = []
        for file in dataset.members:
            endpoints = self.endpoints(dataset, file, mirror)
            if not endpoints:
                return (
                    f"no location of {file.name!r} of {dataset.key!r} is known. "
                    f"Get it from {origin} and give it by name.",
                    [],
                )
            inputs.append(as_input(dataset, file, endpoints))
        return "", inputs

    def match_file(
        self, path: str | os.PathLike[str], channel: str | None = None
    ) -> tuple[Dataset, File] | None:
        """The dataset that a path or URL belongs to by its base name, or ``None``."""
        text = os.fspath(path)
        name = (urlsplit(text).path if "://" in text else text).rpartition("/")[2]
        for dataset, file in self._by_file.get(name, ()):
            if channel is None or dataset.channel == channel:
                return dataset, file
        return None

    def endpoints(
        self, dataset: Dataset, file: File, mirror: str | os.PathLike[str] | None = None
    ) -> tuple[str, ...]:
        """Where a file lies, in the order in which to try: the mirror, then the bases.

        Parameters
        ----------
        mirror : path, optional
            Local directory filled by ``hepml datasets download``; without it the
            environment variable ``HEPML_MIRROR``. A file there counts only if its size is
            the catalogued one.
        """
        remote = [self.bases[b] + file.path for b in self.releases[dataset.release].bases]
        mirror = mirror or os.environ.get("HEPML_MIRROR")
        if not mirror:
            return tuple(remote)
        path = mirror_path(mirror, dataset, file)
        if not path.is_file():
            return tuple(remote)
        size = path.stat().st_size
        if file.size is not None and size != file.size:
            logger.warning(
                "%s is not used: %d bytes, %d in the catalogue. "
                "To process it as it is, give it by name.",
                path,
                size,
                file.size,
            )
            return tuple(remote)
        return (str(path.absolute()), *remote)

    def from_files(
        self,
        arguments: Sequence[str],
        channel: str | None = None,
        mirror: str | os.PathLike[str] | None = None,
    ) -> tuple[Input, ...]:
        """Inputs from what a user types; see `hepml.arguments.resolve_inputs`."""
        return resolve_inputs(arguments, self, channel, mirror)


def resolve_inputs(
    arguments: Sequence[str],
    catalogue: Catalogue,
    channel: str | None = None,
    mirror: str | os.PathLike[str] | None = None,
) -> tuple[Input, ...]:
    """Inputs from what a user types; see `hepml.arguments.resolve_inputs`."""
    from hepml.arguments import resolve_inputs as resolve

    return resolve(arguments, catalogue, channel, mirror)


def mirror_path(mirror: str | os.PathLike[str], dataset: Dataset, file: File) -> Path:
    """Where a mirror directory keeps a file: ``MIRROR/channel/path``."""
    return Path(mirror).expanduser() / dataset.channel / file.path


def is_glob(pattern: str) -> bool:
    """Whether a pattern holds a wildcard."""
    return any(character in pattern for character in "*?[")


def _matches(dataset: Dataset, pattern: str) -> bool:
    prefix = f"{dataset.channel}/" if "/" in pattern else ""
    if fnmatch.fnmatchcase(prefix + dataset.name, pattern):
        return True
    return pattern in {prefix + alias for alias in dataset.aliases}


def _known(name: str, names: Iterable[str], where: str) -> None:
    if name not in set(names):
        raise CatalogueError(f"{where} {name!r}. {did_you_mean(name, names)}")


def _shipped() -> Path:
    # In a wheel the document lies in the package, in a checkout at the top of the repository.
    package = Path(__file__).resolve().parent
    inside = package / "datasets.json"
    return inside if inside.is_file() else package.parent / "datasets.json"
