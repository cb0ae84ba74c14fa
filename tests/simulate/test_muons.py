"""Muons of the dimuon simulator: what tells the components apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.simulate.components import COMPONENTS
from hepml.simulate.muons import fired, measured_muons
from hepml.simulate.nanoaod import PATHS, TRIGGER
from hepml.simulate.pairs import generated_pairs


def muons(name: str, n: int = 4_000) -> dict[str, Any]:
    rng = np.random.default_rng(8)
    return measured_muons(rng, COMPONENTS[name], generated_pairs(rng, COMPONENTS[name], n)[0])[0]


def plain(pt: list[float], isolation: float = 0.0, charge: tuple[int, int] = (1, -1)) -> Any:
    n = 4_000
    return {
        "pt": np.tile(pt, (n, 1)),
        "pfRelIso04_all": np.full((n, 3), isolation),
        "charge": np.tile([*charge, 1], (n, 1)),
    }


def test_prompt_muons_point_at_the_vertex_and_heavy_flavour_does_not() -> None:
    # published signal region: median ip3d 0.0019 cm (isolated), 0.0116 cm (anti-isolated, with
    # 6 % of prompt signal)
    for name in ("upsilon_1s", "upsilon_1s_in_jets", "drell_yan"):
        assert np.median(muons(name)["ip3d"][:, 0]) == pytest.approx(0.0018, abs=0.0003)
    assert np.median(muons("heavy_flavour_os")["ip3d"][:, 0]) == pytest.approx(0.014, abs=0.002)


def test_muons_of_one_decay_are_displaced_together() -> None:
    together, apart = (
        np.corrcoef(np.log(muons(name)["ip3d"][:, :2]).T)[0, 1]
        for name in ("jpsi_displaced", "heavy_flavour_os")
    )
    assert together > 0.6
    assert abs(apart) < 0.1


def test_the_impact_parameter_is_the_distance_of_its_components() -> None:
    found = muons("heavy_flavour_ss")
    across = found["dz"] / np.cosh(found["eta"])
    np.testing.assert_allclose(found["ip3d"], np.hypot(found["dxy"], across), rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "share"), [("upsilon_1s", 0.0), ("drell_yan", 0.0), ("heavy_flavour_os", 0.76)]
)
def test_only_muons_in_jets_are_not_isolated(name: str, share: float) -> None:
    found = muons(name)
    hard = (found["pt"][:, 0] > 17.0) & (found["pt"][:, 1] > 8.0)
    anti = (found["pfRelIso04_all"][hard, :2] >= 0.55).all(axis=1)
    assert anti.mean() == pytest.approx(share, abs=0.05)


def test_the_smaller_cone_holds_less() -> None:
    found = muons("heavy_flavour_os", 200)
    assert np.all(found["pfRelIso03_all"] <= found["pfRelIso04_all"])


def test_a_third_muon_is_the_softest() -> None:
    pt = muons("heavy_flavour_os")["pt"]
    there = pt[:, 2] > 0
    assert 0.2 < there.mean() < 0.3
    assert np.all(pt[there, 2] >= 3.0)
    assert np.all(pt[:, 2] <= pt[:, 1])


@pytest.mark.parametrize(("pt", "share"), [([16.0, 6.0, 0.0], 0.94), ([14.0, 6.0, 0.0], 0.0)])
def test_the_unisolated_path_asks_for_15_and_5_gev(pt: list[float], share: float) -> None:
    # 4,000 events: 5 sigma of 94 % is 1.9 %
    flags = fired(np.random.default_rng(1), plain(pt, isolation=3.0))
    assert flags[TRIGGER].mean() == pytest.approx(share, abs=0.019)


def test_isolation_and_signs_matter_where_the_name_says_so() -> None:
    isolated = "HLT_Mu17_TrkIsoVVL_Mu8_TrkIsoVVL_DZ"
    rng = np.random.default_rng(1)
    assert fired(rng, plain([40.0, 20.0, 0.0]))[isolated].any()
    assert not fired(rng, plain([40.0, 20.0, 0.0], isolation=0.6))[isolated].any()
    assert not fired(rng, plain([40.0, 20.0, 0.0]))["HLT_Mu17_Mu8_SameSign_DZ"].any()
    same = fired(rng, plain([40.0, 20.0, 0.0], charge=(1, 1)))
    assert same["HLT_Mu17_Mu8_SameSign_DZ"].any()
    assert not same["HLT_TripleMu_12_10_5"].any()
    assert fired(rng, plain([40.0, 20.0, 6.0]))["HLT_TripleMu_12_10_5"].any()
    assert set(same) == set(PATHS)
