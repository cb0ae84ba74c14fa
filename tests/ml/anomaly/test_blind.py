"""Training with the signal region closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.errors import ParameterError
from hepml.ml.anomaly.asked import AnomalyOptions
from hepml.ml.anomaly.blind import blind_result
from hepml.ml.anomaly.scored import Statistics
from tests.ml.anomaly.windows import sample

OPTIONS = AnomalyOptions(density="neighbours", seeds=1, folds=3, ensemble=1, quick=True)


def test_the_density_model_is_tested_in_the_sidebands(tmp_path: Path) -> None:
    data = sample()
    found = blind_result(data.take(data.sideband), OPTIONS, Statistics(bins=4), tmp_path)
    assert found.closure is not None
    assert found.closure.auc == pytest.approx(0.5, abs=0.1)
    assert found.closure.mass is None
    assert found.samples is None
    # 1,200 events over 10 GeV, of which the signal region is 2
    assert found.expected_background == pytest.approx(240, abs=60)


def test_events_of_the_signal_region_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="signal region"):
        blind_result(sample(), OPTIONS, Statistics(), tmp_path)


def test_a_strategy_without_a_model_has_nothing_to_test(tmp_path: Path) -> None:
    data = sample()
    options = AnomalyOptions(strategy="cwola")
    found = blind_result(data.take(data.sideband), options, Statistics(), tmp_path)
    assert found.closure is None
    assert "no model" in found.notes[0]
