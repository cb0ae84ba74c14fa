"""Systematic uncertainty of a background rejection by the published procedure.

The uncertainty between two sets is the ratio of their rejections less 1, without its sign; the
largest one of a source counts, bin by bin; sources are added in quadrature. What there is no set
for is left out and named: it is never taken as zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from hepml.ml.toptag.components import Combination, Component, Systematics, Variation
from hepml.ml.toptag.metrics import BINS, EDGES, WORKING_POINTS
from hepml.ml.toptag.results import MetricSet, Rejection
from hepml.ml.toptag.roles import COMBINATIONS, COMPONENTS, Source

__all__ = ["difference", "extrapolated", "find_systematics", "systematic_notes"]

Values = tuple[float | None, ...]


def find_systematics(
    sets: Mapping[str, MetricSet], *, efficiency: float = WORKING_POINTS[0]
) -> Systematics:
    """Compare sets, take envelopes and add in quadrature.

    Parameters
    ----------
    sets : mapping of str to MetricSet
        By the names of `hepml.ml.toptag.roles.SETS`.
    efficiency : float
        Working point.
    """
    components = {source.name: _component(source, sets, efficiency) for source in COMPONENTS}
    combinations = tuple(
        _combination(name, title, [components[part] for part in parts])
        for name, (title, parts) in COMBINATIONS.items()
    )
    return Systematics(
        efficiency=efficiency,
        edges=EDGES,
        components=tuple(components.values()),
        combinations=combinations,
    )


def difference(first: float | None, second: float | None) -> float | None:
    """``|first / second - 1|``; ``None`` where one is not known or not finite."""
    if first is None or second is None or not second > 0:
        return None
    return abs(first / second - 1.0)


def _component(source: Source, sets: Mapping[str, MetricSet], efficiency: float) -> Component:
    """Envelope of a source."""
    variations, missing = [], []
    for first, second in source.pairs:
        unknown = [
            name
            for name in (first, second)
            if name not in sets or sets[name].rejection(efficiency).value is None
        ]
        missing += unknown
        if not unknown:
            variations.append(_variation(sets[first], sets[second], efficiency))
    if not variations:
        return Component(
            name=source.name,
            title=source.title,
            group=source.group,
            status="skipped",
            missing=tuple(dict.fromkeys(missing)),
        )
    largest = max(variations, key=lambda item: item.value or 0.0)
    bins = tuple(_largest([item.bins[k] for item in variations]) for k in range(BINS))
    far = (False,) * BINS
    if source.extrapolate is not None:
        bins, far = extrapolated(bins[: source.extrapolate])
    return Component(
        name=source.name,
        title=source.title,
        group=source.group,
        status="partial" if missing else "complete",
        missing=tuple(dict.fromkeys(missing)),
        value=largest.value,
        error=largest.error,
        bins=bins,
        extrapolated=far,
        variations=tuple(variations),
    )


def _variation(first: MetricSet, second: MetricSet, efficiency: float) -> Variation:
    """Two sets, inclusive and by bins; bins that a set does not have are unknown."""
    bins: list[float | None] = [None] * BINS
    for k, (one, two) in enumerate(zip(first.bins, second.bins, strict=False)):
        bins[k] = difference(_at(one.rejections, efficiency), _at(two.rejections, efficiency))
    a, b = first.rejection(efficiency), second.rejection(efficiency)
    # known where both are of the same jets
    error = a.ratio_error
    if error is None and a.value and b.value and a.error is not None and b.error is not None:
        error = a.value / b.value * math.hypot(a.error / a.value, b.error / b.value)
    return Variation(
        first=first.name,
        second=second.name,
        value=difference(a.value, b.value),
        error=error,
        bins=tuple(bins),
    )


def _at(rejections: Sequence[Rejection], efficiency: float) -> float | None:
    return next((item.value for item in rejections if item.efficiency == efficiency), None)


def _largest(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known, default=None)


def extrapolated(measured: Values) -> tuple[Values, tuple[bool, ...]]:
    """Fill bins beyond the measured ones: the next one as the last, the others as the largest.

    Parameters
    ----------
    measured : tuple of (float or None)
        Values of the first bins.

    Returns
    -------
    tuple of (float or None)
        Values of all bins.
    tuple of bool
        Which of them were not measured.
    """
    rest = BINS - len(measured)
    beyond = (measured[-1], *(_largest(measured),) * (rest - 1)) if rest else ()
    return (*measured, *beyond), (False,) * len(measured) + (True,) * rest


def _combination(name: str, title: str, parts: Sequence[Component]) -> Combination:
    """Quadratic sum; components without a value are named."""
    used = [part for part in parts if part.value is not None]
    value = _quadrature([part.value for part in used])
    bins = tuple(_quadrature([part.bins[k] for part in used]) for k in range(BINS))
    return Combination(
        name=name,
        title=title,
        value=value,
        error=_quadrature_error(used, value),
        bins=bins,
        components=tuple(part.name for part in used),
        missing=tuple(part.name for part in parts if part.value is None),
        incomplete=tuple(
            any(part.status != "complete" or part.bins[k] is None for part in parts)
            for k in range(BINS)
        ),
    )


def _quadrature(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.hypot(*known) if known else None


def _quadrature_error(parts: Sequence[Component], total: float | None) -> float | None:
    """Statistical error of a quadratic sum, as if its parts were independent."""
    if not total:
        return None
    return math.hypot(*((part.value or 0.0) * (part.error or 0.0) / total for part in parts))


def systematic_notes(found: Systematics) -> tuple[str, ...]:
    """What a reader must know of an uncertainty: what it lacks, and what is only noise."""
    notes = []
    skipped = [item for item in found.components if item.status == "skipped"]
    if skipped:
        names = "; ".join(f"{item.title} ({', '.join(item.missing)})" for item in skipped)
        notes.append(
            f"The systematic uncertainty is a lower bound: {len(skipped)} of "
            f"{len(found.components)} sources have no jets to compare: {names}."
        )
    partial = [item for item in found.components if item.status == "partial"]
    if partial:
        names = "; ".join(f"{item.title} (without {', '.join(item.missing)})" for item in partial)
        notes.append(f"Some sources lack one of their variations and may be larger: {names}.")
    noise = [
        item
        for item in found.components
        if item.value is not None and item.error is not None and item.value < item.error
    ]
    if noise:
        names = "; ".join(item.title for item in noise)
        notes.append(
            "Smaller than their statistical error (of different samples: as if they shared no "
            f"jets): {names}."
        )
    return tuple(notes)
