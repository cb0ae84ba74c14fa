"""Background of the signal region from the sidebands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.anomaly.background import finite_rows, mass_spectrum
from hepml.ml.anomaly.strategies import run_strategy
from tests.ml.anomaly.stub import Normal, use_normal
from tests.ml.anomaly.windows import QUICK, WINDOW, sample


class FlatJob:
    """As much of a job as the spectrum needs."""

    degree, bins = 1, 4

    def __init__(self, data: Any) -> None:
        self.data = data


def test_the_signal_is_no_part_of_the_expectation() -> None:
    spectrum = mass_spectrum(FlatJob(sample(20_000, 3_000)))  # type: ignore[arg-type]
    # 2,000 per GeV
    assert spectrum.expected(WINDOW.low, WINDOW.high) == pytest.approx(4_000, abs=3 * 50)


def test_rows_that_are_not_finite_stop_it() -> None:
    with pytest.raises(ModelError, match="1 of 2 samples of seed 3 are not finite"):
        finite_rows(np.array([[1.0], [np.nan]]), "samples of seed 3")


def test_a_density_that_diverges_is_no_background(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    monkeypatch.setattr(
        Normal, "sample", lambda self, condition, _: np.full((len(condition), 2), np.nan)
    )
    with pytest.raises(ModelError, match="did not converge"):
        run_strategy("cathode", sample(), ensemble=QUICK, bins=4)


def test_samples_follow_the_dependence_on_the_mass(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    data = sample(4_000, 0)
    found = run_strategy("cathode", data, ensemble=QUICK, bins=4, closure=False, oversample=5)
    assert found.samples is not None
    # what lies between the sidebands, which never trained
    region = data.signal_region
    expected, error = data.x[region].mean(axis=0), data.x[region].std(axis=0)
    drawn = found.samples.x.mean(axis=0)
    np.testing.assert_allclose(drawn, expected, atol=4 * float(error.max()) / np.sqrt(region.sum()))


def test_a_sample_of_each_seed_for_each_sideband_event(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    data = sample(600)
    found = run_strategy("cathode", data, seeds=2, ensemble=QUICK, bins=4, closure=False)
    drawn = found.sideband_samples
    assert drawn is not None
    np.testing.assert_array_equal(drawn.mass, np.tile(data.mass[data.sideband], 2))
    assert not np.array_equal(*np.split(drawn.x, 2))


def test_the_history_of_a_density_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    use_normal(monkeypatch)
    found = run_strategy("cathode", sample(), first_seed=6, ensemble=QUICK, bins=4, closure=False)
    (history,) = found.densities
    assert (history.seed, history.training, history.validation) == (6, (2.0, 1.0), (2.0, None))


def test_a_real_flow_has_both_curves() -> None:
    pytest.importorskip("zuko")
    options = {"epochs": 2, "hidden": (4,), "transforms": 1, "device": "cpu"}
    found = run_strategy(
        "cathode", sample(), density_options=options, ensemble=QUICK, bins=4, closure=False
    )
    (history,) = found.densities
    assert len(history.training) == len(history.validation) == 2
    assert None not in history.training
