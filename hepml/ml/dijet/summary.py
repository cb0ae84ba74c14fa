"""Medians and quantiles of points of a scan that differ by their seed alone."""

from __future__ import annotations

from collections.abc import Sequence

from hepml.ml.dijet.ensembles import quantiles_of
from hepml.ml.dijet.results import Parameter
from hepml.ml.dijet.scan_results import PointOptions, ScanPoint, Summary

__all__ = ["summarise"]


def summarise(points: Sequence[ScanPoint]) -> tuple[Summary, ...]:
    """One summary for each set of options but the seed, in the order of their first point.

    Parameters
    ----------
    points : sequence of ScanPoint
        Single points fall back on their own errors.
    """
    groups: dict[tuple[object, ...], list[ScanPoint]] = {}
    for item in points:
        groups.setdefault(_group(item.options), []).append(item)
    return tuple(_summary(members) for members in groups.values())


def _group(options: PointOptions) -> tuple[object, ...]:
    return (options.strategy, options.mu, options.mass_point, options.alpha, options.noise)


def _summary(members: Sequence[ScanPoint]) -> Summary:
    options = members[0].options
    judged = [item.judgement for item in members]
    parameters: dict[str, list[Parameter]] = {}
    for item in judged:
        for parameter in item.fit.parameters if item.fit is not None else ():
            parameters.setdefault(parameter.name, []).append(parameter)
    return Summary(
        strategy=options.strategy,
        mu=options.mu,
        mass_point=options.mass_point,
        alpha=options.alpha,
        noise=options.noise,
        points=len(members),
        auc=quantiles_of([item.auc for item in judged]),
        sic_1e3=quantiles_of([item.sic(1e-3) for item in judged]),
        sic_1e4=quantiles_of([item.sic(1e-4) for item in judged]),
        sic_max=quantiles_of([item.efficiency.sic_max for item in judged]),
        parameters={name: quantiles_of(items) for name, items in parameters.items()},
        truth={
            name: items[0].truth for name, items in parameters.items() if items[0].truth is not None
        },
    )
