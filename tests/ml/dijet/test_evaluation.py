"""Scores of dijet events judged by the truth."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.anomaly.efficiency import efficiency
from hepml.ml.dijet.evaluation import judge, mass_shapes, score_shapes
from hepml.ml.dijet.results import DijetJudgement
from tests.ml.dijet.judged import sample


def test_auc_and_sic_are_those_of_anomaly_searches() -> None:
    scores, labels, _ = sample(2.0)
    found = judge(scores, labels, name="weak")
    expected = efficiency(scores[labels > 0], scores[labels == 0])
    assert found.efficiency == expected
    assert found.sic(1e-3) == expected.points[0].sic


def test_sic_worked_out_by_hand() -> None:
    # of 1,000 background events 10 reach a score that half of the signal reaches
    scores = np.repeat([0.0, 1.0, 0.0, 1.0], [990, 10, 5, 5])
    labels = np.repeat([0, 0, 1, 1], [990, 10, 5, 5])
    found = judge(scores, labels, rates=(1e-2,), least=10)
    sic = found.sic(1e-2)
    assert sic.value == pytest.approx(0.5 / 0.1)
    # relative errors: sqrt(0.5 / 5) of the signal, half of sqrt(0.99 / 10) of the background
    assert sic.error == pytest.approx(5 * np.sqrt(0.1 + 0.25 * 0.099))
    assert found.efficiency.sic_max.value == pytest.approx(5.0)


def test_a_rate_that_nobody_asked_for_is_empty() -> None:
    scores, labels, _ = sample(2.0)
    assert judge(scores, labels).sic(0.5).value is None


def test_modes_are_judged_one_by_one() -> None:
    scores, labels, _ = sample(2.0)
    found = judge(scores, labels)
    alone = efficiency(scores[labels == 2], scores[labels == 0]).points[0].sic
    assert found.modes["three-prong"] == alone
    assert list(found.modes) == ["two-prong", "three-prong"]


def test_one_mode_is_not_judged_twice() -> None:
    scores, labels, _ = sample(2.0)
    kept = labels < 2
    assert judge(scores[kept], labels[kept]).modes == {}


def test_weights_of_one_change_nothing() -> None:
    scores, labels, _ = sample(1.5)
    plain = judge(scores, labels)
    weighted = judge(scores, labels, np.ones(len(scores)))
    assert weighted.auc.value == pytest.approx(plain.auc.value)
    assert weighted.auc.error == pytest.approx(plain.auc.error, rel=1e-3)
    assert weighted.sic(1e-3).value == pytest.approx(plain.sic(1e-3).value)
    assert weighted.sic(1e-3).error == pytest.approx(plain.sic(1e-3).error)
    assert weighted.efficiency.sic_max.value == pytest.approx(plain.efficiency.sic_max.value)
    assert weighted.modes["two-prong"].value == pytest.approx(plain.modes["two-prong"].value)


def test_an_event_of_weight_two_is_two_events() -> None:
    scores, labels, _ = sample(1.5)
    twice = np.where(np.arange(len(scores)) % 3 == 0, 2, 1)
    repeated = judge(np.repeat(scores, twice), np.repeat(labels, twice))
    weighted = judge(scores, labels, twice.astype(float))
    assert weighted.auc.value == pytest.approx(repeated.auc.value)
    assert weighted.sic(1e-3).value == pytest.approx(repeated.sic(1e-3).value, rel=0.1)


def test_few_background_events_are_noted() -> None:
    scores, labels, _ = sample(2.0)
    assert "Fewer than 25 of 4,000" in judge(scores, labels).notes[0]


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([1.0, 2.0], [0, 0], "both classes"),
        ([1.0, np.nan], [0, 1], "not finite"),
        ([1.0, 2.0, 3.0], [0, 1], "same events"),
        ([1.0, 2.0, 3.0], [0, 1, -1], "unknown truth"),
    ],
)
def test_what_cannot_be_judged(scores: list[float], labels: list[int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        judge(np.array(scores), np.array(labels))


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="not negative"):
        judge(np.array([1.0, 2.0]), np.array([0, 1]), np.array([1.0, -1.0]))


def test_all_events_are_in_the_histograms() -> None:
    scores, labels, mass = sample(2.0)
    shapes = score_shapes(scores, labels)
    assert [sum(item.counts) for item in shapes.shapes] == [4000, 1000, 1000]
    assert [item.name for item in shapes.shapes] == ["background", "two-prong", "three-prong"]
    masses = mass_shapes(scores, labels, mass)
    assert sum(masses.background[0].counts) == 4000
    assert sum(masses.background[1].counts) == 40
    assert masses.p[0] is None
    assert masses.p[1] is not None


def test_probabilities_are_shown_as_logits() -> None:
    scores, labels, _ = sample(2.0)
    shapes = score_shapes(1 / (1 + np.exp(-scores)), labels)
    assert shapes.logit
    assert shapes.edges[0] == pytest.approx(score_shapes(scores, labels).edges[0])


def test_a_constant_score_has_a_histogram_and_no_gain() -> None:
    labels = np.repeat([0, 1], [100, 100])
    found = judge(np.full(200, 3.0), labels, mass=np.full(200, 3500.0))
    assert found.auc.value == pytest.approx(0.5)
    assert found.sic(1e-3).value is None


def test_cuts_that_follow_the_mass_are_seen() -> None:
    _, labels, mass = sample(2.0)
    assert (mass_shapes(mass, labels, mass, rates=(1e-2,)).p[0] or 0) < 1e-9
    rng = np.random.default_rng(1)
    assert (mass_shapes(rng.normal(size=6000), labels, mass, rates=(1e-2,)).p[0] or 0) > 1e-3


def test_a_judgement_survives_its_file(tmp_path: object) -> None:
    from pathlib import Path

    scores, labels, mass = sample(2.0)
    found = judge(scores, labels, mass=mass)
    path = found.write(Path(str(tmp_path)) / "judgement.json")
    assert DijetJudgement.read(path) == found
