"""XRootD: listings, wildcards, sizes, and what a server that does not answer costs."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from hepml.arguments import resolve_inputs
from hepml.catalogue import Catalogue
from hepml.errors import EmptyInputError, FileAccessError
from hepml.xrootd import Listed, _path, _query, is_xrootd, list_files, raise_status, size_of
from tests.xrootd_server import Server

SUFFIXES = (".root", ".parquet")


@pytest.fixture(scope="module")
def store(xrootd: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small tree of files: its URL."""
    file = tmp_path_factory.mktemp("store") / "file"
    file.write_bytes(b"12345")
    for name in ("a.root", "b.root", "notes.txt", "deep/c.root", "deep/er/d.parquet"):
        xrootd.put(file, f"listing/{name}")
    return xrootd.url("listing")


@pytest.fixture
def silent() -> Iterator[int]:
    """Port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def names(listed: list[Listed] | None, store: str) -> list[str]:
    assert listed is not None
    return [item.url.removeprefix(store + "/") for item in listed]


def status(**changes: object) -> SimpleNamespace:
    usual = {"ok": False, "errno": 0, "code": 108, "message": "[FATAL] Connection error"}
    return SimpleNamespace(**(usual | changes))


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("root://host//store/a.root", "/store/a.root", ""),
        ("root://host/store/a.root", "/store/a.root", ""),
        ("root://me@host:1094//a?.root", "/a?.root", ""),
        ("root://host//a/*.root?authz=x&b=c", "/a/*.root", "?authz=x&b=c"),
        ("root://host", "/", ""),
    ],
)
def test_a_url_is_taken_apart(url: str, path: str, query: str) -> None:
    assert (_path(url), _query(url)) == (path, query)


def test_only_urls_of_xrootd_are_its_own() -> None:
    assert is_xrootd("root://host//a")
    assert not is_xrootd("https://host/a.root")
    assert not is_xrootd("/data/root")


@pytest.mark.parametrize(
    ("told", "raised"),
    [
        (status(), ConnectionError),
        (status(code=206), TimeoutError),
        (status(code=400, errno=3011), FileNotFoundError),
        (status(code=400, errno=3010), PermissionError),
    ],
)
def test_an_error_says_whether_there_was_an_answer(
    told: SimpleNamespace, raised: type[OSError]
) -> None:
    with pytest.raises(raised, match=r"\(root://host//a\)"):
        raise_status(told, "root://me:secret@host//a")


@pytest.mark.xrootd
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.root", ["a.root", "b.root"]),
        ("[b-z]*.root", ["b.root"]),
        ("*/*.root", ["deep/c.root"]),
        ("d*/e?/*", ["deep/er/d.parquet"]),
        ("**/*.root", ["a.root", "b.root", "deep/c.root"]),
        ("deep/**", ["deep/c.root", "deep/er/d.parquet"]),
        ("", ["a.root", "b.root"]),
    ],
)
def test_wildcards_and_directories_are_listed(store: str, pattern: str, found: list[str]) -> None:
    assert names(list_files(f"{store}/{pattern}", SUFFIXES), store) == found


@pytest.mark.xrootd
def test_a_directory_needs_no_slash_and_a_file_no_listing(store: str) -> None:
    assert names(list_files(store, SUFFIXES), store) == ["a.root", "b.root"]
    assert list_files(f"{store}/a.root", SUFFIXES) is None
    assert list_files(f"{store}/notes.txt", SUFFIXES) is None


@pytest.mark.xrootd
def test_sizes_come_with_the_listing(store: str) -> None:
    assert list_files(f"{store}/a*", SUFFIXES) == [Listed(f"{store}/a.root", 5)]
    assert size_of(f"{store}/a.root") == 5
    assert size_of(f"{store}/nothing.root") is None
    assert size_of(store) is None


@pytest.mark.xrootd
def test_a_query_stays_with_every_file(store: str) -> None:
    assert names(list_files(f"{store}/a*?svc=x", SUFFIXES), store) == ["a.root?svc=x"]


@pytest.mark.xrootd
def test_what_is_not_there_is_named_with_what_is_near(store: str) -> None:
    with pytest.raises(FileAccessError, match=r"Did you mean 'a\.root'"):
        list_files(f"{store}/a.rooot*", SUFFIXES)
    with pytest.raises(FileAccessError, match="no such directory"):
        list_files(f"{store}/nowhere/", SUFFIXES)
    with pytest.raises(EmptyInputError, match=r"no ROOT or Parquet file\. Name the files"):
        list_files(f"{store}/deep/er/", (".root",))


@pytest.mark.xrootd
def test_urls_on_the_command_line_become_inputs(store: str) -> None:
    found = resolve_inputs([f"own={store}/*.root", f"{store}/deep/"], Catalogue.load())
    assert [(item.dataset, item.endpoints) for item in found] == [
        ("own", (f"{store}/a.root",)),
        ("own", (f"{store}/b.root",)),
        ("c", (f"{store}/deep/c.root",)),
    ]


@pytest.mark.xrootd
@pytest.mark.slow
@pytest.mark.usefixtures("_xrootd_client")
def test_a_server_that_says_nothing_costs_seconds(silent: int) -> None:
    began = time.monotonic()
    with pytest.raises(FileAccessError, match="cannot be listed: Socket timeout"):
        list_files(f"root://localhost:{silent}//a/*.root", SUFFIXES)
    assert time.monotonic() - began < 8


def test_without_the_client_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "XRootD", None)
    with pytest.raises(FileAccessError, match=r"hepml-columnar\[xrootd\]"):
        list_files("root://host//a/*.root", SUFFIXES)


def test_a_server_of_the_tests_leaves_nothing_behind(tmp_path: Path, xrootd: Server) -> None:
    (tmp_path / "file").write_text("x")
    with Server(tmp_path) as server:
        pid, root = server.pid, server.root
        assert (server.export / "file").read_text() == "x"
    assert not root.exists()
    assert not Path(f"/proc/{pid}").exists()
