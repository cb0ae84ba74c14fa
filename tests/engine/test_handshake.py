"""Workers with other code process nothing, whenever they come; --ship gives them ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import hepml
from hepml.engine import handshake
from hepml.engine.cluster import ClusterOptions, Workplace
from hepml.engine.fingerprint import code_hash
from hepml.engine.handshake import Expected, guarded, unfit
from hepml.engine.shipping import bundle
from hepml.errors import ProcessorError
from processors import DiphotonProcessor
from tests.engine.probe import ProbeProcessor
from tests.engine.runs import assert_same_bits

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds


@contextmanager
def worker(address: str, folder: Path, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A dask worker in another folder, that imports from there."""
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
    process = subprocess.Popen(
        [*command, "--local-directory", str(folder), "--no-dashboard"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def other_code(tmp_path: Path) -> Path:
    """A copy of the packages in which one comment differs."""
    folder = tmp_path / "other"
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("hepml", "processors", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=skip)
    with (folder / "hepml" / "keys.py").open("a") as source:
        source.write("# other\n")
    return folder


@pytest.fixture
def empty_scheduler() -> Iterator[Any]:
    """A scheduler without workers."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=0, dashboard_address="127.0.0.1:0", silence_logs="ERROR"
    ) as cluster:
        yield cluster


def test_a_process_with_this_code_is_fit() -> None:
    assert unfit(Expected(ProbeProcessor, code_hash(ProbeProcessor))) == ""


def test_a_process_with_other_code_is_not_fit() -> None:
    assert unfit(Expected(ProbeProcessor, "other")) == "it runs other code"


def test_a_process_that_does_not_see_the_run_directory_is_not_fit(tmp_path: Path) -> None:
    expected = Expected(ProbeProcessor, code_hash(ProbeProcessor), str(tmp_path / "mark"))
    assert unfit(expected) == f"it does not see {tmp_path}"


def test_a_task_in_a_process_that_is_not_fit_is_handed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from distributed import Reschedule

    left: list[str] = []
    monkeypatch.setattr(handshake, "get_worker", lambda: "me")
    monkeypatch.setattr(handshake, "dismiss", lambda worker, reason: left.append(reason))
    with pytest.raises(Reschedule):
        guarded(lambda chunk: {}, Expected(None, "other"), None)  # type: ignore[arg-type]
    assert left == ["it runs other code"]


def test_the_same_code_makes_the_same_bundle() -> None:
    assert bundle(DiphotonProcessor) == bundle(DiphotonProcessor)


def test_a_bundle_holds_the_packages_and_the_module_of_the_processor() -> None:
    names = zipfile.ZipFile(BytesIO(bundle(ProbeProcessor))).namelist()
    for name in (
        "hepml/engine/task.py",
        "hepml/datasets.json",
        "processors/diphoton.py",
        "tests/engine/probe.py",
    ):
        assert name in names
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.dask
@pytest.mark.slow
def test_a_worker_of_other_code_that_joins_late_is_turned_away(
    empty_scheduler: Any, other_code: Path, tmp_path: Path
) -> None:
    empty_scheduler.scale(1)
    said: list[str] = []
    options = ClusterOptions(scheduler=empty_scheduler.scheduler_address, announce=said.append)
    with Workplace(1, options, ProbeProcessor, tmp_path) as place:
        client, expected = place.open()
        assert expected.mark
        good = set(client.scheduler_info()["workers"])
        with worker(empty_scheduler.scheduler_address, tmp_path, other_code) as late:
            deadline = time.monotonic() + PATIENCE
            while not any("turned away" in text for text in said):
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert late.wait(PATIENCE) is not None
        assert "it runs other code" in said[-1]
        assert set(client.scheduler_info()["workers"]) == good
    assert not list(tmp_path.glob(".seen-*"))


@pytest.mark.dask
@pytest.mark.slow
def test_workers_of_other_code_are_refused_by_name_until_ours_is_shipped(
    empty_scheduler: Any, other_code: Path, cluster_files: list[Path], tmp_path: Path
) -> None:
    address = empty_scheduler.scheduler_address
    words = [str(file) for file in cluster_files]

    def run(name: str, **more: Any) -> hepml.Run:
        return hepml.run(ProbeProcessor(), words, out=tmp_path / name, chunk_size=50, **more)

    with worker(address, tmp_path, other_code):
        with pytest.raises(ProcessorError, match=r"1 of 1 dask workers run other code.*--ship"):
            run("refused", executor="dask", scheduler=address)
        assert not (tmp_path / "refused").exists()
        shipped = run(
            "shipped", executor="dask", cluster=ClusterOptions(scheduler=address, ship=True)
        )
    assert_same_bits(shipped, run("here", executor="iterative"))
