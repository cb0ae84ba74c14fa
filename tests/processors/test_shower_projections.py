"""Projections to the films next to a base-track, against rows of the published notebooks."""

from __future__ import annotations

import numpy as np
import pytest

from processors.shower_basetracks import BasetrackError, Basetracks
from processors.shower_projections import film_gaps, polar_angle, projections


def tracks(**changes: object) -> Basetracks:
    columns = {
        "pid": np.array([2, 1, 0]),
        "x": np.array([41103.620, 0.0, 0.0]),
        "y": np.array([40302.990, 0.0, 0.0]),
        "z": np.array([-2630.0, -1315.0, 0.0]),
        "tx": np.array([0.003137, 0.0, 0.1]),
        "ty": np.array([-0.001757, 0.0, 0.0]),
    }
    return Basetracks.of(columns | changes)


def test_the_published_projection_goes_half_of_the_way() -> None:
    found = projections(tracks(), "legacy")
    assert found["x_next"][0] == pytest.approx(41105.6826, abs=5e-5)
    assert found["y_next"][0] == pytest.approx(40301.8350, abs=5e-4)
    assert found["z_next"][0] == -1315.0
    assert found["x_prev"][0] == pytest.approx(41101.5574, abs=5e-5)
    assert found["z_prev"][0] == -3945.0


def test_the_projection_goes_the_whole_way() -> None:
    found = projections(tracks())
    assert found["x_next"][0] == pytest.approx(41103.620 + 0.003137 * 1315, abs=1e-6)
    assert found["x_prev"][2] == pytest.approx(-131.5)


def test_the_gap_is_that_of_the_films() -> None:
    near = tracks(z=np.array([-3000.0, -1200.0, 0.0]))
    down, up = film_gaps(near)
    assert down.tolist() == [1800.0, 1200.0, 1315.0]
    assert up.tolist() == [1315.0, 1800.0, 1200.0]


def test_theta_is_the_polar_angle() -> None:
    assert projections(tracks())["theta"][2] == pytest.approx(np.arctan(0.1))
    assert polar_angle(np.array([0.3]), np.array([0.4]))[0] == pytest.approx(np.arctan(0.5))


def test_a_missing_film_is_refused_by_the_published_projection_only() -> None:
    columns = tracks(pid=np.array([4, 1, 0]))
    with pytest.raises(BasetrackError, match=r"Films 3, 2 are missing.*mode 'fixed'"):
        projections(columns, "legacy")
    assert len(projections(columns)["x_next"]) == 3


def test_no_base_tracks_have_no_projections() -> None:
    nothing = {name: np.empty(0) for name in ("pid", "x", "y", "z", "tx", "ty")}
    for mode in ("legacy", "fixed"):
        found = projections(Basetracks.of(nothing), mode)  # type: ignore[arg-type]
        assert {len(values) for values in found.values()} == {0}
