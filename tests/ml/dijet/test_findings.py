"""What a fit is shown with follows from the sample, not from the fit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.counts import Counts
from hepml.ml.dijet.findings import (
    ordered_masses,
    ratio_doubts,
    search_landscapes,
    true_parameters,
)
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.refining import Window

from . import toys


def stages(signal: tuple[int, ...]) -> Any:
    counts = Counts(reference=90, background=90, signal=signal, wanted=0.1)
    return SimpleNamespace(weak_train=SimpleNamespace(counts=counts))


def test_the_truth_is_what_was_made_with_the_larger_mass_first() -> None:
    found = true_parameters(stages((4, 6)), DijetOptions(mass_point=(100.0, 500.0)))
    assert found == {"mu": pytest.approx(0.1), "mx": 500, "my": 100, "alpha": 0.6}
    assert ordered_masses((100.0, 500.0)) == (500, 100)


def test_without_signal_there_are_no_true_masses() -> None:
    assert true_parameters(stages((0, 0)), DijetOptions(mu=0.0)) == {"mu": 0.0}


def test_one_mode_has_no_true_alpha() -> None:
    assert "alpha" not in true_parameters(stages((10,)), DijetOptions(modes=("qq",)))


def test_a_window_has_a_plane_of_its_own_and_the_yields() -> None:
    truth = {"mu": 0.05, "mx": 300.0, "my": 200.0, "alpha": 0.5}
    full = toys.planes(toys.mixed(300, (10, 10), 1, (300, 200)))
    nodes = np.linspace(270.0, 310.0, 5), np.linspace(190.0, 230.0, 5)
    values = np.array([[full.log_ratios(x, y) for y in nodes[1]] for x in nodes[0]])
    near = RatioGrid(np.moveaxis(values, 2, 0), dict(zip(("mx", "my"), nodes, strict=True)))
    share = np.array([0.5, 0.5])
    found = search_landscapes(full, (290, 210), 0.04, share, truth, window=Window(near, None))
    assert [item.x_name for item in found] == ["mx", "mx", "mu"]
    assert (found[1].x[0], found[1].x[-1]) == (270, 310)
    assert max(np.diff(found[1].x)) < 1.5
    # close points are in the window
    assert min(np.diff(found[0].x)) > 12


def test_planes_are_those_that_the_ratios_allow() -> None:
    truth = {"mu": 0.05, "mx": 300.0, "my": 200.0, "alpha": 0.5}
    rows = toys.mixed(300, (10, 10), 1, (300, 200))
    both = search_landscapes(toys.planes(rows), (290, 210), 0.04, np.array([0.5, 0.5]), truth)
    assert [(item.x_name, item.y_name) for item in both] == [("mx", "my"), ("mu", "alpha")]
    assert both[1].x[-1] == pytest.approx(0.16)
    one = search_landscapes(toys.planes(rows, 1), (290, 210), 0.04, np.ones(1), truth)
    assert [item.x_name for item in one] == ["mx"]


def test_other_background_than_that_of_the_priors_is_doubted_by_mode() -> None:
    priors: Any = SimpleNamespace(modes=("qq", "qqq"), weights=np.full(500, 1 / 500))
    ratios = np.log(np.array([[1.0] * 4_000, [1.4] * 4_000]))
    (note,) = ratio_doubts(priors, ratios, np.zeros((2, 500)), "test")
    assert "mode qqq" in note
    assert "1.400 over test background and of 1.000" in note


def test_a_few_events_of_enormous_ratio_are_no_reason_to_doubt() -> None:
    priors: Any = SimpleNamespace(modes=("qq",), weights=np.full(4_000, 1 / 4_000))
    ratios, expected = np.zeros((1, 4_000)), np.zeros((1, 4_000))
    ratios[0, :2], expected[0, :3] = 20.0, 5.0
    assert not ratio_doubts(priors, ratios, expected, "test")
