"""A run directory is read, or refused with a message that helps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hepml.errors import OutputError
from hepml.plots.contents import read_run
from tests.plots.runs import diphoton, write_run


def test_a_run_is_read(tmp_path: Path) -> None:
    histograms, samples = diphoton()
    contents = read_run(write_run(tmp_path / "r1", histograms, samples, luminosity=2.0))
    assert contents.processor == "diphoton"
    assert contents.luminosity == 2.0
    assert contents.samples == samples
    assert set(contents.histograms) == {"mass", "n_jets"}


def test_a_missing_folder_names_its_neighbours(tmp_path: Path) -> None:
    write_run(tmp_path / "first", *diphoton())
    with pytest.raises(OutputError, match="Did you mean 'first'"):
        read_run(tmp_path / "frist")


def test_a_folder_without_a_plan_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"it has no plan\.json"):
        read_run(tmp_path)


def test_a_run_that_was_stopped_is_to_be_finished_first(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    (run / "cutflow.json").unlink()
    with pytest.raises(OutputError, match=r"stopped before its end.*hepml resume"):
        read_run(run)


@pytest.mark.parametrize("text", ["{", "[]", '{"mass": {"x": 1}}', '{"mass": 3}'])
def test_malformed_histograms_are_named(tmp_path: Path, text: str) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    (run / "histograms.json").write_text(text)
    with pytest.raises(OutputError, match=r"histograms\.json is malformed"):
        read_run(run)


def test_a_dataset_that_nobody_knows_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    provenance = json.loads((run / "provenance.json").read_text())
    provenance["datasets"]["data_a"] = provenance["datasets"].pop("data_A")
    (run / "provenance.json").write_text(json.dumps(provenance))
    with pytest.raises(OutputError, match=r"'data_A'.*Did you mean 'data_a'"):
        read_run(run)


def test_a_dataset_must_be_data_or_simulation(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    provenance = json.loads((run / "provenance.json").read_text())
    provenance["datasets"]["data_A"]["kind"] = "?"
    (run / "provenance.json").write_text(json.dumps(provenance))
    with pytest.raises(OutputError, match=r"'data_A' is neither data nor simulation"):
        read_run(run)


def test_a_malformed_cutflow_is_named(tmp_path: Path) -> None:
    run = write_run(tmp_path / "r1", *diphoton())
    (run / "cutflow.json").write_text('{"data_A": [{"step": "all"}]}')
    with pytest.raises(OutputError, match=r"cutflow\.json is malformed"):
        read_run(run)
