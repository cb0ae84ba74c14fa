"""Jets: what is selected, what the detector sees, and that tops look like tops."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_jets import SLOTS, make_jets
from hepml.simulate.topjet_shower import GLUON, TOP, Tune


def made(kind: float, wanted: int = 60, pt: float = 800.0, seed: int = 1) -> dict[str, np.ndarray]:
    partons = np.tile([pt, 0.4, 3.1, kind], (20 * wanted, 1))
    lists, taste = np.zeros((wanted, SLOTS, 3)), np.zeros((wanted, SLOTS), np.int64)
    counts, jets = np.zeros(wanted, np.int64), np.zeros((wanted, 4))
    rng = np.random.default_rng(seed)
    number, used = make_jets(rng, Tune(), partons, wanted, lists, taste, counts, jets)
    assert number == wanted
    return {"lists": lists, "taste": taste, "counts": counts, "jets": jets, "used": np.array(used)}


@pytest.fixture(scope="module", params=[GLUON, TOP])
def sample(request: pytest.FixtureRequest) -> dict[str, np.ndarray]:
    return made(request.param)


def test_the_selection_of_the_published_samples_holds(sample: dict[str, np.ndarray]) -> None:
    assert (sample["counts"] >= 3).all()
    assert (sample["jets"][:, 3] > 40).all()
    assert (np.abs(sample["jets"][:, 1]) < 2).all()


def test_constituents_are_sorted_and_padded(sample: dict[str, np.ndarray]) -> None:
    pt = sample["lists"][..., 0]
    assert (np.diff(pt, axis=1) <= 0).all()
    assert np.array_equal((pt > 0).sum(axis=1), sample["counts"])
    assert (sample["taste"][pt == 0] == 0).all()


def test_the_jet_is_the_sum_of_its_constituents(sample: dict[str, np.ndarray]) -> None:
    pt, eta, phi = np.moveaxis(sample["lists"], 2, 0)
    sums = [(pt * f).sum(axis=1) for f in (np.cosh(eta), np.cos(phi), np.sin(phi), np.sinh(eta))]
    assert np.hypot(sums[1], sums[2]) == pytest.approx(sample["jets"][:, 0])
    mass = np.sqrt(sums[0] ** 2 - sums[1] ** 2 - sums[2] ** 2 - sums[3] ** 2)
    assert mass == pytest.approx(sample["jets"][:, 3])
    assert np.arcsinh(sums[3] / sample["jets"][:, 0]) == pytest.approx(sample["jets"][:, 1])


def test_tracks_and_towers_have_their_thresholds(sample: dict[str, np.ndarray]) -> None:
    pt, taste = sample["lists"][..., 0], sample["taste"]
    assert pt[(pt > 0) & (taste != 1)].min() > 0.5
    assert pt[(pt > 0) & (taste == 1)].min() > 0.3
    assert set(np.unique(taste)) == {0, 1, 2}


def test_tops_have_the_mass_of_the_top_and_most_qcd_jets_have_not() -> None:
    tops, gluons = made(TOP, 200)["jets"][:, 3], made(GLUON, 200)["jets"][:, 3]
    near = [np.mean((mass > 140) & (mass < 200)) for mass in (tops, gluons)]
    assert near[0] > 0.5
    assert near[1] < 0.25


def test_the_same_state_makes_the_same_jets() -> None:
    one, two = made(TOP, 5), made(TOP, 5)
    assert np.array_equal(one["lists"], two["lists"])
    assert not np.array_equal(one["lists"], made(TOP, 5, seed=2)["lists"])


def test_partons_that_are_too_soft_give_no_jet() -> None:
    partons = np.tile([100.0, 0.0, 0.0, GLUON], (20, 1))
    arrays = np.zeros((2, SLOTS, 3)), np.zeros((2, SLOTS), np.int64), np.zeros(2, np.int64)
    found = make_jets(np.random.default_rng(1), Tune(), partons, 2, *arrays, np.zeros((2, 4)))
    assert found == (0, 20)
