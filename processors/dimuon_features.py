"""Quantities of muon pairs, in double precision: computed when they are asked for, and once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from processors.objects import Flat, delta_r, float64, invariant_mass

__all__ = ["MUON_MASS", "PairFeatures", "jet_features", "pair_features"]

# Particle Data Group, 2022 [GeV]; files store it per muon in single precision
MUON_MASS = 0.1056583755

# our name of a muon's quantity -> its field in NanoAOD
_MUON = {"pt": "pt", "eta": "eta", "phi": "phi"}
_EXTRA = {"ip3d": "ip3d", "jetiso": "jetRelIso", "iso04": "pfRelIso04_all"}
_JET = {"btag": "btagDeepB", "pt": "pt", "eta": "eta", "phi": "phi", "mass": "mass"}
_PAIR = (
    "dimuon_mass",
    "charge_product",
    "dimuon_pt",
    "dimuon_eta",
    "dimuon_phi",
    "delta_r",
    "delta_pt",
)


class PairFeatures(Mapping[str, Any]):
    """Columns of the feature table that follow from the muons of each pair: GeV, cm and rad.

    Parameters
    ----------
    lead, trail : Flat
        Muons with ``pt`` [GeV], ``eta``, ``phi`` [rad] and ``charge``.
    observables : sequence of str
        Further quantities of the muons to pass on.
    known : mapping of str to array
        Columns that need not be computed, one entry per pair; further names become columns, too.
    """

    def __init__(
        self,
        lead: Flat,
        trail: Flat,
        observables: tuple[str, ...] = (),
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.lead, self.trail, self._observables = lead, trail, observables
        self._known: dict[str, Any] = dict(known or {})
        fields = _MUON | {name: field for name, field in _EXTRA.items() if name in observables}
        self._of_muons = {
            f"{which}_{name}": (muon, field)
            for which, muon in (("lead", lead), ("trail", trail))
            for name, field in fields.items()
        }
        self._names = tuple(dict.fromkeys((*_PAIR, *self._of_muons, *self._known)))

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            if name in self._of_muons:
                return getattr(*self._of_muons[name])
            if name not in _PAIR:
                raise KeyError(name)
            self._known[name] = getattr(self, f"_{name}")()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def joined(self, others: Mapping[str, Any]) -> PairFeatures:
        """Take in further columns of the same pairs."""
        known = {**self._known, **others}
        return PairFeatures(self.lead, self.trail, self._observables, known)

    def passing(self, mask: Any) -> PairFeatures:
        """Keep some pairs; what was not computed yet is then computed of these only."""
        if isinstance(mask, np.ndarray) and mask.all():
            return self
        known = {name: values[mask] for name, values in self._known.items()}
        return PairFeatures(self.lead[mask], self.trail[mask], self._observables, known)

    @cached_property
    def _momentum(self) -> tuple[Any, Any]:
        """Components of the transverse momentum of the pair [GeV]."""
        pt1, pt2 = float64(self.lead.pt), float64(self.trail.pt)
        phi1, phi2 = float64(self.lead.phi), float64(self.trail.phi)
        px = pt1 * np.cos(phi1) + pt2 * np.cos(phi2)
        return px, pt1 * np.sin(phi1) + pt2 * np.sin(phi2)

    def _dimuon_mass(self) -> Any:
        return invariant_mass(self.lead, self.trail, MUON_MASS)

    def _charge_product(self) -> Any:
        return self.lead.charge * self.trail.charge

    def _dimuon_pt(self) -> Any:
        return np.hypot(*self._momentum)

    def _dimuon_eta(self) -> Any:
        pt1, pt2 = float64(self.lead.pt), float64(self.trail.pt)
        pz = pt1 * np.sinh(float64(self.lead.eta)) + pt2 * np.sinh(float64(self.trail.eta))
        # two muons exactly back to back have no pT; the tiny number keeps eta finite
        return np.arcsinh(pz / np.maximum(self["dimuon_pt"], 1e-12))

    def _dimuon_phi(self) -> Any:
        px, py = self._momentum
        return np.arctan2(py, px)

    def _delta_r(self) -> Any:
        return delta_r(self.lead, self.trail)

    def _delta_pt(self) -> Any:
        return float64(self.lead.pt) - float64(self.trail.pt)


def pair_features(lead: Flat, trail: Flat, observables: tuple[str, ...] = ()) -> dict[str, Any]:
    """Compute everything that `PairFeatures` has to offer."""
    return dict(PairFeatures(lead, trail, observables))


def jet_features(jets: Any, eta: Any, phi: Any) -> dict[str, Any]:
    """Describe the first stored jet of each event, and its distance from the pair.

    Parameters
    ----------
    jets : array of lists of jets
        At least one in every event.
    eta, phi : array
        Direction of the pair [rad].
    """
    hardest = Flat(jets[:, 0])
    features = {f"hardest_jet_{name}": getattr(hardest, field) for name, field in _JET.items()}
    features["dimujet_delta_r"] = delta_r(hardest, _Direction(eta, phi))
    return features


@dataclass(frozen=True, slots=True)
class _Direction:
    eta: Any
    phi: Any
