"""Figures of dijet searches and scans: what they show is what the result says."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import FileAccessError
from hepml.ml.class_results import History
from hepml.ml.dijet.evaluation import judge
from hepml.ml.dijet.results import DijetJudgement, DijetResult, Landscape
from hepml.ml.dijet.scan import run_scan, scan_grid
from hepml.ml.dijet.scan_results import PointOptions, Quantiles, ScanResult, Summary
from hepml.plots.dijet import draw_dijet, scan_figures, search_figures
from hepml.plots.dijet_curves import roc_figure, sic_figure
from hepml.plots.dijet_fits import landscape_figure, parameters_figure
from hepml.plots.dijet_scan import fraction_figure, noise_figure, plane_figure
from hepml.plots.dijet_scan_fits import masses_figure, recovered_figure, yields_figure
from hepml.plots.dijet_spectra import mass_figure, score_figure
from hepml.plots.fits import draw_found
from hepml.plots.style import Look
from tests.ml.dijet.judged import fit_like, judgement_like, sample

LOOK = Look(channel="dijet", text="hepml simulation")
OPTIONS = PointOptions(strategy="prior-assisted", mu=0.003, mass_point=(400.0, 200.0))


def legend(axes: Any) -> list[str]:
    return [item.get_text() for item in axes.get_legend().get_texts()]


@cache
def judged(name: str = "prior-assisted") -> DijetJudgement:
    scores, labels, mass = sample(2.5)
    return judge(
        scores, labels, mass=mass, name=name, title=name.capitalize(), modes=("qq", "qqq"),
        fit=fit_like(OPTIONS),
    )  # fmt: skip


@cache
def landscape() -> Landscape:
    x = np.arange(100.0, 501.0, 50.0)
    q = (x - 400) ** 2 / 5000 + ((x - 200) ** 2 / 5000)[:, None]
    return Landscape(
        x_name="mx",
        y_name="my",
        x=tuple(x.tolist()),
        y=tuple(x.tolist()),
        q=tuple(tuple(row) for row in q.tolist()),
        profiled=("mu", "alpha"),
        best=(400.0, 200.0),
        truth=(410.0, 190.0),
        mirrored=(190.0, 410.0),
    )


@cache
def result() -> DijetResult:
    return DijetResult(
        strategy="prior-assisted",
        title="Prior-assisted",
        source={"simulated": True},
        judgements=(judged(), judged("supervised")),
        trials=(judged("trial"), judged("another")),
        kept=(1,),
        landscapes=(landscape(), landscape()),
        histories={
            "prior qq": History(metric="cross entropy", losses={"training": (1.0, 0.5)}, best=2),
            "empty": History(metric="cross entropy", losses={}),
        },
    )


def summary(strategy: str, mu: float, sic: float | None, **others: Any) -> Summary:
    one = Quantiles(median=sic, low=sic and 0.9 * sic, high=sic and 1.1 * sic, count=3)
    settings: dict[str, Any] = {"mass_point": (300.0, 300.0), "noise": 0} | others
    return Summary(
        strategy=strategy, mu=mu, alpha=0.5, points=3, auc=one, sic_1e3=one, sic_1e4=one,
        sic_max=one, **settings,
    )  # fmt: skip


def fitted(mu: float, mx: float, **others: Any) -> Summary:
    values = {"mx": mx, "my": 300.0, "mu": 1.1 * mu, "alpha": 0.45}
    return summary(
        "prior-assisted",
        mu,
        10.0,
        parameters={
            name: Quantiles(median=value, low=0.9 * value, high=1.1 * value, count=3)
            for name, value in values.items()
        },
        truth={"mx": 300.0, "my": 300.0, "mu": mu, "alpha": 0.5},
        **others,
    )


ROWS = [
    summary("supervised", 0.0, 18.0),
    summary("prior-assisted", 1e-3, 15.0),
    summary("prior-assisted", 1e-2, 17.0),
    summary("weak", 1e-3, None),
    summary("weak", 1e-2, 12.0),
]


def test_roc_curves_name_their_areas() -> None:
    axes = roc_figure(result().judgements, LOOK, trials=result().trials).axes[0]
    value = judged().auc.value
    assert f"Prior-assisted, AUC {value:.4f}" in legend(axes)[1]
    assert legend(axes)[0] == "Trials (2)"
    curve = axes.lines[2]
    assert curve.get_ydata().tolist() == list(judged().efficiency.fpr)


def test_the_maximum_has_its_error() -> None:
    axes = sic_figure([judged()], LOOK).axes[0]
    best = judged().efficiency.sic_max
    assert f"Max. {best.value:.1f} $\\pm$ {best.error:.1f}" in legend(axes)
    star = next(line for line in axes.lines if line.get_marker() == "*")
    assert star.get_ydata()[0] == best.value


def test_a_score_has_every_mode() -> None:
    axes = score_figure(judged(), LOOK).axes[0]
    assert legend(axes) == [
        "Background (4,000 events)",
        "Signal, two-prong (1,000 events)",
        "Signal, three-prong (1,000 events)",
    ]


def test_masses_after_cuts_have_their_test() -> None:
    masses = judged().masses
    assert masses is not None
    upper = mass_figure(masses, LOOK, title="Weak").axes[0]
    assert any(text.startswith("FPR 0.01 (40), KS p = ") for text in legend(upper))


def test_a_landscape_marks_truth_and_mirror() -> None:
    axes = landscape_figure(landscape(), LOOK, title="Prior-assisted").axes[0]
    assert legend(axes) == ["68 %", "95 %", "Truth, mirrored", "Truth", "Best"]
    stars = [line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() == "*"]
    assert stars == [[190.0, 410.0], [410.0, 190.0]]
    title = axes.get_legend().get_title().get_text()
    assert title == "Prior-assisted\n$\\mu$, $\\alpha$ fitted at each point"


def test_what_is_outside_a_window_is_not_marked() -> None:
    near = landscape().model_copy(update={"x": tuple(np.linspace(395.0, 405.0, 9))})
    axes = landscape_figure(near, LOOK).axes[0]
    assert not [line for line in axes.lines if line.get_marker() == "*"]
    far = near.model_copy(update={"best": (0.0, 0.0)})
    assert "Truth" not in legend(landscape_figure(far, LOOK).axes[0])


def test_a_landscape_with_impossible_points_has_no_contours() -> None:
    found = landscape().model_copy(update={"q": ((None, 1.0), (0.0, 2.0))})
    found = found.model_copy(update={"x": (1.0, 2.0), "y": (1.0, 2.0), "truth": None})
    axes = landscape_figure(found, LOOK).axes[0]
    assert legend(axes) == ["Best"]


def test_parameters_stand_beside_their_truth() -> None:
    fit = fit_like(OPTIONS)
    axes = parameters_figure(fit, LOOK, trials=[judged()], title="Prior-assisted").axes
    assert len(axes) == 1 + len(fit.parameters)
    truth = [line for line in axes[1].lines if line.get_linestyle() == "--"]
    assert truth[0].get_xdata()[0] == 400.0
    assert legend(axes[0]) == ["Trials", "Truth", "Fit, 68 %"]


def test_sic_against_fraction_has_published_points_of_the_same_masses() -> None:
    axes = fraction_figure(ROWS, LOOK, background=100_000).axes[0]
    assert legend(axes) == [
        "Dedicated supervised",
        "Prior-assisted",
        "Weakly supervised",
        "Published: arXiv:2405.08889,\nLHC Olympics events",
    ]
    crosses = [line for line in axes.lines if line.get_marker() == "x" and len(line.get_xdata())]
    assert max(crosses[1].get_ydata()) == 18.6
    other = [row.model_copy(update={"mass_point": (350.0, 150.0)}) for row in ROWS]
    assert not any("Published" in text for text in legend(fraction_figure(other, LOOK).axes[0]))


def test_what_knows_labels_is_a_line() -> None:
    axes = fraction_figure(ROWS, LOOK, published=False).axes[0]
    assert list(axes.lines[0].get_ydata()) == [18.0, 18.0]


def test_fitted_masses_and_their_distance_from_the_truth() -> None:
    upper, lower = masses_figure([fitted(1e-3, 310.0), fitted(1e-2, 304.0)], LOOK).axes
    assert legend(upper) == ["Truth", "$m_{X}$", "$m_{Y}$"]
    drawn = [line.get_ydata() for line in lower.lines if len(line.get_ydata()) == 2]
    assert any(np.allclose(values, [10.0, 4.0]) for values in drawn)


def test_fitted_fractions_and_mixtures() -> None:
    upper, lower = yields_figure([fitted(1e-3, 310.0), fitted(1e-2, 304.0)], LOOK).axes
    drawn = [line.get_ydata() for line in upper.lines]
    assert any(np.allclose(values, [1.1e-3, 1.1e-2]) for values in drawn if len(values) == 2)
    assert any(np.allclose(line.get_ydata(), 0.45) for line in lower.lines)


def test_noise_is_drawn_at_three_fractions() -> None:
    rows = [
        summary("weak", mu, 10.0 - 0.1 * noise, noise=noise)
        for mu in np.geomspace(1e-3, 0.1, 8)
        for noise in (0, 10)
    ]
    assert len(legend(noise_figure(rows, LOOK).axes[0])) == 3


def test_a_plane_of_masses_has_its_values() -> None:
    points = [(100.0, 100.0), (300.0, 100.0), (300.0, 300.0)]
    rows = [
        summary("weak", 0.01, 5.0 + place, mass_point=point) for place, point in enumerate(points)
    ]
    axes = plane_figure([*rows, summary("weak", 0.01, None)], LOOK).axes[0]
    assert [item.get_text() for item in axes.texts][1:] == [
        "5.0", "6.0", "7.0", "Weakly supervised, $\\mu$ = 0.01",
    ]  # fmt: skip
    recovered = recovered_figure([fitted(0.01, 310.0)], LOOK).axes[0]
    assert legend(recovered) == ["Truth", "Fit, 68 %"]


def test_every_figure_of_a_search_is_drawn_from_its_file(tmp_path: Path) -> None:
    result().write(tmp_path / "result.json")
    names = [path.stem for path in draw_found(tmp_path, tmp_path / "figures", ("png",))]
    assert names == [
        "roc", "sic", "scores", "dijet_mass", "parameters", "landscape_mx_my",
        "landscape_mx_my_2", "loss_prior_qq",
    ]  # fmt: skip
    assert names == [name for name, _ in search_figures(result(), LOOK)]


@pytest.mark.slow
def test_every_figure_of_a_scan_is_drawn_from_its_file(tmp_path: Path) -> None:
    grid = scan_grid(
        ["prior-assisted"], (0.001, 0.01), ((300, 300), (500, 100), (200, 100)), (0, 10)
    )
    found = run_scan(judgement_like, grid, tmp_path / "scan", source={"simulated": True})
    names = {path.stem for path in draw_dijet(tmp_path / "scan", formats=("png",))}
    assert {"sic_fraction_500_100", "masses_fraction_200_100", "sic_noise_300_300"} <= names
    assert "fitted_masses_prior_assisted_mu_0_001_noise_10" in names
    assert names == {name for name, _ in scan_figures(found, LOOK)}


def test_one_fraction_is_no_curve() -> None:
    found = ScanResult(points=(), summary=(fitted(0.01, 310.0),))
    assert scan_figures(found, LOOK) == []


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text("[]")
    with pytest.raises(FileAccessError, match=r"result\.json"):
        draw_dijet(tmp_path)


def test_few_events_have_few_bins() -> None:
    scores, labels, _ = sample(2.5)
    few = (labels == 0) | (np.arange(len(labels)) % 20 == 0)
    drawn = score_figure(judge(scores[few], labels[few]), LOOK).axes[0].patches[1]
    assert len(drawn.get_data().values) == 12
    assert len(score_figure(judged(), LOOK).axes[0].patches[1].get_data().values) == 60
