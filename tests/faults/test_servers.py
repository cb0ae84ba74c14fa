"""XRootD servers that crash in the middle of a run, and files that change under it."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from hepml.engine import replicas
from hepml.errors import HepmlError
from tests.engine.runs import copy_files
from tests.faults.conftest import Plain
from tests.faults.scenes import assert_exact, assert_recovers, moments, process
from tests.xrootd_server import NoServerError, Server

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def later(moment: float, action: object) -> threading.Thread:
    """Do something at a moment [s] from now."""
    thread = threading.Timer(moment, action)  # type: ignore[arg-type]
    thread.start()
    return thread


@pytest.mark.xrootd
@pytest.mark.parametrize("executor", ["iterative", "futures"])
def test_a_server_that_crashes_and_comes_back_loses_nothing(
    plain: Plain, tmp_path: Path, own_xrootd: Server, executor: str
) -> None:
    urls = [own_xrootd.put(file, file.name).name for file in plain.files]
    complete = 0
    for seed, moment in moments(6, 1.5 * plain.seconds):
        replicas._SILENT.clear()
        away = random.Random(-seed).uniform(0.0, 3.0)

        def crash(away: float = away) -> None:
            with suppress(NoServerError):
                own_xrootd.kill()
                time.sleep(away)
                own_xrootd.start()

        thread = later(moment, crash)
        out = tmp_path / str(seed)
        words = [own_xrootd.url(url) for url in urls]
        with suppress(HepmlError):  # not one file may be there when the plan is made
            complete += process(words, out, executor=executor, retries=2).complete
        thread.join()
        print(f"seed {seed}: away {away:.2f} s after {moment:.2f} s")
        replicas._SILENT.clear()
        time.sleep(1.5)  # the client library does not ask again at once
        assert_recovers(out, words, plain.run)
    assert complete


@pytest.mark.xrootd
def test_a_second_server_takes_over(
    plain: Plain, tmp_path: Path, own_xrootd: Server, xrootd: Server
) -> None:
    from dataclasses import replace

    from hepml.engine.run import as_inputs

    inputs = []
    for file in plain.files:
        own_xrootd.put(file, file.name)
        xrootd.put(file, f"second/{file.name}")
        (item,) = as_inputs([str(file)], "probe")
        endpoints = (own_xrootd.url(file.name), xrootd.url(f"second/{file.name}"))
        inputs.append(replace(item, endpoints=endpoints))

    def crash() -> None:
        deadline = time.monotonic() + 60
        while (
            len(list(tmp_path.glob("run/checkpoints/*.json"))) < 4 and time.monotonic() < deadline
        ):
            time.sleep(0.002)
        own_xrootd.kill()

    first, second = own_xrootd.url()[:-1], xrootd.url("second")
    thread = later(0.0, crash)
    run = process(inputs, tmp_path / "run")
    thread.join()
    assert run.complete
    served: Counter[str] = Counter()
    for item in run.report["datasets"].values():
        served.update(item["endpoints"])
    assert set(served) == {first, second}
    assert served[first] >= 4
    assert served.total() == 16
    assert_exact(tmp_path / "run")


def test_a_file_that_is_cut_short_while_it_is_read_loses_what_was_cut_off(
    plain: Plain, tmp_path: Path
) -> None:
    files = copy_files(plain.files, tmp_path / "files")
    lost = 0
    for seed, moment in moments(10, plain.seconds):
        victim = random.Random(-seed).choice(files)
        size = int(victim.stat().st_size * random.Random(seed).uniform(0.3, 0.9))
        thread = later(moment, lambda victim=victim, size=size: os.truncate(victim, size))  # type: ignore[misc]
        out = tmp_path / str(seed)
        process(files, out, retries=0)
        thread.join()
        lost += len(assert_exact(out)["failed"])
        print(f"seed {seed}: {victim.name} cut after {moment:.2f} s")
        # repaired, with its old time stamp
        shutil.copy2(plain.files[files.index(victim)], victim)
        assert_recovers(out, files, plain.run)
    assert lost
