"""Spectra and overlays show every category and name the resonances."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.plots.overlays import overlay, spectrum
from hepml.plots.style import Look
from tests.plots.runs import dimuon

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
