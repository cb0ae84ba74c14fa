"""Files of tensors and numbers: what is written is read, and Adam goes on."""

from __future__ import annotations

import pytest

from hepml.errors import ModelError

torch = pytest.importorskip("torch")

from hepml.ml.toptag.checkpoints import (  # noqa: E402
    read_tensors,
    restore_adam,
    save_tensors,
    tensors_of_adam,
)


def test_tensors_and_numbers_survive_a_file(tmp_path):
    save_tensors(tmp_path / "a", {"x": torch.arange(3)}, {"n": [1, 2.5]})
    tensors, about = read_tensors(tmp_path / "a")
    assert tensors["x"].tolist() == [0, 1, 2]
    assert about == {"n": [1, 2.5]}


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "a").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="cannot be read"):
        read_tensors(tmp_path / "a")


def test_adam_goes_on_where_it_was():
    weight = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    other = torch.nn.Parameter(weight.detach().clone())
    one, two = (torch.optim.Adam([item], lr=0.1) for item in (weight, other))
    weight.grad = torch.tensor([1.0, 3.0])
    one.step()
    with torch.no_grad():
        other.copy_(weight)
    restore_adam(two, tensors_of_adam(one, "adam."), "adam.")
    for optimiser, item in ((one, weight), (two, other)):
        item.grad = torch.tensor([-2.0, 0.5])
        optimiser.step()
    assert torch.equal(weight, other)
