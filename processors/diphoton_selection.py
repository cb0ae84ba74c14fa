"""Selection of photon pairs: the cuts of each preset, and pure functions that apply them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import awkward as ak
import numpy as np

from hepml.errors import ParameterError
from processors.objects import (
    Flat,
    Selection,
    invariant_mass,
    leading_pair,
    plain,
    within_acceptance,
)

__all__ = ["SEED_HISTOGRAM", "SEED_TABLE", "DiphotonCuts", "Pairs", "select_pairs"]


@dataclass(frozen=True, slots=True)
class DiphotonCuts:
    """Every number of the selection. Momenta, energies and masses in GeV.

    Attributes
    ----------
    trigger : bool
        Ask for the photon trigger (trigP).
    pair : {"good", "leading"}
        ``good``: exactly two photons are tight, within acceptance and above ``sublead_pt`` (others
        may be there); ``leading``: the two of highest pT among all photons, both tight.
    matched : bool
        Both photons must have fired the trigger.
    lead_pt, sublead_pt : float
        Lower thresholds, excluded.
    fiducial : bool
        Ask for abs(eta) below ``eta_limit`` and outside ``crack_low`` to ``crack_high``.
    isolation : {"relative", "absolute_mev"}
        Compare ptcone30 and etcone20 divided by pT, or (as the reference notebook does, by
        mistake) their values in MeV, with ``track_isolation`` and ``calo_isolation``.
    fraction : {"pt", "energy"}
        Which quantity, divided by the mass, must exceed ``lead_fraction`` and
        ``sublead_fraction``.
    mass_low, mass_high : float
        Mass window.
    mass_edges : bool
        Whether the window includes its edges.
    unconverted_central : bool
        Both photons unconverted and within ``central_eta``.
    bins : int
        Bins of the mass histogram from ``mass_low`` to ``mass_high``.
    table : {"same", "seed"}
        Which selection fills the feature table: this one, or ``SEED_TABLE``.
    """

    trigger: bool = True
    pair: Literal["good", "leading"] = "good"
    matched: bool = False
    lead_pt: float = 25.0
    sublead_pt: float = 25.0
    fiducial: bool = True
    eta_limit: float = 2.37
    crack_low: float = 1.37
    crack_high: float = 1.52
    isolation: Literal["relative", "absolute_mev"] = "relative"
    track_isolation: float = 0.065
    calo_isolation: float = 0.065
    fraction: Literal["pt", "energy"] = "pt"
    lead_fraction: float = 0.35
    sublead_fraction: float = 0.25
    mass_low: float = 105.0
    mass_high: float = 160.0
    mass_edges: bool = False
    unconverted_central: bool = False
    central_eta: float = 0.75
    bins: int = 30
    table: Literal["same", "seed"] = "same"

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, float) and not np.isfinite(value):
                raise ParameterError(f"DiphotonCuts.{item.name} must be finite, not {value}.")
        if not self.mass_low < self.mass_high:
            raise ParameterError(
                f"DiphotonCuts: mass_low = {self.mass_low} GeV must lie below "
                f"mass_high = {self.mass_high} GeV."
            )
        if self.bins < 1:
            raise ParameterError(f"DiphotonCuts.bins must be at least 1, not {self.bins}.")


_SEED = {"pair": "leading", "matched": True, "isolation": "absolute_mev", "mass_edges": True}

# The reference notebook filled its table with another selection than its mass histogram: E/m
# in place of pT/m, no acceptance, 115 to 135 GeV.
SEED_TABLE = DiphotonCuts(
    **_SEED,  # type: ignore[arg-type]
    fiducial=False,
    fraction="energy",
    mass_low=115.0,
    mass_high=135.0,
    bins=20,
)
SEED_HISTOGRAM = DiphotonCuts(
    **_SEED,  # type: ignore[arg-type]
    trigger=False,
    lead_pt=35.0,
    bins=54,
    table="seed",
)


@dataclass(frozen=True, slots=True)
class Pairs(Selection):
    """Selected photon pairs, and the way from all events to them.

    Attributes
    ----------
    lead, sublead : Flat
        The photons of each selected event.
    mass : array of float64
        Its mass [GeV].
    """

    lead: Flat
    sublead: Flat
    mass: Any


def select_pairs(photons: Any, trigger: Any, cuts: DiphotonCuts) -> Pairs:
    """Select one photon pair per event.

    Parameters
    ----------
    photons : array of lists of photons
        Collection of an :class:`hepml.schemas.AtlasOpenData` file, or a variation of it.
    trigger : array of bool, or None
        Photon trigger decision; needed if ``cuts.trigger``.
    cuts : DiphotonCuts
        Cut values.

    Returns
    -------
    Pairs
        Nothing dear is computed for events that fail the photon counting.
    """
    steps: dict[str, tuple[Any, ...]] = {"all": ()}
    first: tuple[Any, ...]
    usable = _usable(photons, cuts)
    best = leading_pair(photons, usable) if cuts.pair == "good" else None
    enough = best.counts == 2 if best is not None else plain(ak.num(usable, axis=1)) >= 2
    if cuts.trigger:
        trigger = plain(trigger)
        steps["trigger"] = (trigger,)
        enough = enough & trigger
    if best is not None:
        steps["two good photons"] = first = (enough,)
        lead, sublead = best[enough]
    else:
        steps["two photons"] = (enough,)
        # at least two usable photons: most events end here, before their pair is looked for
        enough = enough & (plain(ak.sum(usable, axis=1)) >= 2)
        lead, sublead = leading_pair(photons[enough])
        both = _usable(lead, cuts) & _usable(sublead, cuts)
        first = (enough, both)
        steps["tight, matched, isolated" if cuts.matched else "tight, isolated"] = first
        lead, sublead = lead[both], sublead[both]
    mass = invariant_mass(lead, sublead)
    passed = None
    for name, mask in _pair_cuts(lead, sublead, mass, cuts).items():
        passed = mask if passed is None else passed & mask
        steps[name] = (*first, passed)
    return Pairs(steps, lead[passed], sublead[passed], mass[passed])


def _usable(photons: Any, cuts: DiphotonCuts) -> Any:
    """Cuts on a photon alone that decide which photons (``good``) or pairs are looked at."""
    usable = photons.isTightID
    if cuts.matched:
        usable = usable & photons.trigMatched
    if cuts.isolation == "absolute_mev":
        usable = usable & (photons.ptcone30 < cuts.track_isolation / 1000)
        usable = usable & (photons.etcone20 < cuts.calo_isolation / 1000)
    if cuts.pair == "good":
        usable = usable & (photons.pt > cuts.sublead_pt)
        if cuts.fiducial:
            usable = usable & _accepted(photons, cuts)
    return usable


def _accepted(photons: Any, cuts: DiphotonCuts) -> Any:
    return within_acceptance(photons.eta, cuts.eta_limit, (cuts.crack_low, cuts.crack_high))


def _pair_cuts(lead: Flat, sublead: Flat, mass: Any, cuts: DiphotonCuts) -> dict[str, Any]:
    """Decide for each pair and each remaining cut alone whether it passes."""
    decisions = {"photon pT": (lead.pt > cuts.lead_pt) & (sublead.pt > cuts.sublead_pt)}
    if cuts.pair == "leading" and cuts.fiducial:
        decisions["acceptance"] = _accepted(lead, cuts) & _accepted(sublead, cuts)
    if cuts.isolation == "relative":
        decisions["isolation"] = _isolated(lead, cuts) & _isolated(sublead, cuts)
    quantity = {"pt": "pT", "energy": "E"}[cuts.fraction]
    decisions[f"{quantity}/m"] = (getattr(lead, cuts.fraction) > cuts.lead_fraction * mass) & (
        getattr(sublead, cuts.fraction) > cuts.sublead_fraction * mass
    )
    decisions["mass window"] = (
        (mass >= cuts.mass_low) & (mass <= cuts.mass_high)
        if cuts.mass_edges
        else (mass > cuts.mass_low) & (mass < cuts.mass_high)
    )
    if cuts.unconverted_central:
        decisions["unconverted central"] = _central(lead, cuts) & _central(sublead, cuts)
    return decisions


def _isolated(photons: Any, cuts: DiphotonCuts) -> Any:
    track = photons.ptcone30 < cuts.track_isolation * photons.pt
    return track & (photons.etcone20 < cuts.calo_isolation * photons.pt)


def _central(photons: Any, cuts: DiphotonCuts) -> Any:
    return (np.abs(photons.eta) < cuts.central_eta) & (photons.convType == 0)
