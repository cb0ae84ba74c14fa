"""``hepml export`` writes, says where, and refuses a second time."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hepml.cli import app
from hepml.errors import OutputError, ParameterError
from tests.export.dijets import write_table
from tests.plots.runs import JETS, at, together
from tests.toys import account, write_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    jets = together(at(JETS, "data", [4, 3, 2, 1]), at(JETS, "s", [1, 1, 1, 1]))
    datasets = {"data": account("data", luminosity=10.0), "s": account("simulation")}
    return write_run(tmp_path / "r1", {"n_jets": jets}, datasets, {"data": [range(3)]})


def export(run: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["export", str(run), *options], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.replace("\n", "")


@pytest.mark.parametrize(("form", "name"), [("root", "histograms.root"), ("csv", "csv/n_jets.csv")])
def test_it_writes_beside_the_run_and_says_where(run: Path, form: str, name: str) -> None:
    assert str(run / "export") in export(run, "--format", form)
    assert (run / "export" / name).is_file()


def test_a_second_time_it_says_that_the_file_exists(run: Path) -> None:
    export(run)
    result = CliRunner().invoke(app, ["export", str(run), "--format", "root"])
    assert isinstance(result.exception, OutputError)
    assert "exists; choose another --out" in str(result.exception)


def test_options_reach_the_export(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "here"
    export(run, "--format", "csv", "--out", str(out), "--luminosity", "3")
    lines = (out / "n_jets.csv").read_text().splitlines()
    assert [line.split(",")[-2] for line in lines if line.startswith("s,nominal")] == ["3.0"] * 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["nowhere"], OutputError),
        (["r1", "--format", "rot"], ParameterError),
        (["r1", "--format", "pyhf", "--histogram", "njets"], ParameterError),
    ],
)
def test_mistakes_are_the_users_errors(
    run: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], error: type[Exception]
) -> None:
    monkeypatch.chdir(run.parent)
    assert isinstance(CliRunner().invoke(app, ["export", *arguments]).exception, error)


# --- dijets as the files of the published package ------------------------------------------------


@pytest.fixture
def dijets(tmp_path: Path) -> Path:
    return write_table(tmp_path / "table")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["dedicated"], "QCD, extra_QCD, W_qq, W_qqq: 96 events in 16 files"),
        (["parameterised", "--seed", "3"], "QCD, extra_QCD, W_qq, W_qqq: 162 events in 4 files"),
        (["dedicated", "--format", "parquet", "--samples", "QCD,W_qq"], "65 events in 8 files"),
        (
            ["dedicated", "--mass-points", "300:300", "--features", "m,tau12"],
            "50 events in 8 files",
        ),
        (
            ["dedicated", "--mass-points", "300:300", "--mass-points", "500:100,300:300"],
            "96 events in 16 files",
        ),
        (["dedicated", "--samples", "extra_QCD", "--mass-points", "grid"], "1,440 events in 288"),
    ],
    ids=["dedicated", "parameterised", "parquet", "features", "points", "grid"],
)
def test_dijets_are_told_and_written(
    dijets: Path, tmp_path: Path, words: list[str], told: str
) -> None:
    options = ["--shards", "2", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["export", words[0], str(dijets), *words[1:], *options])
    assert result.exit_code == 0, result.exception
    assert told in result.output
    form = "parquet" if "parquet" in words else "tfrecord"
    files = len(list((tmp_path / "out/processed/high_level" / words[0]).rglob(f"*.{form}")))
    assert f"wrote {files} files\n" in result.output


def test_a_second_time_dijets_are_kept(dijets: Path, tmp_path: Path) -> None:
    words = ["export", "dedicated", str(dijets), "--shards", "2", "--out", str(tmp_path / "out")]
    CliRunner().invoke(app, words)
    assert "wrote 0 files, 16 were there\n" in CliRunner().invoke(app, words).output


def test_notes_come_before_the_files(dijets: Path, tmp_path: Path) -> None:
    (dijets / "qcd" / "0.parquet").rename(dijets / "wprime_qq" / "background.parquet")
    result = CliRunner().invoke(app, ["export", "dedicated", str(dijets), "--out", str(tmp_path)])
    note = "note: W_qq: 8 events of another label are left out"
    assert result.output.index(note) < result.output.index("wrote")


def test_dijets_that_were_stopped_say_how_to_go_on(
    dijets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("hepml.export.dijet.write_dijets", stop)
    result = CliRunner().invoke(app, ["export", "dedicated", str(dijets), "--out", str(tmp_path)])
    assert result.exit_code == 130
    assert "stopped; the same command writes what is missing" in result.output


@pytest.mark.parametrize("name", ["dedicated", "parameterised"])
def test_a_run_of_such_a_name_is_reached_by_its_path(
    run: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run.rename(run.with_name(name))
    monkeypatch.chdir(run.parent)
    result = CliRunner().invoke(app, ["export", f"./{name}", "--format", "csv"])
    assert result.exit_code == 0, result.exception
    assert (run.with_name(name) / "export" / "csv").is_dir()
    # an option in between says as much
    result = CliRunner().invoke(app, ["export", "--format", "root", name])
    assert result.exit_code == 0, result.exception


@pytest.mark.parametrize("name", ["dedicated", "parameterised"])
def test_both_kinds_explain_themselves_and_export_names_them(name: str) -> None:
    shown = CliRunner().invoke(app, ["export", name, "--help"]).output
    assert f"Usage: hepml export {name} [OPTIONS] " in shown
    assert "--mass-points" in shown
    text = CliRunner().invoke(app, ["export", "--help"]).output
    assert f"export {name} RUN" in " ".join(text.split())
