"""The LHC Olympics signal region, by the protocol of the reference data's README."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.ml.anomaly.efficiency import efficiency
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.results import Efficiency
from hepml.ml.anomaly.settings import RARE_SIGNAL
from hepml.ml.anomaly.strategies import run_strategy
from hepml.windows import Window

FOLDER = Path(__file__).parents[3].parent / "shared" / "data" / "lhco"
# the sidebands are not in these arrays
WINDOW = Window("lhco", 2.0, 3.3, 3.7, 5.0)
NAMES = ("lighter_mass", "mass_difference", "tau21_1", "tau21_2")

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no LHC Olympics arrays at {FOLDER}"),
]


def events(rows: np.ndarray) -> AnomalyData:
    return AnomalyData.select(NAMES, rows[:, 1:5], rows[:, 0], WINDOW, label=rows[:, 5] == 1)[0]


def halves(seed: int) -> tuple[AnomalyData, AnomalyData, AnomalyData]:
    """Data with their signal, reference background, and signal that is no part of the data."""
    rows = np.load(FOLDER / "innerdata_train.npy").astype(np.float64)
    extra = np.load(FOLDER / "innerdata_extrasig.npy").astype(np.float64)
    background = rows[rows[:, 5] == 0]
    background = background[np.random.default_rng(seed).permutation(len(background))]
    half = len(background) // 2
    data = np.concatenate([background[half:], rows[rows[:, 5] == 1]])
    return events(data), events(background[:half]), events(extra)


def judged(data: AnomalyData, scores: np.ndarray, signal: np.ndarray) -> Efficiency:
    assert data.label is not None
    return efficiency(signal, scores[~data.label])


def test_idealised_detection_reaches_the_published_figures() -> None:
    data, reference, extra = halves(1)
    found = run_strategy(
        "idealised",
        data,
        reference=reference,
        control=extra.take(np.arange(0, len(extra), 10)),
        ensemble=replace(RARE_SIGNAL, members=4),
        closure=False,
    )
    assert found.control_scores is not None
    result = judged(data, found.scores, found.control_scores)
    # one split with few classifiers; ten of each, over ten splits: 0.884 and 9.8
    assert result.auc.value is not None
    assert result.auc.value > 0.87
    assert result.sic_max.value is not None
    assert result.sic_max.value > 8


def test_supervision_is_better() -> None:
    data, _, extra = halves(0)
    both = [
        np.concatenate([getattr(data, name), getattr(extra, name)[:20_000]])
        for name in ("x", "mass", "key", "label")
    ]
    labelled = AnomalyData(NAMES, both[0], both[1], WINDOW, both[2], both[3])
    settings = replace(RARE_SIGNAL, members=2, rounds=100, learning_rate=0.1)
    found = run_strategy(
        "supervised",
        data,
        reference=labelled,
        # rows that train are scored by classifiers of the fold that they are not part of
        control=extra.take(slice(20_000)),
        ensemble=settings,
        closure=False,
    )
    assert found.control_scores is not None
    result = judged(data, found.scores, found.control_scores)
    assert result.auc.value is not None
    assert result.auc.value > 0.965
