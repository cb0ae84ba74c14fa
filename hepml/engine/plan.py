"""The plan: which entries of which files are to be processed, before anything is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from hepml.engine.samples import SampleConstants, sample_constants
from hepml.engine.store import plain_name, write_json
from hepml.engine.withheld import withhold
from hepml.errors import OutputError

__all__ = ["Chunk", "Plan", "PlannedFile", "UnopenedFile"]

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """A range of entries of one file: the unit of work, of retry and of bookkeeping.

    Attributes
    ----------
    dataset, kind, label, tree, uuid, endpoints
        Those of its file.
    start, stop : int
        First entry, and the one behind the last.
    constants : tuple of (str, float)
        What is known of the whole simulated sample, e.g. its sum of weights.
    veto : str
        Digest of the events to leave out because another dataset counts them; empty: none.
    absent : tuple of str
        Optional branches that its file lacks: chunks that differ in them differ in their layout.
    """

    dataset: str
    endpoints: tuple[str, ...]
    tree: str
    uuid: str
    start: int
    stop: int
    kind: str
    label: str
    constants: tuple[tuple[str, float], ...] = ()
    veto: str = ""
    absent: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name made of content: file uuid and entry range."""
        return f"{self.uuid}-{self.start:012d}-{self.stop:012d}"

    @property
    def entries(self) -> int:
        """Number of entries."""
        return self.stop - self.start

    def metadata(self) -> dict[str, Any]:
        """What the selection finds in ``events.metadata``."""
        return {
            "dataset": self.dataset,
            "treename": self.tree,
            "entrystart": self.start,
            "entrystop": self.stop,
            "fileuuid": self.uuid,
            "kind": self.kind,
            "label": self.label,
            **dict(self.constants),
        }


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that was opened, with the boundaries of its chunks.

    Attributes
    ----------
    dataset, kind, label : str
        Dataset name, ``"data"`` or ``"simulation"``, class label.
    endpoints : tuple of str
        Where the file can be read, the preferred place first.
    tree : str
        Tree to read.
    uuid : str
        Identity of the file, from the file itself.
    entries : int
        Entries in the file.
    edges : tuple of int
        Chunk boundaries; the last one is below ``entries`` if a maximum of events was asked for.
    size, modified : int or None
        Bytes and modification time [ns] of a local file, to notice a change.
    catalogued : str
        Name of the catalogue's dataset that the file belongs to, empty if none.
    published : dict or None
        Files, entries and luminosity [pb^-1] of the published dataset that this is a file of.
    simulation : dict or None
        What ``hepml simulate`` noted in a file that it wrote.
    constants : dict of str to float, or None
        What it says of the sample that it is a part of; ``None`` if the channel does not ask.
    cross_section : float or None
        Of the dataset according to the catalogue [pb].
    absent : dict of str to str
        Optional branches that it lacks, and what that means.
    order : int
        Place among the inputs; results are added up in this order.
    imported : dict or None
        What ``hepml import`` noted in a file that it wrote, its account among it.
    """

    dataset: str
    kind: str
    label: str
    endpoints: tuple[str, ...]
    tree: str
    uuid: str
    entries: int
    edges: tuple[int, ...]
    size: int | None = None
    modified: int | None = None
    catalogued: str = ""
    published: dict[str, Any] | None = None
    simulation: dict[str, Any] | None = None
    constants: dict[str, float] | None = None
    cross_section: float | None = None
    absent: dict[str, str] = field(default_factory=dict)
    order: int = 0
    imported: dict[str, Any] | None = None

    def chunks(self) -> Iterator[Chunk]:
        """The file's chunks in order of entries, without what other files decide."""
        for start, stop in pairwise(self.edges):
            yield Chunk(
                self.dataset,
                self.endpoints,
                self.tree,
                self.uuid,
                start,
                stop,
                self.kind,
                self.label,
                absent=tuple(self.absent),
            )


@dataclass(frozen=True, slots=True)
class UnopenedFile:
    """A file that could not be opened when the plan was made; it counts as one chunk."""

    dataset: str
    endpoints: tuple[str, ...]
    reason: str
    size: int | None = None
    modified: int | None = None
    kind: str | None = None
    label: str = ""
    trees: tuple[str, ...] = ()
    catalogued: str = ""
    published: dict[str, Any] | None = None
    cross_section: float | None = None
    order: int = 0
    named: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """All the work of a run, and what it takes to do it again.

    Attributes
    ----------
    processor : str or None
        Registered name or ``module:Class``; ``None`` for one that only lives in a session.
    parameters : dict
        The processor's parameters, as JSON.
    files : tuple of PlannedFile
        In the order in which results are added up.
    unopened : tuple of UnopenedFile
        Files that could not be opened.
    chunk_size : int
        Wanted entries a chunk.
    max_events : int or None
        Limit per dataset; a limited run cannot be normalised.
    notes : tuple of str
        What a user should know about the inputs.
    event_keys : tuple of str
        Key columns that identify a collision; empty: events that are in two data sets are not
        looked for.
    vetoes : dict of str to str
        Chunk id to digest of the events that it must leave out.
    withheld : tuple of str
        Endpoints that were given with a user or a token, as they stand here: without.
    """

    processor: str | None
    parameters: dict[str, Any]
    files: tuple[PlannedFile, ...]
    unopened: tuple[UnopenedFile, ...] = ()
    chunk_size: int = 250_000
    max_events: int | None = None
    notes: tuple[str, ...] = field(default=())
    event_keys: tuple[str, ...] = ()
    vetoes: dict[str, str] = field(default_factory=dict)
    withheld: tuple[str, ...] = ()

    def samples(self) -> dict[str, SampleConstants]:
        """Constants of the simulated datasets whose channel takes them from the files."""
        return sample_constants(self.files, self.parameters)

    def work(self) -> Iterator[tuple[PlannedFile, list[Chunk]]]:
        """Every file with its chunks, in the order in which results are added up."""
        known = {name: tuple(found.values.items()) for name, found in self.samples().items()}
        for file in self.files:
            constants = known.get(file.dataset, ())
            chunks = [
                replace(chunk, constants=constants, veto=self.vetoes.get(chunk.id, ""))
                for chunk in file.chunks()
            ]
            yield file, chunks

    def chunks(self) -> Iterator[Chunk]:
        """Every chunk, in the order in which results are added up."""
        for _, chunks in self.work():
            yield from chunks

    def save(self, path: Path) -> None:
        """Write ``plan.json`` atomically, without the credentials that URLs may hold."""
        write_json(path, {"version": PLAN_VERSION, **withhold(asdict(self))}, indent=None)

    @classmethod
    def load(cls, path: Path) -> Plan:
        """Read ``plan.json``.

        Raises
        ------
        OutputError
            If it is missing or damaged.
        """
        try:
            content = json.loads(path.read_text())
            if content.pop("version") != PLAN_VERSION:
                raise OutputError(f"{path} was written by another version of hepml; run again.")
            files = tuple(_from_json(PlannedFile, item) for item in content.pop("files"))
            unopened = tuple(_from_json(UnopenedFile, item) for item in content.pop("unopened"))
            for file in (*files, *unopened):
                plain_name(file.dataset)
            for name in ("notes", "event_keys", "withheld"):
                content[name] = tuple(content.get(name, ()))
            return cls(files=files, unopened=unopened, **content)
        except FileNotFoundError:
            raise OutputError(
                f"{path.parent} is not a run directory: it has no plan.json. "
                "Give the folder named with --out."
            ) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutputError(
                f"{path} is damaged: {error}. Run again into a new folder."
            ) from error


def _from_json(cls: Any, item: dict[str, Any]) -> Any:
    return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in item.items()})
