"""How little signal a strategy needs."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.ml.dijet.scan_metrics import needed_fraction, scan_metrics
from hepml.ml.dijet.scan_results import Quantiles, ScanResult, Summary


def row(strategy: str, mu: float, sic: float | None, **others: Any) -> Summary:
    one = Quantiles(median=sic)
    settings: dict[str, Any] = {"mass_point": (300.0, 300.0), "noise": 0} | others
    return Summary(
        strategy=strategy, mu=mu, alpha=0.5, points=1, auc=one, sic_1e3=one, sic_1e4=one,
        sic_max=one, **settings,
    )  # fmt: skip


def test_between_two_points_it_is_interpolated_in_the_logarithm() -> None:
    rows = [row("weak", 0.1, 20.0), row("weak", 0.001, 0.0)]
    assert needed_fraction(rows, 10.0) == pytest.approx(0.01)


def test_a_lucky_point_is_not_enough() -> None:
    rows = [row("weak", 0.001, 15.0), row("weak", 0.01, None), row("weak", 0.1, 20.0)]
    found = needed_fraction(rows, 10.0)
    assert found is not None
    assert 0.01 < found < 0.1


def test_where_all_points_or_none_suffice() -> None:
    rows = [row("weak", 0.001, 15.0), row("weak", 0.01, 16.0)]
    assert needed_fraction(rows, 10.0) == 0.001
    assert needed_fraction(rows, 17.0) is None
    assert needed_fraction([], 1.0) is None


def test_figures_are_flat_and_named_by_what_differs() -> None:
    rows = [
        row("supervised", 0.0, 20.0), row("weak", 0.01, 19.0), row("prior-assisted", 0.01, 17.0),
        row("supervised", 0.0, 20.0, noise=10), row("weak", 0.01, 1.0, noise=10),
    ]  # fmt: skip
    assert scan_metrics(ScanResult(points=(), summary=tuple(rows))) == {
        "points": 0.0,
        "failed": 0.0,
        "sic_1e3_supervised": 20.0,
        "mu_90_weak": 0.01,
        "mu_90_prior_assisted": None,
        "sic_1e3_supervised_noise_10": 20.0,
        "mu_90_weak_noise_10": None,
    }


def test_without_supervised_there_is_nothing_to_compare_with() -> None:
    found = scan_metrics(ScanResult(points=(), summary=(row("weak", 0.01, 19.0),)))
    assert set(found) == {"points", "failed"}
