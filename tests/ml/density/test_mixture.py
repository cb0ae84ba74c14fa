"""Mixtures: mean densities, even shares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.density import Mixture, Neighbours, Trees, load_density
from hepml.ml.density.mixture import even_shares
from tests.ml.density.toys import conditions, draw

MASS = conditions(300, 1)
Z = draw(MASS, 2)


def mixed() -> Mixture:
    members = [Neighbours(bandwidth=0.3), Trees(rounds=5, bins=6)]
    return Mixture(members).fit(Z, MASS)


def test_the_density_is_the_mean_of_the_members() -> None:
    model = mixed()
    each = [np.exp(member.log_prob(Z, MASS)) for member in model.members]
    np.testing.assert_allclose(np.exp(model.log_prob(Z, MASS)), np.mean(each, axis=0), rtol=1e-9)


def test_samples_are_shared_out_evenly() -> None:
    assert np.bincount(even_shares(11, 3, 0)).tolist() == [4, 4, 3]


def test_every_member_gives_its_share_of_samples_from_its_own_seed() -> None:
    model, mass = mixed(), conditions(10, 3)
    whose = even_shares(10, 2, 7)
    seeds = np.random.SeedSequence(7).generate_state(2)
    expected = model.members[1].sample(mass[whose == 1], int(seeds[1]))
    np.testing.assert_array_equal(model.sample(mass, 7)[whose == 1], expected)


def test_a_mixture_on_disk_is_the_same_mixture(tmp_path: Path) -> None:
    model = mixed()
    model.save(tmp_path / "m")
    again = load_density(tmp_path / "m")
    np.testing.assert_array_equal(again.log_prob(Z, MASS), model.log_prob(Z, MASS))
    np.testing.assert_array_equal(again.sample(MASS, 1), model.sample(MASS, 1))


def test_a_mixture_of_nothing_is_refused() -> None:
    with pytest.raises(ModelError, match="at least one"):
        Mixture([]).sample(MASS)
