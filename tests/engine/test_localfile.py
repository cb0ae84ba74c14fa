"""Plain positioned reads of a local file."""

from __future__ import annotations

import pickle
import queue

import pytest
import uproot

from hepml.engine.localfile import LocalSource, is_local
from tests.events import write_clusters


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "bytes.bin"
    target.write_bytes(bytes(range(100)))
    return str(target)


def test_ranges_arrive_in_the_order_asked(path):
    with LocalSource(path) as source:
        chunks = source.chunks([(10, 12), (0, 3)], queue.Queue())
    assert [chunk.raw_data.tolist() for chunk in chunks] == [[10, 11], [0, 1, 2]]


def test_each_chunk_is_announced(path):
    announced: queue.Queue = queue.Queue()
    with LocalSource(path) as source:
        chunks = source.chunks([(10, 12), (0, 3)], announced)
    assert [announced.get_nowait() for _ in chunks] == chunks


def test_a_range_beyond_the_end_is_an_error_when_it_is_used(path):
    with LocalSource(path) as source, pytest.raises(OSError, match="expected Chunk of length 20"):
        _ = source.chunk(90, 110).raw_data


def test_a_closed_file_refuses_to_read(path):
    with LocalSource(path) as source:
        assert not source.closed
    assert source.closed
    with pytest.raises(OSError, match="is closed"):
        source.chunk(0, 1)


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        LocalSource(str(tmp_path / "absent.root"))


def test_it_survives_pickling(path):
    with LocalSource(path) as source:
        again = pickle.loads(pickle.dumps(source))  # noqa: S301
    with again:
        assert again.chunk(5, 6).raw_data.tolist() == [5]
        assert again.num_bytes == 100


def test_uproot_reads_through_it(tmp_path):
    path = write_clusters(tmp_path / "data.root", events=20)
    with uproot.open(path, handler=LocalSource) as one, uproot.open(path) as other:
        assert one["mini/met_et"].array().tolist() == other["mini/met_et"].array().tolist()


@pytest.mark.parametrize("url", ["root://host//a.root", "https://host/a.root", "zip::a.zip"])
def test_urls_are_not_local(url):
    assert not is_local(url)


def test_a_path_is_local_if_it_is_a_file(path, tmp_path):
    assert is_local(path)
    assert not is_local(str(tmp_path))
