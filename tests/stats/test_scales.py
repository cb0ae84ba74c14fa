"""One scale for all weighted bins against each bin's own."""

from __future__ import annotations

import numpy as np
import pytest

from hepml.errors import ParameterError
from hepml.stats.backgrounds import Background
from hepml.stats.bumphunt import hunt
from hepml.stats.excess import SignalTest
from hepml.stats.many import run_many
from hepml.stats.scales import check_scale, sideband_scale
from hepml.windows import Window

WINDOW = Window("toy", 0.0, 4.0, 6.0, 10.0, degree=1)


def weighted_z(samples: int) -> dict[str, np.ndarray]:
    """Z of background with weights that differ much, by either scale."""
    rng = np.random.default_rng(0)
    test = SignalTest(WINDOW.binning(10), Background("polynomial", 1, 0.0, 10.0))
    counts, own, common = [], [], []
    for _ in range(samples):
        found = test.binning.count(rng.uniform(0, 10, 2000), rng.exponential(1.0, 2000) ** 3)
        counts.append(test.rows(found[0]))
        own.append(test.rows(found[1]))
        common.append(counts[-1] * sideband_scale(test.binning, *found))
    rows = np.array(counts)
    return {
        name: np.sqrt(run_many(test, rows, np.array(squares)).q0)
        for name, squares in (("bin", own), ("sideband", common))
    }


def test_the_scale_is_that_of_the_sidebands() -> None:
    binning = WINDOW.binning(1)  # five bins of 2 GeV
    counts, squares = np.array([1.0, 1.0, 9.0, 2.0, 0.0]), np.array([2.0, 2.0, 99.0, 4.0, 0.0])
    assert sideband_scale(binning, counts, squares) == 2.0


def test_empty_sidebands_have_a_scale_of_one() -> None:
    assert sideband_scale(WINDOW.binning(1), np.zeros(5), np.zeros(5)) == 1.0


def test_one_scale_leaves_unit_weights_alone() -> None:
    mass = np.random.default_rng(0).uniform(0, 10, 1000)
    plain = hunt(mass, WINDOW, bins=4).results[0]
    weighted = hunt(mass, WINDOW, weights=np.ones(1000), scale="sideband", bins=4).results[0]
    assert weighted.Z == pytest.approx(plain.Z, abs=1e-6)


def test_bins_with_scales_of_their_own_find_excesses_in_background() -> None:
    found = weighted_z(400)
    # half a chi-square has mean sqrt(1 / (2 pi)) = 0.40 and a standard deviation of 0.58
    assert found["sideband"].mean() == pytest.approx(0.40, abs=4 * 0.58 / 20)
    assert found["bin"].mean() > found["sideband"].mean() + 0.5


def test_an_unknown_scale_is_refused_with_near_misses() -> None:
    with pytest.raises(ParameterError, match="sideband"):
        check_scale("sidebands")
