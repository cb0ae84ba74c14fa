"""Figures of an anomaly search are drawn from its result alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.ml.anomaly.findings import AnomalyFindings, SampleFindings, Training
from hepml.ml.anomaly.pieces import (
    ExpectedPoint,
    Histogram,
    RatioBin,
    RatioCheck,
    Reweighting,
    Search,
    SearchPoint,
    Sensitivity,
    Variation,
)
from hepml.ml.anomaly.results import (
    BandAuc,
    Closure,
    DensityHistory,
    Efficiency,
    FoldHistory,
    MassDependence,
    MassTest,
)
from hepml.ml.results import Interval
from hepml.plots.anomaly import anomaly_figures, draw_anomaly, figure_files
from hepml.plots.fits import draw_found
from hepml.plots.style import Look
from tests.stats.findings import cut, hunt, row, toys

LOOK = Look("dimuon", "CMS", "hepml simulation")
EDGES = (0.0, 1.0, 2.0)


def histogram(name: str = "a", number: int = 3) -> Histogram:
    counts = tuple((40.0 - 5 * place, 20.0) for place in range(number))
    names = tuple(f"selection {place}" for place in range(number))
    return Histogram(name=name, unit="GeV", edges=EDGES, selections=names, counts=counts)


def sample(**changes: Any) -> SampleFindings:
    rows = [row(), *(cut(z, fpr, s) for s in ("cwola", "large a", "random")
                     for z, fpr in ((1.0, 1.0), (4.0, 0.1), (0.5, 0.01)))]  # fmt: skip
    usual: dict[str, Any] = {
        "name": "data", "title": "Data", "events": 100, "signal_region": 20, "score": "cwola",
        "nominal": 0.1, "hunt": hunt(*rows),
        "search": Search(
            score="cwola", points=(SearchPoint(fpr=0.1, Z=4.0, p_toys=0.01, Z_toys=2.3),),
            least=30, fpr=0.1, Z=4.0, log10_p=-4.5, global_Z=3.5, global_log10_p=-3.6,
            method="upcrossings", upcrossings=0.5, toys=toys(),
        ),
        "reweighting": Reweighting(
            mu=0.1, row=row(5.0), checks=(RatioCheck(of="samples", events=9, mean=1.0, error=0.1,
            good=True),), weights=histogram("weight", 2),
            reliability=(RatioBin(ratio=1.0, observed=1.1, error=0.2, data=9, samples=9),
                         RatioBin(ratio=2.0, observed=1.9, error=0.2, data=9, samples=9)),
        ),
        "variations": (
            Variation(degree=3, bins=7, fpr=(0.1,), Z=(2.0,), log10_p=(-1.6,), inclusive=1.0,
                      best=2.0, reweighted=3.0),
            Variation(degree=5, bins=11, fpr=(0.1,), Z=(None,), log10_p=(None,)),
        ),
        "histograms": (histogram(),),
    }  # fmt: skip
    return SampleFindings(**(usual | changes))


def training(**changes: Any) -> Training:
    auc = Interval(value=0.51, low=0.5, high=0.52, error=0.01)
    closure = Closure(
        status="ok", limit=0.53,
        bands=(BandAuc(band="SB", mass_included=True, events=9, samples=9, auc=auc),),
        mass=MassDependence(
            edges=EDGES, events=(5, 5), levels=(0.5,), quantiles=((0.4, None),),
            tests=(MassTest(fpr=0.1, events=5, ks=0.1, p=0.5),),
        ),
    )  # fmt: skip
    losses = tuple(np.linspace(3, 2, 10).tolist())
    usual: dict[str, Any] = {
        "strategy": "cwola", "title": "CWoLa", "density": "maf", "features": ("a",),
        "closure": closure, "histograms": (histogram(number=2),),
        "densities": (DensityHistory(name="maf", seed=1, training=losses, validation=losses),),
        "folds": (
            FoldHistory(name="cwola", fold=0, rounds=(10,), training=(losses,),
                        validation=(losses,), rows=(9, 9, 3, 3), data_weight=1.0),
        ),
    }  # fmt: skip
    return Training(**(usual | changes))


def findings(**changes: Any) -> AnomalyFindings:
    usual: dict[str, Any] = {
        "version": "1", "task": {}, "source": {"mass": "dimuon_mass", "simulated": True},
        "window": {"name": "upsilon", "left": 5, "low": 9, "high": 11, "right": 15},
        "blind": False, "training": training(), "samples": (sample(),),
        "sensitivity": Sensitivity(
            sidebands=(40, 40), degree=1, bins=2, goodness=0.5, edges=(5.0, 9.0, 11.0, 15.0),
            points=(ExpectedPoint(fpr=1.0, B=20, sigma_B=3, evidence=15, discovery=26),
                    ExpectedPoint(fpr=0.1, B=2, sigma_B=1, evidence=6, discovery=11)),
            counts=(40.0, 0.0, 40.0), background=(40.0, 20.0, 40.0),
            background_error=(3.0, 2.0, 3.0), start=1, stop=2,
        ),
    }  # fmt: skip
    return AnomalyFindings(**(usual | changes))


def names(**changes: Any) -> list[str]:
    return [name for name, _ in anomaly_figures(findings(**changes), LOOK)]


def test_everything_that_was_found_is_drawn() -> None:
    assert names() == [
        "density_loss", "classifier_loss", "closure", "score_mass", "closure_a", "sensitivity",
        "spectrum", "spectrum_nominal", "cuts", "spectrum_weighted", "pvalues", "variations",
        "ratio", "weights", "feature_a",
    ]  # fmt: skip


def test_figures_of_the_control_say_so() -> None:
    control = sample(name="same_sign", title="Same sign", control=True)
    found = names(samples=(sample(), control))
    assert {"spectrum_same_sign", "pvalues_same_sign", "feature_a_same_sign"} <= set(found)


def test_a_blind_search_shows_sidebands_only() -> None:
    blind = training(folds=(), closure=None)
    assert names(blind=True, samples=(), training=blind) == [
        "density_loss", "closure_a", "sensitivity", "sidebands",
    ]  # fmt: skip


def test_what_was_not_found_is_not_drawn() -> None:
    bare = sample(search=None, reweighting=None, variations=(), histograms=(), hunt=hunt(row()))
    empty = training(closure=None, folds=(), densities=(), histograms=())
    assert names(samples=(bare,), training=empty) == ["sensitivity", "spectrum"]


@pytest.mark.parametrize("name", names(efficiency=None))
def test_each_figure_can_be_drawn(name: str) -> None:
    draw = dict(anomaly_figures(findings(), LOOK))[name]
    assert draw().axes


def test_known_truth_is_a_curve() -> None:
    curve = tuple(np.linspace(0.1, 1, 5).tolist())
    one = Interval(value=2.0)
    found = Efficiency(
        background=1000, signal=100, auc=Interval(value=0.9), sic_max=one, sic_max_fpr=0.1,
        least=25, points=(), fpr=curve, tpr=curve, sic=curve,
    )  # fmt: skip
    (draw,) = [draw for name, draw in anomaly_figures(findings(efficiency=found), LOOK)
               if name == "sic"]  # fmt: skip
    assert draw().axes


def test_figures_are_redrawn_from_the_file(tmp_path: Path) -> None:
    bare = sample(search=None, reweighting=None, variations=(), histograms=(), hunt=hunt(row()))
    empty = training(closure=None, folds=(), densities=(), histograms=())
    findings(samples=(bare,), training=empty).write(tmp_path / "result.json")
    first = draw_anomaly(tmp_path)
    assert set(first) <= set(figure_files(tmp_path))
    assert [path.name for path in draw_found(tmp_path, tmp_path / "again", ("png",))] == [
        path.name for path in first
    ]
    assert figure_files(tmp_path / "nothing") == []
