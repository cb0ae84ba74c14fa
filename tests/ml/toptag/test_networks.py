"""Networks of dense layers: counts of parameters, and what padding must not change."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hepml.ml.toptag.presets import NETWORKS, network_plan

torch = pytest.importorskip("torch")

from hepml.ml.toptag.networks import (  # noqa: E402
    DeepSets,
    count_parameters,
    make_network,
    penalised,
)


def jets(sizes: list[int], slots: int, seed: int = 0) -> torch.Tensor:
    """Random jets of some constituents each, padded with zeros."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0.0, 0.3, (len(sizes), slots, 7)).astype(np.float32)
    x[:, :, 2:4] += 9.0
    for place, size in enumerate(sizes):
        x[place, size:] = 0.0
    return torch.from_numpy(x)


@pytest.mark.parametrize(
    ("model", "preset", "count"),
    [
        ("hldnn", "train_py", 133_381),
        ("dnn", "train_py", 874_401),
        ("efn", "train_py", 959_251),
        ("pfn", "train_py", 1_381_001),
        ("particlenet", "train_py", 764_887),
        ("hldnn", "pub_note", 93_151),
        ("dnn", "pub_note", 876_641),
        ("efn", "pub_note", 1_670_451),
        ("pfn", "pub_note", 689_801),
        ("particlenet", "pub_note", 764_887),
    ],
)
def test_a_preset_has_the_published_number_of_parameters(model, preset, count):
    assert count_parameters(make_network(network_plan(model, preset))) == count


@pytest.mark.parametrize("model", NETWORKS)
def test_a_network_gives_one_finite_logit_a_jet(model):
    plan = network_plan(model, "small", slots=12)
    network = make_network(plan).eval()
    x = torch.randn(4, 15) if model == "hldnn" else jets([12, 5, 3, 1], 12)
    with torch.no_grad():
        found = network(x)
    assert found.shape == (4,)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("model", ["efn", "pfn", "part"])
def test_more_padding_changes_nothing(model):
    network = make_network(network_plan(model, "small")).eval()
    x = jets([8, 5, 3], 8)
    longer = torch.cat([x, torch.zeros(3, 5, 7)], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(network(x), network(longer), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", ["efn", "pfn"])
def test_leaving_padded_slots_out_gives_what_computing_them_gives(model):
    network = make_network(network_plan(model, "small")).eval()
    assert isinstance(network, DeepSets)
    x = jets([8, 5, 0], 8)
    with torch.no_grad():
        packed = network(x)
        network.padded = True
        torch.testing.assert_close(packed, network(x), rtol=1e-4, atol=1e-5)


def test_the_order_of_constituents_does_not_matter_to_deep_sets():
    network = make_network(network_plan("pfn", "small")).eval()
    x = jets([8], 8)
    with torch.no_grad():
        torch.testing.assert_close(network(x), network(x.flip(1)), rtol=1e-4, atol=1e-5)


def test_an_energy_flow_network_of_shares_ignores_a_collinear_splitting():
    network = make_network(network_plan("efn", "small", fraction=True)).eval()
    x = jets([3], 4)
    x[0, :3, 4] = torch.log(torch.tensor([0.5, 0.3, 0.2]))
    split = x.clone()
    split[0, 2, 4] = split[0, 3, 4] = math.log(0.1)
    split[0, 3, :4] = split[0, 2, :4]
    split[0, 3, 5:] = split[0, 2, 5:]
    with torch.no_grad():
        torch.testing.assert_close(network(x), network(split), rtol=1e-4, atol=1e-5)


def test_the_penalty_is_on_weights_of_dense_layers_alone():
    found = penalised(make_network(network_plan("dnn", "train_py")))
    assert [tuple(item.shape) for item in found] == [(400, 560), *[(400, 400)] * 4, (1, 400)]
