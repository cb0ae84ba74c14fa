"""The weighted fit of a sample: calibration of the ratio, weights, significance, toys."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.errors import StatisticsError
from hepml.ml.anomaly.pieces import RatioBin, Reweighting
from hepml.ml.anomaly.reweighting import (
    check_ratio,
    reliability,
    signal_weights,
    weight_histogram,
    weighted_toys,
)
from hepml.ml.anomaly.scored import Context
from hepml.stats.bumphunt import hunt
from hepml.stats.results import HuntRow, Toys
from hepml.stats.scales import Scale, sideband_scale

__all__ = ["signal_share", "weigh"]

Array = NDArray[np.float64]

_NO_EXCESS = (
    "no excess without a cut: the share of signal is not above 0, so weights are not defined"
)
_NOT_CALIBRATED = "the likelihood ratio of background does not average to 1 (see checks)"


def signal_share(inclusive: HuntRow) -> float | None:
    """Share of signal in the signal region, S / (S + B); ``None`` where there is no excess."""
    if inclusive.S is None or inclusive.B is None or not inclusive.S > 0:
        return None
    return inclusive.S / (inclusive.S + max(inclusive.B, 0.0))


def weigh(context: Context, inclusive: HuntRow) -> Reweighting | None:
    """Weight every event by its likelihood ratio of signal and background, and fit.

    Parameters
    ----------
    context : Context
        The sample with its ratio.
    inclusive : HuntRow
        The fit without a cut, which gives the share of signal.

    Returns
    -------
    Reweighting or None
        ``None`` where the strategy has no likelihood ratio.

    Raises
    ------
    StatisticsError
        If a ratio is negative or not finite.
    """
    ratio = context.sample.ratio
    if ratio is None:
        return None
    found = _checked(context, ratio)
    mu = signal_share(inclusive)
    if mu is None:
        return found.model_copy(update={"status": _NO_EXCESS})
    weights = signal_weights(ratio, mu)
    background = weights[~context.inside]
    row, published, toys, status = _fit(context, weights)
    said = [] if all(check.good for check in found.checks) else [_NOT_CALIBRATED]
    said += [] if status == "ok" else [status]
    return found.model_copy(
        update={
            "mu": mu,
            "row": row,
            "published": published,
            "toys": toys,
            "status": "; ".join(said) or "ok",
            "zeros": float((weights == 0).mean()),
            "mean_background": float(background.mean()) if len(background) else None,
            "weights": weight_histogram(weights, context.inside),
        }
    )


def _checked(context: Context, ratio: Array) -> Reweighting:
    """Calibration of the ratio."""
    bad = int((~np.isfinite(ratio) | (ratio < 0)).sum())
    if bad:
        raise StatisticsError(
            f"The likelihood ratio of {bad:,} of {len(ratio):,} events is negative or not finite: "
            "nothing can be weighted by it."
        )
    inside = context.inside
    checks = []
    bins: tuple[RatioBin, ...] = ()
    known = context.sample.sample_ratio
    if known is not None and len(known) > 1:
        checks.append(check_ratio(known, "samples"))
        bins = reliability(ratio[inside], known)
    if (~inside).sum() > 1:
        checks.append(check_ratio(ratio[~inside], "sidebands"))
    return Reweighting(checks=tuple(checks), reliability=bins)


def _row(context: Context, weights: Array, scale: Scale) -> HuntRow:
    """Fit the weighted events."""
    found = hunt(
        context.sample.mass,
        context.window,
        weights=weights,
        scale=scale,
        degree=context.asked.degree,
        bins=context.asked.bins,
        source=context.sample.source,
    )
    return found.results[0].model_copy(update={"selection": f"weighted, scale of the {scale}"})


def _fit(
    context: Context, weights: Array
) -> tuple[HuntRow | None, HuntRow | None, Toys | None, str]:
    """Fit the weighted events in both ways, and make pseudo-experiments of them."""
    asked, test = context.asked, context.test
    try:
        row, published = (_row(context, weights, scale) for scale in ("sideband", "bin"))
        if not asked.toys or not (row.S or 0.0) > 0:
            return row, published, None, row.status
        counts, squares = test.binning.count(context.sample.mass, weights)
        toys = weighted_toys(
            test,
            test.run(counts, counts * sideband_scale(test.binning, counts, squares)),
            weights[~context.inside],
            asked.toys,
            seed=asked.seed,
            workers=asked.workers,
            progress=context.progress,
        )
    except StatisticsError as error:
        return None, None, None, str(error)
    return row, published, toys, row.status
