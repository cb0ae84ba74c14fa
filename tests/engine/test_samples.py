"""Simulation is normalised to the sum of weights of all its files, or the run says why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hepml.engine import Run
from hepml.engine.merge import merge
from hepml.engine.resume import check, resume
from hepml.errors import IncompleteRunError, ParameterError
from hepml.inputs import Input
from tests.engine.nano import process, write_sample
from tests.engine.runs import assert_same_bits, checkpoint_times

CROSS = {"cross_sections": {"dy": 3.0}, "luminosity": 100.0}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """40 and 20 events of weight 2, skimmed from samples of 500 and 300 in the sum of weights."""
    folder = tmp_path_factory.mktemp("dy")
    one = write_sample(folder / "one.root", 40, genEventSumw=500.0, genEventCount=250)
    two = write_sample(folder / "two.root", 20, genEventSumw_=300.0, genEventCount_=150)
    return [str(one), str(two)]


@pytest.fixture(scope="module")
def reference(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    return process({"dy": files}, tmp_path_factory.mktemp("reference") / "run", **CROSS)


def selected(run: Run) -> float:
    return float(run.cutflow["dy"][-1]["weighted"])


def test_each_file_counts_once_whatever_its_chunks(reference: Run) -> None:
    assert reference.report["planned"] == 6
    assert selected(reference) == pytest.approx(60 * 2 * 3.0 * 100 / 800, rel=1e-12)
    weights = reference.features.column("weight")
    assert weights.sum() == pytest.approx(45.0)
    assert float(reference.histograms["pt"].sum().value) == pytest.approx(45.0)


def test_the_numbers_are_in_the_account(reference: Run) -> None:
    account = reference.provenance["datasets"]["dy"]
    assert account["sum_of_weights"] == 800.0
    assert account["generated"] == 400.0
    assert account["cross_section"] == 3.0
    assert account["unnormalised"] == ""
    assert account["complete"] is True
    assert reference.report["notes"] == []


def test_futures_give_the_same_bits(reference: Run, files: list[str], tmp_path: Path) -> None:
    run = process({"dy": files}, tmp_path / "run", executor="futures", workers=2, **CROSS)
    assert_same_bits(run, reference)


@pytest.mark.dask
@pytest.mark.parametrize("executor", ["dask", "dask-awkward"])
def test_dask_gives_the_same_bits(
    reference: Run, files: list[str], tmp_path: Path, scheduler: str, executor: str
) -> None:
    run = process({"dy": files}, tmp_path / "run", executor=executor, scheduler=scheduler, **CROSS)
    assert_same_bits(run, reference)


def test_a_file_of_which_nothing_was_kept_still_counts(files: list[str], tmp_path: Path) -> None:
    empty = write_sample(tmp_path / "empty.root", 0, genEventSumw=200.0)
    run = process({"dy": [*files, str(empty)]}, tmp_path / "run", **CROSS)
    assert run.provenance["datasets"]["dy"]["sum_of_weights"] == 1000.0
    assert "generated" not in run.provenance["datasets"]["dy"]


def test_without_a_cross_section_the_run_says_so(files: list[str], tmp_path: Path) -> None:
    run = process({"dy": files}, tmp_path / "run")
    assert selected(run) == 120.0
    (note,) = run.report["notes"]
    assert "'dy' is not normalised" in note
    assert "--cross-section dy=PB" in note


def test_the_catalogue_may_know_the_cross_section(files: list[str], tmp_path: Path) -> None:
    inputs = [
        Input("dy", (file,), cross_section=2.0, cross_section_corrected=3.0) for file in files
    ]
    run = process(inputs, tmp_path / "run", luminosity=100.0)
    assert selected(run) == pytest.approx(45.0)


def test_a_cross_section_of_a_part_of_the_files_is_not_taken(
    files: list[str], tmp_path: Path
) -> None:
    inputs = [Input("dy", (files[0],), cross_section=3.0), Input("dy", (files[1],))]
    run = process(inputs, tmp_path / "run")
    assert selected(run) == 120.0


def test_a_file_without_the_sum_is_reported(files: list[str], tmp_path: Path) -> None:
    bare = write_sample(tmp_path / "bare.root", 10)
    inputs = [Input("dy", (file,), cross_section=3.0) for file in [*files, str(bare)]]
    run = process(inputs, tmp_path / "run", luminosity=100.0)
    assert selected(run) == 140.0
    (note,) = run.report["notes"]
    assert "bare.root does not hold the sum of its generated weights" in note
    assert "sum_of_weights" not in run.provenance["datasets"]["dy"]


def test_a_cross_section_for_a_file_without_the_sum_is_refused(
    files: list[str], tmp_path: Path
) -> None:
    bare = write_sample(tmp_path / "bare.root", 10)
    with pytest.raises(ParameterError, match=r"bare\.root does not hold the sum"):
        process({"dy": [*files, str(bare)]}, tmp_path / "run", **CROSS)
    assert not (tmp_path / "run").exists()


def test_a_sum_of_nothing_is_refused(tmp_path: Path) -> None:
    file = write_sample(tmp_path / "zero.root", 10, genEventSumw=0.0)
    with pytest.raises(ParameterError, match="its sum of generated weights is 0"):
        process({"dy": str(file)}, tmp_path / "run", **CROSS)


def test_counting_events_is_not_normalised(files: list[str], tmp_path: Path) -> None:
    run = process({"dy": files}, tmp_path / "run", weight="none", **CROSS)
    assert selected(run) == 60.0
    assert "--weight none" in run.report["notes"][0]


def test_a_part_of_the_published_files_is_a_sample_of_its_own(
    files: list[str], tmp_path: Path
) -> None:
    from hepml.inputs import Published

    whole = Published(files=9, entries=1000, luminosity=None)
    inputs = [Input("dy", (file,), cross_section=3.0, published=whole) for file in files]
    run = process(inputs, tmp_path / "run", luminosity=100.0)
    assert run.report["datasets"]["dy"]["complete"] is True


def test_a_limited_run_is_not_complete(files: list[str], tmp_path: Path) -> None:
    run = process({"dy": files}, tmp_path / "run", max_events=30, **CROSS)
    account = run.report["datasets"]["dy"]
    assert account["sum_of_weights"] == 800.0
    assert account["complete"] is False
    assert "--max-events" in account["incomplete_because"]


def test_a_repaired_file_changes_the_sum_and_all_chunks_are_redone(
    reference: Run, files: list[str], tmp_path: Path
) -> None:
    one, two = (tmp_path / name for name in ("one.root", "two.root"))
    shutil.copy(files[0], one)
    two.write_bytes(b"")
    words = {"dy": [str(one), str(two)]}
    run = process(words, tmp_path / "run", allow_missing=True, **CROSS)
    assert run.report["datasets"]["dy"]["complete"] is False
    assert run.report["datasets"]["dy"]["sum_of_weights"] == 500.0
    before = checkpoint_times(tmp_path / "run")
    shutil.copy(files[1], two)
    run = resume(tmp_path / "run", executor="iterative")
    after = checkpoint_times(tmp_path / "run")
    assert len(before) == 4
    assert all(after[name] != time for name, time in before.items())
    assert_same_bits(run, reference)
    assert check(tmp_path / "run").complete


def test_a_repaired_file_without_the_sum_is_refused(files: list[str], tmp_path: Path) -> None:
    two = tmp_path / "two.root"
    two.write_bytes(b"")
    process({"dy": [files[0], str(two)]}, tmp_path / "run", allow_missing=True, **CROSS)
    write_sample(two, 10)
    before = checkpoint_times(tmp_path / "run")
    with pytest.raises(ParameterError, match=r"two\.root does not hold the sum"):
        resume(tmp_path / "run", executor="iterative")
    assert checkpoint_times(tmp_path / "run") == before


def test_a_repaired_file_of_the_catalogue_keeps_its_cross_section(
    files: list[str], tmp_path: Path
) -> None:
    two = tmp_path / "two.root"
    two.write_bytes(b"")
    inputs = [Input("dy", (file,), cross_section=3.0) for file in (files[0], str(two))]
    process(inputs, tmp_path / "run", allow_missing=True, luminosity=100.0)
    shutil.copy(files[1], two)
    assert selected(resume(tmp_path / "run", executor="iterative")) == pytest.approx(45.0)


def test_merged_parts_of_a_sample_are_resumed_to_the_single_run(
    reference: Run, files: list[str], tmp_path: Path
) -> None:
    for name, file in zip("ab", files, strict=True):
        process({"dy": file}, tmp_path / name, **CROSS)
    merged = merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all")
    assert (merged.report["planned"], merged.report["processed"]) == (6, 0)
    assert "different files of this simulated sample" in merged.report["failed"][0]["reason"]
    with pytest.raises(IncompleteRunError, match="hepml resume"):
        merged.require_complete()
    assert_same_bits(resume(tmp_path / "all", executor="iterative"), reference)


def test_merging_different_samples_needs_no_resume(files: list[str], tmp_path: Path) -> None:
    for name, file in zip("ab", files, strict=True):
        process({name: file}, tmp_path / name)
    assert merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all").complete
