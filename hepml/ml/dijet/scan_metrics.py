"""Figures of merit of a scan: how little signal each strategy needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hepml.ml.dijet.scan_results import ScanResult, Summary

__all__ = ["LEVEL", "needed_fraction", "scan_metrics"]

LEVEL = 0.9
"""Share of the supervised SIC that counts as having found the signal."""


def needed_fraction(rows: Sequence[Summary], level: float) -> float | None:
    """Signal fraction from which on the median SIC at a false-positive rate of 0.1 % stays above.

    Parameters
    ----------
    rows : sequence of Summary
        Of one strategy, mass point and number of noise features.
    level : float
        SIC to be reached.

    Returns
    -------
    float or None
        Between two points by interpolation in ln(mu); the lowest point where all of them suffice;
        ``None`` where the last one does not.
    """
    ordered = sorted((row for row in rows if row.mu > 0), key=lambda row: row.mu)
    values = np.array([row.sic_1e3.median or 0.0 for row in ordered])
    if not len(values) or values[-1] < level:
        return None
    short = np.flatnonzero(values < level)
    if not len(short):
        return ordered[0].mu
    place = int(short[-1])
    share = (level - values[place]) / (values[place + 1] - values[place])
    ends = np.log([ordered[place].mu, ordered[place + 1].mu])
    return float(np.exp(ends[0] + share * (ends[1] - ends[0])))


def scan_metrics(found: ScanResult) -> dict[str, float | None]:
    """One flat object of figures.

    ``points`` and ``failed``; of each mass point ``sic_1e3_supervised``, and of each strategy
    without labels ``mu_90_<strategy>``: see :func:`needed_fraction`, at 90 % of the supervised
    SIC. Names end in ``_noise_<n>`` and ``_<mx>_<my>`` where there are several.
    """
    metrics: dict[str, float | None] = {
        "points": float(len(found.points)),
        "failed": float(len(found.failed)),
    }
    several = len({row.mass_point for row in found.summary}) > 1
    groups: dict[tuple[tuple[float, float], int], list[Summary]] = {}
    for row in found.summary:
        groups.setdefault((row.mass_point, row.noise), []).append(row)
    for (point, noise), rows in groups.items():
        tail = f"_noise_{noise}" if noise else ""
        tail += f"_{point[0]:g}_{point[1]:g}" if several else ""
        best = next((row.sic_1e3.median for row in rows if row.strategy == "supervised"), None)
        if best is None:
            continue
        metrics[f"sic_1e3_supervised{tail}"] = best
        for strategy in dict.fromkeys(row.strategy for row in rows if row.mu > 0):
            own = [row for row in rows if row.strategy == strategy]
            name = f"mu_90_{strategy.replace('-', '_')}{tail}"
            metrics[name] = needed_fraction(own, LEVEL * best)
    return metrics
