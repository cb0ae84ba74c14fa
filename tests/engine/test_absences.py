"""Optional branches that a file lacks."""

from __future__ import annotations

from typing import Any

from hepml.engine.absences import absence_notes, absent_branches
from hepml.engine.plan import PlannedFile


class Asking:
    """A processor that can do without some branches."""

    def optional_branches(self, tree: str, kind: str) -> dict[str, str]:
        return {"a": "counts as zero", "b": "counts as zero"} if kind == "data" else {}


class Tree:
    """A tree of two branches."""

    name = "Events"

    def keys(self) -> list[str]:
        return ["a", "c"]


def planned(path: str, absent: dict[str, str]) -> PlannedFile:
    return PlannedFile("d", "data", "d", (path,), "Events", path, 1, (0, 1), absent=absent)


def test_only_optional_branches_can_be_absent() -> None:
    asking: Any = Asking()
    assert absent_branches(asking, Tree(), "data") == {"b": "counts as zero"}
    assert absent_branches(asking, Tree(), "simulation") == {}


def test_files_that_lack_the_same_share_a_sentence() -> None:
    files = [
        planned("/x/one.root", {"b": "counts as zero"}),
        planned("/x/two.root", {}),
        planned("/x/three.root", {"b": "counts as zero"}),
        planned("/x/four.root", {"a": "counts as zero", "id": "rows have no name"}),
    ]
    assert absence_notes(files) == [
        "one.root and 1 more files lack b: counts as zero.",
        "four.root lacks a: counts as zero.",
        "four.root lacks id: rows have no name.",
    ]


def test_a_long_list_is_cut_short() -> None:
    (note,) = absence_notes([planned("one.root", {f"b{n}": "is empty" for n in range(8)})])
    assert note == "one.root lacks b0, b1, b2, b3, b4 and 3 more branches: is empty."


def test_chunks_know_what_their_file_lacks() -> None:
    (chunk,) = planned("one.root", {"b": "counts as zero"}).chunks()
    assert chunk.absent == ("b",)
