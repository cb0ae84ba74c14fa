"""What every conditional density must hold: closure on a known toy, unit integral, seeds, files."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest

from hepml.errors import HepmlError, ModelError
from hepml.ml.density import ConditionalDensity, load_density, make_density
from tests.ml.density.toys import closure, conditions, draw, truth

# small trainings; the accuracy of full ones is stated in the documentation
SMALL: dict[str, dict[str, Any]] = {
    "maf": {"epochs": 12, "transforms": 3, "hidden": (10, 10), "keep": 2},
    "nsf": {"epochs": 2, "transforms": 1, "hidden": (8,), "keep": 1},
    "neighbours": {"bandwidth": 0.4, "neighbours": 30},
    "trees": {"rounds": 15, "bins": 12},
}
TORCH = ("maf", "nsf")
NAMES = tuple(SMALL)


def small(name: str, **options: Any) -> Any:
    if name in TORCH:
        pytest.importorskip("zuko", reason="extra deep")
    return make_density(name, **SMALL[name] | options)


def fitted(name: str, rows: int = 600, features: int = 2, **options: Any) -> Any:
    mass = conditions(rows, 1)
    return small(name, **options).fit(draw(mass, 2)[:, :features], mass)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_has_the_methods_of_the_protocol(name: str) -> None:
    assert isinstance(small(name), ConditionalDensity)


@pytest.mark.parametrize(
    ("name", "options", "rows", "least"),
    [
        ("maf", {"epochs": 40, "batch_size": 128}, 4000, 0.02),
        ("neighbours", {}, 4000, 0.02),
        ("trees", {}, 4000, 0.02),
        pytest.param("nsf", {"epochs": 20, "batch_size": 256}, 3000, 0.02, marks=pytest.mark.slow),
    ],
)
def test_a_gaussian_toy_closes(name: str, options: dict[str, Any], rows: int, least: float) -> None:
    """Likelihood within 2 % of the truth, samples by KS, AUC of a classifier 0.5 +- 0.03."""
    if name in TORCH:
        pytest.importorskip("zuko", reason="extra deep")
    mass = conditions(rows, 1)
    model = make_density(name, **options).fit(draw(mass, 2), mass)
    # half in the sidebands, half in the gap that the model has never seen
    judges = np.concatenate(
        [conditions(2000, 3), np.random.default_rng(4).uniform(-0.3, 0.3, 2000)]
    )
    z = draw(judges, 5)
    for part in (slice(0, 2000), slice(2000, 4000)):
        expected = truth(z[part], judges[part]).mean()
        assert model.log_prob(z[part], judges[part]).mean() == pytest.approx(expected, rel=least)
    samples = model.sample(judges, 6)
    # 1,500 rows: the training rows' own fluctuations must not count
    for feature in range(2):
        assert ks_2samp(z[::3, feature], samples[1::3, feature]).pvalue > 1e-3
    auc = closure(np.column_stack([z, judges]), np.column_stack([samples, judges]))
    assert auc == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("mass", [-1.0, 0.0])
def test_a_density_integrates_to_one(name: str, mass: float) -> None:
    model = fitted(name)
    step = 18 / 240
    grid = np.stack(np.meshgrid(*[np.arange(-9, 9, step)] * 2), axis=-1).reshape(-1, 2)
    # anywhere in its cell: densities of trees have steps
    grid += step * np.random.default_rng(0).random(grid.shape)
    density = np.exp(model.log_prob(grid, np.full(len(grid), mass)))
    assert density.sum() * step**2 == pytest.approx(1.0, abs=0.015)


@pytest.mark.parametrize("name", NAMES)
def test_one_feature_works_and_samples_follow_its_density(name: str) -> None:
    model = fitted(name, features=1)
    mass = np.full(1500, 0.8)
    edge = np.linspace(-8, 8, 4001)
    density = np.exp(model.log_prob(edge[:, None], np.full(len(edge), 0.8)))
    below = np.concatenate([[0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(edge))])
    assert below[-1] == pytest.approx(1.0, abs=5e-3)
    samples = model.sample(mass, 3)
    assert samples.shape == (1500, 1)
    assert kstest(samples[:, 0], lambda x: np.interp(x, edge, below)).pvalue > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_samples_follow_the_density_in_two_dimensions(name: str) -> None:
    """Samples in quadrants against the density's integral there, within 4.5 sigma."""
    model = fitted(name)
    mass = np.full(4000, -0.6)
    samples = model.sample(mass, 8)
    edge = np.linspace(-9, 9, 241)
    middle = 0.5 * (edge[1:] + edge[:-1])
    grid = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
    density = np.exp(model.log_prob(grid, np.full(len(grid), -0.6))) * (edge[1] - edge[0]) ** 2
    for x in (-1, 1):
        for y in (-1, 1):
            expected = density[(x * grid[:, 0] > 0) & (y * grid[:, 1] > 0)].sum()
            share = ((x * samples[:, 0] > 0) & (y * samples[:, 1] > 0)).mean()
            error = np.sqrt(expected * (1 - expected) / len(samples))
            assert abs(share - expected) < 4.5 * error + 2e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_model_and_samples(name: str) -> None:
    mass = conditions(50, 9)
    first, second = fitted(name, random_state=3), fitted(name, random_state=3)
    np.testing.assert_array_equal(first.sample(mass, 1), second.sample(mass, 1))
    assert not np.array_equal(first.sample(mass, 1), first.sample(mass, 2))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_on_disk_is_the_same_model(name: str, tmp_path: Path) -> None:
    mass = conditions(200, 9)
    model, z = fitted(name), draw(mass, 10)
    model.save(tmp_path / "model")
    again = load_density(tmp_path / "model")
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.log_prob(z, mass), model.log_prob(z, mass))
    np.testing.assert_array_equal(again.sample(mass, 5), model.sample(mass, 5))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_travels_between_processes(name: str) -> None:
    mass = conditions(100, 9)
    model = fitted(name)
    model.log_prob(draw(mass, 10), mass)
    again = pickle.loads(pickle.dumps(model))  # noqa: S301
    np.testing.assert_array_equal(again.sample(mass, 5), model.sample(mass, 5))


@pytest.mark.parametrize("name", NAMES)
def test_rows_that_are_not_finite_are_refused_and_counted(name: str) -> None:
    mass = conditions(100, 1)
    z = draw(mass, 2)
    z[[3, 7], 0] = np.nan
    with pytest.raises(ModelError, match="2 of 100 rows"):
        small(name).fit(z, mass)


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_no_weight_do_not_count(name: str) -> None:
    """Half of the rows are moved far away and given no weight."""
    mass = conditions(1200, 1)
    z, weight = draw(mass, 2), np.ones(1200)
    z[::2] += 0.8
    weight[::2] = 0
    if name in ("neighbours", "trees"):
        # their marginals are of all rows; densities are weighted
        weight[::2] = 1e-3
    model = small(name, **({"epochs": 30} if name in TORCH else {}))
    model.fit(z, mass, sample_weight=weight)
    even = small(name, **({"epochs": 30} if name in TORCH else {})).fit(z, mass)
    judges = conditions(1500, 3)
    expected = draw(judges, 4).mean(axis=0)
    off = np.abs(model.sample(judges, 5).mean(axis=0) - expected)
    assert (off < 0.6 * np.abs(even.sample(judges, 5).mean(axis=0) - expected)).all()


@pytest.mark.parametrize("name", NAMES)
def test_progress_is_told_up_to_the_end(name: str) -> None:
    told: list[tuple[str, int, int]] = []
    options = {"bandwidth": None} if name == "neighbours" else {}
    mass = conditions(200, 1)
    model = small(name, **options)
    model.fit(draw(mass, 2), mass, progress=lambda *words: told.append(words))
    assert told[-1][1] == told[-1][2] == len(told)


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_give_no_samples_and_no_densities(name: str) -> None:
    model = fitted(name)
    assert model.sample(np.zeros(0), 1).shape == (0, 2)
    assert model.log_prob(np.zeros((0, 2)), np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("name", NAMES)
def test_masses_that_are_not_finite_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match="1 of 2 masses"):
        fitted(name).sample(np.array([0.0, np.nan]), 1)


@pytest.mark.parametrize("name", NAMES)
def test_rows_for_validation_can_be_given(name: str) -> None:
    mass, more = conditions(300, 1), conditions(100, 2)
    options = {"bandwidth": None} if name == "neighbours" else {}
    model = small(name, **options).fit(draw(mass, 3), mass, validation=(draw(more, 4), more))
    assert np.isfinite(model.log_prob(draw(more, 5), more)).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_handful_of_rows_is_refused_or_used(name: str) -> None:
    """Never a traceback of a library."""
    mass = conditions(3, 1)
    with pytest.raises(HepmlError):
        small(name, **({"validation_fraction": 0.1} if name in TORCH else {})).fit(
            draw(mass, 2), mass
        )
