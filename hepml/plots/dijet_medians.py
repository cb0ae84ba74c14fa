"""Medians of scans as curves: by strategy and noise, with their quantiles as errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hepml.ml.dijet.scan_results import Quantiles, Summary
from hepml.plots.dijet_style import strategy_colour, strategy_name

__all__ = [
    "DASHES",
    "FRACTION",
    "MARKERS",
    "SIC",
    "beside",
    "curve_options",
    "curves",
    "fraction_axis",
    "masses_text",
    "medians",
    "of_parameter",
    "settings_text",
]

FRACTION = r"Signal fraction $\mu$ = S / (S + B)"
SIC = r"SIC at $\varepsilon_{B}$ = 0.1 %"
DASHES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "v")

Curve = list[Summary]


def curves(rows: Sequence[Summary]) -> dict[tuple[str, int], Curve]:
    """Summaries by strategy and noise, in order of mu."""
    found: dict[tuple[str, int], Curve] = {}
    for row in sorted(rows, key=lambda row: row.mu):
        found.setdefault((row.strategy, row.noise), []).append(row)
    order = ["supervised", "parametric", "prior-assisted", "weak"]
    return dict(
        sorted(
            found.items(),
            key=lambda item: (
                order.index(item[0][0]) if item[0][0] in order else len(order),
                item[0][1],
            ),
        )
    )


def medians(
    rows: Sequence[Summary],
    value: Callable[[Summary], Quantiles | None],
    place: Callable[[Summary], float],
) -> tuple[Any, Any, Any]:
    """Places, medians, and distances to the quantiles below and above."""
    found = [
        (place(row), item.median, item.low, item.high)
        for row in rows
        if (item := value(row)) is not None and item.median is not None
    ]
    x = np.array([item[0] for item in found])
    y = np.array([item[1] for item in found], float)
    low = np.array([item[1] if item[2] is None else item[2] for item in found], float)
    high = np.array([item[1] if item[3] is None else item[3] for item in found], float)
    return x, y, np.vstack([np.maximum(y - low, 0), np.maximum(high - y, 0)])


def curve_options(strategy: str, noise: int, noises: Sequence[int]) -> dict[str, Any]:
    """Colour by strategy, line and marker by noise."""
    place = noises.index(noise)
    text = strategy_name(strategy) + (f" + {noise} noise" if noise else "")
    return {
        "color": strategy_colour(strategy),
        "linestyle": DASHES[place % 4],
        "marker": MARKERS[place % 4],
        "markerfacecolor": "white" if noise else strategy_colour(strategy),
        "label": text,
    }


def masses_text(row: Summary) -> str:
    """Masses of the signal as a legend writes them."""
    x, y = row.mass_point
    return rf"$m_{{X}}$ = {x:g} GeV, $m_{{Y}}$ = {y:g} GeV"


def settings_text(row: Summary) -> str:
    """Strategy, signal fraction and noise of a plane of masses."""
    words = strategy_name(row.strategy) + (rf", $\mu$ = {row.mu:.2g}" if row.mu else "")
    return words + (f" + {row.noise} noise" if row.noise else "")


def span(fractions: Sequence[float]) -> tuple[float, float]:
    """Limits of mu with some room."""
    there = [value for value in fractions if value > 0] or [1e-3, 1e-1]
    return 0.7 * min(there), 1.4 * max(there)


def beside(place: int, count: int) -> float:
    """Factor that moves a curve sideways on a logarithmic axis, so that none hides another."""
    return float(1.05 ** (place - 0.5 * (count - 1)))


def fraction_axis(panels: Sequence[Any], rows: Sequence[Summary]) -> tuple[float, float]:
    """Make the shared x axis one of signal fractions, labelled in the last panel; its limits."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = span([row.mu for row in rows])
    last = panels[-1]
    last.set_xscale("log")
    last.set_xlim(low, high)
    # within little more than a decade powers of ten are too few
    places = (1.0,) if high > 40 * low else (1.0, 2.0, 5.0)
    last.xaxis.set_major_locator(LogLocator(subs=places))
    last.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    last.xaxis.set_minor_formatter(NullFormatter())
    for upper in panels[:-1]:
        upper.tick_params(axis="x", which="both", labelbottom=False)
    last.set_xlabel(FRACTION)
    return low, high


def of_parameter(name: str) -> Callable[[Summary], Quantiles | None]:
    """What takes the quantiles of a fitted parameter out of a summary."""
    return lambda row: row.parameters.get(name)
