"""The shower keeps pT and its centre, and radiates as much as its parameters say."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.simulate.topjet_shower import BOTTOM, DEEPEST, GLUON, QUARK, Tune, branch


def shower(
    kind: float, seed: int = 1, tune: Tune | None = None, pt: float = 500.0, room: int = 1000
) -> np.ndarray:
    waiting, out = np.zeros((DEEPEST, 5)), np.zeros((room, 4))
    waiting[0] = pt, 0.3, 1.0, kind, 1.0
    rng = np.random.default_rng(seed)
    return out[: branch(rng, tune or Tune(), waiting, out, 0)]


def mean_size(kind: float, tune: Tune | None = None, pt: float = 500.0) -> float:
    return float(np.mean([len(shower(kind, seed, tune, pt)) for seed in range(200)]))


def test_pt_and_its_centre_are_kept() -> None:
    partons = shower(GLUON)
    assert len(partons) > 3
    assert partons[:, 0].sum() == pytest.approx(500)
    assert partons[:, 0] @ partons[:, 1:3] / 500 == pytest.approx([0.3, 1.0])


def test_gluons_radiate_about_twice_as_much_as_quarks() -> None:
    ratio = (mean_size(GLUON) - 1) / (mean_size(QUARK) - 1)
    assert 1.5 < ratio < 9 / 4


def test_a_stronger_coupling_radiates_more_and_a_higher_cutoff_less() -> None:
    plain = mean_size(QUARK)
    assert mean_size(QUARK, Tune(coupling=0.14)) > 1.1 * plain
    assert mean_size(QUARK, Tune(cutoff=3.0)) < 0.8 * plain


def test_heavy_quarks_radiate_less() -> None:
    # at 60 GeV a b quark does not radiate within 0.08, another one down to the cutoff
    tune = Tune(cutoff=0.2)
    assert mean_size(BOTTOM, tune, 60) < 0.9 * mean_size(QUARK, tune, 60)


def test_below_the_cutoff_there_is_no_radiation() -> None:
    assert shower(GLUON, pt=2.0).tolist() == [[2.0, 0.3, 1.0, GLUON]]


def test_what_does_not_fit_is_left_out() -> None:
    assert len(shower(GLUON, room=2)) == 2
