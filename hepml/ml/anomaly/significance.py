"""Turn scores into significances: cuts on score and features, weights, variations, trials."""

from __future__ import annotations

import numpy as np

from hepml.ml.anomaly.findings import SampleFindings
from hepml.ml.anomaly.pieces import Histogram
from hepml.ml.anomaly.scored import Context, Progress, Scored, Statistics
from hepml.ml.anomaly.search import search_points
from hepml.ml.anomaly.variations import vary_scores
from hepml.ml.anomaly.weighted import weigh
from hepml.stats.bumphunt import hunt
from hepml.stats.points import COARSE
from hepml.windows import Window

__all__ = ["RANDOM", "judge_sample"]

RANDOM = "random"


def judge_sample(
    sample: Scored, window: Window, asked: Statistics, progress: Progress | None = None
) -> SampleFindings:
    """Significance of a sample without a cut, with cuts, and with weights.

    The cuts on each score let given shares of the sideband data pass. A random score is cut on
    beside them, as a control.

    Parameters
    ----------
    sample : Scored
        Events and scores.
    window : Window
        Signal region and sidebands.
    asked : Statistics
        What to do.
    progress : callable, optional
        Called with what is being done, how much is done and how much there is.

    Raises
    ------
    StatisticsError
        If not even the fit without a cut is possible.
    """
    context = Context(sample, window, asked, progress)
    chance = np.random.default_rng(asked.seed).uniform(size=len(sample.mass))
    found = hunt(
        sample.mass,
        window,
        scores=sample.scores | {RANDOM: chance},
        fpr=asked.points,
        degree=asked.degree,
        bins=asked.bins,
        seed=asked.seed,
        progress=progress,
        source=sample.source,
    )
    result = SampleFindings(
        name=sample.name,
        title=sample.title,
        control=sample.control,
        events=len(sample.mass),
        signal_region=int(context.inside.sum()),
        score=sample.score,
        nominal=asked.nominal,
        hunt=found,
    )
    return result.model_copy(
        update={
            "search": search_points(context, result.cuts()),
            "reweighting": weigh(context, result.inclusive),
            "variations": tuple(vary_scores(context)) if asked.variations else (),
            "histograms": _histograms(context, result),
        }
    )


def _histograms(context: Context, found: SampleFindings) -> tuple[Histogram, ...]:
    """Features in the signal region after the coarse cuts on the score."""
    make, score = context.sample.histograms, context.sample.scores.get(found.score)
    if make is None or score is None:
        return ()
    shown = [row for row in found.cuts() if row.fpr in COARSE or row.fpr == found.nominal]
    return make(
        [
            (f"FPR {100 * (row.fpr or 0.0):.3g}%", context.inside & (score >= row.cut))
            for row in shown
            if row.cut is not None
        ]
    )
