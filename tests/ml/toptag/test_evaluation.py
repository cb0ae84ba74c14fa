"""From scores on disk to results: each set against an independent calculation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from hepml.errors import TableError
from hepml.ml.toptag.evaluation import evaluate, flat_metrics, write_evaluation
from hepml.ml.toptag.results import TaggerResult
from tests.ml.toptag.handmade import WEIGHTS, write_scores

SIZE = 1500


class Jets:
    """Drawn jets of a dataset."""

    def __init__(self, seed: int, share: float = 0.5, shift: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.label = (rng.random(SIZE) < share).astype(int)
        raw = rng.normal(np.where(self.label == 1, 0.8 + shift, -0.8))
        self.score = (1 / (1 + np.exp(-raw))).astype(np.float32)
        self.pt = rng.uniform(350, 1350, SIZE).astype(np.float32)
        self.mass = rng.uniform(50, 250, SIZE).astype(np.float32)
        self.weights = {name: rng.uniform(0.5, 1.5, SIZE).astype(np.float32) for name in WEIGHTS}

    def write(self, folder: Path, name: str, *, weights: bool = False) -> None:
        write_scores(
            folder, name, self.label.tolist(), self.score.tolist(), pt=self.pt.tolist(),
            mass=self.mass.tolist(), weights=self.weights if weights else None,
        )  # fmt: skip


def published(label: np.ndarray, score: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Rejection at 0.5 as the published code reads it."""
    fpr, tpr, _ = roc_curve(label, score, sample_weight=weights)
    return float(1 / fpr[np.argmax(tpr > 0.5)])


NOMINAL = Jets(1)
OTHERS = {"ces_up": Jets(2, shift=0.1), "ttbar_pythia": Jets(3, 1.0), "cluster": Jets(4, 0.0)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("scores")
    NOMINAL.write(place, "public_test_nominal", weights=True)
    for name, jets in OTHERS.items():
        jets.write(place, name)
    return place


@pytest.fixture(scope="module")
def result(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[TaggerResult, Path]:
    npz = tmp_path_factory.mktemp("npz")
    return evaluate(folder, tagger="pfn", npz=npz, parameters=7), npz


def rejection(found: TaggerResult, name: str) -> float | None:
    return next(item for item in found.sets if item.name == name).rejection(0.5).value


def test_nominal_metrics_are_those_of_scikit_learn(result: tuple[TaggerResult, Path]) -> None:
    nominal = result[0].nominal
    assert nominal.name == "nominal"
    assert nominal.auc == pytest.approx(roc_auc_score(NOMINAL.label, NOMINAL.score))
    assert nominal.accuracy == pytest.approx(np.mean((NOMINAL.score > 0.5) == NOMINAL.label))
    assert nominal.rejection(0.5).value == pytest.approx(published(NOMINAL.label, NOMINAL.score))


def test_bins_have_curves_of_their_own(result: tuple[TaggerResult, Path]) -> None:
    rows = (NOMINAL.pt > 550) & (NOMINAL.pt < 750)
    found = result[0].nominal.bins[1]
    assert found.signal + found.background == rows.sum()
    expected = published(NOMINAL.label[rows], NOMINAL.score[rows])
    assert found.rejections[0].value == pytest.approx(expected)


def test_a_dataset_goes_by_its_other_name(result: tuple[TaggerResult, Path]) -> None:
    jets = OTHERS["ces_up"]
    assert rejection(result[0], "esup") == pytest.approx(published(jets.label, jets.score))


@pytest.mark.parametrize(("name", "kind"), [("ttbar_pythia", 0), ("cluster", 1)])
def test_jets_of_one_class_get_nominal_jets(
    result: tuple[TaggerResult, Path], name: str, kind: int
) -> None:
    rows = NOMINAL.label == kind
    label = np.append(OTHERS[name].label, NOMINAL.label[rows])
    score = np.append(OTHERS[name].score, NOMINAL.score[rows])
    assert rejection(result[0], name) == pytest.approx(published(label, score))


@pytest.mark.parametrize(
    ("name", "column", "kind"),
    [("sig_ISRx2", "weight_isr_up", 1), ("bkg_FSRxp5", "weight_fsr_down", 0)],
)
def test_scale_weights_hold_for_one_class(
    result: tuple[TaggerResult, Path], name: str, column: str, kind: int
) -> None:
    weights = np.where(NOMINAL.label == kind, NOMINAL.weights[column], 1.0)
    expected = published(NOMINAL.label, NOMINAL.score, weights)
    assert rejection(result[0], name) == pytest.approx(expected)
    found = next(item for item in result[0].sets if item.name == name)
    auc = roc_auc_score(NOMINAL.label, NOMINAL.score, sample_weight=weights)
    assert found.auc == pytest.approx(auc)


def test_uncertainties_come_from_the_sets(result: tuple[TaggerResult, Path]) -> None:
    doubts = result[0].systematics
    assert doubts is not None
    jets = OTHERS["ces_up"]
    expected = published(jets.label, jets.score) / published(NOMINAL.label, NOMINAL.score)
    scale = doubts.components[0]
    assert (scale.name, scale.status) == ("energy_scale", "partial")
    assert scale.value == pytest.approx(abs(expected - 1))
    assert doubts.total.value is not None
    assert any("lower bound" in note for note in result[0].notes)


def test_arrays_have_the_published_layout(result: tuple[TaggerResult, Path]) -> None:
    with np.load(result[1] / "nominal_metrics.npz") as arrays:
        assert set(arrays) == {"tpr", "fprinv", "thresholds", "br", "wp", "binned_br", "pt_bins"}
        fpr, tpr, thresholds = roc_curve(NOMINAL.label, NOMINAL.score)
        np.testing.assert_allclose(arrays["tpr"], tpr)
        np.testing.assert_array_equal(arrays["thresholds"], thresholds)
        np.testing.assert_allclose(1 / arrays["fprinv"], fpr)
        np.testing.assert_allclose(arrays["pt_bins"], np.linspace(350_000, 3_150_000, 15))
        assert arrays["binned_br"].shape == (15,)
        # no jet is above 1350 GeV
        assert np.isnan(arrays["binned_br"][5:]).all()
        assert float(arrays["wp"]) == 0.5
        assert float(arrays["br"]) == pytest.approx(published(NOMINAL.label, NOMINAL.score))
    with np.load(result[1] / "ttbar_pythia_metrics.npz") as arrays:
        assert arrays["binned_br"].shape == arrays["pt_bins"].shape == (6,)
        assert arrays["binned_br"][5] == arrays["binned_br"][4]


def test_uncertainties_are_arrays_too(result: tuple[TaggerResult, Path]) -> None:
    doubts = result[0].systematics
    assert doubts is not None
    with np.load(result[1] / "uncertainties.npz") as arrays:
        assert float(arrays["total"]) == doubts.total.value
        assert arrays["total_binned"].shape == (15,)
        assert np.isnan(arrays["position"])


def test_the_result_survives_the_disk(result: tuple[TaggerResult, Path], tmp_path: Path) -> None:
    write_evaluation(result[0], tmp_path)
    assert TaggerResult.read(tmp_path / "result.json") == result[0]
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert metrics == flat_metrics(result[0])
    assert metrics["auc"] == result[0].nominal.auc
    assert metrics["parameters"] == 7
    assert metrics["uncertainty_position"] is None
    lines = (tmp_path / "efficiencies.csv").read_text().splitlines()
    assert len(lines) == len(result[0].efficiencies) + 1


def test_a_limit_takes_the_first_jets(folder: Path) -> None:
    found = evaluate(folder, tagger="pfn", max_jets=200).nominal
    assert found.signal + found.background == 200


def test_the_only_dataset_is_nominal(tmp_path: Path) -> None:
    NOMINAL.write(tmp_path, "mine")
    NOMINAL.write(tmp_path, "train_nominal")
    found = evaluate(tmp_path, tagger="pfn")
    assert found.systematics is None
    assert len(found.sets) == 1
    assert any("'mine' is taken" in note for note in found.notes)
    assert any("train_nominal" in note for note in found.notes)


def test_nothing_to_compare_with_is_an_error(tmp_path: Path) -> None:
    for name in ("one", "two"):
        NOMINAL.write(tmp_path, name)
    with pytest.raises(TableError, match=r"'test_nominal'.*'one', 'two'"):
        evaluate(tmp_path, tagger="pfn")
    found = evaluate(tmp_path, tagger="pfn", nominal="two")
    assert [item.name for item in found.sets] == ["nominal", "one"]


def test_one_class_alone_is_noted(tmp_path: Path) -> None:
    OTHERS["cluster"].write(tmp_path, "test_nominal")
    found = evaluate(tmp_path, tagger="pfn")
    assert found.nominal.auc is None
    assert any("no metrics" in note for note in found.notes)


def test_perfect_scores_are_limits_in_notes(tmp_path: Path) -> None:
    write_scores(tmp_path, "test_nominal", [1] * 9 + [0] * 99, [0.9] * 9 + [0.1] * 99)
    found = evaluate(tmp_path, tagger="pfn")
    assert found.nominal.rejection(0.5).value is None
    assert any("no background jet of 99 passes" in note for note in found.notes)


def test_some_jets_without_weights_are_noted(tmp_path: Path) -> None:
    jets = Jets(5)
    jets.weights["weight_isr_up"] = np.where(np.arange(SIZE) == 3, np.nan, 1.0)
    jets.write(tmp_path, "test_nominal", weights=True)
    found = evaluate(tmp_path, tagger="pfn")
    missing = {"sig_ISRx2", "bkg_ISRx2"} - {item.name for item in found.sets}
    assert len(missing) == 1
    assert any("1 jets have no weight_isr_up" in note for note in found.notes)
