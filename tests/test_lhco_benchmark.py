"""The benchmark of the LHC Olympics arrays splits, judges and sums up as its protocol says."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def lhco(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("lhco")
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            sys.modules.pop(name)


def rows(count: int, signal: bool, rng: np.random.Generator) -> np.ndarray:
    """Events in the layout of the arrays; signal lies at one place."""
    features = rng.normal(0.8, 0.05, (count, 4)) if signal else rng.uniform(0, 1, (count, 4))
    mass = rng.uniform(3.3, 3.7, (count, 1))
    return np.concatenate([mass, features, np.full((count, 1), float(signal))], axis=1)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    train = np.concatenate([rows(1501, False, rng), rows(150, True, rng)])
    np.save(tmp_path / "innerdata_train.npy", rng.permutation(train))
    np.save(tmp_path / "innerdata_extrasig.npy", rows(800, True, rng))
    return tmp_path


def test_a_split_shares_out_the_background_and_keeps_the_signal(
    lhco: ModuleType, arrays: Path
) -> None:
    train, extra = lhco.load(arrays)
    one, other = lhco.split(train, extra, 0), lhco.split(train, extra, 1)
    assert one.data.label.sum() == 150
    assert (len(one.data), len(one.reference), len(one.extra)) == (751 + 150, 750, 800)
    assert not one.reference.label.any()
    everything = np.sort(np.concatenate([one.data.key, one.reference.key]))
    # no row twice, and none lost
    assert np.array_equal(everything, np.unique(everything))
    again = np.sort(np.concatenate([other.data.key, other.reference.key]))
    assert np.array_equal(again, everything)
    assert not np.array_equal(np.sort(one.reference.key), np.sort(other.reference.key))


def test_supervision_is_not_judged_by_the_signal_that_it_learnt_from(
    lhco: ModuleType, arrays: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = lhco.split(*lhco.load(arrays), 0)
    asked = {}

    def stop(name: str, data: object, **options: object) -> None:
        asked.update(options)
        raise StopIteration

    monkeypatch.setattr(lhco, "run_strategy", stop)
    with pytest.raises(StopIteration):
        lhco.judge("supervised", events, lhco.SUPERVISED)
    assert len(asked["control"]) == 600
    assert asked["reference"].label.sum() == 150 + 200
    assert not np.intersect1d(asked["control"].key, asked["reference"].key).size


def test_a_run_writes_every_split_and_the_means(
    lhco: ModuleType,
    arrays: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(lhco, "SUPERVISED", replace(lhco.SUPERVISED, members=1, rounds=5))
    out = arrays / "result.json"
    words = ["--data", str(arrays), "--seeds", "2", "--members", "1", "--out", str(out)]
    assert lhco.main(words) == 0
    found = json.loads(out.read_text())
    assert [(item["seed"], item["strategy"]) for item in found["records"]] == [
        (seed, name) for seed in (0, 1) for name in ("supervised", "idealised")
    ]
    assert found["settings"]["idealised"]["members"] == 1
    mean = found["means"][0]
    values = [item["auc"] for item in found["records"] if item["strategy"] == "supervised"]
    assert mean["mean"] == pytest.approx(np.mean(values))
    assert mean["error"] == pytest.approx(abs(values[0] - values[1]) / 2)
    assert min(item["auc"] for item in found["records"]) > 0.8
    assert "| idealised | area under the ROC curve |" in capsys.readouterr().out


def test_a_target_on_the_improvement_is_met_within_its_error(lhco: ModuleType) -> None:
    rows = [
        {"strategy": "idealised", "figure": "auc", "mean": 0.879, "error": 0.002},
        {"strategy": "idealised", "figure": "sic_max", "mean": 9.8, "error": 0.3},
        {"strategy": "idealised", "figure": "sic_1e-3", "mean": 1.0, "error": 0.3},
    ]
    assert [item["met"] for item in lhco.targets(rows)] == [False, True]


def test_without_the_arrays_it_says_which_it_wants(
    lhco: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lhco.main(["--data", str(tmp_path / "nowhere")]) == 1
    said = capsys.readouterr().err
    assert "nowhere/innerdata_train.npy" in said
    assert "innerdata_extrasig.npy" in said


def test_an_array_of_another_layout_is_refused(
    lhco: ModuleType, arrays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(arrays / "innerdata_train.npy", np.zeros((3, 5)))
    assert lhco.main(["--data", str(arrays)]) == 1
    assert "has the shape (3, 5)" in capsys.readouterr().err
