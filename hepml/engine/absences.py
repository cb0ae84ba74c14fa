"""Optional branches that a file lacks: what that means, and the note that says so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.engine.plan import PlannedFile
    from hepml.processor import Processor

__all__ = ["absence_notes", "absent_branches"]

SHOWN = 5


def absent_branches(processor: Processor, tree: Any, kind: str) -> dict[str, str]:
    """Optional branches that an open tree lacks, each with what that means."""
    optional = processor.optional_branches(tree.name, kind)
    present = set(tree.keys()) if optional else set()
    return {name: meaning for name, meaning in optional.items() if name not in present}


def absence_notes(files: Sequence[PlannedFile]) -> list[str]:
    """One sentence for each meaning and the files that it holds for."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for file in files:
        meanings: dict[str, list[str]] = {}
        for name, meaning in file.absent.items():
            meanings.setdefault(meaning, []).append(name)
        for meaning, names in meanings.items():
            found.setdefault((meaning, tuple(names)), []).append(file.endpoints[0])
    return [
        f"{_files(paths)} {'lack' if len(paths) > 1 else 'lacks'} {_some(names)}: {meaning}."
        for (meaning, names), paths in found.items()
    ]


def _files(paths: Sequence[str]) -> str:
    first = PurePosixPath(paths[0]).name
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more files"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more branches" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
