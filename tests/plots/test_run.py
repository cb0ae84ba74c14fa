"""Every histogram of a run becomes a figure at the right luminosity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import hist
import numpy as np
import pytest

from hepml.errors import IncompleteRunError, ParameterError
from hepml.plots import run as module
from hepml.plots.run import draw_histogram, draw_run
from hepml.plots.samples import Sample
from hepml.plots.style import Look
from hepml.processor import Histogram
from tests.plots.runs import JETS, PLANE, at, dimuon, diphoton, filled, write_run


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Catch the histograms and looks that would be drawn, without drawing them."""
    caught: dict[str, Any] = {}

    def catch(histogram: Any, samples: Any, look: Look, signals: Any = None) -> Any:
        caught[histogram.name] = histogram
        caught["look"] = look
        return None

    monkeypatch.setattr(module, "draw_histogram", catch)
    monkeypatch.setattr(module, "cutflow_figure", lambda *args, **kwargs: None)
    monkeypatch.setattr(module, "save_figure", lambda figure, path, look: path)
    return caught


def test_every_histogram_and_the_cutflow_get_a_figure(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    written = draw_run(run, formats=("png",))
    assert [path.name for path in written] == ["mass.png", "n_jets.png", "cutflow.png"]
    assert all(path.parent == run / "plots" and path.stat().st_size > 5000 for path in written)


def test_progress_is_told(tmp_path: Path, drawn: dict[str, Any]) -> None:
    told: list[tuple[str, int, int]] = []
    run = write_run(tmp_path / "r1", *diphoton())
    draw_run(run, progress=lambda *args: told.append(args))
    assert told == [("mass", 0, 3), ("n_jets", 1, 3), ("cutflow", 2, 3), ("", 3, 3)]


def test_simulation_is_scaled_to_the_luminosity_of_the_data(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    histograms, samples = diphoton()
    draw_run(write_run(tmp_path / "r1", histograms, samples, luminosity=2.0))
    before, after = histograms["n_jets"], drawn["n_jets"]
    np.testing.assert_allclose(
        after["mc_gg", "nominal", :].values(), 5032 * before["mc_gg", "nominal", :].values()
    )
    np.testing.assert_array_equal(
        after["data_A", "nominal", :].values(), before["data_A", "nominal", :].values()
    )
    assert drawn["look"].luminosity == 10064.0


def test_a_luminosity_that_is_asked_for_wins(tmp_path: Path, drawn: dict[str, Any]) -> None:
    histograms, samples = diphoton()
    draw_run(write_run(tmp_path / "r1", histograms, samples), luminosity=100.0)
    assert drawn["n_jets"]["mc_gg", "nominal", 1].value == pytest.approx(30_000)
    assert drawn["look"].luminosity == 100.0


def test_with_data_of_unknown_luminosity_simulation_stays(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    histograms, samples = diphoton()
    unknown = {"data_A": {"luminosity": None}}
    draw_run(write_run(tmp_path / "r1", histograms, samples, luminosity=3.0, accounts=unknown))
    assert drawn["n_jets"]["mc_gg", "nominal", 1].value == pytest.approx(300)
    assert drawn["look"].luminosity == 3.0


def test_data_of_unknown_luminosity_are_not_said_to_have_one(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    unknown = {"data_A": {"luminosity": None}}
    draw_run(write_run(tmp_path / "r1", *diphoton(), accounts=unknown))
    assert drawn["look"].luminosity is None
    assert "luminosity of data unknown" in drawn["look"].note


def incomplete(folder: Path, luminosity: float | None) -> Path:
    lost = {"complete": False, "incomplete_because": "1 of 4 chunks lost"}
    accounts = {"data_A": {"luminosity": luminosity}, "mc_gg": lost}
    return write_run(folder, *diphoton(), accounts=accounts)


def test_incomplete_simulation_is_not_scaled(tmp_path: Path) -> None:
    run = incomplete(tmp_path / "r1", 500.0)
    with pytest.raises(IncompleteRunError, match=r"'mc_gg': 1 of 4(.|\n)*--allow-missing"):
        draw_run(run)
    assert not (run / "plots").exists()


def test_incomplete_simulation_can_be_accepted_and_is_marked(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    draw_run(incomplete(tmp_path / "r1", 500.0), allow_missing=True)
    assert drawn["look"].note == "incomplete simulation"


def test_incomplete_simulation_as_it_is_claims_no_luminosity(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    draw_run(incomplete(tmp_path / "r1", None))
    assert drawn["look"].note == "incomplete simulation"
    assert drawn["look"].luminosity is None


@pytest.mark.parametrize(
    ("processor", "simulated", "published", "text"),
    [
        ("diphoton", True, False, "hepml simulation"),
        ("diphoton", True, True, "hepml simulation"),
        ("diphoton", False, True, "ATLAS Open Data"),
        ("dimuon", False, True, "CMS Open Data"),
        ("dimuon", False, False, "data_A"),
        ("theirs", False, True, "data_A"),
    ],
)
def test_figures_say_what_they_show_and_claim_no_more(
    tmp_path: Path,
    drawn: dict[str, Any],
    processor: str,
    simulated: bool,
    published: bool,
    text: str,
) -> None:
    histograms, samples = diphoton()
    samples = {
        name: replace(item, simulated=simulated, published=published)
        for name, item in samples.items()
    }
    draw_run(write_run(tmp_path / "r1", histograms, samples, processor=processor))
    assert drawn["look"].text == text


def test_one_file_that_nobody_published_withdraws_the_claim(
    tmp_path: Path, drawn: dict[str, Any]
) -> None:
    histograms, samples = diphoton()
    samples = {
        name: replace(item, simulated=False, published=name != "mc_gg")
        for name, item in samples.items()
    }
    draw_run(write_run(tmp_path / "r1", histograms, samples))
    assert drawn["look"].text == "data_A"


def test_one_histogram_can_be_drawn(tmp_path: Path, drawn: dict[str, Any]) -> None:
    written = draw_run(write_run(tmp_path / "r1", *diphoton()), tmp_path / "here", only=["mass"])
    assert written == [tmp_path / "here" / "mass.png", tmp_path / "here" / "mass.pdf"]


def test_an_unknown_histogram_names_near_misses(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    with pytest.raises(ParameterError, match=r"'njets'.*Did you mean 'n_jets'"):
        draw_run(run, only=["njets"])


def test_an_unknown_class_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    with pytest.raises(ParameterError, match="no class 'ggH'"):
        draw_run(run, signals=["ggH"])


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="known formats: png, pdf, svg"):
        draw_run(write_run(tmp_path / "r1", *diphoton()), formats=("gif",))


def test_a_luminosity_below_zero_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="above 0"):
        draw_run(write_run(tmp_path / "r1", *diphoton()), luminosity=-1.0)


def test_a_dimuon_mass_becomes_a_spectrum() -> None:
    figure = draw_histogram(*dimuon(), Look("dimuon", "CMS"))
    assert [text for text in figure.axes[0].texts if text.get_gid() == "resonance"]


def test_two_quantities_become_a_colour_map() -> None:
    histogram = filled(PLANE, "d", ((np.zeros(1), np.ones(1)), np.ones(1), "nominal"))
    assert len(draw_histogram(histogram, {"d": Sample("d", "data")}).axes) == 2


def test_a_histogram_of_three_axes_gives_a_figure_per_axis(tmp_path: Path) -> None:
    axes = tuple(hist.axis.Regular(2, 0, 2, name=name, label=name) for name in "xyz")
    cube = Histogram("cube", axes)
    values = tuple(np.ones(1) for _ in axes)
    samples = {"d": Sample("d", "data")}
    run = write_run(
        tmp_path / "r1", {"cube": filled(cube, "d", (values, np.ones(1), "nominal"))}, samples
    )
    written = draw_run(run, formats=("png",), only=["cube"])
    assert [path.stem for path in written] == ["cube_x", "cube_y", "cube_z"]


def test_a_run_without_selected_events_is_drawn(tmp_path: Path) -> None:
    samples = {"mc": Sample("mc", "simulation", "gg")}
    empty = {"n_jets": at(JETS, "mc", np.zeros(4)) * 0}
    assert len(draw_run(write_run(tmp_path / "r1", empty, samples), formats=("png",))) == 2
