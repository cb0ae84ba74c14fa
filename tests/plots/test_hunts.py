"""Figures of hunts and fits are drawn from the typed results alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.plots.fits import draw_fit, draw_found, fit_figure
from hepml.plots.hunts import draw_hunt, hunt_figures, remove_figures
from hepml.plots.origin import source_look
from hepml.plots.pvalues import pvalue_figure
from hepml.plots.scans import scan_figure
from hepml.plots.style import Look
from hepml.plots.toys import half_chi2, toys_figure
from hepml.plots.variations import variations_figure
from tests.stats.findings import band, cut, hunt, peak_fit, row, scan, spectrum, toys

LOOK = Look("dimuon", "CMS", "hepml simulation")


def names(*rows: Any, **changes: Any) -> list[str]:
    return [name for name, _ in hunt_figures(hunt(*rows, **changes))]


# --- which figures ------------------------------------------------------------------------------


def test_a_plain_hunt_is_one_spectrum() -> None:
    assert names() == ["spectrum"]


def test_everything_that_was_found_is_drawn() -> None:
    same = row(0.3, selection="same sign")
    found = names(row(toys=toys()), spurious=same, scan=scan(toys=toys()), variations=band())
    assert found == [
        "spectrum", "spectrum_same_sign", "scan", "scan_toys", "variations", "toys",
    ]  # fmt: skip


def test_each_cut_has_a_spectrum_and_all_share_two_figures() -> None:
    rows = [row(), *(cut(2.0, fpr) for fpr in (1.0, 0.1, 0.01))]
    expected = ["spectrum", "spectrum_score_0.1", "spectrum_score_0.01", "cuts_score", "pvalues"]
    assert names(*rows) == expected


def test_of_many_cuts_some_have_a_spectrum_of_their_own() -> None:
    rows = [cut(2.0, 10 ** (-k / 8)) for k in range(25)]
    assert len([name for name in names(*rows) if name.startswith("spectrum_score")]) == 6


def test_of_several_scores_the_best_cut_is_drawn() -> None:
    rows = [cut(z, fpr, score) for score in "ab" for z, fpr in ((1.0, 0.5), (3.0, 0.1))]
    found = [name for name in names(*rows) if name.startswith("spectrum")]
    assert found == ["spectrum_a_0.1", "spectrum_b_0.1"]


def test_a_selection_without_fit_has_no_figure() -> None:
    assert names(row(), cut(None, 0.1), cut(2.0, 0.5)) == ["spectrum", "spectrum_score_0.5"]


def test_figures_of_the_last_hunt_are_removed_and_others_stay(tmp_path: Path) -> None:
    hunt(row(), cut(2.0, 0.1)).write(tmp_path / "hunt.json")
    for name in ("spectrum.png", "spectrum_score_0.1.pdf", "mine.png", "spectrum_x.png"):
        (tmp_path / name).touch()
    remove_figures(tmp_path)
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["hunt.json", "mine.png", "spectrum_x.png"]


def test_an_unreadable_hunt_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "hunt.json").write_text("{}")
    (tmp_path / "spectrum.png").touch()
    remove_figures(tmp_path)
    assert (tmp_path / "spectrum.png").exists()


def test_a_hunt_is_drawn_from_its_file(tmp_path: Path) -> None:
    hunt().write(tmp_path / "hunt.json")
    peak_fit().write(tmp_path / "fit.json")
    written = draw_found(tmp_path, formats=("svg",))
    assert [path.name for path in written] == ["spectrum.svg", "fit.svg"]
    assert all(path.stat().st_size for path in written)
    assert draw_found(tmp_path / "nothing") == []


def test_progress_counts_figures(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    draw_hunt(hunt(), tmp_path, ("svg",), progress=lambda *step: seen.append(step))
    assert seen == [("drawing spectrum", 0, 1)]


def test_an_unknown_format_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="known formats: png, pdf, svg"):
        draw_fit(peak_fit(), tmp_path, ("gif",))
    assert list(tmp_path.iterdir()) == []


# --- what they say ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"simulated": True, "published": True}, "hepml simulation"),
        ({"published": True, "kind": "data"}, "CMS Open Data"),
        ({"published": True, "kind": "simulation"}, "CMS Open Data simulation"),
        ({}, "muons"),
        ({"datasets": ["a" * 20, "b" * 20]}, "dimuon"),
    ],
)
def test_only_published_files_are_called_an_experiments_data(
    changes: dict[str, Any], text: str
) -> None:
    source = {"processor": "dimuon", "datasets": ["muons"], "kind": "data"} | changes
    assert source_look(source).text == text


def test_luminosity_and_losses_are_written_where_known() -> None:
    look = source_look({"luminosity": 8700.0, "complete": False})
    assert (look.luminosity, look.note) == (8700.0, "incomplete run")
    assert source_look({}).luminosity is None


def test_the_spectrum_carries_the_result() -> None:
    (_, draw), *_ = hunt_figures(hunt(), LOOK)
    axes = draw().axes[0]
    text = axes.get_legend().get_title().get_text()
    assert text == "S = 80 $\\pm$ 20,  B = 200 $\\pm$ 10\nZ = 2.00  (p = 0.023)"
    labels = [item.get_text() for item in axes.get_legend().get_texts()]
    assert labels[0] == "Simulated data"
    assert "Polynomial of degree 1" in labels


def test_a_fit_carries_mass_and_significance() -> None:
    free = peak_fit(mass=125.3, mass_error=0.2)
    text = fit_figure(free).axes[0].get_legend().get_title().get_text()
    assert "m = 125.30 $\\pm$ 0.20 GeV" in text
    assert "Z = 5.00" in text


# --- p-values -----------------------------------------------------------------------------------


def test_p_values_are_drawn_by_their_logarithm_however_small() -> None:
    rows = [row(2.0), *(cut(z, fpr) for z, fpr in ((2.0, 1.0), (60.0, 0.1)))]
    axes = pvalue_figure(rows, LOOK).axes[0]
    (curve,) = [line for line in axes.lines if line.get_label() == "score"]
    x, y = np.asarray(curve.get_data())
    assert x.tolist() == [0.1, 1.0]
    excess = rows[2].excess
    assert excess is not None
    assert y[0] == excess.log10_p < -700
    assert axes.get_xscale() == "log"


def test_sigmas_are_named_where_their_p_value_is() -> None:
    axes = pvalue_figure([cut(z, fpr) for z, fpr in ((1.0, 1.0), (3.5, 0.1))], LOOK).axes[0]
    named = {text.get_text(): text.xy[1] for text in axes.texts if text.get_gid() == "sigma"}
    assert set(named) == {r"1$\sigma$", r"2$\sigma$", r"3$\sigma$"}
    assert named[r"3$\sigma$"] == pytest.approx(np.log10(1.349898e-3), abs=1e-6)


def test_each_score_has_a_curve_and_failures_have_no_point() -> None:
    rows = [cut(2.0, 1.0), cut(None, 0.1), cut(1.0, 0.01), cut(1.0, 0.5, "pt"), cut(2.0, 1.0, "pt")]
    axes = pvalue_figure(rows, LOOK).axes[0]
    curves = {line.get_label(): line.get_xdata() for line in axes.lines}
    assert list(curves["score"]) == [0.01, 1.0]
    assert list(curves["pt"]) == [0.5, 1.0]


def test_toys_are_points_beside_the_curve() -> None:
    axes = pvalue_figure([cut(2.0, 1.0, toys=toys()), cut(1.0, 0.1)], LOOK).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "score, toys" in labels


# --- scan, variations, toys ---------------------------------------------------------------------


def test_a_scan_marks_the_best_window_and_those_without_fit() -> None:
    axes = scan_figure(scan(global_Z=5.2, global_p=1e-7), LOOK).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[0] == "No fit (1)"
    assert labels[1].endswith("6.00$\\sigma$ local, 5.20$\\sigma$ global")
    named = [text.get_text() for text in axes.texts if text.get_gid() == "resonance"]
    assert r"$\Upsilon$(1,2,3S)" in named


def test_a_scan_is_linear_until_it_must_not_be() -> None:
    assert scan_figure(scan(4.0), LOOK).axes[0].get_yscale() == "linear"
    assert scan_figure(scan(60.0), LOOK).axes[0].get_yscale() == "symlog"


def test_a_scan_in_which_nothing_could_be_fitted_is_drawn() -> None:
    found = scan()
    points = tuple(
        point.model_copy(update={"Z": None, "log10_p": None, "p": None}) for point in found.points
    )
    assert scan_figure(scan(points=points, best=None), LOOK).axes


def test_variations_stand_beside_the_nominal_result() -> None:
    left, right = variations_figure(band(), row(2.0), LOOK).axes
    labels = [text.get_text() for text in left.get_yticklabels()]
    assert labels == [
        "Polynomial 1, 2 bins", "Exponential 3, 2 bins", "Bernstein 1, 4 bins\n(poor fit)",
    ]  # fmt: skip
    points = [line for line in right.lines if line.get_marker() == "o"]
    assert [float(line.get_xdata()[0]) for line in points] == [1.5, 2.5, 0.5]
    hollow = [line.get_markerfacecolor() == "white" for line in points]
    assert hollow == [False, False, True]


def test_half_the_test_statistics_are_expected_at_zero() -> None:
    share = half_chi2(np.array([0.0, 1.0, 4.0, 1e6]))
    np.testing.assert_allclose(share, [0.8413447, 0.1359051, 0.0227501], atol=1e-7)


def test_toys_are_counted_and_compared_with_half_a_chi_square() -> None:
    thrown = toys(number=400)
    axes = toys_figure(thrown, 4.0, LOOK).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "400 pseudo-experiments" in labels
    assert "Observed: 4.00" in labels
    (curve,) = [patch for patch in axes.patches if hasattr(patch, "get_data")]
    assert curve.get_data().values.sum() == pytest.approx(400, rel=0.01)


def test_an_observation_beyond_all_toys_is_an_arrow() -> None:
    axes = toys_figure(toys(), 900.0, LOOK).axes[0]
    assert axes.get_xlim()[1] < 100
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert "Observed: 900.0" in labels


def test_the_largest_of_many_windows_has_no_simple_expectation() -> None:
    axes = toys_figure(toys(), 9.0, LOOK, expected=False).axes[0]
    assert not [patch for patch in axes.patches if hasattr(patch, "get_data")]


def test_empty_spectra_of_a_hunt_are_drawn(tmp_path: Path) -> None:
    empty = (0.0,) * 10
    nothing = row(0.0, spectrum=spectrum(0.0, counts=empty, variances=empty))
    assert draw_hunt(hunt(nothing, cut(0.0, 0.1), cut(0.0, 0.5)), tmp_path, ("svg",))


def test_windows_whose_fit_has_a_flaw_are_hollow() -> None:
    found = scan()
    flawed = found.points[5].model_copy(update={"status": "background held at zero"})
    points = (*found.points[:5], flawed, *found.points[6:])
    axes = scan_figure(scan(points=points), LOOK).axes[0]
    (hollow,) = [line for line in axes.lines if line.get_label() == "Poor fit; see hunt.json"]
    assert len(hollow.get_xdata()) == 1
    assert hollow.get_markerfacecolor() == "white"
