"""Open what a processor reads: a ROOT file or an imported Parquet file, behind one face."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from hepml.engine.replicas import ROOT, Reader, explain, open_first
from hepml.errors import ParameterError, TreeError

if TYPE_CHECKING:
    from hepml.engine.parquet import ParquetFile
    from hepml.processor import Processor

__all__ = [
    "ImportedSource",
    "RootSource",
    "Source",
    "check_lazy",
    "explain_for",
    "open_source",
    "reader_of",
    "reads_parquet",
]

SIMULATION_KEY = "hepml_simulation"


class Source(Protocol):
    """An open input file.

    Attributes
    ----------
    handle : object
        The uproot directory or `hepml.engine.parquet.ParquetFile`, for the channel's own hooks.
    uuid : str
        Identity of the file.
    notes : dict or None
        What an import noted; ``None`` for a file in an experiment's own format.
    """

    @property
    def handle(self) -> Any: ...
    @property
    def uuid(self) -> str: ...
    @property
    def notes(self) -> dict[str, Any] | None: ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...

    def table(self, wanted: Sequence[str], processor: Processor) -> Any:
        """The tree, or what answers like one: ``name``, ``keys()``, ``num_entries``."""

    def edges(self, table: Any) -> list[int]:
        """Entries at which it is best cut, from 0 to the number of entries."""

    def simulation(self) -> dict[str, Any] | None:
        """What the simulator noted of a simulated file, ``None`` for any other one."""

    def events(
        self,
        name: str,
        *,
        schema: Any,
        metadata: Mapping[str, Any],
        start: int,
        stop: int,
        columns: Iterable[str] | None,
    ) -> tuple[Any, list[Any]]:
        """Lay out a range of entries as events, with a log of the columns they touch."""


@dataclass(frozen=True, slots=True)
class RootSource:
    """An open ROOT file."""

    handle: Any
    endpoint: str

    def __enter__(self) -> RootSource:
        return self

    def __exit__(self, *error: object) -> None:
        self.handle.__exit__(*error)

    @property
    def uuid(self) -> str:
        """Identity of the file."""
        return str(self.handle.file.uuid)

    @property
    def notes(self) -> None:
        """No import wrote it."""
        return

    def table(self, wanted: Sequence[str], processor: Processor) -> Any:
        """The first of the wanted trees that is there, else those that the processor reads."""
        present = self.handle.classnames(cycle=False)
        trees = [name for name, kind in present.items() if kind in ("TTree", "ROOT::RNTuple")]
        chosen = wanted or processor.trees
        for name in chosen:
            if name in trees:
                return self.handle[name]
        raise TreeError(
            f"{self.endpoint} holds no tree that {processor.name!r} reads "
            f"(it reads {' or '.join(map(repr, chosen))}). "
            + (f"Trees in the file: {', '.join(trees)}. " if trees else "The file holds no tree. ")
            + f"See what fits:  hepml inspect {self.endpoint}"
        )

    def edges(self, table: Any) -> list[int]:
        """Entries at which clusters begin."""
        from hepml.engine.reading import cluster_edges

        return cluster_edges(table)

    def simulation(self) -> dict[str, Any] | None:
        """What ``hepml simulate`` wrote into its file."""
        if SIMULATION_KEY not in self.handle.keys(cycle=False):
            return None
        return dict(json.loads(str(self.handle[SIMULATION_KEY])))

    def events(
        self, name: str, *, columns: Iterable[str] | None, **options: Any
    ) -> tuple[Any, list[Any]]:
        """Lay out a range of a tree's entries as events."""
        from hepml.engine.reading import events_from_root

        return events_from_root(self.handle, name, columns=columns, **options)


@dataclass(frozen=True, slots=True)
class ImportedSource:
    """An open Parquet file that an import wrote."""

    handle: ParquetFile

    def __enter__(self) -> ImportedSource:
        return self

    def __exit__(self, *error: object) -> None:
        self.handle.__exit__(*error)

    @property
    def uuid(self) -> str:
        """Identity of the file."""
        return str(self.notes["uuid"])

    @property
    def notes(self) -> dict[str, Any]:
        """What the import noted."""
        return self.handle.notes

    def table(self, wanted: Sequence[str], processor: Processor) -> ParquetFile:
        """The file itself, if it was imported for the processor's channel."""
        channel = self.notes.get("channel")
        reads = getattr(processor.schema, "channel", "")
        if channel and reads and channel != reads:
            raise TreeError(
                f"{self.handle.endpoint} was imported for the channel {channel!r}, and "
                f"{processor.name!r} reads files of {reads!r}:  hepml import {reads} SOURCE --out "
                "DIR"
            )
        return self.handle

    def edges(self, table: Any) -> list[int]:
        """Rows at which row groups begin."""
        return self.handle.edges

    def simulation(self) -> dict[str, Any] | None:
        """What the import noted of simulated input."""
        if not self.notes.get("simulated"):
            return None
        return dict(self.notes.get("simulation") or {})

    def events(
        self, name: str, *, columns: Iterable[str] | None, **options: Any
    ) -> tuple[Any, list[Any]]:
        """Lay out a range of rows as events."""
        return self.handle.events(columns=columns, **options)


def reader_of(processor: Processor) -> Reader:
    """How the files that a processor reads are opened."""
    if not reads_parquet(processor):
        return ROOT
    from hepml.engine.parquet import open_parquet

    channel = getattr(processor.schema, "channel", "") or processor.name
    return Reader(
        name="Parquet",
        magic=b"PAR1",
        open=open_parquet,
        advice=f"and {processor.name!r} reads Parquet files made by  "
        f"hepml import {channel} SOURCE --out DIR",
    )


def reads_parquet(processor: Processor) -> bool:
    """Whether a processor reads imported Parquet files; ROOT trees otherwise."""
    return getattr(processor.schema, "file_format", "root") == "parquet"


def open_source(processor: Processor, endpoints: Sequence[str]) -> tuple[Source, str]:
    """Open a file at its first endpoint that answers; see `hepml.engine.replicas.open_first`.

    Returns
    -------
    source : Source
        The open file; use it in a ``with`` statement.
    endpoint : str
        The endpoint that served it.
    """
    opened, endpoint = open_first(endpoints, reader_of(processor))
    if reads_parquet(processor):
        return ImportedSource(opened), endpoint
    return RootSource(opened, endpoint), endpoint


def explain_for(processor: Processor, endpoint: str, error: BaseException) -> str:
    """One line on why a file could not be read."""
    return explain(endpoint, error, reader_of(processor))


def check_lazy(executor: str, processor: Processor) -> None:
    """Refuse the lazy executor for imported files.

    Raises
    ------
    ParameterError
        If the processor reads Parquet: coffea lays out no lazy Parquet with a schema.
    """
    if executor == "dask-awkward" and reads_parquet(processor):
        raise ParameterError(
            f"The executor dask-awkward reads ROOT trees only, and {processor.name!r} reads "
            "imported Parquet files. Take  --executor dask  (the same clusters), futures or "
            "iterative: the result is the same."
        )
