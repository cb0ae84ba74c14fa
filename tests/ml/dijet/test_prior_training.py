"""Priors know the masses, are normalised, and are trained once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.dijet import prior_training as module
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.boosted import ParametricTrees
from hepml.ml.dijet.events import DijetEvents, read_dijets
from hepml.ml.dijet.prior_training import learner_of, train_priors
from hepml.ml.dijet.stages import Stages, make_stages

from .tables import write_table

ASKED = DijetOptions(mu=0.05, quick=True, learner="trees", modes=("qq",))


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    events: DijetEvents = read_dijets(
        write_table(tmp_path_factory.mktemp("table"), 2_000, 150), ("qq",)
    )
    return make_stages(events, ASKED)


def test_density_ratios_have_mean_one_over_the_background_they_are_normalised_by(
    stages: Stages,
) -> None:
    found = train_priors(stages, ASKED)
    for masses in ((300.0, 300.0), (260.0, 130.0)):
        ratios = found.log_ratios(found.rest, masses)
        assert np.exp(ratios) @ found.weights == pytest.approx([1], abs=1e-9)
    assert found.grid(found.rest).worst_mean(found.weights) < 1e-3


def test_exchanged_masses_give_the_same_ratios(stages: Stages) -> None:
    found = train_priors(stages, ASKED)
    x = stages.events.x[:20]
    np.testing.assert_allclose(
        found.log_ratios(x, (200.0, 100.0)), found.log_ratios(x, (100.0, 200.0)), rtol=1e-5
    )


def test_signal_is_likeliest_at_its_own_masses(stages: Stages) -> None:
    found = train_priors(stages, ASKED)
    x = stages.events.x[stages.test][stages.events.mode[stages.test] == 0]
    own, other = (found.log_ratios(x, point).mean() for point in ((300, 300), (200, 100)))
    assert own > other + 0.5


def test_what_is_kept_is_not_trained_again(
    stages: Stages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_priors(stages, ASKED, tmp_path)
    monkeypatch.setattr(ParametricTrees, "fit", None)
    monkeypatch.setattr(module, "normalise", None)
    again = train_priors(stages, ASKED, tmp_path)
    x = stages.events.x[:20]
    np.testing.assert_array_equal(
        first.log_ratios(x, (300.0, 300.0)), again.log_ratios(x, (300.0, 300.0))
    )
    np.testing.assert_array_equal(
        first.grid(x).log_ratios(260.0, 130.0), again.grid(x).log_ratios(260.0, 130.0)
    )


def test_priors_are_trained_on_the_mass_points_that_are_included(stages: Stages) -> None:
    asked = replace(ASKED, include=((100.0, 200.0), (300.0, 300.0)), exclude=((300.0, 300.0),))
    masses = module._rows(stages, asked, (0,), "train")[2]
    assert np.unique(masses, axis=0).tolist() == [[200, 100]]


def test_an_included_mass_point_that_is_not_there_is_named(stages: Stages) -> None:
    with pytest.raises(ModelError, match="Nearest of 3 mass points"):
        module._rows(stages, replace(ASKED, include=((350.0, 300.0),)), (0,), "train")


def test_published_priors_are_published_networks(stages: Stages, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    from hepml.ml.dijet.parametric import ParametricNetwork

    asked = replace(ASKED, preset="published", learner="network", include=((300.0, 300.0),))
    assert learner_of(asked) == "published"
    found = train_priors(stages, asked, tmp_path)
    (member,) = found.members
    network = member.estimator
    assert isinstance(network, ParametricNetwork)
    assert network.parameters == 43_521
    assert (network.schedule, network.batch, network.halve) == ("plateau", 512, 5)


def test_modes_share_a_classifier_but_the_published_ones(tmp_path: Path) -> None:
    both = replace(ASKED, modes=("qq", "qqq"), alpha=0.5)
    events = read_dijets(write_table(tmp_path, 2_000, 150), both.modes)
    found = train_priors(make_stages(events, both), both)
    assert [(member.name, member.modes) for member in found.members] == [("prior_qq_qqq_0", (0, 1))]
    assert found.logits(events.x[:7], (300.0, 300.0)).shape == (2, 7)


def test_held_out_events_of_both_kinds_make_background(stages: Stages) -> None:
    found = train_priors(stages, ASKED)
    held_out = stages.of("prior_validation")
    background = stages.events.background[held_out]
    assert len(found.weights) == held_out.sum()
    assert found.weights[background].mean() > 3 * found.weights[~background].mean()


def test_without_torch_priors_are_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert learner_of(DijetOptions()) == "trees"
    with pytest.raises(ModelError, match="--learner trees"):
        learner_of(DijetOptions(learner="network"))
