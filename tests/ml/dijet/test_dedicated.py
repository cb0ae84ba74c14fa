"""Strategies of one mass point, as published: networks, some of which are averaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.dedicated import learn_dedicated
from hepml.ml.dijet.events import read_dijets
from hepml.ml.dijet.learners import recipe_for
from hepml.ml.dijet.stages import make_stages

from .tables import write_table


def test_the_network_has_the_published_settings() -> None:
    settings = recipe_for("weak", "network").settings
    assert settings["hidden"] == (256, 128, 64)
    assert (settings["learning_rate"], settings["batch"]) == (1e-3, 1024)
    assert (settings["epochs"], settings["patience"], settings["halve"]) == (100, 10, 5)
    # Adam, without more
    assert settings["weight_decay"] == settings["dropout"] == 0.0


def test_published_trials_are_networks_whose_best_are_averaged(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    asked = DijetOptions(
        strategy="weak", preset="published", quick=True, mu=0.2, modes=("qq",), trials=3, keep=2
    )
    events = read_dijets(write_table(tmp_path, 600, 100), ("qq",))
    found = learn_dedicated(make_stages(events, asked), asked)
    assert found.models["kind"] == "network"
    losses = [trial.validation for trial in found.trials]
    assert list(found.kept) == np.argsort(losses)[:2].tolist()
    kept = [found.trials[place].scores for place in found.kept]
    np.testing.assert_allclose(found.scores, np.mean(kept, axis=0))
