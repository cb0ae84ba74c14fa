"""Searches by the published optimiser: trials are chosen without a look at the truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.ml.dijet import published_assisted as module
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.events import DijetEvents, read_dijets
from hepml.ml.dijet.outcome import Outcome
from hepml.ml.dijet.published_assisted import _fixed, learn_published
from hepml.ml.dijet.results import DijetResult
from hepml.ml.dijet.stages import Stages, make_stages
from hepml.ml.dijet.task import tell_dijets
from hepml.plots.dijet import draw_dijet

from . import toys
from .tables import write_table

ASKED = DijetOptions(
    preset="published", modes=("qq",), learner="trees", quick=True, mu=0.08, trials=6, keep=3
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("priors")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> DijetEvents:
    points = [(float(x), float(y)) for x in (100, 200, 300, 400) for y in (100, 200, 300, 400)]
    return read_dijets(write_table(tmp_path_factory.mktemp("table"), 4_000, 100, points), ("qq",))


@pytest.fixture(scope="module")
def stages(events: DijetEvents) -> Stages:
    return make_stages(events, ASKED)


@pytest.fixture(scope="module")
def found(stages: Stages, store: Path) -> Outcome:
    return learn_published(stages, ASKED, store=store)


def test_the_best_trials_by_validation_are_averaged(found: Outcome) -> None:
    losses = [trial.validation for trial in found.trials]
    assert len(losses) == 6
    assert list(found.kept) == np.argsort(losses)[:3].tolist()
    np.testing.assert_allclose(
        found.scores, np.mean([found.trials[place].scores for place in found.kept], axis=0)
    )


def test_parameters_are_medians_of_the_trials_that_are_kept(found: Outcome) -> None:
    assert found.fit is not None
    assert found.fit.spread
    for parameter in found.fit.parameters:
        values = [
            item.value
            for place in found.kept
            if (fit := found.trials[place].fit) is not None
            and (item := fit.parameter(parameter.name)) is not None
        ]
        assert parameter.value == pytest.approx(np.median(values))
        assert parameter.low is not None


def test_the_score_tells_signal_from_background(found: Outcome, stages: Stages) -> None:
    background = stages.events.background[stages.test]
    above = found.scores[~background][:, None] > found.scores[background]
    assert above.mean() > 0.85


def test_truth_has_no_part_in_the_choice(
    stages: Stages, store: Path, found: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"mu": 0.9, "mx": 100.0, "my": 100.0}
    monkeypatch.setattr(module, "true_parameters", lambda *_: wrong)
    again = learn_published(stages, ASKED, store=store)
    assert again.kept == found.kept
    np.testing.assert_array_equal(again.scores, found.scores)
    # neither are labels of the test
    flipped = replace(stages, test=stages.test[::-1].copy())
    assert learn_published(flipped, ASKED, store=store).kept == found.kept


@pytest.mark.parametrize("masses", [(300.0, 200.0), (123.0, 456.0)])
def test_a_given_kappa_scales_the_odds_at_all_masses(masses: tuple[float, float]) -> None:
    grid = toys.planes(toys.mixed(50, (5, 5), 0, (300, 200)))
    scaled = grid.with_kappa(_fixed(grid, np.log([2.0, 5.0])))
    difference = scaled.log_ratios(*masses) - grid.log_ratios(*masses)
    np.testing.assert_allclose(difference, np.log([[2.0], [5.0]]).repeat(60, axis=1), atol=1e-4)


def test_a_search_takes_the_kappa_that_is_given(stages: Stages, store: Path) -> None:
    asked = replace(ASKED, kappa=(1e-3,), trials=1)
    notes = learn_published(stages, asked, store=store).notes
    assert any("0.00" in text and "over reference background" in text for text in notes)


def test_without_signal_there_is_a_result(events: DijetEvents, store: Path) -> None:
    asked = replace(ASKED, mu=0.0, trials=2)
    outcome = learn_published(make_stages(events, asked), asked, store=store)
    assert outcome.fit is not None
    mu = outcome.fit.parameter("mu")
    assert mu is not None
    assert mu.value < 0.03
    assert np.isfinite(outcome.scores).all()


def test_the_likelihood_needs_no_reference(stages: Stages, store: Path) -> None:
    outcome = learn_published(stages, replace(ASKED, loss="likelihood", trials=1), store=store)
    assert outcome.histories["trial_00"].metric == "-ln likelihood, times 1000"


@pytest.mark.slow
def test_trials_are_written_and_drawn_again(tmp_path: Path) -> None:
    table = write_table(tmp_path / "table", 2_000, 120)
    asked = replace(ASKED, modes=("qq", "qqq"), trials=2, keep=2)
    tell_dijets(table, tmp_path / "p", asked)
    result = DijetResult.read(tmp_path / "p" / "result.json")
    assert len(result.trials) == len(result.kept) == 2
    assert result.task["options"]["preset"] == "published"
    names = {path.stem for path in draw_dijet(tmp_path / "p", tmp_path / "again")}
    assert {"parameters", "loss_trial_00", "loss_trial_01", "landscape_mx_my"} <= names
