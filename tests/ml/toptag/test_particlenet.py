"""The graph of nearest constituents."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from hepml.ml.toptag.particlenet import ParticleNet, nearest  # noqa: E402


def test_neighbours_are_the_nearest_other_points():
    points = torch.tensor([[[0.0, 1.0, 3.0, 7.0], [0.0, 0.0, 0.0, 0.0]]])
    found = nearest(points, 2)[0].tolist()
    assert [sorted(item) for item in found] == [[1, 2], [0, 2], [0, 1], [1, 2]]


def test_two_points_at_one_place_are_each_others_neighbours():
    points = torch.zeros(1, 2, 2)
    assert nearest(points, 1)[0].tolist() == [[1], [0]]


def test_there_are_no_more_neighbours_than_other_slots():
    assert nearest(torch.randn(1, 2, 3), 18).shape == (1, 3, 2)


def test_the_order_of_constituents_does_not_matter():
    network = ParticleNet((8, 8), neighbours=3, dense=4).eval()
    x = torch.randn(2, 6, 7)
    with torch.no_grad():
        torch.testing.assert_close(network(x), network(x.flip(1)), rtol=1e-4, atol=1e-5)
