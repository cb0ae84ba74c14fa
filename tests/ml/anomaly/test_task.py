"""A whole search: folder, resuming, statistics alone, blinding."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hepml.errors import OutputError, ParameterError
from hepml.ml.anomaly import task as module
from hepml.ml.anomaly.asked import AnomalyOptions, AnomalyTask, choose_density
from hepml.ml.anomaly.findings import AnomalyFindings
from hepml.ml.anomaly.reading import Wish
from hepml.ml.anomaly.scored import Statistics
from hepml.ml.anomaly.task import judge_folder, search_anomaly
from hepml.tables import FeatureTable
from hepml.windows import UPSILON
from tests.ml.anomaly.pairs import write_pairs

WISH = Wish(("dimuon_pt", "lead_ip3d", "trail_ip3d"), UPSILON, loose=("lead_iso04>=0.55",))
OPTIONS = AnomalyOptions(strategy="cwola", folds=3, ensemble=1, quick=True)
STATISTICS = Statistics(
    degree=2, bins=5, rates=(1.0, 0.1), toys=50, variations=False, workers=1
)  # fmt: skip


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs") / "pairs.parquet")


def search(table: Path, out: Path, **changes: object) -> AnomalyFindings:
    options = replace(OPTIONS, **{k: v for k, v in changes.items() if k in ("blind", "strategy")})  # type: ignore[arg-type]
    nominal = changes.get("nominal")
    return search_anomaly(
        "anomaly", table, out, WISH, options, STATISTICS, nominal=nominal,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "a"
    search(table, out)
    return out


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    import shutil

    return Path(shutil.copytree(folder, tmp_path / "a"))


def test_a_search_finds_the_resonance(folder: Path) -> None:
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["z_nominal"] > 2 * metrics["z_inclusive"]
    assert metrics["z_nominal_same_sign"] < 2.5


def test_scores_are_a_table_with_the_keys(folder: Path) -> None:
    scores = FeatureTable.open(folder / "scores")
    assert {"run", "event", "dimuon_mass", "score", "ratio", "control"} <= set(scores.names())
    found = AnomalyFindings.read(folder / "result.json")
    assert len(scores) == sum(sample.events for sample in found.samples)


def test_the_statistics_alone_gives_the_same(copy: Path) -> None:
    before = AnomalyFindings.read(copy / "result.json")
    again = judge_folder(copy, STATISTICS)
    assert again.samples == before.samples
    assert again.task["opened"] == before.task["opened"]


def test_other_statistics_need_no_training(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_strategy", None)
    found = judge_folder(copy, replace(STATISTICS, rates=(1.0, 0.5)))
    assert {row.fpr for row in found.samples[0].cuts()} == {1.0, 0.5, 0.1}


def test_a_finished_training_is_not_repeated(
    copy: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "run_strategy", None)
    before = AnomalyFindings.read(copy / "result.json")
    assert search(table, copy).samples == before.samples


def test_an_interrupted_search_goes_on(
    table: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, write = tmp_path / "a", module.AnomalyFolder.write_training

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.AnomalyFolder, "write_training", stop)
    with pytest.raises(KeyboardInterrupt):
        search(table, out)
    assert sorted(path.name for path in out.iterdir()) == [".lock", "state", "task.json"]
    monkeypatch.setattr(module.AnomalyFolder, "write_training", write)
    assert search(table, out).samples == AnomalyFindings.read(folder / "result.json").samples


def test_the_nominal_point_is_written_before_anything_is_trained(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a"

    def look(*_: object, **__: object) -> None:
        record = AnomalyTask.read(out / "task.json")
        assert (record.nominal, record.opened) == (0.05, None)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_strategy", look)
    with pytest.raises(KeyboardInterrupt):
        search(table, out, nominal=0.05)


def test_the_nominal_point_cannot_be_changed_afterwards(copy: Path, table: Path) -> None:
    with pytest.raises(ParameterError, match=r"fixed at 0\.1 before"):
        judge_folder(copy, STATISTICS, nominal=0.05)
    with pytest.raises(ParameterError, match=r"fixed at 0\.1 before"):
        search(table, copy, nominal=0.05)
    assert judge_folder(copy, STATISTICS, nominal=0.1).samples[0].nominal == 0.1


def test_an_opened_region_cannot_be_closed(copy: Path, table: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be closed again"):
        search(table, copy, blind=True)


def test_a_blind_search_shows_nothing_of_the_signal_region(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "a"
    found = search(table, out, blind=True, nominal=0.2)
    assert found.blind
    assert found.samples == ()
    assert not (out / "scores").exists()
    sides = found.sensitivity
    assert not any(sides.counts[sides.start : sides.stop])
    opened = search(table, out)
    assert opened.samples[0].nominal == 0.2
    assert opened.task["fixed"] == found.task["fixed"]
    assert opened.task["opened"] is not None


def test_a_folder_of_another_search_is_refused(copy: Path, table: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="strategy was 'cwola', not 'random'"):
        search(table, copy, strategy="random")
    other = write_pairs(tmp_path / "pairs.parquet", dimuon_pt=_shifted())
    with pytest.raises(OutputError, match="other events"):
        search(other, copy)


def test_a_folder_of_something_else_is_left_alone(table: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="holds no anomaly search"):
        search(table, tmp_path)


def test_statistics_without_training_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no finished training"):
        judge_folder(tmp_path, STATISTICS)


def test_a_random_score_gains_nothing(table: Path, tmp_path: Path) -> None:
    found = search(table, tmp_path / "a", strategy="random")
    chosen = found.samples[0].chosen
    assert chosen is not None
    assert (chosen.Z or 0.0) < 2.5


@pytest.mark.parametrize(
    "bad", [{"strategy": "cathod"}, {"density": "maff"}, {"folds": 2}, {"seeds": 0}]
)
def test_options_that_make_no_sense_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        AnomalyOptions(**bad)  # type: ignore[arg-type]


def test_without_torch_the_density_is_one_that_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    density, note = choose_density("auto")
    assert density == "neighbours"
    assert "hepml-columnar[deep]" in note
    assert choose_density("trees") == ("trees", "")


def _shifted() -> object:
    from tests.ml.anomaly.pairs import rows

    return rows()["dimuon_pt"] + 1


def test_every_preprocessing_can_be_asked_for() -> None:
    from hepml.ml import transforms
    from hepml.ml.anomaly import asked

    assert sorted(asked.ORDERS) == sorted(transforms.ORDERS)
