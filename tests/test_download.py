"""Downloads: resumed, verified, renamed only when whole; every endpoint's reason is told."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hepml.endpoint
from hepml.catalogue import Catalogue
from hepml.download import ATTEMPTS, checksum, download, verify
from hepml.errors import DownloadError, OutputError
from hepml.records import File
from tests.servers import Site, serve

CONTENT = bytes(range(256)) * 40  # 10,240 bytes
ADLER32 = f"adler32:{zlib.adler32(CONTENT):08x}"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server that holds the file; no proxy stands between."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("HEPML_MIRROR", raising=False)
    with serve() as running:
        running.files["/store/sub/file.root"] = CONTENT
        yield running


def catalogue(*bases: str, **facts: Any) -> Catalogue:
    """One dataset of one file, at these locations."""
    file = {"path": "sub/file.root", "size": len(CONTENT), "checksum": ADLER32, **facts}
    dataset = {
        "channel": "toy",
        "name": "signal",
        "release": "first",
        "kind": "data",
        "files": (File(**{key: value for key, value in file.items() if value is not None}),),
    }
    named = {f"base{index}": base for index, base in enumerate(bases)}
    return Catalogue(
        version=1,
        channels={"toy": {"title": "A toy"}},
        bases=named,
        releases={"first": {"title": "First", "bases": tuple(named)}},
        datasets=(dataset,),
    )


def fetch(book: Catalogue, mirror: Path, progress: Any = None) -> Path:
    dataset = book.datasets[0]
    return download(book, dataset, dataset.files[0], mirror, progress)


def place(mirror: Path, suffix: str = "", content: bytes | None = None) -> Path:
    """Path of the file in the mirror, with content if there is to be some."""
    path = mirror / "toy" / "sub" / f"file.root{suffix}"
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return path


def test_a_file_arrives_whole_and_leaves_no_partial_file(site: Site, tmp_path: Path) -> None:
    path = fetch(catalogue(site.url), tmp_path)
    assert path == place(tmp_path)
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in path.parent.iterdir()] == ["file.root"]


def test_an_intact_file_is_not_downloaded_again(site: Site, tmp_path: Path) -> None:
    place(tmp_path, content=CONTENT)
    fetch(catalogue(site.url), tmp_path)
    assert site.requested == []


def test_a_damaged_file_is_replaced(site: Site, tmp_path: Path) -> None:
    place(tmp_path, content=b"x" * len(CONTENT))
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT


def test_a_partial_file_is_resumed_where_it_ends(site: Site, tmp_path: Path) -> None:
    place(tmp_path, ".part", CONTENT[:1000])
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT
    assert site.requested == ["bytes=1000-"]


def test_a_server_that_cannot_resume_sends_everything_again(site: Site, tmp_path: Path) -> None:
    site.ranges = False
    place(tmp_path, ".part", CONTENT[:1000])
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT


def test_a_partial_file_of_other_bytes_is_downloaded_from_the_start(
    site: Site, tmp_path: Path
) -> None:
    place(tmp_path, ".part", b"x" * 1000)
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT
    assert site.requested == ["bytes=1000-", None]


def test_a_complete_partial_file_needs_no_server(tmp_path: Path) -> None:
    place(tmp_path, ".part", CONTENT)
    assert fetch(catalogue("http://127.0.0.1:9/"), tmp_path).read_bytes() == CONTENT


def test_a_partial_file_longer_than_the_file_is_dropped(site: Site, tmp_path: Path) -> None:
    place(tmp_path, ".part", CONTENT + b"more")
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT


def test_a_too_long_partial_file_is_dropped_when_the_size_is_unknown(
    site: Site, tmp_path: Path
) -> None:
    place(tmp_path, ".part", CONTENT + b"more")
    assert fetch(catalogue(site.url, size=None), tmp_path).read_bytes() == CONTENT


def test_a_broken_connection_is_resumed_at_once(site: Site, tmp_path: Path) -> None:
    site.breaks_after = [3000, 2000]
    assert fetch(catalogue(site.url), tmp_path).read_bytes() == CONTENT
    assert site.requested == [None, "bytes=3000-", "bytes=5000-"]


def test_a_truncated_download_keeps_what_arrived(site: Site, tmp_path: Path) -> None:
    site.breaks_after = [1000] * ATTEMPTS
    with pytest.raises(DownloadError, match=r"5,000 bytes are kept in .*file.root.part"):
        fetch(catalogue(site.url), tmp_path)
    assert place(tmp_path, ".part").read_bytes() == CONTENT[:5000]
    assert not place(tmp_path).exists()


def test_truncation_is_seen_without_a_catalogued_size(site: Site, tmp_path: Path) -> None:
    site.breaks_after = [1000, 0]
    with pytest.raises(DownloadError, match=r"ended after 1,000 of 10,240 bytes"):
        fetch(catalogue(site.url, size=None, checksum=None), tmp_path)


def test_a_wrong_checksum_leaves_nothing(site: Site, tmp_path: Path) -> None:
    site.files["/store/sub/file.root"] = b"x" * len(CONTENT)
    with pytest.raises(DownloadError, match=r"damaged: adler32 \w{8} instead of"):
        fetch(catalogue(site.url), tmp_path)
    assert list(place(tmp_path).parent.iterdir()) == []


def test_a_file_of_another_size_is_not_even_begun(site: Site, tmp_path: Path) -> None:
    site.files["/store/sub/file.root"] = CONTENT[:-1]
    with pytest.raises(DownloadError, match="offers 10,239 bytes, the catalogue says 10,240"):
        fetch(catalogue(site.url), tmp_path)
    assert not place(tmp_path).parent.exists()


def test_a_web_page_is_not_taken_for_the_file(site: Site, tmp_path: Path) -> None:
    site.content_type = "text/html; charset=utf-8"
    with pytest.raises(DownloadError, match="a web page instead of the file"):
        fetch(catalogue(site.url, size=None, checksum=None), tmp_path)


def test_the_next_endpoint_takes_over(site: Site, tmp_path: Path) -> None:
    book = catalogue(site.url + "nowhere/", "http://127.0.0.1:9/", site.url)
    assert fetch(book, tmp_path).read_bytes() == CONTENT


def test_without_network_every_endpoint_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(hepml.endpoint.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DownloadError) as caught:
        fetch(catalogue("root://host//store/", "http://127.0.0.1:9/"), tmp_path)
    message = str(caught.value)
    assert "root://host//store/sub/file.root\n    needs XRootD: pip install" in message
    assert "http://127.0.0.1:9/sub/file.root\n    [Errno " in message
    assert "Connection refused" in message
    assert "Is there a network?" in message
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_on_the_server_is_said_to_be_missing(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="HTTP 404"):
        fetch(catalogue(site.url + "other/"), tmp_path)


def test_a_file_without_location_says_so(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="knows no location"):
        fetch(catalogue(), tmp_path)


def test_an_unwritable_mirror_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "toy").write_text("a file where a directory must be")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(catalogue(site.url), tmp_path)


def test_another_protocol_is_resumed_too(tmp_path: Path) -> None:
    store = tmp_path / "store" / "sub"
    store.mkdir(parents=True)
    (store / "file.root").write_bytes(CONTENT)
    place(tmp_path / "mirror", ".part", CONTENT[:1000])
    book = catalogue((tmp_path / "store").as_uri() + "/")
    assert fetch(book, tmp_path / "mirror").read_bytes() == CONTENT


def test_progress_is_reported_from_the_resumed_byte_on(site: Site, tmp_path: Path) -> None:
    place(tmp_path, ".part", CONTENT[:1000])
    seen: list[tuple[int, int | None]] = []
    fetch(catalogue(site.url), tmp_path, lambda *report: seen.append(report))
    assert seen == [(len(CONTENT), len(CONTENT))]


def test_an_unknown_checksum_is_recorded_and_used_later(site: Site, tmp_path: Path) -> None:
    book = catalogue(site.url, checksum=None)
    path = fetch(book, tmp_path)
    digest = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert place(tmp_path, ".md5").read_text() == f"{digest}  file.root\n"
    assert verify(path, book.datasets[0].files[0]).state == "ok"
    path.write_bytes(b"x" * len(CONTENT))
    assert verify(path, book.datasets[0].files[0]).state == "damaged"


@pytest.mark.parametrize("algorithm", ["adler32", "md5", "sha256"])
def test_checksums_agree_with_the_standard_library(algorithm: str, tmp_path: Path) -> None:
    path = place(tmp_path, content=CONTENT)
    expected = {
        "adler32": f"{zlib.adler32(CONTENT):08x}",
        "md5": hashlib.md5(CONTENT, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    assert checksum(path, algorithm) == expected[algorithm]


@pytest.mark.parametrize(
    ("content", "suffix", "state"),
    [
        (CONTENT, "", "ok"),
        (CONTENT[:-1], "", "damaged"),
        (b"x" * len(CONTENT), "", "damaged"),
        (CONTENT[:5], ".part", "partial"),
        (None, "", "missing"),
    ],
)
def test_verify_tells_the_state(
    content: bytes | None, suffix: str, state: str, tmp_path: Path
) -> None:
    place(tmp_path, suffix, content)
    file = catalogue().datasets[0].files[0]
    assert verify(place(tmp_path), file).state == state


def test_a_file_without_any_checksum_is_unverified(tmp_path: Path) -> None:
    path = place(tmp_path, content=CONTENT)
    assert verify(path, File(path="sub/file.root")).state == "unverified"
