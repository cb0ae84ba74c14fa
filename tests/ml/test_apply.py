"""A model applied to a table, batch by batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hepml.columns import feature
from hepml.ml.apply import apply_model
from hepml.ml.models import TrainedModel
from hepml.tables import FeatureTable
from tests.ml.showers import write_showers


class Half:
    """Half of the second input."""

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        """Probabilities of both classes."""
        return np.column_stack([1 - x[:, 1] / 2, x[:, 1] / 2])


MODEL = TrainedModel(
    "half", "test", "boosted", Half(), (feature("delta_theta"), feature("link_dx", "um")), (0, 1)
)


def test_every_row_gets_its_score_whatever_the_batch(tmp_path: Path) -> None:
    write_showers(tmp_path / "t", "a", showers=3)
    write_showers(tmp_path / "t", "b", showers=2)
    table = FeatureTable.open(tmp_path / "t")
    assert apply_model(MODEL, table, tmp_path / "one", score="s") == 300
    apply_model(MODEL, table, tmp_path / "many", score="s", batch_size=50)
    for name in ("one", "many"):
        found = FeatureTable.open(tmp_path / name)
        assert found.datasets == ("a", "b")
        assert found.names("feature") == ()
        np.testing.assert_array_equal(found.column("row"), table.column("row"))
        np.testing.assert_allclose(found.column("s"), table.column("link_dx") / 2, rtol=1e-6)
