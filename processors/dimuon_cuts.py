"""The cuts of the dimuon selection and its presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

import numpy as np

from hepml.errors import ParameterError, did_you_mean
from hepml.windows import WINDOWS
from processors.dimuon_columns import (
    COLUMNS,
    OBSERVABLES,
    PUBLISHED_PATHS,
    hlt_path,
    table_columns,
)

__all__ = ["INCLUSIVE", "TIGHT", "UPSILON", "UPSILON_UNISOLATED", "DimuonCuts"]


@dataclass(frozen=True, slots=True)
class DimuonCuts:
    """Every number of the selection. Momenta and masses in GeV.

    Attributes
    ----------
    muons : {"all", "tight"}
        Muons that the pair is made of: the two of highest pT among these.
    trigger : str
        Trigger path that must have fired, with or without ``HLT_``; empty for none.
    paths : tuple of str
        Further trigger decisions to write into the table; ``published`` stands for those of the
        published study.
    missing_trigger : {"error", "false", False}
        What a file without one of these paths means: it is refused, or the path never fired.
    observables : tuple of str
        Quantities to compute beyond kinematics: ip3d, jetiso, iso04, n_jets.
    jets : bool
        Ask for at least one jet, and compute the quantities of the first one.
    lead_pt, trail_pt : float
        Lower thresholds on the two muons, included.
    lead_iso04, trail_iso04 : float or None
        Lower thresholds on the isolation, included: above them a muon is *not* isolated.
    window_low, window_high : float or None
        Mass range, edges included.
    minimum, maximum : mapping of str to float
        Further bounds, included: column of the table (ours or its published name) to value.
    mass_low, mass_high : float
        Range of the mass histogram (not a cut).
    bins : int
        Its bins, of equal width in the logarithm of the mass.
    windows : tuple of str
        Mass windows (of ``hepml.windows``) to fill a spectrum in bins of equal width for.
    window_bins : int
        Bins of such a spectrum inside the window's signal region.
    """

    muons: Literal["all", "tight"] = "all"
    trigger: str = ""
    paths: tuple[str, ...] = ()
    missing_trigger: Literal["error", "false", False] = "error"
    observables: tuple[str, ...] = ()
    jets: bool = False
    lead_pt: float = 0.0
    trail_pt: float = 0.0
    lead_iso04: float | None = None
    trail_iso04: float | None = None
    window_low: float | None = None
    window_high: float | None = None
    minimum: Mapping[str, float] = field(default_factory=dict)
    maximum: Mapping[str, float] = field(default_factory=dict)
    mass_low: float = 0.3
    mass_high: float = 200.0
    bins: int = 650
    windows: tuple[str, ...] = ("jpsi", "psi_prime", "upsilon", "z")
    window_bins: int = 11

    def __post_init__(self) -> None:
        named = [name for word in self.paths for name in _expanded(word)]
        _set(self, "paths", tuple(dict.fromkeys(hlt_path(name) for name in named)))
        if self.missing_trigger is False:  # a bare false on the command line is JSON
            _set(self, "missing_trigger", "false")
        _set(self, "trigger", hlt_path(self.trigger) if self.trigger else "")
        _check_numbers(self)
        _check_names("observables", self.observables, OBSERVABLES)
        _check_names("windows", self.windows, WINDOWS)
        for name in ("lead_iso04", "trail_iso04"):
            if getattr(self, name) is not None and "iso04" not in self.observables:
                raise ParameterError(
                    f"DimuonCuts.{name} needs the isolation: put iso04 into observables."
                )
        _set(self, "minimum", self._bounds("minimum"))
        _set(self, "maximum", self._bounds("maximum"))

    @property
    def decisions(self) -> tuple[str, ...]:
        """Trigger paths that become columns: the one that is cut on, and the further ones."""
        cut_on = (self.trigger,) if self.trigger else ()
        return tuple(dict.fromkeys((*cut_on, *self.paths)))

    def _bounds(self, which: str) -> dict[str, float]:
        """Bounds by our column names, every name checked."""
        columns = [c for c in table_columns(self) if c.role in ("feature", "observer")]
        known = {column.alias: column.name for column in columns if column.alias}
        known |= {column.name: column.name for column in columns}
        found: dict[str, float] = {}
        for name, value in getattr(self, which).items():
            if name not in known:
                elsewhere = name in {text for c in COLUMNS for text in (c.name, c.alias) if text}
                raise ParameterError(
                    f"DimuonCuts.{which}: these cuts compute no {name!r}. "
                    + (
                        "Put what it needs into observables, or ask for jets."
                        if elsewhere
                        else did_you_mean(name, known)
                    )
                )
            if known[name] in found:
                raise ParameterError(f"DimuonCuts.{which} bounds {known[name]!r} twice.")
            found[known[name]] = float(value)
        return found


def _set(cuts: DimuonCuts, name: str, value: object) -> None:
    object.__setattr__(cuts, name, value)  # the one moment at which frozen cuts are made


def _expanded(word: str) -> tuple[str, ...]:
    return PUBLISHED_PATHS if word == "published" else (word,)


def _check_names(cut: str, names: tuple[str, ...], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise ParameterError(
                f"DimuonCuts.{cut} does not know {name!r}. " + did_you_mean(name, known)
            )


def _check_numbers(cuts: DimuonCuts) -> None:
    numbers = {item.name: getattr(cuts, item.name) for item in fields(cuts)}
    for which in ("minimum", "maximum"):
        numbers |= {f"{which}.{name}": value for name, value in numbers[which].items()}
    for name, value in numbers.items():
        if isinstance(value, float) and not np.isfinite(value):
            raise ParameterError(f"DimuonCuts.{name} must be finite, not {value}.")
    if not 0 < cuts.mass_low < cuts.mass_high:
        raise ParameterError(
            f"DimuonCuts: mass_low = {cuts.mass_low} GeV must lie above 0 and below "
            f"mass_high = {cuts.mass_high} GeV."
        )
    low, high = cuts.window_low, cuts.window_high
    if low is not None and high is not None and not low < high:
        raise ParameterError(
            f"DimuonCuts: window_low = {low} GeV must lie below window_high = {high} GeV."
        )
    for name in ("bins", "window_bins"):
        if getattr(cuts, name) < 1:
            raise ParameterError(f"DimuonCuts.{name} must be at least 1, not {numbers[name]}.")


# Muons of any quality; needs nothing but their kinematics and charge.
INCLUSIVE = DimuonCuts()
# The event selection of arXiv:2502.14036 with all of its observables.
TIGHT = DimuonCuts(muons="tight", observables=tuple(OBSERVABLES))
# Its sample before anti-isolation: trigger, thresholds and mass window around the Upsilons.
UPSILON = replace(
    TIGHT,
    trigger="HLT_TrkMu15_DoubleTrkMu5NoFiltersNoVtx",
    lead_pt=17.0,
    trail_pt=8.0,
    window_low=5.0,
    window_high=16.0,
)
# Its anti-isolated sample.
UPSILON_UNISOLATED = replace(UPSILON, lead_iso04=0.55, trail_iso04=0.55)
