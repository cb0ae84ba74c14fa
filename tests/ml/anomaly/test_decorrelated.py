"""Features without the mass: what is taken out, what stays, and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hepml.ml.anomaly.decorrelated import Decorrelation
from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.twosample import ks_test
from tests.ml.anomaly.windows import WINDOW, sample


def bent(rows: int = 6_000) -> AnomalyData:
    """Mean, width and correlation of the features bend with the mass; no signal."""
    data = sample(rows, 0, seed=3)
    t = (data.mass - 5) / 5
    first = (1 + 0.5 * t**2) * data.x[:, 0] + 2 * t**2
    second = np.exp(0.5 * data.x[:, 1] + 0.4 * t) + 0.5 * first
    return replace(data, x=np.column_stack([first, second]))


def distance(data: AnomalyData, column: int) -> float:
    """KS distance between signal region and sidebands."""
    region = data.signal_region
    return ks_test(data.x[region, column], data.x[~region, column])[0]


def test_the_signal_region_looks_like_the_sidebands_afterwards() -> None:
    data = bent()
    after = Decorrelation().fit(data).transform(data)
    assert min(distance(data, column) for column in (0, 1)) > 0.15
    # 1,200 against 4,800 events: 1 % lie beyond 0.052
    assert max(distance(after, column) for column in (0, 1)) < 0.052


def test_events_of_the_signal_region_are_not_looked_at() -> None:
    data = bent(1_000)
    moved = data.x.copy()
    moved[data.signal_region] += 100.0
    first = Decorrelation().fit(data).transform(data)
    second = Decorrelation().fit(replace(data, x=moved)).transform(data)
    np.testing.assert_array_equal(first.x, second.x)


def test_a_signal_stays_far_from_the_background() -> None:
    data = sample(4_000, 100)
    after = Decorrelation().fit(data).transform(data)
    assert data.label is not None
    size = np.linalg.norm(after.x, axis=1)
    assert np.median(size[data.label]) > np.quantile(size[~data.label], 0.98)


def test_a_feature_with_steps_stays_as_it_is_and_is_named() -> None:
    data = bent(1_000)
    stepped = replace(data, x=np.column_stack([np.round(data.x[:, 0]), data.x[:, 1]]))
    found = Decorrelation().fit(stepped)
    after = found.transform(stepped)
    np.testing.assert_array_equal(after.x[:, 0], stepped.x[:, 0])
    assert not np.array_equal(after.x[:, 1], stepped.x[:, 1])
    assert "% of a:" in found.notes_[0]
    assert found.names(("a", "b")) == ("a", "decorrelated 1")


def test_few_events_are_left_alone_and_said_to_be() -> None:
    data = sample(60, 0)
    found = Decorrelation().fit(data)
    assert found.transform(data) is data
    assert "do not suffice" in found.notes_[0]


def test_one_feature_is_enough() -> None:
    data = bent(2_000)
    one, _ = AnomalyData.select(("a",), data.x[:, :1], data.mass, WINDOW)
    after = Decorrelation().fit(one).transform(one)
    side = after.sideband
    assert after.x[side].mean() == pytest.approx(0, abs=0.01)
    assert after.x[side].std() == pytest.approx(1, abs=0.01)
