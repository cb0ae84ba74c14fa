"""Closure in the sidebands: good models pass, bad ones fail and say why."""

from __future__ import annotations

import pytest

from hepml.ml.anomaly.closure import judge_closure
from hepml.ml.anomaly.results import BandAuc, FeatureTest
from hepml.ml.anomaly.strategies import run_strategy
from hepml.ml.results import Interval
from tests.ml.anomaly.stub import use_normal
from tests.ml.anomaly.windows import QUICK, sample


def band(value: float, error: float, name: str = "SB") -> BandAuc:
    auc = Interval(value=value, error=error)
    return BandAuc(band=name, mass_included=True, events=100, samples=100, auc=auc)


def feature(ks: float, p: float) -> FeatureTest:
    return FeatureTest(feature="a", band="SB", ks=ks, p=p, wasserstein=0.1, wasserstein_p=0.1)


def test_a_good_model_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    closure = run_strategy("cathode", sample(3_000), ensemble=QUICK, bins=4, quick=True).closure
    assert closure is not None
    assert closure.status == "ok"
    assert closure.reasons == ()
    assert closure.auc == pytest.approx(0.5, abs=0.03)
    assert {(item.band, item.mass_included) for item in closure.bands} == {
        (name, mass) for name in ("SB", "SBL", "SBH") for mass in (True, False)
    }
    # every sideband event counts, and two samples of one seed are one
    assert closure.bands[0].events == closure.bands[0].samples
    assert len(closure.features) == 6


def test_a_shifted_model_fails_and_names_the_features(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    closure = run_strategy(
        "cathode",
        sample(3_000),
        ensemble=QUICK,
        bins=4,
        quick=True,
        density_options={"shift": 0.5},
    ).closure
    assert closure is not None
    assert closure.status == "failed"
    said = " ".join(closure.reasons)
    assert "AUC" in said
    assert "a differs in SB" in said
    assert "b differs in SBL" in said


def test_an_area_fails_only_beyond_its_error() -> None:
    assert judge_closure([band(0.56, 0.02)], []).status == "ok"
    assert judge_closure([band(0.56, 0.01)], []).status == "failed"


def test_a_model_that_repeats_its_events_fails() -> None:
    found = judge_closure([band(0.44, 0.01)], [])
    assert found.status == "failed"
    assert "repeat events" in found.reasons[0]
    assert judge_closure([band(0.48, 0.01)], []).status == "ok"


def test_too_few_events_test_nothing() -> None:
    found = judge_closure([band(0.5, 0.1)], [])
    assert found.status == "not tested"
    assert "too few events" in found.reasons[0]


def test_a_feature_fails_if_its_distance_is_large_and_real() -> None:
    assert judge_closure([], [feature(0.04, 1e-9)]).status == "ok"
    assert judge_closure([], [feature(0.2, 0.01)]).status == "ok"
    assert judge_closure([], [feature(0.2, 1e-9)]).status == "failed"


def test_strategies_without_a_model_are_not_tested() -> None:
    closure = run_strategy("cwola", sample(), ensemble=QUICK).closure
    assert closure is not None
    assert closure.status == "not tested"
    assert closure.auc is None
    assert closure.mass is not None
    assert closure.reasons
