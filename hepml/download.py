"""Download catalogued files into a mirror directory: resumed, verified, renamed when whole."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hepml.catalogue import Catalogue, mirror_path
from hepml.endpoint import BLOCK, EndpointError, Source, open_endpoint, read_block
from hepml.errors import DownloadError, OutputError
from hepml.records import Dataset, File

__all__ = ["Verdict", "checksum", "download", "verify"]

ATTEMPTS = 5

Progress = Callable[[int, int | None], None]
"""Called with the bytes present so far and the bytes expected."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a local file is worth.

    Attributes
    ----------
    state : str
        ``ok``: size and checksum agree. ``unverified``: nothing says otherwise, and there is
        no checksum to compare with. ``missing``, ``partial`` (a download that stopped),
        ``damaged``: what it says.
    detail : str
        One line for people.
    """

    state: Literal["ok", "unverified", "missing", "partial", "damaged"]
    detail: str = ""


def checksum(path: Path, algorithm: str) -> str:
    """Digest of a file, lower-case hexadecimal (``adler32``, ``md5``, ``sha256``)."""
    with path.open("rb") as file:
        if algorithm == "adler32":
            value = 1
            while block := file.read(BLOCK):
                value = zlib.adler32(block, value)
            return f"{value:08x}"
        digest = hashlib.new(algorithm, usedforsecurity=False)
        while block := file.read(BLOCK):
            digest.update(block)
        return digest.hexdigest()


def verify(path: Path, file: File) -> Verdict:
    """Compare a local file with its catalogue entry: size first, then the checksum.

    Where the catalogue has no checksum, the md5 that `download` left beside the file counts.
    """
    if not path.is_file():
        part = _part(path)
        if part.is_file():
            return Verdict("partial", f"{part.stat().st_size:,} bytes so far")
        return Verdict("missing")
    return _compare(path, file, _recorded(path))


def _compare(path: Path, file: File, recorded: str | None) -> Verdict:
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return Verdict("damaged", f"{size:,} bytes instead of {file.size:,}")
    expected = file.checksum or recorded
    if expected is None:
        return Verdict("unverified", f"{size:,} bytes; no checksum is known")
    algorithm, _, digest = expected.partition(":")
    found = checksum(path, algorithm)
    if found != digest:
        return Verdict("damaged", f"{algorithm} {found} instead of {digest}")
    origin = "" if file.checksum else " recorded at download"
    return Verdict("ok", f"{size:,} bytes, {algorithm}{origin}")


def download(
    catalogue: Catalogue,
    dataset: Dataset,
    file: File,
    mirror: str | os.PathLike[str],
    progress: Progress | None = None,
) -> Path:
    """Bring one file into the mirror; an intact one that is there already is kept.

    The bytes go to ``NAME.part``, which a later call resumes; the file gets its name only
    when size and checksum are those of the catalogue. Where the catalogue has no checksum,
    the md5 of what arrived is written to ``NAME.md5``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DownloadError
        If no endpoint delivers the file; each is named with its reason.
    OutputError
        If the mirror cannot be written.
    """
    path = mirror_path(mirror, dataset, file)
    if verify(path, file).state in ("ok", "unverified"):
        return path
    reasons: list[str] = []
    for url in _remote(catalogue, dataset, file):
        try:
            _from_endpoint(url, file, _part(path), progress or _ignore)
        except EndpointError as error:
            reasons.append(f"  {url}\n    {error}")
            continue
        with _writing(path):
            if file.checksum is None:
                _record(path)
            os.replace(_part(path), path)
        return path
    raise DownloadError(_failure(dataset, file, _part(path), reasons))


def _remote(catalogue: Catalogue, dataset: Dataset, file: File) -> tuple[str, ...]:
    bases = catalogue.releases[dataset.release].bases
    return tuple(catalogue.bases[base] + file.path for base in bases)


def _failure(dataset: Dataset, file: File, part: Path, reasons: list[str]) -> str:
    lines = [f"{file.name!r} of {dataset.key!r} could not be downloaded", *reasons]
    if not reasons:
        lines.append("  the catalogue knows no location of it")
    elif part.is_file():
        lines.append(
            f"  {part.stat().st_size:,} bytes are kept in {part}: the same command resumes"
        )
    else:
        lines.append("  Is there a network? Nothing was written; try the same command again.")
    return "\n".join(lines)


def _from_endpoint(url: str, file: File, part: Path, progress: Progress) -> None:
    """Fill and verify ``part`` from one endpoint, going on where a connection breaks."""
    for _ in range(ATTEMPTS):
        before = _size(part)
        try:
            if file.size is None or before != file.size:
                _receive(url, file, part, progress)
        except EndpointError:
            # A connection that breaks after some bytes is worth another try; nothing else is.
            if _size(part) <= before:
                raise
            continue
        verdict = _compare(part, file, None)
        if verdict.state != "damaged":
            return
        part.unlink()
        # What was resumed may be to blame: once more from the beginning.
        if before == 0:
            raise EndpointError(f"what arrived is damaged: {verdict.detail}")
    raise EndpointError(f"the connection broke {ATTEMPTS} times; {_size(part):,} bytes arrived")


def _receive(url: str, file: File, part: Path, progress: Progress) -> None:
    if file.size is not None and _size(part) > file.size:
        part.unlink()
    with open_endpoint(url, _size(part)) as source:
        if None not in (source.total, file.size) and source.total != file.size:
            raise EndpointError(f"offers {source.total:,} bytes, the catalogue says {file.size:,}")
        expected = source.total if file.size is None else file.size
        received = source.offset
        block = read_block(source.stream)
        if block or source.offset == 0:
            received = _append(source, block, part, expected, progress)
    if not part.is_file():
        raise EndpointError("sent nothing")
    if expected is not None and received != expected:
        raise EndpointError(f"the connection ended after {received:,} of {expected:,} bytes")


def _append(
    source: Source, block: bytes, part: Path, expected: int | None, progress: Progress
) -> int:
    received = source.offset
    with _writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _writing(part), part.open("ab" if source.offset else "wb") as out:
            while block:
                out.write(block)
                received += len(block)
                progress(received, expected)
                block = read_block(source.stream)
            out.flush()
            os.fsync(out.fileno())
    finally:
        # An empty file holds nothing to resume.
        if _size(part) == 0 and expected != 0:
            part.unlink(missing_ok=True)
    return received


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(
            f"{path} cannot be written: {reason}. Choose another --mirror."
        ) from error


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".md5")


def _record(path: Path) -> None:
    # The format of md5sum, so that `md5sum -c` understands it too.
    _sidecar(path).write_text(f"{checksum(_part(path), 'md5')}  {path.name}\n")


def _recorded(path: Path) -> str | None:
    sidecar = _sidecar(path)
    if not sidecar.is_file():
        return None
    digest = sidecar.read_text().split(maxsplit=1)
    return f"md5:{digest[0]}" if digest else None


def _ignore(received: int, expected: int | None) -> None:
    """Report to nobody."""
