"""Every strategy on one interface: scores, resuming, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.ml.anomaly.strategies import STRATEGIES, run_strategy
from hepml.ml.ranking import Ranking
from tests.ml.anomaly.stub import Normal, use_normal
from tests.ml.anomaly.windows import QUICK, sample

LEARNING = [name for name in STRATEGIES if name != "random"]


@pytest.fixture(autouse=True)
def normal(monkeypatch: pytest.MonkeyPatch) -> type[Normal]:
    return use_normal(monkeypatch)


def run(name: str, **options: Any) -> Any:
    reference = sample(3_000, 0, seed=9) if name == "idealised" else None
    settings: dict[str, Any] = {
        "ensemble": QUICK,
        "reference": reference,
        "closure": False,
        "bins": 4,
    }
    return run_strategy(name, options.pop("data", sample()), **(settings | options))


@pytest.mark.parametrize("name", LEARNING)
def test_the_signal_is_found(name: str) -> None:
    data = sample()
    found = run(name, data=data)
    assert found.scores.shape == (len(data),)
    assert np.isfinite(found.scores).all()
    assert Ranking(found.scores, data.label).auc() > 0.85


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_control_sample_is_scored_too(name: str) -> None:
    control = sample(300, 30, seed=4)
    found = run(name, control=control)
    assert found.control_scores.shape == (len(control),)
    assert np.isfinite(found.control_scores).all()
    # the event's fold decides, whichever sample it is in
    again = run(name, data=sample(), control=sample())
    np.testing.assert_array_equal(again.scores, again.control_scores)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_same_data_give_the_same_scores(name: str) -> None:
    np.testing.assert_array_equal(run(name).scores, run(name).scores)


@pytest.mark.parametrize("name", ["cathode", "lacathode", "anode"])
def test_background_samples_are_as_many_as_expected_and_scored(name: str) -> None:
    found = run(name, seeds=2, oversample=3)
    assert len(found.samples) == 2 * 3 * int(found.expected_background)
    assert set(found.samples.seed) == {1, 2}
    window = sample().window
    assert (found.samples.mass >= window.low).all()
    assert (found.samples.mass < window.high).all()
    assert np.isfinite(found.samples.scores).all()
    # they are background to the score
    assert np.median(found.samples.scores) < np.median(found.scores[sample().label])


def test_the_ratio_is_one_on_average_over_background() -> None:
    found = run("cathode", data=sample(4_000, 200), oversample=3)
    # means of few trees are drawn to the middle
    assert found.samples.ratio.mean() == pytest.approx(0.9, abs=0.15)
    assert run("supervised").ratio is None


def test_density_models_and_classifiers_are_kept(tmp_path: Path, normal: type[Normal]) -> None:
    first = run("cathode", seeds=2, store=tmp_path)
    assert normal.trained == 2
    second = run("cathode", seeds=3, store=tmp_path)
    # one more seed, one more training
    assert normal.trained == 3
    third = run("cathode", seeds=2, store=tmp_path)
    assert normal.trained == 3
    np.testing.assert_array_equal(first.scores, third.scores)
    assert not np.array_equal(first.scores, second.scores)
    assert first.densities == third.densities
    assert first.histories == third.histories
    assert not [item for item in tmp_path.rglob("*") if item.suffix in (".pkl", ".pickle")]


def test_other_data_never_get_an_old_answer(tmp_path: Path, normal: type[Normal]) -> None:
    run("cathode", store=tmp_path)
    run("cathode", data=sample(seed=1), store=tmp_path)
    run("cathode", density_options={"shift": 0.1}, store=tmp_path)
    assert normal.trained == 3


def test_progress_tells_what_is_done() -> None:
    told: list[tuple[str, int, int]] = []
    run("cathode", progress=lambda *what: told.append(what))
    assert ("cathode: classifiers", 5, 5) in told


def test_a_score_that_follows_the_mass_is_noted() -> None:
    data = sample(4_000, 200)
    assert not any("follows the mass" in note for note in run("cwola", closure=True).notes)
    mass = np.abs(data.mass - 5)
    # the width of this feature is the distance from the signal region, which weights do not mend
    x = np.column_stack([data.x[:, 0] * mass, data.x[:, 1]])
    bad = type(data)(data.features, x, data.mass, data.window, data.key)
    found = run("cwola", data=bad, closure=True, decorrelate=False)
    assert any("follows the mass" in note for note in found.notes)
    assert found.closure.status == "failed"
    mended = run("cwola", data=bad, closure=True)
    assert mended.closure.status == "not tested"
    assert list(mended.importances) == ["decorrelated 1", "decorrelated 2"]


def test_a_misspelt_strategy_is_named() -> None:
    with pytest.raises(ParameterError, match="'cathode'"):
        run("cathod")


def test_strategies_that_need_truth_say_so() -> None:
    with pytest.raises(ParameterError, match="true background"):
        run("idealised", reference=None)
    data = sample()
    nothing = type(data)(data.features, data.x, data.mass, data.window, data.key)
    with pytest.raises(ParameterError, match="labels"):
        run("supervised", data=nothing)


def test_a_control_sample_of_other_features_is_refused() -> None:
    control = sample()
    other = type(control)(("a", "c"), control.x, control.mass, control.window, control.key)
    with pytest.raises(ParameterError, match="control sample"):
        run("cwola", control=other)


def test_lacathode_needs_a_latent_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Normal, "to_latent")
    with pytest.raises(ParameterError, match="no latent space"):
        run("lacathode")
