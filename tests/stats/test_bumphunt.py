"""The hunt over selections: working points, rows that cannot be fitted, and the result's file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import FileAccessError, ParameterError, StatisticsError
from hepml.stats.bumphunt import hunt
from hepml.stats.points import FINE, working_point
from hepml.stats.results import Hunt
from hepml.windows import WINDOWS
from tests.stats.published import (
    FOUND,
    OS_ANTI_ISOLATED,
    OS_PRE_ISOLATION,
    SS_ANTI_ISOLATED,
    masses_of,
)

OS = masses_of(OS_ANTI_ISOLATED)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "cms" / "dimuon_masses.npz"
needs_shared = pytest.mark.skipif(
    not SHARED.exists(), reason="the shared reference data are absent"
)


def test_a_hunt_without_score_is_one_row_with_the_published_numbers() -> None:
    (row,) = hunt(OS).results
    assert (row.selection, row.degree, row.bins, row.events) == ("all", 5, 11, len(OS))
    assert (row.S, row.B, row.Z) == pytest.approx((97.16, 1594.84, 1.5956), rel=1e-3)
    assert row.status == "ok"


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(
    ("name", "sample"), [("os_antiiso", "OS"), ("ss_antiiso", "SS"), ("os_preiso", "pre-iso")]
)
def test_published_masses_give_the_published_histogram_and_result(name: str, sample: str) -> None:
    masses = np.load(SHARED)[name]
    counts = {"OS": OS_ANTI_ISOLATED, "SS": SS_ANTI_ISOLATED, "pre-iso": OS_PRE_ISOLATION}[sample]
    (row,) = hunt(masses).results
    assert row.spectrum is not None
    assert row.spectrum.counts == tuple(counts)
    assert row.events == len(masses)
    assert row.Z == pytest.approx(FOUND[sample, 5][3], abs=1e-3)


@pytest.mark.shared
@needs_shared
@pytest.mark.parametrize(
    ("rate", "expected"),
    # published and recomputed, after cuts on the anomaly score
    [
        ("02500", (94.5, 411.5, 2.966)),
        ("01000", (111.3, 163.7, 5.126)),
        ("00500", (77.9, 89.1, 4.788)),
        ("00100", (38.6, 12.4, 4.816)),
        ("00050", (16.7, 5.3, 3.125)),
    ],
)
def test_published_score_cuts_give_converged_results(
    rate: str, expected: tuple[float, float, float]
) -> None:
    (row,) = hunt(np.load(SHARED)[f"os_cathode_fpr{rate}e-4"]).results
    assert row.S == pytest.approx(expected[0], abs=0.06)
    assert row.B == pytest.approx(expected[1], abs=0.06)
    assert row.Z == pytest.approx(expected[2], abs=1e-3)


def test_a_constant_score_gives_the_unweighted_significance_everywhere() -> None:
    found = hunt(OS, scores={"flat": np.full(len(OS), 0.3)}, fpr=(1.0, 0.1, 0.01)).results
    assert len(found) == 4
    assert {row.Z for row in found} == {found[0].Z}


def test_unit_weights_change_nothing() -> None:
    plain, weighted = hunt(OS).results[0], hunt(OS, weights=np.ones(len(OS))).results[0]
    assert weighted == plain


def test_a_good_score_raises_the_significance() -> None:
    rng = np.random.default_rng(2)
    signal = np.abs(OS - 9.46) < 0.1
    score = rng.random(len(OS)) + signal * (rng.random(len(OS)) < 0.25)
    found = hunt(OS, scores={"good": score}, fpr=(1.0, 0.1)).results
    assert found[2].fpr == 0.1
    assert found[2].Z is not None
    assert found[1].Z is not None
    assert found[2].Z > found[1].Z + 1


def test_the_cut_lets_the_wanted_share_of_the_sidebands_pass() -> None:
    rng = np.random.default_rng(3)
    score, sideband = rng.random(1000), rng.random(1000) < 0.8
    for rate in (1.0, 0.5, 0.1, 0.013):
        cut = working_point(score, sideband, rate)
        passed = (score[sideband] >= cut).mean()
        assert passed == pytest.approx(rate, abs=0.5 / sideband.sum() + 1e-9)


def test_the_whole_significance_table_has_a_row_for_every_score_and_rate() -> None:
    rng = np.random.default_rng(5)
    scores = {name: rng.random(len(OS)) for name in ("a", "b")}
    rows = hunt(OS, scores=scores, fpr=FINE).results
    assert len(rows) == 1 + 2 * 25
    assert all(row.Z is not None for row in rows)


def test_a_row_that_cannot_be_fitted_says_why_and_the_others_stand() -> None:
    # the score picks one event, in the signal region only, next to one in the sideband
    weights = np.ones(len(OS))
    score = np.zeros(len(OS))
    score[-1] = 1.0
    weights[-1] = 0.0
    rows = hunt(OS, weights=weights, scores={"odd": score}, fpr=(1.0, 1e-4)).results
    assert rows[0].Z is not None
    assert rows[-1].Z is None
    assert "no events in the sidebands" in rows[-1].status


def test_nothing_at_all_to_fit_is_an_error() -> None:
    with pytest.raises(StatisticsError, match="no events in the sidebands"):
        hunt(np.array([90.0, 91.0]))


def test_same_sign_pairs_are_tested_the_same_way() -> None:
    spurious = hunt(OS, same_sign=masses_of(SS_ANTI_ISOLATED)).spurious
    assert spurious is not None
    assert (spurious.S, spurious.Z) == pytest.approx((24.74, 0.5263), rel=1e-3)


def test_few_events_ask_for_toys() -> None:
    row = hunt(OS[:: len(OS) // 100]).results[0]
    assert "toys" in row.status


def test_bad_numbers_are_errors_with_a_name() -> None:
    with pytest.raises(StatisticsError, match="1 of 3 masses are not finite"):
        hunt(np.array([6.0, np.nan, 7.0]))
    with pytest.raises(ParameterError, match="2 weights for 3 masses"):
        hunt(np.array([6.0, 7.0, 8.0]), weights=np.ones(2))
    with pytest.raises(StatisticsError, match="score 's' is not finite for 1 events"):
        hunt(np.array([6.0, 7.0, 12.0]), scores={"s": np.array([0.0, np.nan, 1.0])})
    with pytest.raises(ParameterError, match="false-positive rate"):
        hunt(OS, scores={"s": OS}, fpr=(0.0,))
    with pytest.raises(ParameterError, match="no signal 'blob'"):
        hunt(OS, signal="blob")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="Did you mean 'upsilon'"):
        hunt(OS, "upsilom")


def test_a_hunt_is_written_and_read_back(tmp_path: Path) -> None:
    found = hunt(OS, signal="shape", source={"path": "here"})
    path = found.write(tmp_path / "hunt.json")
    assert Hunt.read(path) == found
    (row,) = json.loads(path.read_text())["results"]
    assert {"selection", "degree", "bins", "S", "B", "sigma_B", "Z", "p"} <= set(row)


def test_a_shape_without_known_resonance_is_one_peak_and_says_so() -> None:
    found = hunt(OS + 2.0, WINDOWS["upsilon_shifted"], signal="shape")
    assert "one peak at 12.8 GeV" in found.notes[0]


def test_same_sign_pairs_widen_the_background_by_what_is_found_in_them() -> None:
    found = hunt(OS, same_sign=masses_of(SS_ANTI_ISOLATED))
    assert found.bias is not None
    assert found.results[0].excess is not None
    # |24.74| x 1594.84 / 964.26 more background uncertainty
    assert found.bias.sigma == pytest.approx(40.92, rel=2e-3)
    assert found.bias.Z < found.results[0].excess.Z_closed


def test_an_empty_control_sample_says_nothing() -> None:
    assert hunt(OS, same_sign=np.array([90.0])).bias is None


def test_the_degree_is_the_windows_own_unless_given() -> None:
    masses = np.random.default_rng(3).uniform(2.2, 3.55, 4000)
    assert hunt(masses, "jpsi").results[0].degree == 3
    assert hunt(masses, "jpsi", degree=2).settings["degree"] == 2
    assert hunt(OS).results[0].degree == 5


def test_a_damaged_file_is_no_hunt(tmp_path: Path) -> None:
    path = tmp_path / "hunt.json"
    path.write_text('{"version": 1}')
    with pytest.raises(FileAccessError, match=r"hunt\.json does not fit"):
        Hunt.read(path)
