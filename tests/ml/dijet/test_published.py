"""Published figures of dijet searches."""

from __future__ import annotations

from hepml.ml.dijet.published import PUBLISHED, published_curves


def test_curves_have_as_many_points_as_fractions() -> None:
    assert all(len(item.sic) == (len(item.mu) or 1) for item in PUBLISHED)
    assert {len(item.mu) for item in PUBLISHED} == {0, 10}


def test_either_order_of_the_masses_finds_them() -> None:
    (found,) = published_curves((500.0, 100.0), "weak", 0)
    assert found.sic[6] == 11.6
    assert published_curves((350.0, 100.0), "weak", 0) == ()
