"""Ctrl-C and a batch system's SIGTERM: a report, no process left, and a resume that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.faults.conftest import Plain
from tests.faults.scenes import NAME, assert_exact, assert_recovers

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
COMMAND = "from hepml.cli import main; main()"


@pytest.mark.parametrize(
    ("executor", "number", "code"),
    [
        ("futures", signal.SIGINT, 130),
        ("futures", signal.SIGTERM, 143),
        ("iterative", signal.SIGTERM, 143),
        pytest.param("dask", signal.SIGINT, 130, marks=pytest.mark.dask),
        pytest.param("dask", signal.SIGTERM, 143, marks=pytest.mark.dask),
    ],
)
def test_an_interrupted_run_reports_and_goes_on(
    plain: Plain, tmp_path: Path, executor: str, number: signal.Signals, code: int
) -> None:
    out = tmp_path / "run"
    words = [sys.executable, "-c", COMMAND, "run", NAME, *map(str, plain.files)]
    words += ["--out", str(out), "--executor", executor, "--chunk-size", "50"]
    process = subprocess.Popen(
        words,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("checkpoints/*.json")) and time.monotonic() < deadline:
        time.sleep(0.002)
    children = psutil.Process(process.pid).children(recursive=True)
    # to all of them, as a terminal and a batch system do
    os.killpg(process.pid, number)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == code, told
    assert "hepml resume" in told
    _, alive = psutil.wait_procs(children, timeout=20)
    assert alive == []
    report = assert_exact(out)
    assert report["processed"] < report["planned"]
    # the same parameters as on the command line
    assert_recovers(out, plain.files, plain.run)
