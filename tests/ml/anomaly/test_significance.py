"""From scores to significances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ParameterError, StatisticsError
from hepml.ml.anomaly.findings import SampleFindings
from hepml.ml.anomaly.scored import Scored, Statistics
from hepml.ml.anomaly.significance import judge_sample
from tests.ml.anomaly.windows import WINDOW, sample

ASKED = Statistics(bins=4, rates=(1.0, 0.3, 0.1, 0.03), toys=200, variations=False, workers=1)
DATA = sample(background=4000, signal=60)
SCORE = DATA.x[:, 1]


def judged(
    score: np.ndarray | None = None, ratio: np.ndarray | None = None, **changes: object
) -> SampleFindings:
    chosen = SCORE if score is None else score
    found = Scored("data", "Data", DATA.mass, "toy", {"toy": chosen}, ratio)
    asked = Statistics(**{**{k: getattr(ASKED, k) for k in ASKED.__slots__}, **changes})  # type: ignore[arg-type]
    return judge_sample(found, WINDOW, asked)


def true_ratio() -> np.ndarray:
    """p_data / p_background of the second feature: a normal at 0, and one at 3 for signal."""
    inside = DATA.signal_region
    assert DATA.label is not None
    mu = DATA.label[inside].mean()
    return (1 - mu) + mu * np.exp(3 * SCORE - 4.5)


def test_a_score_that_knows_the_signal_raises_z() -> None:
    found = judged(nominal=0.03)
    assert found.chosen is not None
    assert found.chosen.Z is not None
    assert found.inclusive.Z is not None
    assert found.chosen.Z > 2 * found.inclusive.Z > 0


def test_a_constant_score_gives_the_inclusive_z() -> None:
    found = judged(np.full(len(DATA), 0.5), np.ones(len(DATA)))
    assert all(row.Z == found.inclusive.Z for row in found.cuts())
    weighted = found.reweighting
    assert weighted is not None
    assert weighted.row is not None
    assert pytest.approx(found.inclusive.Z, abs=1e-6) == weighted.row.Z


def test_a_random_score_is_cut_on_beside_it() -> None:
    assert {row.score for row in judged().hunt.results} == {None, "toy", "random"}


def test_the_nominal_working_point_is_always_there() -> None:
    found = judged(nominal=0.2)
    assert found.chosen is not None
    assert found.chosen.fpr == 0.2


def test_a_search_over_working_points_costs_significance() -> None:
    search = judged().search
    assert search is not None
    assert 0 < search.global_Z < search.Z
    assert [point.fpr for point in search.points] == sorted(
        (point.fpr for point in search.points), reverse=True
    )


def test_working_points_with_few_sideband_events_are_not_searched() -> None:
    search = judged(rates=(1.0, 0.1, 0.001)).search
    assert search is not None
    assert {point.fpr for point in search.points} == {1.0, 0.1}


def test_without_toys_there_is_no_global_p_value() -> None:
    assert judged(toys=0).search is None


def test_weights_by_the_true_ratio_raise_z() -> None:
    found = judged(ratio=true_ratio())
    weighted = found.reweighting
    assert weighted is not None
    assert weighted.row is not None
    assert weighted.toys is not None
    assert (weighted.row.Z or 0.0) > 2 * (found.inclusive.Z or 0.0)
    assert weighted.toys.p < 0.01


def test_a_ratio_that_is_off_is_said() -> None:
    weighted = judged(ratio=1.5 * true_ratio()).reweighting
    assert weighted is not None
    assert "does not average to 1" in weighted.status


def test_without_an_excess_nothing_is_weighted() -> None:
    inside = np.flatnonzero(DATA.signal_region)
    rest = np.setdiff1d(np.arange(len(DATA)), inside[::4])
    found = Scored("data", "Data", DATA.mass[rest], "toy", {"toy": SCORE[rest]}, np.ones(len(rest)))
    weighted = judge_sample(found, WINDOW, ASKED).reweighting
    assert weighted is not None
    assert (weighted.row, weighted.mu) == (None, None)
    assert "no excess without a cut" in weighted.status


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_a_ratio_that_is_none_is_refused(bad: float) -> None:
    ratio = np.ones(len(DATA))
    ratio[3] = bad
    with pytest.raises(StatisticsError, match="1 of"):
        judged(ratio=ratio)


@pytest.fixture(scope="module")
def everything() -> SampleFindings:
    return judged(ratio=true_ratio(), variations=True, rates=(1.0, 0.1))


def test_variations_repeat_the_nominal_fit_and_others(everything: SampleFindings) -> None:
    found = everything
    own = [item for item in found.variations if (item.degree, item.bins) == (1, 4)]
    assert len(own) == 1
    assert len(found.variations) == 10
    assert own[0].inclusive == pytest.approx(found.inclusive.Z, abs=1e-3)
    assert found.search is not None
    assert found.reweighting is not None
    assert own[0].best == pytest.approx(found.search.Z, abs=1e-3)
    assert found.reweighting.row is not None
    assert own[0].reweighted == pytest.approx(found.reweighting.row.Z, abs=1e-3)


def test_findings_are_read_back_as_they_were(everything: SampleFindings, tmp_path: Path) -> None:
    everything.write(tmp_path / "found.json")
    assert SampleFindings.read(tmp_path / "found.json") == everything


@pytest.mark.parametrize("bad", [{"nominal": 0.0}, {"rates": (2.0,)}, {"toys": -1}])
def test_statistics_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        Statistics(**bad)  # type: ignore[arg-type]
