"""What a dijet search is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hepml.errors import ParameterError, did_you_mean
from hepml.ml.dijet.counts import signal_shares
from hepml.ml.dijet.events import STUDY, check_modes
from hepml.ml.dijet.published_settings import KEEP, PRESETS, TRIALS
from hepml.ml.dijet.roles import ROLES

if TYPE_CHECKING:
    from hepml.ml.dijet.objective import Loss

__all__ = ["LEARNERS", "TITLES", "DijetOptions"]

TITLES = {
    "supervised": "Dedicated supervised",
    "parametric": "Parametric supervised",
    "weak": "Weakly supervised",
    "prior-assisted": "Prior-assisted",
}
"""Strategies, and their names for people."""

LEARNERS = ("auto", "trees", "network")


@dataclass(frozen=True, slots=True)
class DijetOptions:
    """Everything that decides what is found, but for the events.

    Attributes
    ----------
    strategy : str
        One of ``TITLES``.
    mass_point : (float, float)
        Masses of X and Y [GeV] of the signal that is put into the data, and looked for by the
        dedicated strategies; a prior-assisted fit does not know it.
    mu : float
        Signal fraction S/(S+B) of the data.
    alpha : float
        Share of the second mode in the signal; means nothing with one mode.
    modes : tuple of str
        Decay modes of the signal.
    preset : {"default", "published"}
        published: fills what is not given as arXiv:2405.08889 did it: networks, their number of
        trials, five of them kept, one prior of each mode; and masses are fitted by its optimiser.
    trials : int or None
        Trainings (supervised, weak) or starting points of the fit; default 10 (supervised 3,
        published 1), quick 5 (one for supervised).
    keep : int or None
        Trials with the best validation loss that are averaged; default: 5 of the networks, all
        of the trees, whose validation loss says little of a rare signal; published 5.
    noise : int
        Features of noise to add.
    seed : int
        Of the split, the composition, the noise and all training.
    learner : {"auto", "trees", "network"}
        What learns; auto: trees for single mass points, and networks as priors where torch is.
    priors : int or None
        Networks of each mode, averaged; default 3, quick and published 1.
    loss : {"likelihood", "cross-entropy"} or None
        What the prior-assisted fit makes smallest: the likelihood of the data (default), or data
        against reference, in which what the priors get wrong of the background cancels, and the
        statistical errors are about twice as large (default of the published preset).
    kappa : tuple of float
        Density ratio over the odds of a prior, for all modes or one for each; of the published
        optimiser alone. Priors learn from as much signal as background, so that 1 is what an
        ideal one has. None given: the mean ratio over background is 1 at all masses.
    include : tuple of (float, float)
        The only mass points that the priors are trained on; none given: all.
    exclude : tuple of (float, float)
        Mass points that the priors are not trained on.
    toys : int
        Searches of data and reference shuffled, by which the prior-assisted fit is judged: how
        often as large a q0 is found at any masses by chance. 0: only the local p-value.
    folds : int
        0: one split by event key. From 5 on: every event is tested once, by models that never
        saw it.
    poisson : bool
        Let the numbers of events of the data fluctuate.
    quick : bool
        Short trainings, to see that everything works.
    features : tuple of str
        Columns that are learned from.
    """

    strategy: str = "prior-assisted"
    mass_point: tuple[float, float] = (300.0, 300.0)
    mu: float = 0.003
    alpha: float = 0.5
    modes: tuple[str, ...] = ("qq", "qqq")
    trials: int | None = None
    keep: int | None = None
    noise: int = 0
    seed: int = 0
    preset: str = "default"
    learner: str = "auto"
    priors: int | None = None
    loss: Loss | None = None
    kappa: tuple[float, ...] = ()
    include: tuple[tuple[float, float], ...] = ()
    exclude: tuple[tuple[float, float], ...] = ()
    toys: int = 0
    folds: int = 0
    poisson: bool = False
    quick: bool = False
    features: tuple[str, ...] = STUDY

    def __post_init__(self) -> None:
        _one_of("strategy", self.strategy, TITLES)
        _one_of("preset", self.preset, PRESETS)
        _one_of("learner", self.learner, LEARNERS)
        if self.loss is not None:
            _one_of("loss", self.loss, ("likelihood", "cross-entropy"))
        check_modes(self.modes)
        if not (0 <= self.mu < 1):
            raise ParameterError(f"mu is a signal fraction S/(S+B), from 0 to below 1: {self.mu}.")
        signal_shares(len(self.modes), self.alpha if len(self.modes) > 1 else None)
        if not all(math.isfinite(mass) and mass > 0 for mass in self.mass_point):
            raise ParameterError(f"A mass point has two masses above 0 GeV: {self.mass_point}.")
        for name in ("trials", "keep", "priors"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ParameterError(f"--{name} is at least 1, not {value}.")
        if self.noise < 0 or self.seed < 0:
            raise ParameterError("Neither --noise nor --seed is negative.")
        self._check_toys()
        if self.folds and self.folds < len(ROLES):
            raise ParameterError(f"--folds is 0, or at least {len(ROLES)}, not {self.folds}.")
        self._check_kappa()
        if self.published and self.learner == "auto":
            object.__setattr__(self, "learner", "network")

    def _check_toys(self) -> None:
        if self.toys < 0:
            raise ParameterError(f"--toys is a number of pseudo-experiments, not {self.toys}.")
        if self.toys and (self.strategy != "prior-assisted" or self.published):
            raise ParameterError(
                "--toys gives a p-value, which only the prior-assisted fit has, without --preset "
                "published."
            )
        if self.toys and self.folds:
            raise ParameterError("--toys is of one split: folds have no p-value in common.")

    def _check_kappa(self) -> None:
        if not self.kappa:
            return
        if not self.published:
            raise ParameterError(
                "--kappa is of the published optimiser: add --preset published, or leave it out, "
                "and density ratios are normalised to a mean of 1 over background."
            )
        if len(self.kappa) not in (1, len(self.modes)):
            raise ParameterError(
                f"--kappa has {len(self.kappa)} values: give one for all modes, or one for each "
                f"of {', '.join(self.modes)}."
            )
        if not all(math.isfinite(value) and value > 0 for value in self.kappa):
            raise ParameterError(f"kappa is a ratio above 0, not {self.kappa}.")

    @property
    def published(self) -> bool:
        """Whether it is done as published."""
        return self.preset == "published"

    @property
    def mixture(self) -> float | None:
        """alpha, ``None`` with one mode."""
        return self.alpha if len(self.modes) > 1 else None

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each mode in the signal."""
        return signal_shares(len(self.modes), self.mixture)

    @property
    def title(self) -> str:
        """Name of the strategy for people."""
        return TITLES[self.strategy]

    @property
    def trial_count(self) -> int:
        """Trials, as asked for or by default."""
        if self.trials is not None:
            return self.trials
        if self.published:
            wanted = TRIALS.get(self.strategy, 1)
            return min(wanted, 5) if self.quick else wanted
        if self.strategy == "supervised":
            return 1 if self.quick else 3
        return 5 if self.quick else 10

    @property
    def kept_count(self) -> int | None:
        """Trials that are averaged; ``None``: what learns decides."""
        return self.keep or (KEEP if self.published else None)

    @property
    def fit_loss(self) -> Loss:
        """What the fit makes smallest."""
        return self.loss or ("cross-entropy" if self.published else "likelihood")

    @property
    def prior_count(self) -> int:
        """Networks of each mode."""
        if self.priors is not None:
            return self.priors
        return 1 if self.quick or self.published else 3


def _one_of(what: str, name: str, known: dict[str, str] | tuple[str, ...]) -> None:
    if name not in known:
        raise ParameterError(f"There is no {what} {name!r}. " + did_you_mean(name, known))
