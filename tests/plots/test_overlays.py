"""Spectra and overlays show every category and name the resonances."""

from __future__ import annotations

import hist
import numpy as np
import pytest

from hepml.plots.overlays import overlay, spectrum
from hepml.plots.samples import Sample
from hepml.plots.style import Look
from hepml.processor import Histogram
from tests.plots.runs import dimuon, filled

LOOK = Look("dimuon", "CMS", "CMS Open Data")


def test_the_spectrum_is_drawn_on_two_logarithmic_axes() -> None:
    axes = spectrum(*dimuon(), LOOK).axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_ylabel() == "Events / GeV"
    assert axes.get_xlabel() == r"$m_{\mu\mu}$ [GeV]"


def test_both_signs_are_drawn_per_unit_of_mass() -> None:
    histogram, samples = dimuon()
    axes = spectrum(histogram, samples, LOOK).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "Opposite sign",
        "Same sign",
    ]
    for container, sign in zip(axes.containers, ("OS", "SS"), strict=True):
        values = histogram["muons", "nominal", sign, :].values()
        widths = histogram.axes[3].widths
        shown = container[0].get_ydata()
        np.testing.assert_allclose(shown, (values / widths)[values > 0])


@pytest.mark.parametrize(
    ("name", "mass"), [("J/$\\psi$", 3.0969), ("$\\Upsilon$(1,2,3S)", 9.4604), ("Z", 91.188)]
)
def test_resonances_are_named_at_their_mass(name: str, mass: float) -> None:
    axes = spectrum(*dimuon(), LOOK).axes[0]
    (found,) = [text for text in axes.texts if text.get_text() == name]
    assert found.xy[0] == mass  # type: ignore[attr-defined]


def test_names_of_resonances_touch_neither_each_other_nor_the_legend() -> None:
    figure = spectrum(*dimuon(), LOOK)
    figure.canvas.draw()  # type: ignore[attr-defined]
    axes = figure.axes[0]
    boxes = [text.get_bbox_patch() or text for text in axes.texts if text.get_gid() == "resonance"]
    from matplotlib.text import Text

    extents = [Text.get_window_extent(item) for item in boxes]
    extents.append(axes.get_legend().get_window_extent())
    for index, box in enumerate(extents):
        assert not any(box.overlaps(other) for other in extents[index + 1 :])
        assert box.y1 < axes.get_window_extent().y1


def test_an_overlay_names_no_resonances() -> None:
    axes = overlay(*dimuon(), LOOK).axes[0]
    assert not [text for text in axes.texts if text.get_gid() == "resonance"]


@pytest.mark.parametrize("name", ["sign", "charge_product"])
def test_signs_given_as_numbers_are_spelt_out(name: str) -> None:
    sign = hist.axis.IntCategory([-1, 1], name=name, label="Product of the charges")
    declared = Histogram("m", (sign, hist.axis.Regular(2, 0, 2, name="m", label="m [GeV]")))
    values = (np.array([-1, 1]), np.array([0.5, 0.5]))
    histogram = filled(declared, "muons", (values, np.ones(2), "nominal"))
    axes = overlay(histogram, {"muons": Sample("muons", "data")}).axes[0]
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["Opposite sign", "Same sign"]


def test_classes_that_a_run_has_none_of_are_not_in_the_legend() -> None:
    prongs = hist.axis.IntCategory([0, 2, 3, -1], name="prongs", label="Prongs")
    declared = Histogram("m", (prongs, hist.axis.Regular(2, 0, 2, name="m", label="m [GeV]")))
    values = (np.array([0, 3]), np.array([0.5, 0.5]))
    histogram = filled(declared, "w", (values, np.ones(2), "nominal"))
    axes = overlay(histogram, {"w": Sample("w", "simulation")}).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["QCD", "Three-prong"]


def test_other_numbered_categories_carry_the_name_of_their_axis() -> None:
    region = hist.axis.IntCategory([3], name="region", label="Region")
    declared = Histogram("m", (region, hist.axis.Regular(2, 0, 2, name="m", label="m [GeV]")))
    histogram = filled(declared, "d", ((np.array([3]), np.array([0.5])), np.ones(1), "nominal"))
    axes = overlay(histogram, {"d": Sample("d", "data")}).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["Region = 3"]


def test_an_overlay_of_nothing_is_an_empty_frame() -> None:
    sign = hist.axis.IntCategory([-1, 1], name="charge_product")
    histogram = hist.Hist(
        hist.axis.StrCategory(["dy"], name="dataset"),
        hist.axis.StrCategory(["nominal"], name="variation"),
        sign,
        hist.axis.Regular(4, 0, 1, name="x", label="x"),
        storage=hist.storage.Weight(),
    )
    figure = overlay(histogram, {"dy": Sample("dy", "simulation")})
    assert figure.axes[0].get_legend() is None
