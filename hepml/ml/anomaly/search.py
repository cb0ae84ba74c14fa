"""The most significant working point, and how often chance alone gives one like it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hepml.ml.anomaly.pieces import Search, SearchPoint
from hepml.ml.anomaly.scored import Context
from hepml.stats.nested import nested_toys
from hepml.stats.results import HuntRow
from hepml.stats.significance import significance_of_log10
from hepml.stats.trials import LEAST

__all__ = ["search_points", "searchable"]


def search_points(context: Context, cuts: Sequence[HuntRow]) -> Search | None:
    """The trials factor of working points of one score.

    Parameters
    ----------
    context : Context
        The sample; the number of pseudo-experiments.
    cuts : sequence of HuntRow
        Cuts on the score from the loosest to the tightest. Those with too few sideband events
        are not searched: a fit says nothing of them.

    Returns
    -------
    Search or None
        ``None`` without pseudo-experiments or working points.
    """
    asked = context.asked
    rows = [row for row in cuts if searchable(row)]
    if not asked.toys or not rows:
        return None
    found = nested_toys(
        context.test,
        rows,
        asked.toys,
        seed=asked.seed,
        workers=asked.workers,
        progress=context.progress,
    )
    best = max(rows, key=lambda row: row.Z or 0.0)
    points = tuple(
        SearchPoint(
            fpr=row.fpr or 0.0, Z=row.Z or 0.0, p_toys=toys.p, Z_toys=toys.Z, failed=toys.failed
        )
        for row, toys in zip(rows, found.points, strict=True)
    )
    return Search(
        score=context.sample.score,
        points=points,
        least=LEAST,
        fpr=best.fpr or 0.0,
        Z=best.Z or 0.0,
        log10_p=best.log10_p or 0.0,
        global_Z=significance_of_log10(found.log10_p),
        global_log10_p=found.log10_p,
        method=found.method,
        upcrossings=found.upcrossings,
        toys=found.largest,
    )


def searchable(row: HuntRow) -> bool:
    """Whether a working point was fitted to enough sideband events to be believed."""
    spectrum = row.spectrum
    if spectrum is None or row.excess is None or row.joint is None:
        return False
    counts = np.asarray(spectrum.counts)
    outside = counts.sum() - counts[spectrum.start : spectrum.stop].sum()
    return bool(outside >= LEAST)
