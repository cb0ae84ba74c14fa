"""Prior-assisted searches find what was put into the data."""

from __future__ import annotations

import pytest

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.events import DijetEvents, read_dijets
from hepml.ml.dijet.results import DijetJudgement
from hepml.ml.dijet.task import search_dijet

from .tables import write_table


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> DijetEvents:
    points = [(float(x), float(y)) for x in (100, 200, 300, 400) for y in (100, 200, 300, 400)]
    return read_dijets(write_table(tmp_path_factory.mktemp("table"), 4_000, 150, points), ("qq",))


def search(events: DijetEvents, **given: object) -> DijetJudgement:
    asked = {"modes": ("qq",), "learner": "trees", "quick": True, "mu": 0.03} | given
    return search_dijet(events, DijetOptions(**asked))  # type: ignore[arg-type]


def test_true_masses_give_a_score(events: DijetEvents) -> None:
    assert (search(events, strategy="parametric").auc.value or 0) > 0.93


def test_fitted_masses_and_score_are_near_the_truth(events: DijetEvents) -> None:
    found = search(events, mu=0.08, seed=1)
    assert found.fit is not None
    mass = found.fit.parameter("mx")
    assert mass is not None
    assert mass.value == pytest.approx(300, abs=60)
    assert mass.truth == 300
    assert (found.auc.value or 0) > 0.85


def test_without_signal_mu_is_small_and_there_is_a_result(events: DijetEvents) -> None:
    found = search(events, mu=0.0)
    assert found.fit is not None
    mu = found.fit.parameter("mu")
    assert mu is not None
    assert mu.value < 0.05
    assert mu.truth == 0
