"""Background of the signal region from the sidebands: mass spectrum and conditional densities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml import __version__
from hepml.errors import ModelError
from hepml.keys import Hashes, key_position
from hepml.ml.anomaly.job import Job
from hepml.ml.anomaly.outcome import BackgroundSamples
from hepml.ml.anomaly.results import DensityHistory
from hepml.ml.anomaly.store import digest, kept
from hepml.ml.density.mass import MassModel
from hepml.stats.backgrounds import Background as Spectrum
from hepml.stats.excess import SignalTest

__all__ = ["Background", "Space", "fit_density", "mass_spectrum", "train_background"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Share of each sideband that trains a density; the rest says when it is best.
_TRAINING = 0.8
_SPLIT = 42


class Space:
    """Features and mass as a density model sees them, fitted on the data.

    Parameters
    ----------
    job : Job
        With the data.
    """

    def __init__(self, job: Job) -> None:
        from hepml.ml.transforms import MassScaler, Preprocessing

        data = job.data
        steps = Preprocessing(job.preprocessing, names=list(data.features))
        self._features = steps.fit(data.x, data.sideband)
        self._mass = MassScaler().fit(data.mass, data.sideband)
        self.z = self.features(data.x)
        self.condition = self.scaled(data.mass)

    def features(self, x: Floats) -> Floats:
        """Preprocessed features; values beyond the range of the data move to its ends."""
        return np.asarray(self._features.transform(x, outside="clip"), np.float64)

    def raw(self, z: Floats) -> Floats:
        """Features in their own units."""
        return np.asarray(self._features.inverse_transform(z), np.float64)

    def scaled(self, mass: Floats) -> Floats:
        """Scaled masses."""
        return np.asarray(self._mass.transform(mass), np.float64)


@dataclass(frozen=True, eq=False)
class Background:
    """A mass spectrum and one density model per seed.

    Attributes
    ----------
    space : Space
        Preprocessing.
    models : tuple
        Trained conditional densities.
    spectrum : MassModel
        Background spectrum fitted to the sidebands.
    expected : float
        Its events in the signal region.
    histories : tuple of DensityHistory
        Trainings.
    """

    space: Space
    models: tuple[Any, ...]
    spectrum: MassModel
    expected: float
    histories: tuple[DensityHistory, ...]

    def masses(self, job: Job, seed: int) -> Floats:
        """Masses of the background in the signal region [GeV]: as many as expected there."""
        window = job.data.window
        count = int(self.expected) * job.oversample
        if count < 1:
            raise ModelError(
                f"The sideband fit expects {self.expected:.3g} background events in the signal "
                f"region of {window.name!r}: nothing to compare the data with."
            )
        drawn = self.spectrum.sample(count, window.low, window.high, random_state=seed)
        return np.asarray(drawn, np.float64)

    def draw(self, job: Job) -> BackgroundSamples:
        """Background events of the signal region, as many of each seed."""
        masses = [self.masses(job, seed) for seed in job.seeds]
        return self._put(job, masses, salt=1)

    def at_sidebands(self, job: Job) -> BackgroundSamples:
        """One event of each seed at the mass of each sideband event, seed after seed."""
        mass = job.data.mass[job.data.sideband]
        return self._put(job, [mass] * len(self.models), salt=2)

    def _put(self, job: Job, masses: Sequence[Floats], salt: int) -> BackgroundSamples:
        parts, seeds = [], []
        for seed, model, mass in zip(job.seeds, self.models, masses, strict=True):
            # independent of the numbers that trained the model
            state = int(np.random.SeedSequence([seed, salt]).generate_state(1)[0])
            z = model.sample(self.space.scaled(mass), state)
            parts.append(finite_rows(self.space.raw(z), f"samples of seed {seed}"))
            seeds.append(np.full(len(mass), seed, np.int64))
        return BackgroundSamples(
            np.concatenate(parts), np.concatenate(masses), np.concatenate(seeds)
        )


def finite_rows(x: Floats, what: str) -> Floats:
    """The rows, if all are finite.

    Raises
    ------
    ModelError
        If a density model gave NaN or infinity.
    """
    bad = int((~np.isfinite(x).all(axis=1)).sum())
    if bad:
        raise ModelError(
            f"{bad} of {len(x)} {what} are not finite: the density model did not converge. Try "
            "another seed, fewer epochs, or --density neighbours."
        )
    return x


def train_background(job: Job) -> Background:
    """Fit the mass spectrum, and train the density model of each seed on the sidebands."""
    spectrum = mass_spectrum(job)
    window, space = job.data.window, Space(job)
    rows = np.flatnonzero(job.data.sideband)
    found = []
    for place, seed in enumerate(job.seeds):
        name = f"{job.name}: density of seed {seed} ({place + 1} of {len(job.seeds)})"
        found.append(fit_density(job, space, rows, seed, name))
    return Background(
        space,
        tuple(model for model, _ in found),
        spectrum,
        float(spectrum.expected(window.low, window.high)),
        tuple(history for _, history in found),
    )


def mass_spectrum(job: Job) -> MassModel:
    """Background spectrum fitted to the sidebands as the count of a hunt does.

    Raises
    ------
    StatisticsError
        If they cannot be fitted.
    """
    window = job.data.window
    binning = window.binning(job.bins)
    test = SignalTest(binning, Spectrum("polynomial", job.degree, window.left, window.right))
    return MassModel.from_fit(test.run(*binning.count(job.data.mass)).free)


_Trained = tuple[Any, DensityHistory]


def fit_density(job: Job, space: Space, rows: NDArray[np.int64], seed: int, name: str) -> _Trained:
    """Train a density model on some of the events, or take it out of the store.

    A fifth of the rows, chosen by their keys, says which epoch is best.
    """
    from hepml.ml.density.base import load_density, make_density

    options = {**job.density_options, "random_state": seed}
    train = _training_rows(job.data.key[rows])
    z, condition = space.z[rows], space.condition[rows]
    parts = (z[train], condition[train], z[~train], condition[~train])
    if min(int(train.sum()), int((~train).sum())) < 2:
        raise ModelError(f"{len(rows)} events are too few for a density model.")
    identity = digest(job.density, options, __version__, *parts)

    def make() -> tuple[_Trained, dict[str, Any]]:
        model = make_density(job.density, **options)
        model.fit(
            parts[0], parts[1], validation=(parts[2], parts[3]), progress=_named(job.progress, name)
        )
        history = _history(model, job.density, seed)
        return (model, history), {"history": history.to_json(), "options": options}

    def load(folder: Path, record: dict[str, Any]) -> _Trained:
        return load_density(folder / "model"), DensityHistory.model_validate(record["history"])

    def save(trained: _Trained, folder: Path) -> None:
        trained[0].save(folder / "model")

    return kept(job.store, "density", identity, load, make, save)


def _training_rows(key: Hashes) -> Mask:
    """Rows that train: the same for copies of an event."""
    return np.asarray(key_position([key.view(np.int64)], seed=_SPLIT) < _TRAINING)


def _named(
    progress: Callable[[str, int, int], None] | None, name: str
) -> Callable[[str, int, int], None] | None:
    """Progress of a model under the name of what it is part of."""
    if progress is None:
        return None
    return lambda _, done, total: progress(name, done, total)


def _history(model: Any, name: str, seed: int) -> DensityHistory:
    """Losses of a model that has them."""
    found = getattr(model, "history_", None) or {}
    curves = {
        field: tuple(float(value) if np.isfinite(value) else None for value in found.get(part, ()))
        for field, part in (("training", "train"), ("validation", "validation"))
    }
    return DensityHistory(name=name, seed=seed, **curves)
