"""Figures of top taggers: what they show is what the result says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.ml.class_results import History
from hepml.ml.results import Curve
from hepml.ml.toptag.jets import JetImage, JetLooks, Quantity
from hepml.ml.toptag.published import PUBLISHED
from hepml.ml.toptag.results import (
    Efficiency,
    MassShapes,
    MetricSet,
    PtBin,
    Rejection,
    Spectrum,
    TaggerResult,
)
from hepml.ml.toptag.systematics import find_systematics
from hepml.plots.fits import draw_found
from hepml.plots.style import Look
from hepml.plots.toptag import draw_tagger, jet_figures, tagger_figures
from hepml.plots.toptag_curves import loss_figure, pt_figure, rejection_figure
from hepml.plots.toptag_jets import features_figure, images_figure
from hepml.plots.toptag_tagging import efficiency_figure, mass_figure
from hepml.plots.toptag_uncertainties import breakdown_figure, performance_figure, sources_figure
from tests.ml.toptag.handmade import metric_set

LOOK = Look(channel="topjet", text="hepml simulation")


def texts(axes: Any) -> list[str]:
    return [item.get_text() for item in axes.texts]


def frames(figure: Any) -> list[Any]:
    return list(figure.axes)


def legend(axes: Any) -> list[str]:
    return [item.get_text() for item in axes.get_legend().get_texts()]


@cache
def nominal() -> MetricSet:
    roc = Curve(x=(0.1, 0.5, 1.0), y=(900.0, 100.0, 1.0))
    return metric_set("nominal", 100.0, error=5.0).model_copy(update={"roc": roc, "auc": 0.95})


@cache
def result(*, complete: bool = False) -> TaggerResult:
    sets = [nominal(), metric_set("esup", 110.0), metric_set("cer", 95.0)]
    if complete:
        sets.append(metric_set("bias", 120.0, [120.0] * 13 + [None]))
    low, high = metric_set("ttbar_pythia", 100.0), metric_set("ttbar_herwig", 120.0)
    sets += [low, high] if complete else []
    return TaggerResult(
        tagger="pfn",
        title="PFN",
        sets=tuple(sets),
        systematics=find_systematics({item.name: item for item in sets}),
        efficiencies=(
            _efficiency("signal", None, 50), _efficiency("signal", 350.0, 50),
            _efficiency("background", 350.0, 1), _efficiency("background", 550.0, 0),
        ),
        mass=MassShapes(
            edges=(0.0, 100.0, 200.0),
            spectra=(
                Spectrum(efficiency=1.0, threshold=None, counts=(60, 40)),
                Spectrum(
                    efficiency=0.5, threshold=0.9, counts=(1, 9), divergence=0.02, chance=0.001
                ),
                Spectrum(efficiency=0.3, threshold=0.99, counts=(0, 0)),
            ),
        ),
        history=History(metric="log loss", losses={"training": (0.6, 0.5)}, best=2),
        published=PUBLISHED,
    )  # fmt: skip


def _efficiency(label: Any, low: float | None, passed: int) -> Efficiency:
    return Efficiency(
        dataset="test_nominal", label=label, efficiency=0.5, threshold=0.7, low=low,
        high=None if low is None else low + 200, jets=100, passed=passed, value=passed / 100,
        lower=max(passed - 1, 0) / 100, upper=(passed + 1) / 100,
    )  # fmt: skip


@cache
def looks() -> JetLooks:
    pixels = tuple(tuple(row) for row in np.eye(4).tolist())
    images = [JetImage(title="Top jet", top=True, jets=1, pixels=pixels)]
    images.append(JetImage(title="QCD jet", top=False, jets=1, pixels=pixels))
    quantities = [
        Quantity(name="hl_ECF2", unit="GeV^2", edges=(1.0, 10.0, 100.0), logarithmic=True,
                 top=(1.0, 3.0), qcd=(0.0, 0.0)),
        Quantity(name="jet_m", unit="GeV", edges=(0.0, 1.0), top=(1.0,), qcd=(2.0,)),
    ]  # fmt: skip
    return JetLooks(
        datasets=("test_nominal",), weighted=True, top=4, qcd=1200,
        quantities=tuple(quantities), means=tuple(images), examples=tuple(images),
    )  # fmt: skip


def test_the_roc_shows_published_points_as_such() -> None:
    figure = rejection_figure(nominal(), LOOK, title="PFN", published=PUBLISHED)
    axes = frames(figure)[0]
    published = axes.get_legend()
    assert published is not None
    assert "Published, ATL-PHYS-PUB-2022-039" in published.get_title().get_text()
    assert legend(axes) == [item.title for item in PUBLISHED]
    marks = {tuple(line.get_xdata()) for line in axes.lines if line.get_marker() in "os^vDP"}
    assert (0.5, 0.8) in marks


def test_the_roc_without_published_points() -> None:
    axes = frames(rejection_figure(nominal(), LOOK, title="PFN"))[0]
    assert legend(axes) == ["PFN, AUC 0.9500"]


def test_a_band_says_when_it_is_a_lower_bound() -> None:
    doubts = result().systematics
    upper, lower = frames(pt_figure(nominal(), doubts, LOOK))
    assert "Systematic uncertainty (lower bound)" in legend(upper)
    # 10 and 5 per cent in quadrature
    heights = lower.patches[0].get_data().values
    assert heights == pytest.approx([100 * np.hypot(0.1, 0.05)] * 14)


def test_bins_that_lack_a_source_are_hatched() -> None:
    _, lower = frames(pt_figure(nominal(), result(complete=True).systematics, LOOK))
    assert any("hatched" in text for text in texts(lower))
    assert lower.patches[1].get_data().values[:13] == pytest.approx([0.0] * 13)


def test_rejections_that_are_limits_are_arrows() -> None:
    limit = Rejection(efficiency=0.5, least=30.0)
    bins = (PtBin(low=350, high=550, signal=5, background=90, rejections=(limit,)),)
    found = nominal().model_copy(update={"bins": bins, "rejections": (limit,)})
    (axes,) = frames(pt_figure(found, None, LOOK))
    assert legend(axes) == ["Limit (95 %)"]
    assert any(getattr(item, "arrow_patch", None) is not None for item in axes.texts)


def test_the_breakdown_stacks_squares() -> None:
    axes = frames(breakdown_figure(result(complete=True).systematics, LOOK))[0]  # type: ignore[arg-type]
    cluster, track, model = (axes.patches[k].get_data() for k in range(3))
    assert cluster.values[0] == pytest.approx(100 * np.hypot(0.1, 0.05))
    assert track.baseline[0] == pytest.approx(cluster.values[0])
    squares = 0.1**2 + 0.05**2 + 0.2**2 + 0.2**2
    assert model.values[0] == pytest.approx(100 * np.sqrt(squares))
    found = legend(axes)
    assert "Clusters (incomplete)" in found
    assert "Unknown: scales" in found
    assert "Some sources unknown" in found
    assert any("extrapolated" in text for text in found)


def test_unknown_sources_have_words_and_no_bar() -> None:
    axes = frames(sources_figure(result().systematics, LOOK))[0]  # type: ignore[arg-type]
    found = texts(axes)
    assert "10 %  without esdown" in found
    assert "not known: no cpos" in found
    assert "11 %  lower bound" in found
    assert axes.patches[2].get_width() == 0


def test_published_taggers_without_uncertainty_are_lines() -> None:
    doubts = result().systematics
    assert doubts is not None
    figure = performance_figure(nominal(), doubts, LOOK, title="PFN", published=PUBLISHED)
    axes = frames(figure)[0]
    assert any("no uncertainty at hand" in text for text in legend(axes))
    assert "PFN (lower bound)" in legend(axes)
    vertical = [
        line for line in axes.lines if line.get_linestyle() == "--" and len(line.get_xdata())
    ]
    assert len(vertical) == 6


def test_published_taggers_with_uncertainty_are_points() -> None:
    doubts = result().systematics
    assert doubts is not None
    known = [PUBLISHED[4].model_copy(update={"uncertainty": 0.2})]
    axes = frames(performance_figure(nominal(), doubts, LOOK, published=known))[0]
    points = [tuple(map(float, (*line.get_xdata(), *line.get_ydata()))) for line in axes.lines
              if len(line.get_xdata()) == 1]  # fmt: skip
    assert (108.0, 20.0) in points


def test_efficiencies_of_zero_are_not_drawn() -> None:
    axes = frames(efficiency_figure(result().efficiencies, LOOK))[0]
    drawn = [point.lines[0].get_ydata().tolist() for point in axes.containers]
    assert drawn == [[0.5], [0.01]]


def test_masses_have_area_one() -> None:
    upper, _ = frames(mass_figure(result().mass, LOOK))  # type: ignore[arg-type]
    assert upper.patches[0].get_data().values == pytest.approx([0.6, 0.4])
    assert any("divergence 20 mbit, by chance 1" in text for text in legend(upper))
    # nothing passes the tightest point
    assert len(legend(upper)) == 2


def test_losses_mark_the_best_round() -> None:
    history = result().history
    assert history is not None
    assert legend(frames(loss_figure(history, LOOK))[0]) == ["training", "Best: 2"]


def test_features_have_area_one_on_their_axis() -> None:
    figure = features_figure(looks(), LOOK)
    first = frames(figure)[0]
    assert first.get_xscale() == "log"
    shape = next(patch for patch in first.patches if patch.get_label() == "Top").get_data()
    assert (shape.values * np.log(10)).sum() == pytest.approx(1.0)
    assert figure.legends[0].get_texts()[1].get_text() == "QCD (1,200, training weights)"


@pytest.mark.parametrize("single", [False, True])
def test_images_say_what_they_are(single: bool) -> None:
    axes = frames(images_figure(looks(), LOOK, single=single))
    titles = [item.get_title(loc="left") for item in axes]
    assert titles[:2] == ["Top jet", "QCD jet"]


def test_only_what_there_is_is_drawn() -> None:
    names = [name for name, _ in tagger_figures(result(), LOOK)]
    assert names == [
        "roc", "rejection_pt", "efficiencies", "mass", "uncertainty_pt", "uncertainty_sources",
        "performance", "loss",
    ]  # fmt: skip
    bare = TaggerResult(
        tagger="a",
        title="A",
        sets=(MetricSet(name="nominal", title="", datasets=("a",), signal=0, background=0),),
    )
    assert tagger_figures(bare, LOOK) == []
    assert [name for name, _ in jet_figures(looks(), LOOK)] == [
        "features",
        "images_mean",
        "images_single",
    ]


def test_figures_come_from_the_files_alone(tmp_path: Path) -> None:
    small = result().model_copy(update={"sets": (nominal(),), "systematics": None, "mass": None})
    small.model_copy(update={"efficiencies": ()}).write(tmp_path / "result.json")
    written = draw_tagger(tmp_path, tmp_path / "figures")
    assert [path.name for path in written] == ["roc.png", "rejection_pt.png", "loss.png"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_hepml_plot_redraws_a_tagger(tmp_path: Path) -> None:
    bare = {"sets": (nominal().model_copy(update={"bins": ()}),), "systematics": None}
    rest = {"mass": None, "history": None, "efficiencies": (), "published": ()}
    result().model_copy(update=bare | rest).write(tmp_path / "result.json")
    assert [path.name for path in draw_found(tmp_path, formats=("svg",))] == ["roc.svg"]
