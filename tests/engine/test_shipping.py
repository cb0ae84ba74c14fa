"""--ship on a cluster that has nothing of ours: neither its workers nor its scheduler."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import hepml
from hepml.engine import handshake
from hepml.engine.cluster import ClusterOptions
from hepml.errors import ParameterError
from tests.engine.runs import assert_same_bits

pytestmark = [pytest.mark.dask, pytest.mark.slow]

PATIENCE = 60.0  # seconds

# read by Python as it starts: in a process that begins like this ours is not to be found
WITHOUT_OURS = """
import sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        shipped = any("hepml-" in entry.rpartition("/")[2] for entry in sys.path)
        if name in ("hepml", "processors", "tests") and not shipped:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Nothing())
"""


@contextmanager
def started(folder: Path, program: str, *words: str) -> Iterator[None]:
    """A process of dask in a folder, in which ours is not to be found."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{program}", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler with a worker that know nothing of hepml."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "sitecustomize.py").write_text(WITHOUT_OURS)
    note = folder / "scheduler.json"
    words = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    with ExitStack() as stack:
        stack.enter_context(started(folder, "scheduler", *words, "--scheduler-file", str(note)))
        deadline = time.monotonic() + PATIENCE
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        address = str(json.loads(note.read_text())["address"])
        words = ["--nthreads", "1", "--local-directory", str(folder), "--no-dashboard"]
        stack.enter_context(started(folder, "worker", address, *words))
        yield address


@pytest.fixture
def analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A package of a user, importable in this process only."""
    package = tmp_path / "analysis" / "owncode"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    shutil.copy(Path(__file__).with_name("probe.py"), package / "selection.py")
    monkeypatch.syspath_prepend(str(package.parent))
    yield importlib.import_module("owncode.selection")
    for name in ("owncode", "owncode.selection"):
        sys.modules.pop(name, None)


@dataclass
class Runs:
    """The same run here and there."""

    analysis: Any
    words: list[str]
    folder: Path

    def __call__(self, name: str, executor: str, scheduler: str | None = None) -> hepml.Run:
        cluster = ClusterOptions(scheduler=scheduler, ship=scheduler is not None)
        return hepml.run(
            self.analysis.ProbeProcessor(),
            self.words,
            out=self.folder / name,
            executor=executor,
            cluster=cluster,
            chunk_size=50,
        )


@pytest.fixture
def runs(analysis: Any, cluster_files: list[Path], tmp_path: Path) -> Runs:
    return Runs(analysis, [str(file) for file in cluster_files], tmp_path)


def test_scheduler_and_workers_need_nothing_of_ours(runs: Runs, elsewhere: str) -> None:
    assert_same_bits(runs("there", "dask", elsewhere), runs("here", "iterative"))


def test_results_travel_through_a_scheduler_that_has_nothing_of_ours(
    runs: Runs, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "probe_output", lambda client, expected, out: expected)
    assert_same_bits(runs("there", "dask", elsewhere), runs("here", "iterative"))


def test_the_lazy_executor_says_that_its_scheduler_needs_the_code(
    runs: Runs, elsewhere: str
) -> None:
    with pytest.raises(ParameterError, match=r"dask-awkward.*scheduler.*--executor dask"):
        runs("there", "dask-awkward", elsewhere)
    assert not (runs.folder / "there").exists()
