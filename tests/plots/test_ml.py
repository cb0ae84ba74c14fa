"""Figures of models: what they show is what the result says."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.ml.results import Curve, Importance, Interval, Judgement, Reliability, WorkingPoint
from hepml.ml.shower.results import EnergyBin, EnergyEstimate, Scale, Slice
from hepml.plots.ml_calibration import calibration_figure
from hepml.plots.ml_confusion import confusion_figure
from hepml.plots.ml_curves import roc_figure, score_figure
from hepml.plots.ml_energy import difference_figure, linearity_figure, resolution_figure
from hepml.plots.ml_importances import importance_figure
from hepml.plots.ml_slices import slices_figure

HALF = Interval(value=0.5, low=0.4, high=0.6, error=0.1)
POINT = WorkingPoint(
    name="chosen",
    threshold=0.3,
    tp=80.0,
    fp=10.0,
    fn=20.0,
    tn=990.0,
    accuracy=HALF,
    precision=HALF,
    recall=HALF,
    f1=HALF,
)
RELIABILITY = Reliability(
    predicted=(0.1, 0.9),
    observed=(0.2, 0.8),
    errors=(0.01, 0.02),
    rows=(10, 20),
    brier=0.1,
    ece=0.1,
)


@pytest.fixture
def judgement() -> Judgement:
    return Judgement(
        model="boosted",
        title="Trees",
        rows=1_100,
        signal=100,
        groups=10,
        auc=HALF,
        ap=HALF,
        points=(POINT, POINT),
        roc=Curve(x=(0.0, 0.5, 1.0), y=(0.0, 0.01, 1.0)),
        precision_recall=Curve(x=(0.0, 1.0), y=(1.0, 0.1)),
        reliability=RELIABILITY,
        uncalibrated=RELIABILITY,
        scores=((0.0, 0.5, 1.0), (20.0, 80.0), (990.0, 10.0)),
        importances=tuple(
            Importance(feature=f"a_very_long_feature_{i}", gain=0.2, permutation=0.1 - 0.01 * i)
            for i in range(5)
        ),
        seconds=1.0,
        training_rows=100,
    )


def estimate(energies: tuple[float, ...] = (2.0, 4.0, 6.0)) -> EnergyEstimate:
    bins = tuple(
        EnergyBin(
            energy=energy,
            low=energy,
            high=energy,
            showers=100,
            counted=25 * energy,
            mean=Interval(value=0.05, error=0.01),
            median=0.0,
            rms=0.3,
            quantile=Interval(value=0.3, error=0.02),
            gauss_mean=Interval(value=0.0),
            gauss=Interval(value=0.3),
            histogram=(tuple(np.linspace(-1, 1, 21).tolist()), (5,) * 20),
        )
        for energy in energies
    )
    scale = Scale(form="linear", names=("p0", "p1"), values=(0.0, 0.04))
    return EnergyEstimate(
        name="size_linear", title="Number", counted="size", scale=scale, bins=bins,
        stochastic=Interval(value=0.5), constant=Interval(value=0.1),
    )  # fmt: skip


def test_a_roc_curve_has_its_threshold_as_a_dot(judgement: Judgement) -> None:
    (axes,) = roc_figure([judgement], baseline=POINT).axes
    assert axes.get_yscale() == "log"
    curve, dot, cuts = axes.lines
    # a log axis has no zero
    np.testing.assert_allclose(curve.get_xydata(), [[0.5, 0.01], [1.0, 1.0]])
    np.testing.assert_allclose(dot.get_xydata(), [[0.8, 0.01]])
    np.testing.assert_allclose(cuts.get_xydata(), [[0.8, 0.01]])
    assert axes.get_legend().get_texts()[0].get_text() == "Trees: AUC 0.500"


def test_a_confusion_matrix_gives_shares_of_the_truth(judgement: Judgement) -> None:
    (axes,) = confusion_figure(POINT, "Trees").axes
    texts = {text.get_text() for text in axes.texts}
    assert {"80.0 %\n80", "20.0 %\n20", "99.0 %\n990", "1.0 %\n10"} <= texts
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.99, 0.01], [0.2, 0.8]])


def test_names_of_features_lie_inside_the_figure(judgement: Judgement) -> None:
    figure = importance_figure(judgement)
    figure.canvas.draw()
    for text in figure.axes[0].get_yticklabels():
        assert text.get_window_extent().x0 >= 0


def test_the_most_important_feature_is_on_top(judgement: Judgement) -> None:
    (axes,) = importance_figure(judgement, most=3).axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [f"a_very_long_feature_{i}" for i in (2, 1, 0)]


def test_a_calibration_shows_the_difference_below(judgement: Judgement) -> None:
    _, lower = calibration_figure(judgement).axes
    points = lower.containers[0].lines[0]
    np.testing.assert_allclose(np.asarray(points.get_ydata(), dtype=float), [0.1, -0.1])


def test_scores_are_shown_with_their_threshold(judgement: Judgement) -> None:
    (axes,) = score_figure(judgement).axes
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["Background (1,000)", "Signal (100)", "Threshold 0.30"]


def test_what_is_not_defined_in_a_slice_has_no_point() -> None:
    none = Interval(value=None)
    slices = [
        Slice(low=n, high=n, signal=1.0, chosen=1.0, efficiency=HALF, purity=none if n else HALF)
        for n in (0.0, 1.0)
    ]
    upper, lower = slices_figure({"boosted": slices}, {}, "Film").axes
    assert len(upper.containers[0].lines[0].get_xdata()) == 2
    assert len(lower.containers[0].lines[0].get_xdata()) == 1
    low, high = upper.get_xlim()
    assert low < 0
    assert high > 1


def test_linearity_shows_mean_energies_and_their_bias() -> None:
    upper, lower = linearity_figure([estimate()]).axes
    np.testing.assert_allclose(upper.containers[0].lines[0].get_ydata(), [2.1, 4.2, 6.3])
    np.testing.assert_allclose(lower.containers[0].lines[0].get_ydata(), [0.05] * 3)


def test_resolution_is_shown_with_its_fit() -> None:
    (axes,) = resolution_figure([estimate()]).axes
    x, y = axes.lines[-1].get_data()
    np.testing.assert_allclose(y, np.sqrt(0.25 / x + 0.01))


def test_differences_are_shown_at_four_energies_at_most() -> None:
    (axes,) = difference_figure(estimate(tuple(float(n) for n in range(1, 11)))).axes
    assert len(axes.get_legend().get_texts()) == 4


def test_a_single_energy_can_be_drawn() -> None:
    one = estimate((6.0,))
    for figure in (linearity_figure([one]), resolution_figure([one]), difference_figure(one)):
        assert figure.axes
