"""Flows: the published network, latent space, best epochs, early stopping, errors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.density import Flow, load_density
from hepml.ml.density.epochs import Kept
from hepml.ml.density.network import Architecture, Network
from tests.ml.density.toys import conditions, draw

pytest.importorskip("zuko", reason="extra deep")

MASS = conditions(400, 1)
Z = draw(MASS, 2)


def small(**options: Any) -> Flow:
    usual: dict[str, Any] = {"transforms": 2, "hidden": (6,), "epochs": 6}
    return Flow(**usual | options).fit(Z, MASS)


def test_the_published_network_has_its_size() -> None:
    """6 x [(4 + 1) x 20 + (20 + 1) x 20 + (20 + 1) x 6] = 3,876 for three features."""
    network = Network(Architecture("maf", 3))
    assert len(network.flat) == 3876
    assert network.sizes().tolist() == [4, 20, 20, 6]


def test_the_defaults_are_the_published_training() -> None:
    found = Flow().get_params()
    assert (found["epochs"], found["batch_size"], found["learning_rate"]) == (400, 256, 7.5e-4)
    assert (found["weight_decay"], found["clip"], found["patience"]) == (1e-6, 1.0, 0)
    assert (found["keep"], found["schedule"], found["transforms"]) == (1, None, 6)


@pytest.mark.parametrize("kind", ["maf", "nsf"])
def test_latent_space_and_back(kind: str) -> None:
    flow = small(kind=kind, epochs=2, keep=2)
    latent = flow.to_latent(Z, MASS)
    np.testing.assert_allclose(flow.from_latent(latent, MASS), Z, atol=1e-5)


def test_the_loss_falls_and_the_best_epoch_is_used() -> None:
    flow = small(epochs=20)
    loss = flow.history_["validation"]
    assert len(loss) == 20
    assert flow.epochs_ == [int(np.argmin(loss)) + 1]
    assert min(loss) < loss[0]


def test_the_best_epochs_are_a_mixture() -> None:
    flow = small(epochs=8, keep=3)
    loss = flow.history_["validation"]
    assert flow.epochs_ == [int(n) + 1 for n in np.argsort(loss, kind="stable")[:3]]
    assert len(flow.states_) == 3
    best = small(epochs=8)
    assert not np.array_equal(flow.log_prob(Z, MASS), best.log_prob(Z, MASS))


def test_weights_of_the_best_epochs_can_be_averaged() -> None:
    mixture, averaged = small(keep=3), small(keep=3, average="weights")
    np.testing.assert_allclose(
        averaged.states_.flats[0], np.mean(mixture.states_.flats, axis=0), rtol=1e-6, atol=1e-7
    )


def test_it_stops_early_when_nothing_gets_better() -> None:
    flow = small(epochs=200, patience=2, learning_rate=0.1)
    loss = flow.history_["validation"]
    assert len(loss) < 200
    assert int(np.argmin(loss)) == len(loss) - 3


def test_a_schedule_changes_the_training() -> None:
    assert small(schedule="cosine").history_ != small().history_


def test_the_random_numbers_of_torch_are_left_alone() -> None:
    import torch

    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    small(epochs=1).sample(MASS)
    assert torch.equal(torch.rand(1), expected)


def test_a_state_that_is_not_finite_is_never_kept() -> None:
    kept = Kept()
    assert not kept.offer(float("nan"), 1, np.zeros(1, np.float32), 2)
    assert kept.offer(3.0, 2, np.zeros(1, np.float32), 2)
    assert not kept.offer(4.0, 3, np.zeros(1, np.float32), 2)
    assert not kept.offer(5.0, 4, np.zeros(1, np.float32), 2)
    assert [epoch for _, epoch, _ in kept.states] == [2, 3]


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(ModelError, match="did not converge"):
        Flow(transforms=1, hidden=(2,), epochs=1).fit(Z * 1e30, MASS)


@pytest.mark.parametrize(
    "options", [{"epochs": 0}, {"average": "median"}, {"schedule": "steps"}, {"kind": "glow"}]
)
def test_options_that_cannot_be_used_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        small(**options)


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    small(epochs=1).save(tmp_path)
    (tmp_path / "flow.safetensors").write_bytes(b"no")
    with pytest.raises(ModelError, match="safetensors"):
        load_density(tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    small(epochs=1).save(tmp_path)
    text = (tmp_path / "density.json").read_text()
    (tmp_path / "density.json").write_text(text.replace('"transforms": 2', '"transforms": 3'))
    with pytest.raises(ModelError, match="do not belong"):
        load_density(tmp_path)


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zuko", None)
    with pytest.raises(ModelError, match=r"zuko.*hepml-columnar\[deep\].*neighbours"):
        small()
