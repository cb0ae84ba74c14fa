"""Where torch computes, and what it leaves behind."""

from __future__ import annotations

import pytest

from hepml.errors import ModelError

torch = pytest.importorskip("torch")

from hepml.ml.toptag.devices import pick_device, quiet_torch  # noqa: E402


def test_a_gpu_that_is_not_there_is_refused():
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ModelError, match="no GPU"):
        pick_device("cuda")


def test_a_gpu_is_taken_where_there_is_one():
    assert pick_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


def test_generator_and_threads_come_back():
    torch.manual_seed(3)
    expected, threads = torch.rand(1), torch.get_num_threads()
    torch.manual_seed(3)
    with quiet_torch(1, 1):
        torch.rand(5)
        assert torch.get_num_threads() == 1
    assert torch.rand(1) == expected
    assert torch.get_num_threads() == threads


def test_no_more_than_two_threads_are_used():
    with quiet_torch(1, 64):
        assert torch.get_num_threads() <= 2
