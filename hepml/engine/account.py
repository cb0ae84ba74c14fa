"""The account of one dataset: what was planned and done, whether that is all of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hepml.cutflow import Steps
from hepml.engine.imported import missing_parts
from hepml.engine.plan import Plan, PlannedFile, UnopenedFile
from hepml.engine.samples import SUM, SampleConstants

if TYPE_CHECKING:
    from hepml.engine.checkpoint import Checkpoint

__all__ = [
    "add_result",
    "completeness",
    "contradiction",
    "file_account",
    "luminosity",
    "new_account",
    "sample_account",
]


def new_account(kind: str, label: str) -> dict[str, Any]:
    """Account of a dataset before its first file."""
    return {
        "kind": kind,
        "label": label,
        "simulated": False,
        "published": True,
        "files": 0,
        "entries": 0,
        "planned": 0,
        "processed": 0,
        "events": 0,
        "removed_duplicates": 0,
        "rows": 0,
        "seconds": 0.0,
        "endpoints": {},
    }


def file_account(account: dict[str, Any], file: PlannedFile | UnopenedFile) -> None:
    """Enter a file into its dataset's account."""
    account["files"] += 1
    account["published"] &= file.published is not None
    if isinstance(file, UnopenedFile):
        return
    account["entries"] += file.entries
    account["simulated"] |= file.simulation is not None
    if factor := (file.simulation or {}).get("higgs_factor"):
        account["higgs_factor"] = float(factor)


def sample_account(account: dict[str, Any], sample: SampleConstants) -> None:
    """Enter what a simulated dataset's files say of the whole sample."""
    account.update(sample.values)
    account["unnormalised"] = sample.unnormalised


def add_result(account: dict[str, Any], found: Checkpoint) -> None:
    """Enter a chunk's result."""
    account["processed"] += 1
    account["events"] += found.entries
    account["removed_duplicates"] += found.removed
    account["rows"] += found.rows or 0
    account["seconds"] += found.seconds
    server = found.endpoint.rsplit("/", 1)[0] or "/"
    account["endpoints"][server] = account["endpoints"].get(server, 0) + 1
    for name, value in found.constants.items():
        if not math.isnan(value):
            account.setdefault(name, value)


def contradiction(account: Mapping[str, Any], steps: Steps | None, found: Checkpoint) -> str:
    """Why a result cannot be added to those before it, empty if it can."""
    for name, value in found.constants.items():
        before = account.get(name, value)
        if not (math.isnan(value) or math.isclose(before, value, rel_tol=1e-6)):
            return (
                f"the files of dataset {found.dataset!r} do not agree on {name} ({before} before, "
                f"{value} here), so they are not one sample. Run again with different names: "
                "NAME=FILES."
            )
    if steps is not None and list(steps) != list(found.cutflow):
        return (
            f"the cutflow has other steps ({', '.join(found.cutflow)}) than in the chunks before "
            f"({', '.join(steps)}). A selection must return the same steps for every chunk."
        )
    return ""


def completeness(plan: Plan, dataset: str, account: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether every event that the sum of weights stands for was read, and if not, why."""
    if account["processed"] < account["planned"]:
        missing = account["planned"] - account["processed"]
        return False, f"{missing} of {account['planned']} chunks have no result"
    files = [file for file in plan.files if file.dataset == dataset]
    read = sum(file.edges[-1] for file in files)
    if read < account["entries"]:
        return False, f"limited to {read} of {account['entries']} events by --max-events"
    if reason := missing_parts(files):
        return False, reason
    if all(SUM in (file.constants or {}) for file in files):
        return True, ""  # each file brings its own sum of weights, so some of them are a sample too
    for file in files:
        published = file.published or {}
        expected = published.get("files")
        if expected is not None and account["files"] < expected:
            return False, f"{account['files']} of the {expected} files of {file.catalogued}"
        expected = published.get("entries")
        if expected is not None and account["entries"] < expected:
            return False, f"{account['entries']} of the {expected} events of {file.catalogued}"
    return True, ""


def luminosity(plan: Plan, dataset: str, account: Mapping[str, Any]) -> float | None:
    """Luminosity [pb^-1] of a complete data set, where the catalogue or a simulation says so."""
    if account["kind"] != "data" or not account["complete"]:
        return None
    files = [file for file in plan.files if file.dataset == dataset]
    noted = [(file.simulation or {}).get("luminosity") for file in files]
    known = [float(value) for value in noted if value is not None]
    if len(known) == len(noted):
        return sum(known)
    published = {(file.published or {}).get("luminosity") for file in files}
    value = published.pop() if len(published) == 1 else None
    return None if value is None else float(value)
