"""Credentials in URLs: on no disk, and asked for again by a resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import hepml
from hepml.engine.plan import Plan
from hepml.engine.resume import check, resume
from hepml.engine.run import as_inputs
from hepml.engine.withheld import restore
from hepml.errors import ParameterError
from tests.conftest import Answer
from tests.engine.probe import ProbeProcessor

SECRET = "http://ann:secret@127.0.0.1:9/a.root?token=secret"
OTHER = "http://127.0.0.1:9/b.root?token=secret"


@pytest.fixture
def lost(cluster_files: list[Path], tmp_path: Path) -> hepml.Run:
    """A run of one file that could be read and two that could not, of one server."""
    (good,) = as_inputs([str(cluster_files[0])], "probe")
    inputs = [
        replace(good, endpoints=(SECRET, *good.endpoints)),
        replace(good, dataset="one", endpoints=(SECRET,)),
        replace(good, dataset="two", endpoints=(OTHER,)),
    ]
    options = {"executor": "iterative", "retries": 0, "allow_missing": True}
    return hepml.run(ProbeProcessor(), inputs, out=tmp_path / "run", **options)  # type: ignore[arg-type]


def test_no_file_of_a_run_holds_a_credential(lost: hepml.Run) -> None:
    files = [path for path in lost.path.rglob("*") if path.is_file()]
    assert len(files) > 6
    for path in files:
        assert b"secret" not in path.read_bytes(), path
    assert lost.plan.withheld == (
        "http://127.0.0.1:9/a.root?...",
        "http://127.0.0.1:9/b.root?...",
    )


def test_a_resume_asks_for_what_was_not_kept(lost: hepml.Run) -> None:
    with pytest.raises(ParameterError, match=r"2 URLs of this run.*b?a\.root.*--url URL"):
        resume(lost.path, executor="iterative")


def test_a_resume_with_the_credentials_tries_again_and_keeps_them_to_itself(
    lost: hepml.Run, cli: Callable[..., Answer]
) -> None:
    words = ("resume", lost.path, "--executor", "iterative", "--retries", "0", "--url", SECRET)
    answer = cli(*words)
    assert answer.code == 3, answer.text
    assert "secret" not in answer.text
    assert not any(b"secret" in p.read_bytes() for p in lost.path.rglob("*") if p.is_file())
    assert len(Plan.load(lost.layout.plan).withheld) == 2


def test_one_url_serves_all_files_of_its_server(lost: hepml.Run) -> None:
    plan = restore(lost.plan, [SECRET])
    assert plan.files[0].endpoints[0] == SECRET
    assert [file.endpoints for file in plan.unopened] == [
        (SECRET,),
        ("http://ann:secret@127.0.0.1:9/b.root?token=secret",),
    ]
    assert plan.withheld == ()


def test_a_url_that_is_given_whole_is_taken_as_it_is(lost: hepml.Run) -> None:
    plan = restore(lost.plan, [OTHER, SECRET])
    assert plan.unopened[1].endpoints == (OTHER,)


def test_a_url_of_another_server_is_refused(lost: hepml.Run) -> None:
    with pytest.raises(ParameterError, match="given for https://elsewhere, of which"):
        restore(lost.plan, [SECRET, "https://me@elsewhere/a.root"])


def test_a_check_needs_no_credentials(lost: hepml.Run) -> None:
    with pytest.raises(hepml.errors.IncompleteRunError, match="2 of 3 chunks"):
        check(lost.path)
