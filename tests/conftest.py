"""What the tests of a session share: input files of several clusters, and one dask cluster."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.events import write_clusters
from tests.xrootd_server import NoServerError, Server, serve


@pytest.fixture(scope="session", autouse=True)
def _interrupts() -> None:
    """Tests interrupt themselves, and a suite in the background is started deaf to that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def cluster_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four `mini` files of four clusters and 200 events: two of data, two simulated samples."""
    folder = tmp_path_factory.mktemp("clusters")
    return [
        write_clusters(folder / "data_one.root", seed=1),
        write_clusters(folder / "data_two.root", seed=2),
        write_clusters(folder / "ggF.root", seed=3, xsection=0.1),
        write_clusters(folder / "ttF.root", seed=4, xsection=0.2),
    ]


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """Address of one dask cluster of two worker processes for the whole session."""
    from hepml.engine.cluster import dask_client

    with dask_client(2, None) as client:
        yield client.scheduler.address


@pytest.fixture(scope="session")
def _xrootd_client() -> None:
    """Skip where files cannot be read over XRootD."""
    pytest.importorskip("XRootD", reason="the XRootD client is not installed: extra xrootd")


@pytest.fixture(scope="session")
def xrootd(_xrootd_client: None) -> Iterator[Server]:
    """One XRootD server for the whole session; tests put their files into folders of their own."""
    try:
        server = Server()
    except NoServerError as missing:
        pytest.skip(str(missing))
    with server:
        yield server


@pytest.fixture
def own_xrootd(_xrootd_client: None) -> Iterator[Server]:
    """An XRootD server that a test may stop, freeze or start again."""
    try:
        with serve() as server:
            yield server
    except NoServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session", autouse=True)
def _stop_pool() -> Iterator[None]:
    """Stop the shared pool while the interpreter is still whole."""
    yield
    from hepml.engine.pool import stop_shared_pool

    stop_shared_pool()


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything a user saw."""
        return self.out + self.err


@pytest.fixture
def cli(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Call ``hepml`` as the installed script does, without another process."""
    from hepml.cli import main

    def call(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["hepml", *map(str, words)])
        capsys.readouterr()
        try:
            main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        else:
            code = 0
        shown = capsys.readouterr()
        return Answer(code, shown.out, shown.err)

    return call
