"""Look into a file: its trees or columns, and the processors that can read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from hepml.engine.replicas import Reader, explain, open_first
from hepml.engine.sources import ImportedSource, reads_parquet
from hepml.errors import FileAccessError, HepmlError, TreeError
from hepml.redaction import safe_logger
from hepml.registry import find_processor, processor_names

__all__ = ["InspectedTree", "inspect_file"]

logger = safe_logger(__name__)


@dataclass
class InspectedTree:
    """One tree of a ROOT file, or an imported Parquet file.

    Attributes
    ----------
    name : str
        Name of the tree; empty for Parquet.
    entries, clusters : int
        Number of events and of clusters or row groups.
    branches : dict of str to str
        Branch or column to type.
    kind : str or None
        ``"data"`` or ``"simulation"`` as the fitting processor reads it.
    fits : list of str
        Processors that find all they need.
    misfits : dict of str to str
        Processors that read a tree of this name but lack something, and what.
    notes : dict
        What the import of a Parquet file noted.
    """

    name: str
    entries: int
    clusters: int
    branches: dict[str, str]
    kind: str | None = None
    fits: list[str] = field(default_factory=list)
    misfits: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


def inspect_file(path: str) -> list[InspectedTree]:
    """Look into a ROOT file or an imported Parquet file.

    Raises
    ------
    FileAccessError
        If it cannot be opened.
    TreeError
        If it holds no tree.
    """
    if urlsplit(path).path.endswith(".parquet"):
        return [_look_at_columns(path)]
    directory, endpoint = open_first((path,))
    found = []
    with directory:
        for name, kind in directory.classnames(cycle=False).items():
            if kind not in ("TTree", "ROOT::RNTuple"):
                continue
            try:
                found.append(_look(directory[name], name, endpoint))
            # a file that is cut short may open and then fail wherever it is read
            except Exception as error:
                logger.debug("%s could not be read", endpoint, exc_info=error)
                raise FileAccessError(
                    f"Cannot read tree {name!r} of {endpoint}: {explain(endpoint, error)}"
                ) from error
    if not found:
        raise TreeError(f"{path} is a ROOT file without any tree.")
    return found


def _look(tree: Any, name: str, endpoint: str) -> InspectedTree:
    """Describe one tree and see which processors fit it."""
    from hepml.engine.planning import check_branches
    from hepml.engine.reading import cluster_edges

    item = InspectedTree(
        name, int(tree.num_entries), len(cluster_edges(tree)) - 1, dict(tree.typenames())
    )
    for processor_name in processor_names():
        processor = find_processor(processor_name)()
        if reads_parquet(processor) or name not in processor.trees:
            continue
        item.kind = item.kind or processor.kind_of(tree)
        try:
            check_branches(processor, tree, item.kind or "simulation", endpoint)
        except HepmlError as error:
            item.misfits[processor_name] = str(error)
        else:
            item.fits.append(processor_name)
    return item


def _look_at_columns(path: str) -> InspectedTree:
    """Describe an imported file and see which processors fit it."""
    from hepml.engine.parquet import open_parquet
    from hepml.engine.planning import check_branches

    reader = Reader("Parquet", b"PAR1", open_parquet, "and its name says Parquet")
    opened, endpoint = open_first((path,), reader)
    with opened:
        item = InspectedTree(
            "", opened.num_entries, len(opened.edges) - 1, opened.typenames(), notes=opened.notes
        )
        item.kind = opened.notes.get("kind")
        for name in processor_names():
            processor = find_processor(name)()
            channel = getattr(processor.schema, "channel", "")
            if not reads_parquet(processor) or channel not in ("", opened.notes.get("channel")):
                continue
            try:
                table = ImportedSource(opened).table((), processor)
                check_branches(processor, table, item.kind or "simulation", endpoint)
            except HepmlError as error:
                item.misfits[name] = str(error)
            else:
                item.fits.append(name)
    return item
