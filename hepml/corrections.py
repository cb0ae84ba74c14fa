"""Scale factors and pile-up weights of simulation, evaluated from correctionlib files."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from hepml.correction_sources import Input, Source, SourceList
from hepml.document import validate
from hepml.errors import (
    CatalogueError,
    ChunkError,
    FileAccessError,
    ParameterError,
    ProcessorError,
    did_you_mean,
)
from hepml.partitions import per_partition, stand_in

__all__ = ["Corrections", "Source"]


@dataclass(frozen=True, slots=True)
class Corrections:
    """The sources of one document; small, and the same on every worker.

    Attributes
    ----------
    path : str
        The document.
    sources : tuple of Source
        In the order of the document.
    sha256 : dict of str to str
        Hash of the document (under ``""``) and of every file that it names.
    """

    path: str
    sources: tuple[Source, ...]
    sha256: dict[str, str]

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | Corrections) -> Corrections:
        """Read and check a document and every file that it names.

        Parameters
        ----------
        source : path or mapping
            The document, or what :meth:`parameters` returned.

        Raises
        ------
        FileAccessError
            If a file cannot be read.
        ParameterError
            If the document does not fit, a name is not in a file (near misses are named), or the
            files are not those of the parameters.
        """
        if isinstance(source, Corrections):
            return source
        known = source if isinstance(source, Mapping) else None
        path = Path(known["path"] if known else source).resolve()  # type: ignore[arg-type]
        raw = _read(path)
        try:
            text = raw.decode()
            document = validate(SourceList, text, f"The list of corrections {path}")
        except (CatalogueError, UnicodeDecodeError) as error:
            raise ParameterError(str(error)) from error
        names = [item.name for item in document.sources]
        if len(set(names)) < len(names):
            raise ParameterError(f"The list of corrections {path} names a source twice: {names}.")
        files = sorted({item.file for item in document.sources})
        sums = {file: _sha256(_read(path.parent / file)) for file in files}
        found = cls(str(path), tuple(document.sources), {"": _sha256(raw), **sums})
        if known and dict(known["sha256"]) != found.sha256:
            raise ParameterError(
                f"The corrections of {path} are not those that the run was made with. Restore "
                "the files, or make a new run."
            )
        for item in found.sources:
            found._check(item)
        return found

    def parameters(self) -> dict[str, Any]:
        """What identifies the content, as JSON."""
        return {"path": self.path, "sha256": dict(self.sha256)}

    @property
    def variations(self) -> tuple[str, ...]:
        """Names of the sources that have shifts."""
        return tuple(item.name for item in self.sources if item.up is not None)

    def columns(self, per: str) -> tuple[str, ...]:
        """Columns that the sources of one kind read."""
        found = (name for item in self.sources if item.per == per for name in item.columns)
        return tuple(dict.fromkeys(found))

    def factor(
        self, source: Source, columns: Sequence[Mapping[str, Any]], way: str = "nominal"
    ) -> Any:
        """Evaluate one source.

        Parameters
        ----------
        source : Source
            One of ``sources``.
        columns : sequence of mapping of str to array
            Its columns, for each object (or once, for the event): flat arrays of the same length,
            eager or dask-awkward.
        way : {"nominal", "up", "down"}
            Which variation.

        Returns
        -------
        array of float64, or float
            Product over the objects; a number if no input is a column.

        Raises
        ------
        ProcessorError
            If the files are not to be seen where this runs, or are other files.
        ChunkError
            If a value lies outside of what the correction covers.
        """
        call = _Factor(self.path, source, self.sha256[source.file], way)
        result: Any = 1.0
        for values in columns:
            arrays = [values[name] for name in source.columns]
            result = result * (per_partition(call, *arrays) if arrays else call())
        return result

    def _check(self, source: Source) -> None:
        """Raise a ParameterError unless the correction exists and all its inputs are fed."""
        where = f"The source {source.name!r} of {self.path}"
        content = _correction_set(self.path, source.file, self.sha256[source.file])
        known = list(content)  # its `in` raises for a name that it does not have
        if source.correction not in known:
            raise ParameterError(
                f"{where}: {source.file} holds no correction {source.correction!r}. "
                + did_you_mean(source.correction, known)
            )
        wanted = {item.name: item.type for item in content[source.correction].inputs}
        for name in source.inputs:
            if name not in wanted:
                raise ParameterError(
                    f"{where}: {source.correction!r} has no input {name!r}. "
                    + did_you_mean(name, wanted)
                )
        missing = [name for name in wanted if name not in source.inputs]
        if missing:
            raise ParameterError(f"{where}: nothing is given for the input {missing[0]!r}.")


@dataclass(frozen=True, slots=True)
class _Factor:
    """One variation of one source as a function that a worker can be sent."""

    document: str
    source: Source
    sha256: str
    way: str

    def __call__(self, *arrays: Any) -> Any:
        if arrays and ak.backend(*arrays) == "typetracer":
            return stand_in(arrays, ak.Array(np.zeros(0)))
        source = self.source
        content = _correction_set(self.document, source.file, self.sha256)
        correction = content[source.correction]
        columns = dict(zip(source.columns, arrays, strict=True))
        arguments = [
            self._argument(source.inputs[item.name], item.type, columns)
            for item in correction.inputs
        ]
        try:
            factors = correction.evaluate(*arguments)
        except (IndexError, RuntimeError, ValueError) as error:
            raise ChunkError(
                f"The correction {source.correction!r} ({source.name!r} of {self.document}): "
                f"{error}. Values that it does not cover can be moved onto its range with "
                "'minimum' and 'maximum' of the input."
            ) from error
        return ak.Array(np.asarray(factors, dtype=np.float64)) if arrays else float(factors)

    def _argument(self, item: Input, kind: str, columns: Mapping[str, Any]) -> Any:
        if item.column is None:
            value = getattr(self.source, self.way) if item.variation else item.constant
            return {"string": str, "int": int, "real": float}[kind](value)
        values = np.asarray(columns[item.column], dtype=np.float64)
        if item.absolute:
            values = np.abs(values)
        if item.minimum is not None or item.maximum is not None:
            values = np.clip(values, item.minimum, item.maximum)
        return values.astype(np.int64) if kind == "int" else values


@lru_cache(maxsize=32)
def _correction_set(document: str, file: str, sha256: str) -> Any:
    """Load a correctionlib file, once per process."""
    from correctionlib import CorrectionSet

    path = Path(document).parent / file
    try:
        raw = _read(path)
    except FileAccessError as error:
        raise ProcessorError(
            f"{error} Every worker needs the corrections at the same path: put them where all "
            "machines see them."
        ) from error
    if _sha256(raw) != sha256:
        raise ProcessorError(
            f"{path} is not the file that the run was started with. Restore it, or make a new run."
        )
    try:
        return CorrectionSet.from_string((gzip.decompress(raw) if _zipped(raw) else raw).decode())
    except (OSError, ValueError, RuntimeError) as error:
        raise ParameterError(f"{path} is not a correctionlib file: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileAccessError(
            f"Cannot read the corrections {path}: {error.strerror or error}."
        ) from error


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _zipped(raw: bytes) -> bool:
    return raw.startswith(b"\x1f\x8b")
