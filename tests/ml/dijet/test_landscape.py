"""Likelihood landscapes over masses, and over signal fraction and mixture."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.dijet.grid import RatioGrid
from hepml.ml.dijet.landscape import mass_landscape, yield_landscape
from hepml.ml.dijet.objective import MixtureObjective
from hepml.ml.dijet.results import Landscape

NODES = np.arange(100.0, 501.0, 50.0)
TRUTH = {"mx": 400.0, "my": 200.0, "mu": 0.2, "alpha": 0.3}


def grid(signal: int = 400, symmetric: bool = False) -> RatioGrid:
    """Two measured masses, flat for background; the second mode has a wider first mass."""
    rng = np.random.default_rng(3)
    background = rng.uniform(0, 600, (1600, 2))
    widths = np.where(rng.random(signal) < 0.3, 80.0, 40.0)
    peak = np.column_stack([rng.normal(400, widths), rng.normal(200, 40, signal)])
    events = np.concatenate([background, peak])
    if symmetric:
        events = np.sort(events, axis=1)[:, ::-1]
    x, y = np.meshgrid(NODES, NODES, indexing="ij")
    if symmetric:
        x, y = np.maximum(x, y), np.minimum(x, y)
    ratios = np.empty((2, len(NODES), len(NODES), len(events)))
    for mode, width in enumerate((40.0, 80.0)):
        chi2 = ((events[:, 0] - x[..., None]) / width) ** 2
        chi2 = chi2 + ((events[:, 1] - y[..., None]) / 40.0) ** 2
        norm = 600.0**2 / (2 * np.pi * width * 40.0)
        ratios[mode] = np.log(norm) - 0.5 * chi2
    return RatioGrid(ratios, {"mx": NODES, "my": NODES}, symmetric=symmetric)


def test_the_best_masses_are_the_true_ones() -> None:
    found = mass_landscape(grid(), truth=TRUTH)
    assert found.best == pytest.approx((400.0, 200.0), abs=15)
    row, column = found.y.index(found.best[1]), found.x.index(found.best[0])
    assert found.q[row][column] == 0.0
    assert found.truth == (400.0, 200.0)
    assert found.mirrored == (200.0, 400.0)
    assert found.profiled == ("mu", "alpha")


def test_a_symmetric_grid_has_two_minima() -> None:
    found = mass_landscape(grid(symmetric=True))
    q = np.array(found.q)
    assert np.allclose(q, q.T)


def test_steps_are_fine_and_finer_near_the_best_masses() -> None:
    found = mass_landscape(grid(20), best=(400.0, 210.0))
    x, steps = np.array(found.x), np.diff(found.x)
    assert set(NODES) <= set(found.x)
    assert found.y == found.x
    assert 12 < steps.max() < 17
    for mass in (400.0, 210.0):
        assert steps[abs(x[:-1] - mass) < 15].max() < 5


def test_with_a_reference_it_is_the_cross_entropy() -> None:
    data, reference = grid(), grid(0)
    masses = (400.0, 200.0)
    objective = MixtureObjective(data, reference, loss="cross-entropy")
    mu, alpha = np.array([0.1, 0.2]), np.array([0.3])
    (row,) = yield_landscape(data, masses, mu, alpha, reference=reference).q
    plain = [objective.evaluate(np.array([*masses, m, 0.3]))[0] for m in mu]
    assert row[0] - row[1] == pytest.approx(plain[0] - plain[1], abs=0.01)
    found = mass_landscape(data, np.array([400.0]), np.array([200.0, 300.0]), reference=reference)
    assert found.best == masses


def test_points_between_the_nodes() -> None:
    found = mass_landscape(grid(), np.array([390.0, 400.0]), np.array([200.0, 210.0]))
    assert found.x == (390.0, 400.0)
    assert np.array(found.q).shape == (2, 2)


def test_equal_masses_have_no_mirror() -> None:
    assert mass_landscape(grid(), truth={"mx": 300, "my": 300}).mirrored is None


def test_signal_fraction_and_mixture() -> None:
    mu, alpha = np.linspace(0.05, 0.4, 15), np.linspace(0, 1, 11)
    found = yield_landscape(grid(), (400.0, 200.0), mu, alpha, truth=TRUTH)
    assert found.truth == (0.2, 0.3)
    assert found.best[0] == pytest.approx(0.2, abs=0.03)
    assert found.best[1] == pytest.approx(0.3, abs=0.2)
    assert found.fixed == {"mx": 400.0, "my": 200.0}
    assert min(value for row in found.q for value in row if value is not None) == 0.0


def test_certain_signal_that_cannot_be_is_left_out() -> None:
    ratios = np.full((2, 5), -2000.0)
    found = yield_landscape(RatioGrid(ratios), (0.0, 0.0), np.array([0.1, 1.0]), np.array([0.5]))
    assert found.q[0][0] == 0.0
    assert Landscape.model_validate(found.to_json()) == found


def test_landscapes_need_masses_modes_and_events() -> None:
    alone = RatioGrid(np.zeros((1, 5)))
    with pytest.raises(ParameterError, match="two of them, not 0"):
        mass_landscape(alone)
    with pytest.raises(ParameterError, match="mixes two hypotheses"):
        yield_landscape(alone, (0.0, 0.0), np.array([0.1]), np.array([0.5]))
    with pytest.raises(ModelError, match="there are none"):
        mass_landscape(grid().take(np.zeros(0, int)))
