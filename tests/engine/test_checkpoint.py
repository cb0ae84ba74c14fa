"""Checkpoints: used only if whole, made the same way, and with their part."""

from __future__ import annotations

import json
from pathlib import Path

import hist
import pytest

import hepml
from hepml.engine import Run
from hepml.engine.checkpoint import load_checkpoint
from hepml.engine.resume import check, resume
from hepml.engine.store import write_json, write_text
from hepml.errors import IncompleteRunError, OutputError
from tests.engine.probe import ProbeCuts, ProbeProcessor
from tests.engine.runs import assert_same_bits, checkpoint_times, leftovers


@pytest.fixture
def run(cluster_files: list[Path], tmp_path: Path) -> Run:
    return process(cluster_files[0], tmp_path / "run")


def process(file: Path, out: Path) -> Run:
    return hepml.run(ProbeProcessor(), [str(file)], out=out, executor="iterative", chunk_size=50)


def test_a_checkpoint_gives_back_what_was_saved(run: Run) -> None:
    chunk = next(run.plan.chunks())
    found = load_checkpoint(run.layout, chunk, run.provenance["fingerprint"])
    assert found is not None
    assert (found.chunk, found.dataset, found.entries) == (chunk.id, "data_one", 50)
    assert list(found.cutflow) == ["all", "lead pT"]
    assert found.rows == found.cutflow["lead pT"]["raw"]
    assert hist.Hist(found.histograms["lead_pt"]).sum(flow=True).value == pytest.approx(
        found.cutflow["lead pT"]["weighted"]
    )


def test_a_checkpoint_made_with_other_code_or_parameters_is_not_used(run: Run) -> None:
    chunk = next(run.plan.chunks())
    assert load_checkpoint(run.layout, chunk, "another fingerprint") is None


@pytest.mark.parametrize("keep", ["", "null", "[]", "{}", "half", '{"histograms": {"a": 1}}'])
def test_a_damaged_checkpoint_is_done_again(
    run: Run, cluster_files: list[Path], tmp_path: Path, keep: str
) -> None:
    chunk = next(run.plan.chunks())
    path = run.layout.checkpoint(chunk.id)
    text = path.read_text()
    path.write_text(text[: len(text) // 2] if keep == "half" else keep)
    with pytest.raises(IncompleteRunError, match="1 of 4 chunks"):
        check(run.path)
    before = checkpoint_times(run.path)
    again = resume(run.path, executor="iterative")
    after = checkpoint_times(run.path)
    assert {name for name in before if after[name] != before[name]} == {path.name}
    assert_same_bits(again, process(cluster_files[0], tmp_path / "plain"))


@pytest.mark.parametrize("how", ["missing", "truncated", "empty"])
def test_a_checkpoint_whose_part_is_damaged_is_done_again(run: Run, how: str) -> None:
    part = run.features.parts[0]
    content = part.read_bytes()
    if how == "missing":
        part.unlink()
    else:
        part.write_bytes(content[: len(content) // 2] if how == "truncated" else b"")
    with pytest.raises(IncompleteRunError, match="1 of 4 chunks"):
        check(run.path)
    resume(run.path, executor="iterative")
    assert part.read_bytes() == content


def test_a_complete_run_is_resumed_without_any_work(run: Run) -> None:
    before = checkpoint_times(run.path)
    assert resume(run.path, executor="iterative").complete
    assert checkpoint_times(run.path) == before


def test_a_part_without_its_checkpoint_is_not_counted(run: Run) -> None:
    chunk = next(run.plan.chunks())
    stray = run.layout.part("data_one", "0-1-2")
    stray.write_bytes(run.layout.part("data_one", chunk.id).read_bytes())
    run.layout.part("data_one", ".x.1.tmp").write_bytes(b"")
    again = resume(run.path, executor="iterative")
    assert len(again.features) == again.cutflow["data_one"][-1]["raw"]
    assert not stray.exists()
    assert len(list(run.layout.features.rglob("*"))) == 5  # four parts and their folder


def test_rows_of_a_chunk_that_was_not_finished_are_not_in_the_table(
    cluster_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The part is written first; a crash in between must not leave uncounted rows."""

    def fail(path: Path, text: str) -> None:
        if path.parent.name == "checkpoints" and "000000000050-" in path.name:
            raise OutputError("no space left")
        write_text(path, text)

    monkeypatch.setattr("hepml.engine.checkpoint.write_text", fail)
    words = [str(cluster_files[0])]
    run = hepml.run(
        ProbeProcessor(),
        words,
        out=tmp_path / "run",
        executor="iterative",
        chunk_size=50,
        allow_missing=True,
    )
    assert run.report["failed"][0]["reason"] == "no space left"
    assert len(run.features) == run.cutflow["data_one"][-1]["raw"]


def test_a_changed_cut_cannot_be_mixed_into_a_run(run: Run) -> None:
    from hepml.errors import ProcessorError

    with pytest.raises(ProcessorError, match="made with other parameters"):
        resume(run.path, ProbeProcessor(ProbeCuts(pt=50.0)), executor="iterative")


def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\udcff")
    assert json.loads(path.read_text()) == {"a": 1}
    assert leftovers(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot write .*file/x\.json: Not a directory"):
        write_json(tmp_path / "file" / "x.json", {})
