"""``hepml demo`` makes a whole analysis, or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hepml
from hepml.cli import app
from hepml.errors import OutputError, ParameterError


@pytest.mark.slow
def test_it_ends_in_figures_counts_and_a_table(tmp_path: Path) -> None:
    out = tmp_path / "not" / "yet" / "there"
    options = ["--events", "3000", "--workers", "1", "--seed", "2"]
    result = CliRunner().invoke(app, ["demo", "--out", str(out), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    run = hepml.Run(out / "diphoton")
    assert run.report["planned"] == run.report["processed"] > 0
    figures = {path.name for path in (run.path / "plots").iterdir()}
    assert {"diphoton_mass.png", "diphoton_mass.pdf", "cutflow.png"} <= figures
    for name in ("report.json", "cutflow.json", "histograms.json", "features"):
        assert (run.path / name).exists()
    assert len(run.features) == sum(rows[-1]["raw"] for rows in run.cutflow.values())
    printed = result.output.replace("\n", "")
    for path in ("diphoton/plots/diphoton_mass.png", "diphoton/cutflow.json", "diphoton/features"):
        assert f"{out}/{path}" in printed
    assert "the data are simulated" in printed
    truth = json.loads((out / "files" / "simulation.json").read_text())
    luminosity = sum(item["luminosity"] or 0 for item in run.report["datasets"].values())
    assert luminosity == pytest.approx(truth["luminosity"])


@pytest.mark.slow
def test_dimuons_end_in_a_spectrum_and_three_hunts(tmp_path: Path) -> None:
    out = tmp_path / "d"
    options = ["--events", "6000", "--workers", "1", "--seed", "2", "--out", str(out)]
    result = CliRunner().invoke(app, ["demo", "dimuon", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert (out / "dimuon" / "plots" / "dimuon_mass.png").exists()
    truth = json.loads((out / "files" / "simulation.json").read_text())
    for name, hunts in (("upsilon", ["hunt"]), ("upsilon-unisolated", ["hunt", "hunt_prompt"])):
        for folder in hunts:
            assert (out / name / folder / "spectrum.png").exists()
            assert json.loads((out / name / folder / "hunt.json").read_text())["results"]
    printed = result.output.replace("\n", "")
    assert f"{truth['selected']['before_isolation']['upsilons']} Upsilons" in printed
    assert "the data are simulated" in printed
    (found,) = json.loads((out / "upsilon" / "hunt" / "hunt.json").read_text())["results"]
    # 137 Upsilons on 170: 6 % of the published size
    assert found["Z"] > 3.0


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_is_there_is_left_alone(tmp_path: Path, what: str) -> None:
    out = tmp_path / "demo"
    mine = out if what == "file" else out / "mine.txt"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("mine")
    result = CliRunner().invoke(app, ["demo", "--out", str(out)])
    assert isinstance(result.exception, OutputError)
    assert "exists; choose another --out" in str(result.exception)
    assert result.output == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [mine]


@pytest.mark.parametrize("options", [["dimuonn"], ["dimuon", "--workers", "0"]])
def test_what_cannot_be_done_is_refused_at_once(tmp_path: Path, options: list[str]) -> None:
    out = tmp_path / "demo"
    result = CliRunner().invoke(app, ["demo", *options, "--out", str(out)])
    assert isinstance(result.exception, ParameterError)
    assert not out.exists()


@pytest.mark.slow
def test_showers_end_in_displays_and_a_judged_model(tmp_path: Path) -> None:
    out = tmp_path / "s"
    options = ["--events", "36", "--workers", "1", "--seed", "2", "--out", str(out)]
    result = CliRunner().invoke(app, ["demo", "shower", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    run = hepml.Run(out / "shower")
    assert run.report["planned"] == run.report["processed"] > 0
    truth = json.loads((out / "brick" / "b000001" / "brick.json").read_text())
    energies = run.features.to_pandas(["shower", "energy"]).drop_duplicates()
    for shower, energy in zip(energies["shower"], energies["energy"], strict=True):
        assert truth["showers"]["energy"][shower] == energy
    printed = result.output.replace("\n", "")
    assert "the data are simulated" in printed
    for path in ("shower/plots/event_display_2.png", "shower/plots/longitudinal_profile.png"):
        assert f"{out}/{path}" in printed
        assert (out / path).exists()
    assert (out / "model" / "event_display_1.png").exists()
    assert json.loads((out / "model" / "metrics.json").read_text())["auc"] > 0.95


@pytest.mark.slow
def test_jets_end_in_a_run_with_every_sample(tmp_path: Path) -> None:
    out = tmp_path / "t"
    options = ["--events", "200", "--workers", "1", "--seed", "2", "--out", str(out)]
    result = CliRunner().invoke(app, ["demo", "topjet", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    run = hepml.Run(out / "topjet")
    assert run.report["planned"] == run.report["processed"] > 0
    assert len(run.features) == 200 + 50 + 15 * 20
    assert {"train_nominal", "test_nominal", "esup", "dipole"} <= set(run.cutflow)
    printed = result.output.replace("\n", "")
    assert "the data are simulated" in printed
    assert f"{out}/topjet/plots/jet_m.png" in printed
    assert (out / "topjet" / "plots" / "jet_m.png").exists()


@pytest.mark.slow
def test_dijets_end_in_figures_and_a_table(tmp_path: Path) -> None:
    out = tmp_path / "j"
    options = ["--events", "2000", "--workers", "1", "--seed", "2", "--out", str(out)]
    result = CliRunner().invoke(app, ["demo", "dijet", *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    run = hepml.Run(out / "dijet")
    rows = {name: len(run.features.of(name)) for name in run.features.datasets}
    assert rows["qcd_extra"] == 2000
    assert set(rows) == {"qcd", "qcd_extra", "wprime_qq", "wprime_qqq"}
    figures = {path.stem for path in (run.path / "plots").iterdir()}
    assert {"spectrum", "heavy_mass", "light_tau21", "mass_points", "cutflow"} <= figures
    assert "the data are simulated" in result.output.replace("\n", "")
