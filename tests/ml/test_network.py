"""The network learns, is the same for the same seed, and is applied without torch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError

torch = pytest.importorskip("torch", reason="torch is not installed: extra deep")
pytest.importorskip("safetensors", reason="safetensors is not installed: extra deep")

from hepml.ml.network import NetworkClassifier  # noqa: E402

Rows = np.ndarray[Any, Any]


def some(rows: int = 400) -> tuple[Rows, Rows]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, rows)
    x = rng.normal(size=(rows, 4)) + 2.0 * np.eye(3, 4)[y]
    x[:, 0] = np.exp(x[:, 0])  # a tail
    x[rng.random(rows) < 0.3, 1] = np.nan
    return x.astype(np.float32), y


def small(**options: Any) -> NetworkClassifier:
    return NetworkClassifier((8,), epochs=15, batch=64, learning_rate=1e-2, **options)


def test_it_learns_with_undefined_inputs() -> None:
    x, y = some()
    network = small().fit(x[:300], y[:300], validation=(x[300:], y[300:]))
    assert (network.predict(x[300:]) == y[300:]).mean() > 0.7
    assert network.flagged_.tolist() == [1]
    assert network.history_["validation"][network.rounds_ - 1] == min(
        network.history_["validation"]
    )


@pytest.mark.parametrize(("halve", "times"), [(None, 0), (2, 3), (3, 2)])
def test_the_rate_is_halved_after_passes_without_a_better_loss(
    halve: int | None, times: int
) -> None:
    x, y = some(200)
    # the better it learns, the worse it is for these
    wrong = (y + 1) % 3
    network = small(halve=halve, patience=7).fit(x, y, validation=(x, wrong))
    assert len(network.history_["validation"]) == network.rounds_ + 7
    assert network.rounds_ == 1
    assert network.rate_ == pytest.approx(1e-2 / 2**times)


def test_numpy_gives_what_torch_gives() -> None:
    x, y = some()
    network = small().fit(x, y)
    module = network._module(5)
    places = [n for n, part in enumerate(module) if isinstance(part, torch.nn.Linear)]
    with torch.no_grad():
        for place, (weight, bias) in zip(places, network.layers_, strict=True):
            module[place].weight.copy_(torch.from_numpy(weight))
            module[place].bias.copy_(torch.from_numpy(bias))
        expected = module.eval()(torch.from_numpy(network._scaled(x))).softmax(dim=1)
    np.testing.assert_allclose(network.predict_proba(x), expected.numpy(), rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_file_and_leaves_torch_alone(tmp_path: Path) -> None:
    x, y = some()
    torch.manual_seed(7)
    before = torch.get_rng_state()
    for name in ("one", "two"):
        small().fit(x, y).save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    small(random_state=1).fit(x, y).save(tmp_path / "three")
    assert (tmp_path / "one").read_bytes() != (tmp_path / "three").read_bytes()
    assert torch.equal(torch.get_rng_state(), before)


def test_it_comes_back_from_its_file_without_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = some()
    network = small().fit(x, y)
    network.save(tmp_path / "model.safetensors")
    monkeypatch.setitem(sys.modules, "torch", None)
    again = NetworkClassifier.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))


def test_the_extra_is_named_where_torch_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"hepml-columnar\[deep\]"):
        small().fit(*some())


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="no network"):
        NetworkClassifier.load(tmp_path / "model.safetensors")
