"""Envelopes, quadratures and extrapolation, each against a number worked out by hand."""

from __future__ import annotations

import math

import pytest

from hepml.ml.toptag.components import Component
from hepml.ml.toptag.results import MetricSet
from hepml.ml.toptag.roles import COMPONENTS, SETS
from hepml.ml.toptag.systematics import (
    difference,
    extrapolated,
    find_systematics,
    systematic_notes,
)
from tests.ml.toptag.handmade import metric_set

# rejection of every set; nominal 100
REJECTIONS = {
    "nominal": 100.0,
    "esup": 104.0, "esdown": 97.0, "cer": 98.0, "cpos": 101.0,
    "teg": 90.0, "tej": 95.0, "tfl": 103.0, "tfj": 92.0, "bias": 106.0,
    "ttbar_herwig": 108.0, "ttbar_pythia": 90.0,
    "dipole": 60.0, "angular": 80.0, "cluster": 70.0, "string": 56.0,
    "sig_ISRx2": 101.0, "sig_ISRxp5": 98.0, "sig_FSRx2": 110.0, "sig_FSRxp5": 95.0,
    "bkg_ISRx2": 99.0, "bkg_ISRxp5": 100.5, "bkg_FSRx2": 88.0, "bkg_FSRxp5": 107.0,
}  # fmt: skip

# the largest difference of each source, by hand
EXPECTED = {
    "energy_scale": 0.04,
    "energy_resolution": 0.02,
    "position": 0.01,
    "track_efficiency": 0.10,
    "track_fakes": 0.08,
    "track_bias": 0.06,
    "signal_modelling": 0.20,
    "parton_shower": 0.25,
    "hadronisation": 0.25,
    "sig_isr": 0.02,
    "sig_fsr": 0.10,
    "bkg_isr": 0.01,
    "bkg_fsr": 0.12,
}


def sets(**changes: MetricSet | None) -> dict[str, MetricSet]:
    found = {name: metric_set(name, value) for name, value in REJECTIONS.items()}
    for name, item in changes.items():
        if item is None:
            del found[name]
        else:
            found[name] = item
    return found


def component(name: str, **changes: MetricSet | None) -> Component:
    found = find_systematics(sets(**changes))
    return next(item for item in found.components if item.name == name)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_source_is_its_largest_variation(name: str) -> None:
    found = component(name)
    assert found.status == "complete"
    assert found.value == pytest.approx(EXPECTED[name])
    assert found.bins == pytest.approx((EXPECTED[name],) * 14)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("cluster", (0.04, 0.02, 0.01)),
        ("track", (0.10, 0.08, 0.06)),
        ("background_model", (0.25, 0.25)),
        ("model", (0.20, 0.25, 0.25)),
        ("scale", (0.02, 0.10, 0.01, 0.12)),
        ("experimental", (0.04, 0.02, 0.01, 0.10, 0.08, 0.06)),
        ("total", tuple(EXPECTED.values())),
    ],
)
def test_sources_add_in_quadrature(name: str, parts: tuple[float, ...]) -> None:
    found = find_systematics(sets()).combination(name)
    assert found.value == pytest.approx(math.sqrt(sum(part**2 for part in parts)))
    assert found.missing == ()
    assert not any(found.incomplete)


def test_the_total_by_hand() -> None:
    # clusters 0.0021, tracks 0.02, modelling 0.165, scales 0.0249: 0.212
    assert find_systematics(sets()).total.value == pytest.approx(math.sqrt(0.2120))


def test_every_set_serves_somewhere() -> None:
    used = {name for source in COMPONENTS for pair in source.pairs for name in pair}
    assert used == {item.name for item in SETS} == set(REJECTIONS)


def test_modelling_compares_pairs_and_not_with_nominal() -> None:
    found = component("parton_shower")
    assert [(item.first, item.second) for item in found.variations] == [("dipole", "angular")]


def test_the_envelope_is_taken_bin_by_bin() -> None:
    up = metric_set("esup", 104.0, [110.0, 100.0] + [101.0] * 12)
    down = metric_set("esdown", 97.0, [95.0, 93.0] + [99.5] * 12)
    found = component("energy_scale", esup=up, esdown=down)
    assert found.value == pytest.approx(0.04)
    assert found.bins == pytest.approx((0.10, 0.07, *([0.01] * 12)))


def test_another_working_point_has_its_own_rejections() -> None:
    found = find_systematics(sets(), efficiency=0.8)
    assert found.efficiency == 0.8
    assert found.total.value == pytest.approx(math.sqrt(0.2120))


def test_signal_modelling_beyond_1350_gev() -> None:
    pythia = metric_set("ttbar_pythia", 100.0, [100.0] * 5)
    herwig = metric_set("ttbar_herwig", 100.0, [101.0, 130.0, 98.0, 104.0, 105.0])
    found = component("signal_modelling", ttbar_pythia=pythia, ttbar_herwig=herwig)
    # measured, then the last one once more, then the largest
    expected = (0.01, 0.30, 0.02, 0.04, 0.05, 0.05, *([0.30] * 8))
    assert found.bins == pytest.approx(expected)
    assert found.extrapolated == (False,) * 5 + (True,) * 9


def test_extrapolation_of_unknown_bins() -> None:
    bins, far = extrapolated((0.1, None, 0.3, 0.2, None))
    assert bins == (0.1, None, 0.3, 0.2, None, None, *([0.3] * 8))
    assert far.count(True) == 9
    assert extrapolated((None,) * 5)[0] == (None,) * 14


def test_a_missing_dataset_is_skipped_and_never_zero() -> None:
    found = find_systematics(sets(cer=None))
    lost = next(item for item in found.components if item.name == "energy_resolution")
    assert lost.status == "skipped"
    assert lost.value is None
    assert lost.missing == ("cer",)
    total = found.total
    assert total.missing == ("energy_resolution",)
    assert total.value == pytest.approx(math.sqrt(0.2120 - 0.02**2))
    assert all(total.incomplete)
    assert any("cer" in note and "lower bound" in note for note in systematic_notes(found))


def test_half_of_an_envelope_is_partial() -> None:
    found = component("energy_scale", esup=None)
    assert found.status == "partial"
    assert found.missing == ("esup",)
    assert found.value == pytest.approx(0.03)
    notes = systematic_notes(find_systematics(sets(esup=None)))
    assert any("without esup" in note for note in notes)


def test_one_of_a_pair_is_nothing_to_compare() -> None:
    assert component("hadronisation", string=None).status == "skipped"


def test_an_infinite_rejection_is_not_compared() -> None:
    found = component("track_bias", bias=metric_set("bias", None))
    assert found.status == "skipped"
    assert found.missing == ("bias",)


def test_a_bin_without_rejection_is_unknown_in_the_sum() -> None:
    bare = metric_set("bias", 106.0, [None] + [106.0] * 13)
    found = find_systematics(sets(bias=bare))
    track = found.combination("track")
    assert track.bins[0] == pytest.approx(math.hypot(0.10, 0.08))
    assert track.bins[1] == pytest.approx(math.hypot(0.10, 0.08, 0.06))
    assert track.incomplete == (True,) + (False,) * 13


def test_nothing_at_all_has_no_sum() -> None:
    found = find_systematics({"nominal": metric_set("nominal", 100.0)})
    assert found.total.value is None
    assert found.total.bins == (None,) * 14
    assert len(found.total.missing) == len(COMPONENTS)


def test_errors_are_those_of_a_ratio() -> None:
    found = component(
        "track_bias",
        nominal=metric_set("nominal", 100.0, error=3.0),
        bias=metric_set("bias", 106.0, error=4.0),
    )
    assert found.error == pytest.approx(1.06 * math.hypot(0.03, 4 / 106))


def test_a_difference_that_is_only_noise_is_noted() -> None:
    noisy = sets(
        nominal=metric_set("nominal", 100.0, error=5.0), cpos=metric_set("cpos", 101.0, error=5.0)
    )
    notes = systematic_notes(find_systematics(noisy))
    assert any("Cluster position resolution" in note for note in notes)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [(90.0, 100.0, 0.1), (110.0, 100.0, 0.1), (None, 1.0, None), (1.0, None, None), (1, 0, None)],
)
def test_differences_have_no_sign(
    first: float | None, second: float | None, expected: float | None
) -> None:
    assert difference(first, second) == pytest.approx(expected)
