"""Saved figures are whole files with the same bytes every time."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import OutputError, ParameterError
from hepml.plots.stack import stacked
from hepml.plots.style import Look, luminosity_text, save_figure
from tests.plots.runs import diphoton

LOOK = Look("diphoton", "ATLAS", "hepml simulation", 10064.0)


@pytest.mark.parametrize("form", ["png", "pdf", "svg"])
def test_the_same_figure_has_the_same_bytes(tmp_path: Path, form: str) -> None:
    histograms, samples = diphoton()
    written = [
        save_figure(stacked(histograms["mass"], samples, LOOK), tmp_path / f"{name}.{form}", LOOK)
        for name in "ab"
    ]
    assert written[0].read_bytes() == written[1].read_bytes()


def test_metadata_hold_no_date_and_no_program(tmp_path: Path) -> None:
    histograms, samples = diphoton()
    figure = stacked(histograms["n_jets"], samples, LOOK)
    pdf = save_figure(figure, tmp_path / "a.pdf", LOOK).read_bytes()
    png = save_figure(figure, tmp_path / "a.png", LOOK).read_bytes()
    assert b"CreationDate" not in pdf
    assert b"Matplotlib" not in pdf + png


def test_nothing_but_the_figure_is_left(tmp_path: Path) -> None:
    histograms, samples = diphoton()
    save_figure(stacked(histograms["n_jets"], samples, LOOK), tmp_path / "a.png", LOOK)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    histograms, samples = diphoton()
    figure = stacked(histograms["n_jets"], samples, LOOK)
    with pytest.raises(OutputError, match=r"file/a\.png.*--out"):
        save_figure(figure, tmp_path / "file" / "a.png", LOOK)


def test_an_unknown_style_is_refused() -> None:
    histograms, samples = diphoton()
    with pytest.raises(ParameterError, match="known: ATLAS, CMS"):
        stacked(histograms["n_jets"], samples, Look(style="LHCb"))


@pytest.mark.parametrize(
    ("luminosity", "text"), [(10064.0, "10.06 fb$^{-1}$"), (1.0, "1 pb$^{-1}$")]
)
def test_luminosity_has_the_unit_that_suits_it(luminosity: float, text: str) -> None:
    assert luminosity_text(luminosity) == text
