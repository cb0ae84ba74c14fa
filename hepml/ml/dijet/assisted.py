"""Strategies with parametric priors: at the true masses, or with masses fitted to the data."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.ensembles import compare_fit
from hepml.ml.dijet.findings import (
    closure_at,
    ordered_masses,
    ratio_doubts,
    search_landscapes,
    true_parameters,
)
from hepml.ml.dijet.fit import fit_mixture
from hepml.ml.dijet.fitted import MixtureFit
from hepml.ml.dijet.mixture import log_mixture, negative_log_likelihood
from hepml.ml.dijet.mixture import shares as mixture_shares
from hepml.ml.dijet.outcome import Outcome
from hepml.ml.dijet.prior_training import train_priors
from hepml.ml.dijet.priors import Priors
from hepml.ml.dijet.ratios import mean_one
from hepml.ml.dijet.refining import Window, refined
from hepml.ml.dijet.results import Fitted, Parameter
from hepml.ml.dijet.stages import Stages, WeakRows
from hepml.ml.dijet.toys import Shuffled, shuffled_toys
from hepml.stats.numbers import Toys

__all__ = ["learn_assisted"]

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]


def learn_assisted(
    stages: Stages,
    asked: DijetOptions,
    *,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Train priors, or take those that are kept, and apply them as the strategy says.

    Parameters
    ----------
    stages : Stages
        Events by what they are for.
    asked : DijetOptions
        ``strategy`` is parametric (true masses and alpha) or prior-assisted (fitted ones).
    store : path, optional
        Folder of trained priors.
    progress : callable, optional
        Told of what is done.
    """
    priors = train_priors(stages, asked, store, progress)
    if asked.strategy == "parametric":
        return _at_truth(stages, asked, priors)
    return _Assisted(stages, asked, priors, store, progress).outcome()


def _at_truth(stages: Stages, asked: DijetOptions, priors: Priors) -> Outcome:
    """Score by the density ratio at the true masses: nothing is fitted."""
    masses = ordered_masses(asked.mass_point)
    ratios = priors.log_ratios(stages.events.x[stages.test], masses)
    background = ratios[:, stages.events.background[stages.test]]
    return Outcome(
        scores=_log_sum(ratios, np.asarray(asked.shares)),
        logit=False,
        save=priors.save,
        models={"kind": priors.kind, "files": priors.files()},
        histories=priors.histories,
        seconds=priors.seconds,
        notes=ratio_doubts(priors, background, priors.log_ratios(priors.rest, masses), "test"),
    )


class _Assisted:
    """One fit, its score, and what is known of both."""

    def __init__(
        self,
        stages: Stages,
        asked: DijetOptions,
        priors: Priors,
        store: str | Path | None,
        progress: Progress | None,
    ) -> None:
        self.stages, self.asked, self.priors = stages, asked, priors
        x, sample = stages.events.x, stages.weak_train
        began = time.monotonic()
        self.data = priors.grid(x[sample.rows[sample.data]], progress)
        if progress is not None:
            progress("fit", 0, 1)
        self.reference = None
        if asked.fit_loss == "cross-entropy":
            self.reference = priors.grid(x[sample.rows[~sample.data]], progress)
        self._fit(sample, progress)
        self.toys = self._toys(store, progress) if asked.toys else None
        self.seconds = time.monotonic() - began
        end = self.fit.descents[0].end
        names = [item.name for item in self.fit.parameters]
        mu = names.index("mu")
        # masses also where mu is 0 and they mean nothing
        self.masses = self._masses(dict(zip(names, end, strict=True)))
        self.mu = float(end[mu])
        self.shares = mixture_shares(np.asarray(end[mu + 1 :], np.float64))[0]

    def _fit(self, sample: WeakRows, progress: Progress | None) -> None:
        """Search all masses, then fit near the best of them."""
        asked, x = self.asked, self.stages.events.x
        loss, starts = asked.fit_loss, asked.trial_count
        near = self.priors.interpolates
        self.coarse = fit_mixture(
            self.data, self.reference, loss=loss, starts=starts, intervals=not near
        )
        self.fit = self.coarse
        self.window: Window | None = None
        if near:
            rows = None if self.reference is None else x[sample.rows[~sample.data]]
            found = refined(
                self.priors, self.coarse, x[sample.rows[sample.data]], rows, loss=loss,
                starts=starts, progress=progress,
            )  # fmt: skip
            if found is not None:
                self.fit, self.window = found

    def _masses(self, found: dict[str, float]) -> tuple[float, float]:
        """Fitted masses; a mass with one node only is there."""
        x, y = (float(found.get(axis.name, axis.nodes[0])) for axis in self.data.axes)
        return x, y

    def _toys(self, store: str | Path | None, progress: Progress | None) -> Toys:
        """The same search of all masses where it is chance which event is data."""
        asked, sample = self.asked, self.stages.weak_train
        reference = self.reference
        if reference is None:
            rows = sample.rows[~sample.data]
            reference = self.priors.grid(self.stages.events.x[rows], progress)
        return shuffled_toys(
            Shuffled(self.data, reference, asked.fit_loss), self.coarse.q0, asked.toys,
            starts=asked.trial_count, seed=asked.seed, store=store, progress=progress,
        )  # fmt: skip

    def outcome(self) -> Outcome:
        """Everything."""
        stages, priors = self.stages, self.priors
        ratios = priors.log_ratios(stages.events.x[stages.test], self.masses)
        notes = [*self.fit.flags, *(flag for flag in self.coarse.flags if "minimum is" in flag)]
        if self.mu > 0:
            scores = log_mixture(ratios, self.mu, self.shares)
        else:
            scores = _log_sum(ratios, self.shares)
            notes.append("the score ranks events as an arbitrarily small signal would")
        if self.toys is not None and self.toys.p_low == 0:
            notes.append(
                f"none of {self.toys.number:,} toys has as large a q0: the global p-value is an "
                "upper limit"
            )
        reference = stages.weak_train.rows[~stages.weak_train.data]
        calibration = priors.log_ratios(stages.events.x[reference], self.masses)
        validation = self._validation()
        return Outcome(
            scores=scores,
            logit=False,
            save=priors.save,
            models={
                "kind": priors.kind,
                "files": priors.files(),
                "fit": self.fit.to_json(),
                "mean_of_ratio": {
                    name: mean_one(row).to_json()
                    for name, row in zip(priors.modes, calibration, strict=True)
                },
                "closure": closure_at(priors, stages, self.masses),
            },
            fit=self._fitted(validation),
            validation=validation,
            landscapes=search_landscapes(
                self.data,
                self.masses,
                self.mu,
                self.shares,
                true_parameters(stages, self.asked),
                self.reference,
                self.window,
            ),
            histories=priors.histories,
            seconds=priors.seconds + self.seconds,
            notes=(
                *notes,
                *ratio_doubts(
                    priors, calibration, priors.log_ratios(priors.rest, self.masses), "reference"
                ),
            ),
        )

    def _validation(self) -> float:
        """Mean of -ln Lambda of data that took no part in the fit."""
        sample = self.stages.weak_validation
        ratios = self.priors.log_ratios(self.stages.events.x[sample.rows[sample.data]], self.masses)
        values = log_mixture(ratios, self.mu, self.shares)
        return negative_log_likelihood(values) / len(values)

    def _fitted(self, validation: float) -> Fitted:
        fit = self.fit
        found = Fitted(
            parameters=tuple(_parameter(fit, place) for place in range(len(fit.parameters))),
            loss=fit.deviance / 2,
            validation=validation,
            q0=fit.q0,
            p=fit.p,
            Z=fit.Z,
            q0_toys=self.toys,
            q0_global=None if self.toys is None else self.coarse.q0,
            p_global=None if self.toys is None else self.toys.p,
            Z_global=None if self.toys is None else self.toys.Z,
            status="ok" if fit.converged and not fit.flags else " ".join(fit.flags) or "no minimum",
        )
        return compare_fit(found, true_parameters(self.stages, self.asked))


def _parameter(fit: MixtureFit, place: int) -> Parameter:
    item = fit.parameters[place]
    # where it is not known, where the fit ended
    value = fit.descents[0].end[place] if item.value is None else item.value
    low, high = item.low, item.high
    if any(f"interval of {item.name} is not accurate" in text for text in fit.flags):
        low = high = None
    if low is None and item.error is not None:
        # from the information matrix
        low = max(value - item.error, item.limits[0])
        high = min(value + item.error, item.limits[1])
    return Parameter(name=item.name, value=value, low=low, high=high, fixed=item.held)


def _log_sum(ratios: Floats, share: Floats) -> Floats:
    """Logarithm of the density ratio of the signal to background."""
    from scipy.special import logsumexp

    return np.asarray(logsumexp(ratios, axis=0, b=np.asarray(share)[:, None]))
