"""What figures of dijet searches share: colours of strategies, names of parameters and modes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hepml.plots.origin import source_look
from hepml.plots.samples import colours
from hepml.plots.style import Look

__all__ = ["dijet_look", "mode_name", "parameter_name", "strategy_colour", "strategy_name"]

_STRATEGIES = {
    "supervised": ("Dedicated supervised", "black"),
    "parametric": ("Parametric supervised", "#832db6"),
    "prior-assisted": ("Prior-assisted", "#bd1f01"),
    "weak": ("Weakly supervised", "#3f90da"),
}
_PARAMETERS = {
    "mx": "$m_{X}$ [GeV]",
    "my": "$m_{Y}$ [GeV]",
    "mu": r"$\mu$",
    "alpha": r"$\alpha$",
}
_MODES = {"qq": "two-prong", "qqq": "three-prong"}


def dijet_look(source: Mapping[str, Any], label: str | None, style: str | None) -> Look:
    """Style and texts of figures of these events."""
    look = source_look({"processor": "dijet"} | dict(source), label, style)
    if label is None and source.get("published") and not source.get("simulated"):
        look = replace(look, text="LHC Olympics")
    return look


def strategy_name(name: str) -> str:
    """A strategy as a legend writes it."""
    return _STRATEGIES[name][0] if name in _STRATEGIES else name


def strategy_colour(name: str, place: int = 0) -> str:
    """The colour of a strategy, the same in every figure; others by their place."""
    return _STRATEGIES[name][1] if name in _STRATEGIES else colours(place + 6)[-1]


def parameter_name(name: str) -> str:
    """A parameter as an axis writes it."""
    number = name.removeprefix("alpha_")
    return _PARAMETERS.get(name, name if number == name else rf"$\alpha_{{{number}}}$")


def mode_name(name: str) -> str:
    """A decay mode as a legend writes it."""
    return _MODES.get(name, name)
