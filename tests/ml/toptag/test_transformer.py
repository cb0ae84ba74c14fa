"""Features of pairs of constituents that steer attention."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from hepml.ml.toptag.transformer import pair_features  # noqa: E402


def test_features_of_a_pair_are_those_of_its_splitting():
    x = torch.zeros(1, 3, 7)
    x[0, 0, 2], x[0, 1, 2] = math.log(3e3), math.log(1e3)
    x[0, 1, 0], x[0, 1, 1] = 0.3, 0.4
    found = pair_features(x, torch.tensor([[True, True, False]]))[0, :, 0, 1]
    mass = 2 * 3.0 * 1.0 * (math.cosh(0.3) - math.cos(0.4))
    expected = [math.log(0.5), math.log(0.5), math.log(0.25), math.log(mass)]
    torch.testing.assert_close(found, torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_pairs_with_an_empty_slot_have_no_features():
    x = torch.randn(1, 3, 7)
    found = pair_features(x, torch.tensor([[True, True, False]]))
    assert (found[0, :, 2] == 0).all()
    assert (found[0, :, :, 2] == 0).all()


def test_features_do_not_depend_on_the_order_of_a_pair():
    x = torch.randn(1, 4, 7)
    found = pair_features(x, torch.ones(1, 4, dtype=torch.bool))
    torch.testing.assert_close(found, found.transpose(2, 3))
