"""Options of ``hepml run`` that only the dimuon channel has."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.conftest import Answer
from tests.corrected import write_corrections
from tests.nanoaod import full_muon, write_full_nanoaod

Cli = Callable[..., Answer]
EVENTS = [[full_muon(50, phi=0.1 * n), full_muon(20, phi=1.0, charge=-1)] for n in range(6)]


def run(cli: Cli, path: Path, out: Path, *words: object) -> Answer:
    return cli("run", "dimuon", f"mc={path}", "--out", out, "--executor", "iterative", *words)


def test_a_mask_and_corrections_are_kept_with_the_run(cli: Cli, tmp_path: Path) -> None:
    branches = {"genWeight": np.ones(6, np.float32), "Pileup_nTrueInt": np.full(6, 3, np.float32)}
    path = write_full_nanoaod(tmp_path / "mc.root", EVENTS, branches=branches, sum_of_weights=6.0)
    golden = tmp_path / "golden.json"
    golden.write_text('{"1": [[1, 2]]}')
    words = ("--corrections", write_corrections(tmp_path / "sf"), "--lumi-mask", golden)
    answer = run(cli, path, tmp_path / "run", "--preset", "tight", *words, "--systematics")
    assert answer.code == 0, answer.text
    parameters = json.loads((tmp_path / "run" / "provenance.json").read_text())["parameters"]
    assert parameters["lumi_mask"] == {"1": "1-2"}
    assert set(parameters["corrections"]["sha256"]) == {"", "muon.json", "pileup.json.gz"}
    golden.unlink()
    assert cli("resume", tmp_path / "run", "--executor", "iterative").code == 0
    (tmp_path / "sf" / "muon.json").write_text("{}")
    answer = cli("resume", tmp_path / "run", "--executor", "iterative")
    assert answer.code == 2
    assert "not those that the run was made with" in answer.text


def test_bounds_are_given_as_json_and_wrong_names_are_refused(cli: Cli, tmp_path: Path) -> None:
    path = write_full_nanoaod(tmp_path / "mc.root", EVENTS)
    words = ("--preset", "tight", "--cut", 'minimum={"lead_isso04":0.55}')
    answer = run(cli, path, tmp_path / "run", *words)
    assert answer.code == 2
    assert "Did you mean 'lead_iso04'" in answer.text
    words = ("--preset", "tight", "--cut", 'minimum={"lead_iso04":0.55,"mu0_phi":0.25}')
    assert run(cli, path, tmp_path / "run", *words).code == 0
    cutflow = json.loads((tmp_path / "run" / "cutflow.json").read_text())["mc"]
    assert {row["step"]: row["raw"] for row in cutflow}["minimum lead_phi = 0.25"] == 3


def test_another_channel_refuses_them(cli: Cli, tmp_path: Path) -> None:
    words = ("run", "diphoton", "x.root", "--out", tmp_path / "run", "--lumi-mask", "golden.json")
    answer = cli(*words)
    assert answer.code == 2
    assert "diphoton takes no --lumi-mask" in answer.text


def test_the_channel_lists_its_presets_and_options(cli: Cli) -> None:
    answer = cli("processors", "dimuon")
    assert "--lumi-mask, --corrections" in answer.out
    assert "20 columns in the feature table of inclusive" in answer.out
