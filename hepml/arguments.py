"""From what a user types (files, globs, URLs, NAME=FILES, dataset names) to inputs."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hepml.catalogue import Catalogue, is_glob
from hepml.errors import (
    CatalogueError,
    EmptyInputError,
    FileAccessError,
    HepmlError,
    OverlapError,
    did_you_mean,
)
from hepml.inputs import Input, as_input
from hepml.records import Dataset, File
from hepml.redaction import safe_logger
from hepml.xrootd import is_xrootd, list_files, size_of

__all__ = ["resolve_inputs"]

logger = safe_logger(__name__)

SUFFIXES = (".root", ".parquet")
LOOKS_LIKE_FILE = (*SUFFIXES, ".h5", ".hdf5", ".gz", ".csv")
# what an import reads, in a folder or as far below as FEDRA puts it
IMPORTED = ("*.h5", "*.h5.gz", "*.hdf5", "*.csv", "*.csv.gz", "*/*.cp.root", "*/*/*.cp.root")
OVERRIDE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]*")


def resolve_inputs(
    arguments: Sequence[str],
    catalogue: Catalogue,
    channel: str | None = None,
    mirror: str | os.PathLike[str] | None = None,
) -> tuple[Input, ...]:
    """Turn command-line arguments into inputs.

    Each argument is a file, a directory (its ROOT and Parquet files, or where it has none the
    Parquet files of its folders, as an import writes them), a glob, a URL (if it is
    ``root://`` of a directory or with wildcards too), a dataset name or pattern of the
    catalogue, or ``NAME=FILES`` with files separated by commas. What exists on disk wins over a
    dataset of the same name. A file that matches a catalogue entry takes its dataset, class and
    kind; numbers that hold for the published file only (entries, sum of weights, cross
    section) are taken if its size is the published one. Otherwise the dataset is the file's
    stem and the kind is ``None``.

    Parameters
    ----------
    channel : str, optional
        Only datasets of this channel count, if the catalogue has any of it.
    mirror : path, optional
        See `Catalogue.endpoints`.

    Raises
    ------
    EmptyInputError
        If there is no argument.
    FileAccessError, CatalogueError
        If an argument is neither a file nor a dataset; near misses are named.
    OverlapError
        If two arguments name the same file.
    """
    if not arguments:
        raise EmptyInputError("no input: name files, directories or datasets of the catalogue")
    known = channel if channel in {dataset.channel for dataset in catalogue.datasets} else None
    resolver = _Resolver(catalogue, known, mirror)
    inputs: list[Input] = []
    owners: dict[str, str] = {}
    for argument in arguments:
        for item in resolver.resolve(argument):
            _refuse_twice(item, argument, owners)
            inputs.append(item)
    _warn_merged(inputs)
    return tuple(inputs)


def _refuse_twice(item: Input, argument: str, owners: dict[str, str]) -> None:
    names = {e if "://" in e else os.path.realpath(e) for e in item.endpoints}
    if item.catalogued and item.size is not None:
        # The published file, wherever this copy lies.
        names.add(f"{item.catalogued}:{_base_name(item.endpoints[0])}")
    for name in sorted(names):
        if name in owners:
            raise OverlapError(
                f"the file {item.endpoints[0]} is given twice, by {owners[name]!r} and by "
                f"{argument!r}: its entries would be counted twice. Name each file once."
            )
    owners.update(dict.fromkeys(names, argument))


def _warn_merged(inputs: Sequence[Input]) -> None:
    folders: dict[str, set[str]] = {}
    for item in inputs:
        # an imported file says itself which dataset it is a part of
        if not item.named and not item.endpoints[0].endswith(".parquet"):
            folders.setdefault(item.dataset, set()).add(os.path.dirname(item.endpoints[0]))
    for dataset, where in folders.items():
        if len(where) > 1:
            logger.warning(
                "files of the same name in %s become one dataset, %r. "
                "To keep them apart: NAME=FILES",
                ", ".join(sorted(where)),
                dataset,
            )


class _Resolver:
    """What each argument stands for."""

    def __init__(
        self, catalogue: Catalogue, channel: str | None, mirror: str | os.PathLike[str] | None
    ) -> None:
        self.catalogue = catalogue
        self.channel = channel
        self.mirror = mirror

    def resolve(self, argument: str) -> list[Input]:
        name, equals, files = argument.partition("=")
        named = equals and OVERRIDE.fullmatch(name) and not Path(argument).exists()
        return self._override(name, files) if named else self._plain(argument)

    def _override(self, name: str, files: str) -> list[Input]:
        inputs: list[Input] = []
        for piece in files.split(","):
            if not piece:
                raise EmptyInputError(
                    f"'{name}={files}' names no file. Write NAME=FILE, or NAME=FILE,FILE"
                )
            inputs.extend(self._plain(piece))
        own = [d for d in self._datasets() if d.name == name]
        if own:
            return [_renamed(item, own[0]) for item in inputs]
        # A dataset of the user's own: what holds for published ones holds no more.
        return [item.unpublished(dataset=name, label=name, named=True) for item in inputs]

    def _plain(self, argument: str) -> list[Input]:
        if not argument.strip():
            raise EmptyInputError("an empty argument names no file")
        if argument.startswith("file://"):
            argument = unquote(urlsplit(argument).path)
        if is_xrootd(argument) and (listed := list_files(argument, SUFFIXES)) is not None:
            # of a pattern all that match, of a directory what can be read, as on a disk
            return [self._remote(item.url, item.size) for item in listed]
        if "://" in argument:
            return [self._remote(argument)]
        path = Path(argument).expanduser()
        if path.is_dir():
            return [self._local(file) for file in _directory(path)]
        if path.exists():
            return [self._local(path)]
        if is_glob(argument):
            files = sorted(Path(found) for found in glob.glob(str(path), recursive=True))
            matches = [self._local(file) for file in files if file.is_file()]
            if matches:
                return matches
        return self._from_catalogue(argument, path)

    def _local(self, path: Path) -> Input:
        try:
            size = path.stat().st_size
        except OSError as error:
            raise FileAccessError(f"{path} cannot be read: {error.strerror}") from error
        return self._described(str(path.absolute()), (str(path.absolute()),), size)

    def _remote(self, url: str, size: int | None = None) -> Input:
        if not is_xrootd(url) and ("*" in url or url.endswith("/")):
            raise FileAccessError(
                f"{url} would have to be listed, and only root:// servers can be listed. "
                "Name the files one by one, or the dataset of the catalogue."
            )
        match = self.catalogue.match_file(url, self.channel)
        replicas = self.catalogue.endpoints(*match, self.mirror) if match else ()
        if match and url in replicas:
            others = tuple(replica for replica in replicas if replica != url)
            return as_input(*match, (url, *others))
        if match and size is None and is_xrootd(url):
            size = size_of(url)  # tells the published file from a part of it
        return self._described(url, (url,), size)

    def _described(self, path: str, endpoints: tuple[str, ...], size: int | None) -> Input:
        match = self.catalogue.match_file(path, self.channel)
        if match is None:
            stem = _stem(path)
            return Input(stem, endpoints, label=stem, size=size, named=False)
        published = as_input(*match, endpoints)
        if size is not None and size == match[1].size:
            return published
        return _own_numbers(published, size)

    def _datasets(self) -> Iterator[Dataset]:
        for dataset in self.catalogue.datasets:
            if self.channel is None or dataset.channel == self.channel:
                yield dataset

    def _from_catalogue(self, argument: str, path: Path) -> list[Input]:
        try:
            return list(self.catalogue.select(argument, self.channel, self.mirror))
        except CatalogueError as error:
            if self._exists(argument):
                raise
            raise self._unknown(argument, path) from error

    def _exists(self, argument: str) -> bool:
        try:
            return bool(self.catalogue.match(argument))
        except CatalogueError:
            return False

    def _unknown(self, argument: str, path: Path) -> HepmlError:
        """Nothing of that name: say which files and which datasets come near."""
        file_like = os.sep in argument or argument.lower().endswith(LOOKS_LIKE_FILE)
        what = "no file matches" if is_glob(argument) else "there is no file"
        if not file_like:
            what += " or dataset"
        lines = [f"{what} {argument!r}", f"  {_files_beside(path)}"]
        full = not file_like or argument.count("/") == 1
        if full and not is_glob(path.suffix):
            names = self.catalogue.names(self.channel, full="/" in argument)
            lines.append(f"  Datasets of the catalogue: {did_you_mean(argument, names)}")
        if path.suffix and ":" in path.suffix:
            lines.append("  Give the file alone: the tree is found by itself.")
        return (FileAccessError if file_like else CatalogueError)("\n".join(lines))


def _own_numbers(item: Input, size: int | None) -> Input:
    """Keep dataset, class and kind; drop what holds for the published file only."""
    return item.unpublished(entries=None, size=size)


def _renamed(item: Input, dataset: Dataset) -> Input:
    """The user says that this file belongs to that dataset."""
    published = as_input(dataset, File(path=_base_name(item.endpoints[0])), item.endpoints)
    if item.catalogued == dataset.key:
        return item
    return _own_numbers(published, item.size)


def _directory(path: Path) -> list[Path]:
    try:
        files = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES and p.is_file())
    except OSError as error:
        raise FileAccessError(f"{path} cannot be listed: {error.strerror}") from error
    if files:
        return files
    imported = sorted(path.glob("*/*.parquet"))
    if imported and not any(path.glob("*/*.root")):
        return imported  # an import of several data sets, a folder for each
    deeper = sorted({str(p.parent) for s in SUFFIXES for p in path.glob(f"*/*{s}")})
    hint = f"There are some in {', '.join(deeper[:5])}." if deeper else "Name the files instead."
    if any(found for pattern in IMPORTED for found in path.glob(pattern)):
        hint = f"What lies there is imported first:  hepml import CHANNEL {path} --out DIR"
    raise EmptyInputError(f"the directory {path} holds no ROOT or Parquet file. {hint}")


def _files_beside(path: Path) -> str:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        return f"{folder} is not a directory."
    if folder != path.parent:
        wanted = path.relative_to(folder).parts[0]
        folders = [entry.name for entry in folder.iterdir() if entry.is_dir()]
        return f"The directory {path.parent} does not exist. {did_you_mean(wanted, folders)}"
    names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    return f"Files in {folder.absolute()}: {did_you_mean(path.name, names)}"


def _base_name(path: str) -> str:
    return (urlsplit(path).path if "://" in path else path).rpartition("/")[2]


def _stem(path: str) -> str:
    name = _base_name(path).removesuffix(".gz")
    return name.rpartition(".")[0] or name
