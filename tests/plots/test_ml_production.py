"""Figures of production modes: what they show is what the result says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.ml.classes import judge_classes
from hepml.ml.production.categories import Events, categorise
from hepml.ml.production.results import ProductionResult
from hepml.ml.production.sculpting import sculpting
from hepml.plots.fits import draw_found
from hepml.plots.ml_categories import categories_figure
from hepml.plots.ml_class_curves import (
    areas_figure,
    class_roc,
    class_scores,
    history_figure,
    reliability_figure,
)
from hepml.plots.ml_classes import class_confusion, pairs_figure, palette, weights_figure
from hepml.plots.ml_production import draw_production, production_figures
from hepml.plots.ml_sculpting import sculpting_figure, sculpting_summary
from hepml.plots.style import Look
from tests.ml.production.judged import CLASSES, judged, production, rows

LOOK = Look(channel="diphoton")
result = cache(production)


def texts(axes: Any) -> list[str]:
    return [item.get_text() for item in axes.texts]


def legend(axes: Any) -> list[str]:
    return [item.get_text() for item in axes.get_legend().get_texts()]


def test_classes_have_the_names_order_and_colours_of_the_run() -> None:
    shown = palette(CLASSES, LOOK)
    assert shown.order == ("gg", "VBF", "tt")
    assert [shown.names[name] for name in shown.order] == ["ggH", "VBF", "ttH"]
    assert len(set(shown.colours.values())) == 3
    assert shown.of(["tt", "gg"]) == ["gg", "tt"]


@pytest.mark.parametrize("by", ["events", "weight"])
def test_confusion_cells_show_shares_and_sums(by: Any) -> None:
    judgement = result().judgements[0]
    found = texts(class_confusion(judgement, LOOK, by=by).axes[0])
    k = CLASSES.index("gg")
    if by == "events":
        share, number = judgement.confusion.by_events[k][k], judgement.confusion.events[k][k]
        expected = f"{100 * (share or 0):.1f} %\n{number:,}"
    else:
        share, value = judgement.confusion.by_weight[k][k], judgement.confusion.weights[k][k]
        expected = f"{100 * (share or 0):.1f} %\n{value:.3g}"
    # ggH is shown first
    cells = [text for text in found if "%" in text]
    assert cells[0] == expected
    assert len(cells) == 9


def test_cells_without_weight_show_a_dash() -> None:
    judgement = result().judgements[0]
    confusion = judgement.confusion.model_copy(update={"by_weight": ((None,) * 3,) * 3})
    empty = judgement.model_copy(update={"confusion": confusion})
    assert texts(class_confusion(empty, LOOK).axes[0]).count("–") == 9


def test_pairs_stand_on_both_sides_of_the_diagonal() -> None:
    judgement = result().judgements[0]
    found = texts(pairs_figure(judgement, LOOK).axes[0])
    for pair in judgement.pairs:
        assert sum(f"{pair.auc.value:.3f}" in text for text in found) >= 2


def test_the_table_shows_every_class_and_the_total() -> None:
    weights = result().weights
    found = texts(weights_figure(weights, LOOK).axes[0])
    for item in weights:
        assert f"{item.events:,}" in found
    assert f"{sum(item.events for item in weights):,}" in found


def test_the_legend_of_the_roc_curves_has_areas_and_errors() -> None:
    judgement = result().judgements[0]
    auc = judgement.auc["gg"]
    assert f"ggH: {auc.value:.3f} $\\pm$ {auc.error:.3f}" in legend(
        class_roc(judgement, LOOK).axes[0]
    )


def test_scores_of_each_class_have_one_area() -> None:
    judgement = result().judgements[0]
    axes = class_scores(judgement, judgement.scores[0], LOOK).axes[0]
    assert legend(axes) == ["ggH", "VBF", "ttH"]
    outlines = [patch for patch in axes.patches if patch.get_label() in legend(axes)]
    for patch in outlines:
        # bins of negative weight cannot be shown
        assert np.sum(patch.get_data().values) == pytest.approx(1.0, abs=0.2)


def test_reliability_has_a_point_for_each_bin() -> None:
    judgement = result().judgements[0]
    axes = reliability_figure(judgement, LOOK).axes[0]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    assert [len(line.get_xdata()) for line in points] == [
        len(judgement.reliability[name].predicted) for name in ("gg", "VBF", "tt")
    ]


def test_the_history_shows_each_loss_and_the_best_round() -> None:
    axes = history_figure(judged(), LOOK).axes[0]
    assert legend(axes) == ["Train", "Validation", "Best: round 2", "No separation"]


def test_models_are_compared_class_by_class() -> None:
    axes = areas_figure(result().judgements, LOOK).axes[0]
    assert [item.get_text() for item in axes.get_xticklabels()] == ["ggH", "VBF", "ttH", "Mean"]
    assert legend(axes) == ["Boosted", "Forest"]


def test_categories_show_their_significances() -> None:
    found = result().categories[0]
    upper, lower = categories_figure(found, LOOK, title="Boosted").axes
    values = {item.name: item.significance for item in found.categories}
    expected = [*(values[name] for name in ("gg", "VBF", "tt")), found.inclusive.significance]
    assert texts(lower) == [f"{value:.2g}" for value in expected]
    assert legend(lower) == [f"All categories: {found.significance:.3g}"]
    assert upper.get_ylabel() == "Events in 120 – 130 GeV"


def test_slices_have_their_limits_and_the_divergence() -> None:
    found = result().sculpting[0]
    axes = sculpting_figure(found, LOOK).axes[0]
    assert f"Divergence {1000 * (found.divergence or 0):.3g} mbit" in (
        axes.get_legend().get_title().get_text()
    )
    assert len(legend(axes)) == 1 + len(found.slices)


def test_the_summary_has_a_point_and_a_band_for_each_score() -> None:
    found = [item for item in result().sculpting if item.rows == "data"]
    axes = sculpting_summary(found, LOOK).axes[0]
    heights = [line.get_ydata()[0] for line in axes.lines if len(line.get_ydata())]
    assert heights == pytest.approx([1000 * (item.divergence or 0) for item in found])
    assert len(axes.collections) == 2


def test_every_figure_has_its_own_name() -> None:
    names = [name for name, _ in production_figures(result(), LOOK)]
    assert len(names) == len(set(names))
    assert {"weights", "confusion_weight", "confusion_events", "roc", "roc_forest"} <= set(names)
    assert {"categories", "sculpting_data", "mass_data_VBF", "mass_data_VBF_forest"} <= set(names)
    assert {"models", "pairs", "training", "importances", "scores_gg"} <= set(names)


@pytest.mark.slow
def test_figures_are_drawn_from_the_file_alone(tmp_path: Path) -> None:
    judgement = result().judgements[0].model_copy(update={"scores": (), "history": None})
    found = result().model_copy(update={"judgements": (judgement,), "categories": ()})
    found.write(tmp_path / "result.json")
    assert ProductionResult.read(tmp_path / "result.json") == found
    seen: list[str] = []
    files = draw_production(
        tmp_path, tmp_path / "figures", ("svg",), progress=lambda name, done, of: seen.append(name)
    )
    assert len(files) == len(seen) == len(production_figures(found, LOOK))
    assert all(path.stat().st_size for path in files)


def test_results_of_production_modes_are_known_by_their_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result().write(tmp_path / "result.json")
    drawn = [tmp_path / "roc.png"]
    monkeypatch.setattr(
        "hepml.plots.ml_production.draw_production", lambda *args, **options: drawn
    )  # fmt: skip
    assert draw_found(tmp_path, tmp_path, ("png",)) == drawn


def test_a_class_that_nothing_is_known_of_leaves_the_figures_whole() -> None:
    p, sample = rows()
    kept = sample.labels != CLASSES.index("tt")
    judgement = judge_classes(
        p[kept], sample.take(kept), model="boosted", title="Boosted", repeats=5
    )
    assert judgement.auc["tt"].value is None
    assert legend(class_roc(judgement, LOOK).axes[0])[1:] == [
        f"VBF: {judgement.auc['VBF'].value:.3f} $\\pm$ {judgement.auc['VBF'].error:.3f}"
    ]
    assert len(legend(class_scores(judgement, judgement.scores[2], LOOK).axes[0])) == 2
    assert "–" in texts(class_confusion(judgement, LOOK).axes[0])
    assert "–" in texts(pairs_figure(judgement, LOOK).axes[0])
    assert len(legend(areas_figure([judgement], LOOK).axes[0])) == 1
    assert reliability_figure(judgement, LOOK).axes
    assert "0" in texts(weights_figure(judgement.weights, LOOK).axes[0])


def test_categories_without_any_signal_are_drawn() -> None:
    nothing = Events(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
    found = categorise(nothing, CLASSES, ("few", "many"), background={"few": 0.0, "many": 5.0})
    lower = categories_figure(found, LOOK).axes[1]
    assert texts(lower) == ["0", "0", "0"]
    assert [item.get_text() for item in lower.get_xticklabels()] == ["few", "many", "Inclusive"]


def test_a_slice_without_weight_is_left_out() -> None:
    mass = np.array([110.0, 120.0, 110.0, 120.0])
    found = sculpting(
        mass, np.array([1.0, 1.0, -1.0, -1.0]), np.array([0.1, 0.2, 0.8, 0.9]), name="gg",
        model="m", shares=(0.5, 0.5), repeats=3,
    )  # fmt: skip
    assert len(legend(sculpting_figure(found, LOOK).axes[0])) == 2
