"""Parametric networks: published sizes, ratios at any masses, and a file that keeps them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError

torch = pytest.importorskip("torch", reason="torch is not installed: extra deep")
pytest.importorskip("safetensors", reason="safetensors is not installed: extra deep")

from hepml.ml.dijet.parametric import ParametricNetwork  # noqa: E402
from hepml.ml.dijet.passes import checked_rows  # noqa: E402

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def events(size: int = 600, seed: int = 0, features: int = 2) -> Arrays:
    """Signal at its two masses, background anywhere."""
    rng = np.random.default_rng(seed)
    masses = rng.choice([200.0, 300.0, 400.0], (size, 2))
    ordered = -np.sort(-masses, axis=1)
    signal = rng.normal(size=(size, features))
    signal[:, :2] = ordered + rng.normal(0, 30, (size, 2))
    background = rng.normal(size=(2 * size, features))
    background[:, :2] = rng.uniform(100, 500, (2 * size, 2))
    return background, signal, masses


def small(**options: object) -> ParametricNetwork:
    chosen = {"hidden": (16, 8), "batch": 64, "epochs": 8, "learning_rate": 1e-2} | options
    return ParametricNetwork(**chosen)


def at(network: ParametricNetwork, x: np.ndarray, *masses: float) -> np.ndarray:
    """Logits of the only mode at one mass point."""
    return network.logits(x, np.array([masses]))[0, 0]


@pytest.fixture(scope="module")
def trained() -> ParametricNetwork:
    return small().fit(*events(), validation=(*events(300, 1), None))


def test_the_published_numbers_of_parameters() -> None:
    background, signal, masses = events(10, features=6)
    parametric = ParametricNetwork(epochs=1).fit(background, signal, masses)
    dedicated = ParametricNetwork(epochs=1).fit(background, signal)
    assert (parametric.parameters, dedicated.parameters) == (43_521, 43_009)


def test_it_knows_signal_of_the_masses_that_it_is_asked_for(trained: ParametricNetwork) -> None:
    here, there = np.array([[400.0, 200.0]]), np.array([[250.0, 140.0]])
    assert at(trained, here, 400.0, 200.0) > 1
    assert at(trained, there, 400.0, 200.0) < -1


def test_modes_are_told_from_each_other_and_from_background() -> None:
    background, signal, masses = events(1_500, 5, features=3)
    mode = np.arange(len(signal)) % 2
    signal[:, 2] += np.where(mode == 1, 1.5, -1.5)
    network = small().fit(background, signal, masses, mode)
    here = np.array([[300.0, 200.0, 1.5], [300.0, 200.0, -1.5]])
    two, three = network.logits(here, np.array([[300.0, 200.0]]))[:, 0]
    assert network.modes == 2
    # a distance of 3 standard deviations: 9 / 2 each way
    np.testing.assert_allclose(three - two, [4.5, -4.5], atol=1.2)


def test_mass_points_with_few_events_count_as_much() -> None:
    rows = checked_rows(*events(300), None)
    rare = rows.masses[:, 0] == 200
    kept = np.flatnonzero(~rare | (np.arange(len(rare)) % 10 == 0))
    thinned = checked_rows(rows.background, rows.signal[kept], rows.masses[kept], None)
    drawn = thinned.masses[thinned.draw(0, 20_000, np.random.default_rng(0))]
    # a third of the points, within 5 standard deviations
    assert abs((drawn[:, 0] == 200).mean() - 1 / 3) < 5 * np.sqrt(2 / 9 / 20_000)


def test_masses_alone_tell_nothing(trained: ParametricNetwork) -> None:
    background = events(2_000, 3)[0]
    odds = [np.exp(at(trained, background, m, m)).mean() for m in (200.0, 300.0, 400.0)]
    np.testing.assert_allclose(odds, 1, atol=0.5)


def test_the_order_of_the_masses_is_a_convention(trained: ParametricNetwork) -> None:
    x = events(50, 2)[0]
    np.testing.assert_array_equal(at(trained, x, 300, 200), at(trained, x, 200, 300))


def test_many_points_at_once_are_the_points_one_by_one(trained: ParametricNetwork) -> None:
    x, points = events(3_000, 4)[0], np.array([[300.0, 200.0], [250.0, 250.0]])
    found = trained.logits(x, points)
    assert found.shape == (1, 2, 6_000)
    np.testing.assert_allclose(found[0, 1], at(trained, x, 250, 250), rtol=1e-5, atol=1e-5)


def test_numpy_gives_what_torch_gives(trained: ParametricNetwork) -> None:
    x = events(50, 2)[0]
    module = trained._module(4, 1)
    with torch.no_grad():
        for place, (weight, bias) in zip((0, 2, 4), trained.layers_, strict=True):
            module[place].weight.copy_(torch.from_numpy(weight))
            module[place].bias.copy_(torch.from_numpy(bias))
        masses = np.tile([[300.0, 200.0]], (100, 1))
        inputs = np.hstack([trained._scaled(x), trained._scaled_masses(masses)])
        expected = module(torch.from_numpy(inputs))[:, 0].numpy()
    np.testing.assert_allclose(at(trained, x, 300, 200), expected, rtol=1e-4, atol=1e-4)


def test_it_keeps_the_pass_with_the_best_validation_loss(trained: ParametricNetwork) -> None:
    losses = trained.history_["validation"]
    assert losses[trained.rounds_ - 1] == min(losses)
    assert min(losses) < np.log(2)


def test_it_stops_early() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, 2)), rng.normal(size=(300, 2)), rng.normal(size=(300, 2))
    network = small(schedule="plateau", epochs=100, patience=2).fit(
        *noise, validation=(*events(100), None)
    )
    assert len(network.history_["train"]) < 100


def test_the_same_seed_gives_the_same_file_and_leaves_torch_alone(tmp_path: Path) -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    for name in ("a", "b"):
        small(epochs=2).fit(*events(100)).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_file_gives_the_same_logits_without_torch(
    trained: ParametricNetwork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = events(50, 2)[0]
    trained.save(tmp_path / "model.safetensors")
    again = ParametricNetwork.load(tmp_path / "model.safetensors")
    monkeypatch.setitem(sys.modules, "torch", None)
    np.testing.assert_array_equal(at(again, x, 300, 200), at(trained, x, 300, 200))
    assert again.hidden == (16, 8)


def test_undefined_features_are_the_median(trained: ParametricNetwork) -> None:
    undefined = at(trained, np.array([[np.nan, 200.0]]), 300, 200)
    known = at(trained, np.array([[trained.centre_[0], 200.0]]), 300, 200)
    assert undefined == known


def test_no_events_have_no_logits(trained: ParametricNetwork) -> None:
    assert at(trained, np.empty((0, 2)), 300, 200).shape == (0,)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(ModelError, match="no network"):
        ParametricNetwork.load(path)


def test_without_torch_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelError, match=r"hepml-columnar\[deep\]"):
        small().fit(*events(10))


def test_what_does_not_fit_together_is_refused(trained: ParametricNetwork) -> None:
    background, signal, masses = events(10)
    with pytest.raises(ModelError, match="0 of signal"):
        small().fit(background, signal[:0], masses[:0])
    with pytest.raises(ModelError, match="do not fit together"):
        small().fit(background, signal, masses[:5])
    with pytest.raises(ModelError, match="finite masses"):
        small().fit(background, signal, np.full_like(masses, np.nan))
    with pytest.raises(ModelError, match="2 features and 2 masses"):
        trained.logits(background, np.empty((1, 0)))
    with pytest.raises(ModelError, match="mode has no signal"):
        small().fit(background, signal, masses, np.full(len(signal), 1))


def test_a_training_that_diverges_says_so() -> None:
    with pytest.raises(ModelError, match="diverged"):
        small(epochs=2, learning_rate=1e30).fit(*events(50))


def test_infinite_features_are_refused() -> None:
    background, signal, masses = events(50)
    background[3] = np.inf
    with pytest.raises(ModelError, match="infinite"):
        small().fit(background, signal, masses)
