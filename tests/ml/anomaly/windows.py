"""Small samples of a window with a resonance that features tell from the background."""

from __future__ import annotations

import numpy as np

from hepml.ml.anomaly.events import AnomalyData
from hepml.ml.anomaly.settings import EnsembleSettings
from hepml.windows import Window

WINDOW = Window("toy", 0.0, 4.0, 6.0, 10.0, degree=1)
QUICK = EnsembleSettings(members=2, rounds=20, patience=5)


def sample(background: int = 1200, signal: int = 80, seed: int = 0) -> AnomalyData:
    """Two features, the first of which grows with the mass; signal at mass 5."""
    rng = np.random.default_rng(seed)
    mass = np.append(rng.uniform(0, 10, background), rng.normal(5, 0.3, signal))
    x = rng.normal(0, 1, (background + signal, 2))
    x[:background, 0] += 0.05 * mass[:background]
    x[background:] += 3
    label = np.arange(background + signal) >= background
    return AnomalyData.select(("a", "b"), x, mass, WINDOW, label=label)[0]
