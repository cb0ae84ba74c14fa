"""Adam against torch's."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.density.adam import Adam


def test_steps_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch", reason="extra deep")
    rng = np.random.default_rng(0)
    start = rng.standard_normal(20).astype(np.float32)
    ours = start.copy()
    theirs = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = torch.optim.Adam([theirs], lr=0.01, weight_decay=0.1)
    adam = Adam(ours, weight_decay=0.1)
    for _ in range(30):
        gradient = rng.standard_normal(20).astype(np.float32)
        theirs.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        adam.step(gradient, 0.01)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-6)
