"""Bad input: a message of one screen, an exit code, and nothing half-written."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Answer
from tests.engine.probe import NAME
from tests.engine.runs import copy_files, leftovers, truncate
from tests.events import diphoton_photons, mini_event, muon, photon, write_mini, write_nanoaod

Cli = Callable[..., Answer]


@pytest.fixture
def good(cluster_files: list[Path], tmp_path: Path) -> Path:
    """A file of its own that nothing is wrong with."""
    return copy_files(cluster_files[:1], tmp_path / "in")[0]


def run(cli: Cli, tmp_path: Path, *words: object, processor: str = "diphoton") -> Answer:
    return cli("run", processor, *words, "--out", tmp_path / "out", "--executor", "iterative")


def assert_refused(answer: Answer, tmp_path: Path, *expected: str, code: int = 2) -> None:
    """One screen, no traceback, the right code, what is wrong by name, and nothing left behind."""
    assert answer.code == code, answer.text
    assert "Traceback" not in answer.text
    assert len(answer.text.splitlines()) <= 25, answer.text
    plain = " ".join(answer.text.split())
    for words in expected:
        assert words in plain, answer.text
    assert not (tmp_path / "out").exists()
    assert leftovers(tmp_path) == []


# --- files -------------------------------------------------------------------------------------


def test_a_missing_file(cli: Cli, good: Path, tmp_path: Path) -> None:
    answer = run(cli, tmp_path, good.with_name("data_oen.root"))
    assert_refused(answer, tmp_path, "data_oen.root", "Did you mean 'data_one.root'?")


def test_a_missing_file_among_others(cli: Cli, good: Path, tmp_path: Path) -> None:
    answer = run(cli, tmp_path, good, good.with_name("other.root"))
    assert_refused(answer, tmp_path, "other.root")


def test_an_empty_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "x.root"
    path.write_bytes(b"")
    assert_refused(run(cli, tmp_path, path), tmp_path, "x.root", "the file is empty (0 bytes)")


def test_a_file_that_is_no_root_file(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "x.root"
    path.write_text("event,pt\n1,2\n" * 100)
    assert_refused(run(cli, tmp_path, path), tmp_path, "x.root", "not a readable ROOT file")


@pytest.mark.parametrize("fraction", [0.001, 0.05, 0.2])
def test_a_file_cut_short(cli: Cli, good: Path, tmp_path: Path, fraction: float) -> None:
    truncate(good, int(good.stat().st_size * fraction))
    assert_refused(run(cli, tmp_path, good), tmp_path, "data_one.root", "cut short")


def test_a_file_cut_short_among_others(cli: Cli, good: Path, tmp_path: Path) -> None:
    lost = good.with_name("lost.root")
    shutil.copy(good, lost)
    truncate(lost, 100)
    answer = run(cli, tmp_path, good, lost)
    assert answer.code == 3
    assert "Traceback" not in answer.text
    assert "1 of 2 chunks were not processed" in answer.err
    assert "lost.root" in answer.err
    assert f"hepml resume {tmp_path / 'out'}" in answer.err
    assert (tmp_path / "out" / "cutflow.json").exists()
    checked = cli("check", tmp_path / "out")
    assert checked.code == 3
    assert "lost.root" in checked.err


def test_a_tree_without_entries(cli: Cli, tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [])
    assert_refused(run(cli, tmp_path, path), tmp_path, "no events in", "x.root")


def test_a_wrong_tree(cli: Cli, tmp_path: Path) -> None:
    path = write_nanoaod(tmp_path / "x.root", [[muon(30), muon(20)]])
    answer = run(cli, tmp_path, path)
    assert_refused(answer, tmp_path, "it reads 'mini'", "Trees in the file: Events", "inspect")


def test_a_missing_branch(cli: Cli, tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=["photon_E"])
    answer = run(cli, tmp_path, path)
    assert_refused(answer, tmp_path, "lacks 1 of the branches", "photon_E: Did you mean")


def test_many_missing_branches_still_fit_the_screen(cli: Cli, tmp_path: Path) -> None:
    fields = ("E", "eta", "phi", "isTightID", "ptcone30", "etcone20")
    drop = [f"photon_{name}" for name in fields] + ["trigP", "met_et", "met_phi"]
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=drop)
    assert_refused(run(cli, tmp_path, path), tmp_path, "and", "more")


def test_a_directory_without_files(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert_refused(run(cli, tmp_path, tmp_path / "empty"), tmp_path, "holds no ROOT")


def test_the_same_file_twice(cli: Cli, good: Path, tmp_path: Path) -> None:
    assert_refused(run(cli, tmp_path, good, good), tmp_path, "given twice")


def test_a_copy_of_a_file(cli: Cli, good: Path, tmp_path: Path) -> None:
    copy = shutil.copy(good, good.with_name("copy.root"))
    assert_refused(run(cli, tmp_path, good, copy), tmp_path, "copy.root", "is a copy of")


def test_zero_selected_events_are_a_result(cli: Cli, tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event([photon(5.0)])] * 3)
    answer = run(cli, tmp_path, path)
    assert answer.code == 0, answer.text
    assert "no event passed the selection" in answer.text
    out = tmp_path / "out"
    for name in ("report", "cutflow", "histograms", "provenance", "plan"):
        assert (out / f"{name}.json").exists()

    import hepml

    found = hepml.Run(out)
    assert len(found.features) == 0
    full = write_mini(tmp_path / "y.root", [mini_event(diphoton_photons())])
    assert cli("run", "diphoton", full, "--out", tmp_path / "full", "--executor", "iterative")
    assert found.features.columns == hepml.Run(tmp_path / "full").features.columns


# --- catalogue -----------------------------------------------------------------------------------


def test_an_unknown_dataset(cli: Cli, tmp_path: Path) -> None:
    assert_refused(run(cli, tmp_path, "data_a"), tmp_path, "'data_a'", "Did you mean 'data_A'")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 1, "datsets": []}', '{"version": 1, "datasets": [{}]}']
)
def test_a_malformed_catalogue(cli: Cli, good: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "datasets.json"
    path.write_text(text)
    answer = run(cli, tmp_path, good, "--catalogue", path)
    assert_refused(answer, tmp_path, "datasets.json")


def test_a_missing_catalogue(cli: Cli, good: Path, tmp_path: Path) -> None:
    answer = run(cli, tmp_path, good, "--catalogue", tmp_path / "none.json")
    assert_refused(answer, tmp_path, "none.json")


# --- parameters ----------------------------------------------------------------------------------

WRONG: dict[str, tuple[list[str], str]] = {
    "preset": (["--preset", "offical"], "Did you mean 'official'?"),
    "cut field": (["--cut", "lead_tp=40"], "Did you mean 'lead_pt'"),
    "cut type": (["--cut", "lead_pt=high"], "DiphotonCuts.lead_pt = 'high'"),
    "cut range": (["--cut", "bins=0"], "DiphotonCuts.bins must be at least 1"),
    "cut not finite": (["--cut", "lead_pt=NaN"], "DiphotonCuts.lead_pt"),
    "cut contradiction": (["--cut", "mass_low=900"], "must lie below mass_high"),
    "cut without value": (["--cut", "lead_pt"], "--cut takes NAME=VALUE, not 'lead_pt'"),
    "cut without name": (["--cut", "=3"], "--cut takes NAME=VALUE"),
    "weight": (["--weight", "offical"], "Did you mean 'official'?"),
    "luminosity zero": (["--luminosity", "0"], "must be above 0"),
    "luminosity negative": (["--luminosity", "-1"], "must be above 0"),
    "luminosity nan": (["--luminosity", "nan"], "must be above 0"),
    "luminosity inf": (["--luminosity", "inf"], "must be above 0"),
    "luminosity text": (["--luminosity", "ten"], "Invalid value for '--luminosity'"),
    "max events": (["--max-events", "0"], "--max-events must be at least 1"),
    "chunk size": (["--chunk-size", "0"], "--chunk-size must be at least 1"),
    "kind": (["--kind", "mc"], "--kind is data or simulation"),
    "retries": (["--retries", "-1"], "--retries must be at least 0"),
    "workers": (["--workers", "0"], "--workers must be at least 1"),
    "cross section text": (["--cross-section", "ggH=big"], "'big' is not a number"),
    "cross section name": (["--cross-section", "ggH=1"], "neither a dataset nor a class"),
    "cross section sign": (["--cross-section", "data_one=-1"], "must be above 0 pb"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_parameter(cli: Cli, good: Path, tmp_path: Path, case: str) -> None:
    words, expected = WRONG[case]
    assert_refused(run(cli, tmp_path, good, *words), tmp_path, expected)


def test_an_unknown_executor(cli: Cli, good: Path, tmp_path: Path) -> None:
    answer = cli("run", "diphoton", good, "--out", tmp_path / "out", "--executor", "parsl")
    assert_refused(answer, tmp_path, "There is no executor 'parsl'", "dask-awkward")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("diphotn", "Did you mean 'diphoton'"),
        ("nowhere:Own", "No module named 'nowhere'"),
        ("processors.diphoton:Own", "has no attribute 'Own'"),
        ("pathlib:Path", "is not a hepml processor"),
    ],
)
def test_an_unknown_processor(
    cli: Cli, good: Path, tmp_path: Path, name: str, expected: str
) -> None:
    assert_refused(run(cli, tmp_path, good, processor=name), tmp_path, expected)


def test_a_file_that_does_not_say_its_kind(cli: Cli, tmp_path: Path) -> None:
    path = write_mini(tmp_path / "x.root", [mini_event(diphoton_photons())], drop=["channelNumber"])
    answer = run(cli, tmp_path, path, processor=NAME)
    assert_refused(answer, tmp_path, "data or simulation", "--kind")


def test_no_input_at_all(cli: Cli, tmp_path: Path) -> None:
    assert_refused(run(cli, tmp_path), tmp_path, "Missing argument")


# --- output --------------------------------------------------------------------------------------


def test_an_output_below_a_file(cli: Cli, good: Path, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine")
    answer = cli(
        "run", "diphoton", good, "--out", tmp_path / "note" / "out", "--executor", "iterative"
    )
    assert_refused(answer, tmp_path, "Cannot write", "is not a directory")
    assert (tmp_path / "note").read_text() == "mine"


def test_an_output_that_is_a_file(cli: Cli, good: Path, tmp_path: Path) -> None:
    answer = cli("run", "diphoton", good, "--out", good, "--executor", "iterative")
    assert_refused(answer, tmp_path, "is not a run directory; choose another --out")


def test_an_output_that_cannot_be_written(
    cli: Cli, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    if os.geteuid() == 0:  # nothing stops the superuser: let the system say no
        monkeypatch.setattr(
            "pathlib.Path.mkdir", lambda *a, **k: (_ for _ in ()).throw(PermissionError(13, "No"))
        )
    else:
        folder.chmod(0o555)
    answer = cli("run", "diphoton", good, "--out", folder / "out", "--executor", "iterative")
    folder.chmod(0o755)
    assert_refused(answer, tmp_path, "Cannot write to", "locked/out")
    assert list(folder.iterdir()) == []


def test_an_output_that_holds_another_run(cli: Cli, good: Path, tmp_path: Path) -> None:
    assert run(cli, tmp_path, good).code == 0
    before = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    answer = run(cli, tmp_path, good)
    assert answer.code == 2
    assert "already holds a run" in answer.err
    assert {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()} == before


def test_an_output_that_holds_something_else(cli: Cli, good: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    answer = run(cli, tmp_path, good)
    assert answer.code == 2
    assert "is not a run directory; choose another --out" in answer.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("command", ["check", "resume", "plot", "export", "merge"])
@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_is_no_run(cli: Cli, tmp_path: Path, command: str, there: bool) -> None:
    folder = tmp_path / "folder"
    if there:
        folder.mkdir()
    words = {"export": ["--format", "csv"], "merge": ["--out", tmp_path / "out"]}
    answer = cli(command, folder, *words.get(command, []))
    assert_refused(answer, tmp_path, str(folder))
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_run_with_a_damaged_plan(cli: Cli, good: Path, tmp_path: Path) -> None:
    assert run(cli, tmp_path, good).code == 0
    (tmp_path / "out" / "plan.json").write_text("{")
    for command in ("check", "resume"):
        answer = cli(command, tmp_path / "out")
        assert answer.code == 2
        assert "plan.json is damaged" in answer.err
        assert "Traceback" not in answer.text
