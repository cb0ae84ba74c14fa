"""Provenance names inputs, code and parameters, and no secret."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import hepml
from hepml.engine.run import as_inputs
from hepml.redaction import redacted
from tests.engine.probe import ProbeProcessor


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://ann:pass@site/a.root", "https://site/a.root"),
        ("x=https://a:b@s/1,https://c:d@s/2", "x=https://s/1,https://s/2"),
        ("root://user@site//store/a.root", "root://site//store/a.root"),
        ("https://site/a.root?authz=Bearer%20xyz", "https://site/a.root?..."),
        ("Cannot open https://a:p@ss@s/x: no", "Cannot open https://s/x: no"),
        ("/data/me@home/a.root", "/data/me@home/a.root"),
        ("lead@what?", "lead@what?"),
    ],
)
def test_credentials_are_dropped_from_urls(text: str, expected: str) -> None:
    assert redacted(text) == expected


def test_redaction_reaches_into_documents() -> None:
    document = {"https://a:b@s": ["https://a:b@s/x", 1, None, {"x": ("https://a:b@s",)}]}
    assert redacted(document) == {"https://s": ["https://s/x", 1, None, {"x": ["https://s"]}]}


def test_provenance_says_how_a_run_was_made(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["hepml", "run", "https://ann:secret@site/a.root"])
    run = hepml.run(
        ProbeProcessor(), [str(cluster_files[0])], out=tmp_path / "run", executor="iterative"
    )
    found = run.provenance
    assert found["processor"] == "probe"
    assert found["parameters"]["cuts"]["pt"] == 40.0
    assert found["command"] == ["hepml", "run", "https://site/a.root"]
    assert found["inputs"][0]["entries"] == 200
    assert found["versions"]["hepml"] == hepml.__version__


def test_a_secret_in_an_endpoint_is_in_no_output(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["hepml"])
    (good,) = as_inputs([str(cluster_files[0])], "probe")
    secret = "http://ann:secret@127.0.0.1:9/a.root"
    inputs = [replace(good, endpoints=(secret, str(cluster_files[0])))]
    inputs.append(replace(good, dataset="lost", endpoints=(secret,)))
    run = hepml.run(
        ProbeProcessor(),
        inputs,
        out=tmp_path / "run",
        executor="iterative",
        retries=0,
        allow_missing=True,
    )
    assert run.report["processed"] == 1
    for path in run.path.rglob("*"):
        if path.is_file():
            assert b"secret" not in path.read_bytes(), path
