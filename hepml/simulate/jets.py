"""Jets and the rest of a dimuon event: around the muons, in recoil, from pile-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.components import Component
from hepml.simulate.kinematics import FloatArray, IntArray, wrapped

__all__ = ["event_quantities", "reconstructed_jets"]

# A jet of each of the three muons, one in recoil, three from radiation and pile-up.
SLOTS, EXTRA = 7, 3
JET_PT, JET_ETA, CONE = 15.0, 4.7, 0.4

Columns = dict[str, npt.NDArray[Any]]


def reconstructed_jets(
    rng: np.random.Generator,
    component: Component,
    muons: Columns,
    activity: FloatArray,
    total: FloatArray,
) -> tuple[Columns, IntArray, Columns]:
    """Build the jets of events above 15 GeV, ordered in pT.

    Parameters
    ----------
    muons : dict of str to array, shape (n, 3)
        As :func:`hepml.simulate.muons.measured_muons` gives them.
    activity : array, shape (n, 3)
        Transverse momentum of the hadrons around each muon [GeV].
    total : array, shape (n,)
        Transverse momentum of the pair [GeV].

    Returns
    -------
    jets : dict of str to array, shape (jets,)
        Branch name without ``Jet_`` to the values of all jets.
    counts : array of int, shape (n,)
        Jets per event.
    links : dict of str to array, shape (n, 3)
        ``jetIdx`` and ``jetRelIso`` of the muons.
    """
    owner = _owners(muons)
    pt, eta, phi, muon_pt, held = _around_muons(rng, muons, activity, owner)
    pt, eta, phi = _with_others(rng, (pt, eta, phi), muons["phi"][:, 0], total)
    present = (pt > JET_PT) & (np.abs(eta) < JET_ETA)
    order = np.argsort(np.where(present, -pt, 1.0), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(SLOTS)[None, :], axis=1)
    ordered = np.take_along_axis(present, order, axis=1)
    slot = order[ordered]
    event = np.nonzero(ordered)[0]
    pieces: Columns = {
        name: values[event, slot] for name, values in (("pt", pt), ("eta", eta), ("phi", phi))
    }
    near = slot < 3
    of_muons = np.where(near, muon_pt[event, np.minimum(slot, 2)], 0.0)
    pieces["nMuons"] = np.where(near, held[event, np.minimum(slot, 2)], 0)
    beauty = near & (component.displaced != "no")
    jets = pieces | _composition(rng, pieces["pt"], of_muons) | _tags(rng, beauty)
    return jets, ordered.sum(axis=1), _links(muons, owner, present, rank, pt)


def event_quantities(rng: np.random.Generator, total: FloatArray) -> Columns:
    """Missing transverse momentum, sum of transverse energy, good vertices, pile-up."""
    n = len(total)
    pileup = np.maximum(rng.normal(24.0, 5.5, n), 1.0)
    energy = 250.0 + 38.0 * pileup * rng.gamma(12.0, 1.0 / 12.0, n) + 1.5 * total
    missing = 0.62 * np.sqrt(energy) * np.sqrt(2.0 * rng.standard_exponential(n))
    vertices = 1 + rng.binomial(pileup.astype(np.int64), 0.85)
    return {
        "MET_pt": missing,
        "MET_sumEt": energy,
        "PV_npvsGood": vertices,
        "Pileup_nTrueInt": pileup,
    }


def _owners(muons: Columns) -> IntArray:
    """Number of the slot whose jet holds each muon, shape (n, 3): the first one within the cone."""
    eta, phi = muons["eta"], muons["phi"]
    owner = np.tile(np.arange(3), (len(eta), 1))
    for later in (1, 2):
        for first in range(later):
            away = np.hypot(eta[:, later] - eta[:, first], wrapped(phi[:, later] - phi[:, first]))
            merge = (away < CONE) & (owner[:, later] == later) & (owner[:, first] == first)
            owner[:, later] = np.where(merge, first, owner[:, later])
    return owner


def _around_muons(
    rng: np.random.Generator, muons: Columns, activity: FloatArray, owner: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Jets of shape (n, 3): pT, eta, phi, and the pT and number of the muons inside."""
    there = muons["pt"] > 0
    inside = np.zeros((*owner.shape, 2))
    for muon in range(3):
        for slot in range(muon + 1):
            mine = there[:, muon] & (owner[:, muon] == slot)
            inside[:, slot, 0] += np.where(mine, muons["pt"][:, muon], 0.0)
            inside[:, slot, 1] += mine
    size = owner.shape
    holds = inside[..., 1] > 0
    hadrons = activity * np.maximum(rng.normal(1.0, 0.15, size), 0.1)
    pt = np.where(holds, inside[..., 0] + hadrons, 0.0)
    share = hadrons / np.maximum(pt, 1.0)
    eta = muons["eta"] + rng.normal(0.0, 0.15, size) * share
    phi = wrapped(muons["phi"] + rng.normal(0.0, 0.15, size) * share)
    return pt, eta, phi, inside[..., 0], inside[..., 1].astype(np.int64)


def _with_others(
    rng: np.random.Generator,
    near: tuple[FloatArray, FloatArray, FloatArray],
    azimuth: FloatArray,
    total: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Add a jet that balances the pair and some of low pT: shape (n, 7)."""
    n = len(total)
    recoil = total * (1.0 - 0.8 * rng.random(n) ** 2)
    away = wrapped(azimuth + np.pi + rng.normal(0.0, 0.3, n))
    soft = 11.0 + rng.exponential(9.0, (n, EXTRA))
    pt = np.column_stack([near[0], recoil, soft])
    eta = np.column_stack([near[1], rng.normal(0.0, 1.6, (n, 1 + EXTRA))])
    phi = np.column_stack([near[2], away, rng.uniform(-np.pi, np.pi, (n, EXTRA))])
    return pt, eta, phi


def _links(
    muons: Columns, owner: IntArray, present: npt.NDArray[np.bool_], rank: IntArray, pt: FloatArray
) -> Columns:
    """The muons' jets: place in the list, and 1 / (share of the jet's pT) - 1."""
    found = np.take_along_axis(present, owner, axis=1)
    place = np.where(found, np.take_along_axis(rank, owner, axis=1), -1)
    relative = np.take_along_axis(pt, owner, axis=1) / np.maximum(muons["pt"], 1e-3) - 1.0
    return {"jetIdx": place, "jetRelIso": np.where(found, relative, muons["pfRelIso04_all"])}


def _composition(rng: np.random.Generator, pt: FloatArray, of_muons: FloatArray) -> Columns:
    """Mass, number of constituents and energy fractions of jets; the fractions add up to 1."""
    n = len(pt)
    muons = np.minimum(of_muons / pt, 1.0)
    weights = rng.random((4, n)) * np.array([[0.60], [0.04], [0.26], [0.10]]) + 1e-3
    weights *= (1.0 - muons) / weights.sum(axis=0)
    number = 4.0 + 3.0 * np.sqrt(pt) * (0.4 + rng.random(n)) * (1.0 - 0.8 * muons)
    return {
        "mass": pt * (0.06 + 0.12 * rng.random(n)),
        "nConstituents": np.minimum(number, 250.0),
        "qgl": rng.random(n),
        "muEF": muons,
        "chHEF": weights[0],
        "chEmEF": weights[1],
        "neEmEF": weights[2],
        "neHEF": weights[3],
    }


def _tags(rng: np.random.Generator, beauty: npt.NDArray[np.bool_]) -> Columns:
    """Three correlated b-tag scores: high for jets of displaced muons, low for others."""
    power = np.where(beauty, 0.4, 4.0)
    scores = {}
    common = rng.random(len(beauty))
    for name in ("btagCSVV2", "btagDeepB", "btagDeepFlavB"):
        mixed = 0.8 * common + 0.2 * rng.random(len(beauty))
        scores[name] = mixed**power
    return scores
