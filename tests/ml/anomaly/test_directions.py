"""Features as scores."""

from __future__ import annotations

import numpy as np

from hepml.ml.anomaly.directions import oriented


def test_published_features_are_cut_on_as_published() -> None:
    x = np.array([[30.0, 0.01, -2.0], [40.0, 0.02, 1.0]])
    found = oriented(("dimuon_pt", "mu0_ip3d", "dimuon_eta"), x)
    assert {name: values.tolist() for name, values in found.items()} == {
        "large dimuon_pt": [30.0, 40.0],
        "small mu0_ip3d": [-0.01, -0.02],
        "central dimuon_eta": [-2.0, -1.0],
    }


def test_other_features_are_cut_on_either_way() -> None:
    found = oriented(("tau21",), np.array([[0.2], [0.7]]))
    assert found["large tau21"].tolist() == [0.2, 0.7]
    assert found["small tau21"].tolist() == [-0.2, -0.7]
