"""Muons of the dimuon simulator: isolation, impact parameters, identification, triggers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.components import Component
from hepml.simulate.kinematics import FloatArray, IntArray, wrapped
from hepml.simulate.nanoaod import PATHS
from hepml.simulate.pairs import MUON_MASS, Pairs

__all__ = ["fired", "measured_muons"]

# Mean impact parameters [cm] of muons from beauty and charm inside jets, and the share of either;
# the rest are decays in flight, which look prompt. With these numbers heavy flavour has the impact
# parameters of the published anti-isolated events (without the signal) in the signal region.
BEAUTY, CHARM = (0.030, 0.70), (0.010, 0.25)
# Hadronic activity around a muon in a jet: median [GeV] at a pair pT of 40 GeV, spread of its
# logarithm and how much of that is common to the two muons.
ACTIVITY, SPREAD, COMMON = 28.0, 0.75, 0.6
ISOLATED = 0.4


def measured_muons(
    rng: np.random.Generator, component: Component, pairs: Pairs
) -> tuple[dict[str, npt.NDArray[Any]], FloatArray]:
    """Complete pairs to the muons of an event.

    Returns
    -------
    columns : dict of str to array, shape (n, 3)
        Branch name without ``Muon_`` to values; a muon that is not there has no pT.
    activity : array, shape (n, 3)
        Transverse momentum of the hadrons around each muon [GeV].
    """
    n = len(pairs)
    in_jet = component.in_jet or component.displaced != "no"
    pt, eta, phi, charge = _with_third(rng, pairs, in_jet)
    activity = _activity(rng, pairs.total, in_jet)
    prompt = component.displaced == "no"
    distance = np.zeros((n, 3)) if prompt else _displacement(rng, component, n)
    dxy, across = _impact(rng, pt, distance)
    near = 1.0 - rng.random((n, 3)) ** 2 * 0.7
    present = np.maximum(pt, 1e-3)
    columns: dict[str, npt.NDArray[Any]] = {
        "pt": pt,
        "eta": eta,
        "phi": phi,
        "mass": np.full((n, 3), MUON_MASS),
        "charge": charge,
        "pfRelIso04_all": activity / present,
        "pfRelIso03_all": activity * near / present,
        "tightId": rng.random((n, 3)) < np.array([0.975, 0.975, 0.7]),
        "ip3d": np.hypot(dxy, across),
        "dxy": dxy,
        "dz": across * np.cosh(eta),
    }
    return columns, activity


def fired(
    rng: np.random.Generator, muons: dict[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Decide which trigger paths an event fires, from the muons as stored."""
    pt, relative = muons["pt"], muons["pfRelIso04_all"]
    n = len(pt)
    isolated = (relative[:, 0] < ISOLATED) & (relative[:, 1] < ISOLATED)
    same = muons["charge"][:, 0] == muons["charge"][:, 1]
    flags = {}
    for name, path in PATHS.items():
        flag = (pt[:, 0] > path.lead) & (pt[:, 1] > path.trail)
        flag &= rng.random(n, dtype=np.float32) < path.efficiency
        if path.isolated:
            flag &= isolated
        if path.same_sign:
            flag &= same
        if path.third:
            flag &= pt[:, 2] > path.third
        flags[name] = flag
    return flags


def _with_third(
    rng: np.random.Generator, pairs: Pairs, in_jet: bool
) -> tuple[FloatArray, FloatArray, FloatArray, IntArray]:
    """Add a third, softer muon to some events: pt, eta, phi and charge of shape (n, 3)."""
    n = len(pairs)
    there = rng.random(n) < (0.25 if in_jet else 0.05)
    softest = pairs.pt[:, 1]
    third = np.where(there, 3.0 + (softest - 3.0) * rng.random(n) ** 2, 0.0)
    spread = 0.5 if in_jet else 2.0
    eta = np.clip(pairs.eta[:, 0] + rng.normal(0.0, spread, n), -2.399, 2.399)
    phi = wrapped(pairs.phi[:, 0] + rng.normal(0.0, spread, n))
    charge = rng.choice(np.array([-1, 1]), n)
    pt = np.column_stack([pairs.pt, third])
    return (
        pt,
        np.column_stack([pairs.eta, eta]),
        np.column_stack([pairs.phi, phi]),
        np.column_stack([pairs.charge, charge]),
    )


def _activity(rng: np.random.Generator, total: FloatArray, in_jet: bool) -> FloatArray:
    """Hadrons around each muon [GeV]: log-normal in jets, a little pile-up elsewhere."""
    shape = (len(total), 3)
    if not in_jet:
        return np.asarray(np.maximum(rng.exponential(1.8, shape) - 0.3, 0.0))
    common = rng.standard_normal(len(total))[:, None] * np.sqrt(COMMON)
    own = rng.standard_normal(shape) * np.sqrt(1.0 - COMMON)
    size = ACTIVITY * np.sqrt(total / 40.0)
    return np.asarray(size[:, None] * np.exp(SPREAD * (common + own)))


def _displacement(rng: np.random.Generator, component: Component, n: int) -> FloatArray:
    """Distance of each muon's line from the primary vertex [cm]: exponential lifetimes."""
    together = component.displaced == "together"
    draw = rng.random((n, 1) if together else (n, 3))
    if together:
        mean = np.full((n, 1), BEAUTY[0])
    else:
        bounds = np.cumsum([BEAUTY[1], CHARM[1]])
        mean = np.select([draw < bounds[0], draw < bounds[1]], [BEAUTY[0], CHARM[0]], 0.0)
    return np.broadcast_to(mean * rng.standard_exponential(mean.shape), (n, 3))


def _impact(
    rng: np.random.Generator, pt: FloatArray, distance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Impact parameters [cm], transverse and along the beam seen across the track."""
    soft = 1.0 / np.maximum(pt, 3.0)
    tail = np.where(rng.random(pt.shape) < 0.08, 3.0, 1.0)
    angle = rng.uniform(-np.pi, np.pi, pt.shape)
    dxy = distance * np.cos(angle) + rng.standard_normal(pt.shape) * tail * (0.0007 + 0.015 * soft)
    across = distance * np.sin(angle)
    across = across + rng.standard_normal(pt.shape) * tail * (0.0009 + 0.022 * soft)
    return dxy, across
