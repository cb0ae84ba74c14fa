"""The compiled likelihood against zuko's and torch's own gradient."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.density.epochs import Batch, _Automatic, _Compiled
from hepml.ml.density.network import Architecture, Network

pytest.importorskip("zuko", reason="extra deep")


@pytest.mark.parametrize("features", [1, 2, 4])
@pytest.mark.parametrize("hidden", [(6,), (8, 5)])
def test_likelihood_and_gradient_are_those_of_torch(features: int, hidden: tuple[int, ...]) -> None:
    network = Network(Architecture("maf", features, 3, hidden))
    rng = np.random.default_rng(0)
    network.initialise(rng, 1.0)
    network.flat += 0.3 * rng.standard_normal(len(network.flat)).astype(np.float32)
    network.flat *= network.masked()
    batch = Batch(
        rng.standard_normal((64, features)).astype(np.float32),
        rng.standard_normal(64).astype(np.float32),
        rng.random(64).astype(np.float32),
    )
    slow = _Automatic(network, "cpu").gradient(batch)
    expected = network.grad * network.masked()
    network.grad[:] = 0
    fast = _Compiled(network).gradient(batch)
    assert fast == pytest.approx(slow, rel=1e-5)
    np.testing.assert_allclose(network.grad, expected, atol=2e-5 * np.abs(expected).max())
    assert _Compiled(network).loss(batch) == pytest.approx(slow, rel=1e-5)
