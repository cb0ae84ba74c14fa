"""What imports noted in their files: accounts as sentences, parts that belong together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hepml.engine.plan import PlannedFile

__all__ = ["import_notes", "merged_folders", "missing_parts"]


def import_notes(files: Sequence[PlannedFile]) -> list[str]:
    """One sentence for each import: what it read, rejected, missed or skipped."""
    accounts: dict[tuple[str, str], dict[str, Any]] = {}
    for dataset, counts in _counts(files).items():
        accounts[dataset, ""] = counts
    for file in files:
        account = (file.imported or {}).get("account")
        if isinstance(account, dict) and account:
            # every file of an import carries the same account
            accounts.setdefault((file.dataset, json.dumps(account, sort_keys=True)), account)
    return [
        f"{dataset!r} at import: {', '.join(said)}."
        for (dataset, _), account in accounts.items()
        if (said := list(_said(account)))
    ]


def _counts(files: Sequence[PlannedFile]) -> dict[str, dict[str, int]]:
    """What each file counted for itself, added up over a dataset."""
    found: dict[str, dict[str, int]] = {}
    for file in files:
        counts = (file.imported or {}).get("counts")
        if isinstance(counts, dict):
            total = found.setdefault(file.dataset, {})
            for name, value in counts.items():
                total[name] = total.get(name, 0) + int(value)
    return found


def _said(account: Mapping[str, Any]) -> Iterator[str]:
    """``{"rejected": 3, "missing_films": [7, 2]}`` as ``3 rejected``, ``missing films 7 2``."""
    for name, value in account.items():
        words = str(name).replace("_", " ")
        if isinstance(value, Mapping):
            yield from _said(value)
        elif isinstance(value, list | tuple):
            if value:
                yield f"{words} {' '.join(map(str, value))}"
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if value:
                yield f"{value:,} {words}"
        elif value:
            yield words if value is True else f"{words} {value}"


def merged_folders(files: Sequence[PlannedFile]) -> list[str]:
    """Notes on datasets whose files, named by nobody, lie in several folders."""
    folders: dict[str, set[str]] = {}
    for file in files:
        if file.imported is not None:
            where = str(PurePosixPath(file.endpoints[0]).parent)
            folders.setdefault(file.dataset, set()).add(where)
    return [
        f"The files in {', '.join(sorted(where))} become one dataset, {dataset!r}. "
        "To keep them apart: NAME=FILES."
        for dataset, where in folders.items()
        if len(where) > 1
    ]


def missing_parts(files: Sequence[PlannedFile]) -> str:
    """Why a dataset is not all of what was imported, empty if it is."""
    imports: dict[str, list[PlannedFile]] = {}
    for file in files:
        notes = file.imported or {}
        if notes.get("import") and notes.get("files"):
            imports.setdefault(str(notes["import"]), []).append(file)
    for found in imports.values():
        expected = int((found[0].imported or {})["files"])
        if len(found) < expected:
            return f"{len(found)} of the {expected} files of one import"
    return ""
