"""`hepml run`, `check`, `resume` and `merge` as a user types them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import hepml
from hepml.engine.resume import resume
from tests.conftest import Answer
from tests.engine.probe import NAME, ProbeCuts, ProbeProcessor, calls
from tests.engine.runs import (
    assert_same_bits,
    checkpoint_times,
    copy_files,
    damage_baskets,
    leftovers,
    report_of,
)

ROOT = Path(__file__).parents[2]
Cli = Callable[..., Answer]


def test_a_run_shows_cutflow_account_and_where_the_results_are(
    cli: Cli, cluster_files: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    answer = cli(
        "run", "diphoton", *cluster_files, "--out", out, "--executor", "iterative",
        "--chunk-size", 50,
    )  # fmt: skip
    assert answer.code == 0, answer.text
    assert "Chunks: 16 of 16 processed" in answer.out
    assert all(name in answer.out for name in ("data_one", "data_two", "ggF", "ttF"))
    assert f"results in {out}" in answer.out
    report = report_of(out)
    assert report["planned"] == report["processed"] == 16
    assert report["events_planned"] == report["events_processed"] == 800
    assert report["failed"] == []
    cutflow = json.loads((out / "cutflow.json").read_text())
    assert set(cutflow["data_one"][0]) == {"step", "raw", "weighted"}
    assert len(list((out / "features" / "ggF").glob("*.parquet"))) == 4
    checked = cli("check", out)
    assert checked.code == 0
    assert "16 of 16 chunks, 800 events: complete" in checked.out


def test_options_reach_the_processor(cli: Cli, cluster_files: list[Path], tmp_path: Path) -> None:
    answer = cli(
        "run", NAME, f"x={cluster_files[2]},{cluster_files[0].parent / 'data_two.root'}",
        "--out", tmp_path / "bad", "--executor", "iterative",
    )  # fmt: skip
    assert answer.code == 2
    assert "mixes" in answer.err
    answer = cli(
        "run", NAME, f"x={cluster_files[0]},{cluster_files[1]}", "--out", tmp_path / "out",
        "--executor", "iterative", "--preset", "hard", "--cut", "pt=55.5",
        "--cut", "window=[1, 2]", "--weight", "default", "--luminosity", 36.1,
        "--max-events", 250, "--chunk-size", 100, "--no-table",
    )  # fmt: skip
    assert answer.code == 0, answer.text
    run = hepml.Run(tmp_path / "out")
    cuts = run.plan.parameters["cuts"]
    assert (cuts["pt"], cuts["window"]) == (55.5, [1.0, 2.0])
    assert run.provenance["parameters"]["luminosity"] == 36.1
    assert run.provenance["max_events"] == 250
    assert run.report["events_processed"] == 250
    assert run.report["datasets"]["x"]["files"] == 2
    assert "limited to 250 of 400 events" in run.report["datasets"]["x"]["incomplete_because"]


def test_an_incomplete_run_exits_with_3_unless_the_loss_is_accepted(
    cli: Cli, cluster_files: list[Path], tmp_path: Path
) -> None:
    files = copy_files(cluster_files[:2], tmp_path / "in")
    damage_baskets(files[1], first=2)
    words = ["run", NAME, *files, "--executor", "iterative", "--chunk-size", 50, "--retries", 0]
    out = tmp_path / "out"
    answer = cli(*words, "--out", out)
    assert answer.code == 3
    assert "2 of 8 chunks (100 events) were not processed" in answer.err
    assert str(files[1]) in answer.err
    assert "Traceback" not in answer.text
    assert cli("check", out).code == 3
    assert cli("resume", out, "--executor", "iterative", "--retries", 0).code == 3
    accepted = cli("resume", out, "--executor", "iterative", "--retries", 0, "--allow-missing")
    assert accepted.code == 0
    assert "Chunks: 6 of 8 processed" in accepted.out

    shutil.copy(cluster_files[1], files[1])
    before = checkpoint_times(out)
    changed = cli("resume", out, "--executor", "iterative")
    assert changed.code == 2
    assert f"hepml resume {out} --replan {files[1]}" in changed.err
    done = cli("resume", out, "--executor", "iterative", "--replan", files[1])
    assert done.code == 0, done.text
    after = checkpoint_times(out)
    assert sum(after[name] == before.get(name) for name in after) == 4
    plain = hepml.run(
        ProbeProcessor(),
        [str(file) for file in cluster_files[:2]],
        out=tmp_path / "plain",
        executor="iterative",
        chunk_size=50,
    )
    assert_same_bits(hepml.Run(out), plain)


def test_runs_are_merged(cli: Cli, cluster_files: list[Path], tmp_path: Path) -> None:
    for name, file in zip("ab", cluster_files, strict=False):
        assert cli("run", NAME, file, "--out", tmp_path / name, "--executor", "iterative").code == 0
    answer = cli("merge", tmp_path / "a", tmp_path / "b", "--out", tmp_path / "all")
    assert answer.code == 0, answer.text
    assert "Chunks: 2 of 2 processed" in answer.out
    again = cli("merge", tmp_path / "a", tmp_path / "a", "--out", tmp_path / "twice")
    assert again.code == 2
    assert "counted twice" in again.err
    assert not (tmp_path / "twice").exists()


def test_ctrl_c_says_how_to_go_on(cli: Cli, cluster_files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    marker = tmp_path / "calls"
    answer = cli(
        "run", NAME, cluster_files[0], "--out", out, "--executor", "iterative",
        "--chunk-size", 50, "--cut", "fault=interrupt", "--cut", "start=100",
        "--cut", f"marker={marker}", "--cut", "times=3",
    )  # fmt: skip
    assert answer.code == 130
    assert f"hepml resume {out}" in answer.text
    assert report_of(out)["processed"] == 2
    assert cli("resume", out, "--executor", "iterative").code == 0
    assert report_of(out)["processed"] == 4


def test_a_module_beside_the_user_is_found(
    cli: Cli, cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_own_analysis.py").write_text(
        "from tests.engine.probe import ProbeProcessor\n"
        "class Own(ProbeProcessor):\n    name = 'own'\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    words = ["my_own_analysis:Own", cluster_files[0], "--out", "out", "--executor", "futures"]
    answer = cli("run", *words)
    assert answer.code == 0, answer.text
    assert cli("check", "out").code == 0


# --- signals: another process -------------------------------------------------------------------


def start(out: Path, files: list[Path], marker: Path) -> subprocess.Popen[str]:
    """Start a slow run in another process, and wait until some chunks are done."""
    command = [
        sys.executable, "-c", "from hepml.cli import main; main()", "run", NAME,
        *map(str, files), "--out", str(out), "--workers", "2", "--chunk-size", "25",
        "--cut", "fault=slow", "--cut", f"marker={marker}", "--cut", "times=12",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(list(out.glob("checkpoints/*.json"))) < 3:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.fixture(scope="module")
def undisturbed(cluster_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> hepml.Run:
    return hepml.run(
        ProbeProcessor(ProbeCuts()),
        [str(file) for file in cluster_files],
        out=tmp_path_factory.mktemp("undisturbed") / "run",
        executor="iterative",
        chunk_size=25,
    )


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_is_resumed_without_repeating_what_it_had(
    cluster_files: list[Path], tmp_path: Path, undisturbed: hepml.Run, end: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = start(out, cluster_files, tmp_path / "calls")
    os.kill(process.pid, end)
    text, _ = process.communicate(timeout=60)
    if end == signal.SIGINT:
        assert process.returncode == 130
        assert f"hepml resume {out}" in text
        assert "Traceback" not in text
        assert 3 <= report_of(out)["processed"] < 32
    had = checkpoint_times(out)
    time.sleep(0.6)
    assert checkpoint_times(out) == had  # nobody is working any more
    before = len(calls(tmp_path / "calls"))
    run = resume(out, executor="iterative")
    had = {name for name in had if name.endswith(".json") and not name.startswith(".")}
    assert len(calls(tmp_path / "calls")) - before == 32 - len(had)
    assert run.complete
    assert_same_bits(run, undisturbed)
    assert leftovers(out) == []
