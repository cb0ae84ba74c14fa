"""A detector for the diphoton simulator: particles in, flat columns of the `mini` tree out."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.kinematics import (
    FloatArray,
    IntArray,
    invariant_mass,
    pseudorapidity,
    transverse_momentum,
)
from hepml.simulate.objects import (
    MEV,
    Collection,
    flattened,
    isolation,
    massless,
    separated,
)
from hepml.simulate.photons import identified_photons
from hepml.simulate.production import Truth

__all__ = ["reconstructed"]


def reconstructed(
    rng: np.random.Generator, truth: Truth, photons: Collection, simulated: bool
) -> tuple[dict[str, Collection], dict[str, npt.NDArray[Any]]]:
    """Reconstruct everything else in events whose photons are known.

    Parameters
    ----------
    truth : Truth
        The kept events only.
    simulated : bool
        Whether truth flags are filled; collision data have none.

    Returns
    -------
    collections : dict of str to Collection
        ``photon``, ``lep``, ``jet``, ``tau``, ``largeRjet``.
    scalars : dict of str to array, shape (n,)
        Triggers and missing transverse momentum.
    """
    leptons = _leptons(rng, truth, simulated)
    jets, taus, wide = _jets(rng, truth, photons, leptons, simulated)
    full = identified_photons(rng, photons, jets.counts, simulated)
    scalars = _missing(rng, truth, jets) | _triggers(rng, truth.n, full, leptons)
    tau_pairs = np.where(taus.counts >= 2, rng.gamma(4.0, 20.0, truth.n) * MEV, 0.0)
    scalars["ditau_m"] = tau_pairs
    return {"photon": full, "lep": leptons, "jet": jets, "tau": taus, "largeRjet": wide}, scalars


def _leptons(rng: np.random.Generator, truth: Truth, simulated: bool) -> Collection:
    """Electrons and muons above 7 GeV in abs(eta) < 2.5, 88 % efficient."""
    event, p4, code = flattened(truth.leptons)
    pt = transverse_momentum(p4)
    pt = pt * rng.normal(1.0, 0.02, len(pt))
    eta = pseudorapidity(p4)
    good = (pt > 7.0) & (np.abs(eta) < 2.5) & (rng.random(len(pt)) < 0.88)
    use = np.flatnonzero(good)
    use = use[np.lexsort((-pt[use], event[use]))]
    pt, eta, code, n = pt[use], eta[use], code[use], len(use)
    columns: dict[str, Any] = {"pt": pt * MEV, "eta": eta}
    columns |= {"phi": np.arctan2(p4[use, 1], p4[use, 0]), "charge": -np.sign(code)}
    columns |= {"type": np.abs(code), "z0": rng.normal(0.0, 0.05, n)}
    columns |= isolation(rng, np.full(n, 1.0), np.zeros(n, bool))
    columns |= {
        "truthMatched": np.full(n, simulated),
        "trigMatched": (pt > 27.0) & (rng.random(n) < 0.8),
        "isTightID": rng.random(n) < 0.8,
        "trackd0pvunbiased": rng.normal(0.0, 0.013, n),
        "tracksigd0pvunbiased": np.abs(rng.normal(0.0, 1.08, n)),
        "pt_syst": pt * MEV * 0.005 * np.abs(rng.normal(1.0, 0.2, n)),
    }
    return massless(np.bincount(event[use], minlength=truth.n), columns)


def _jets(
    rng: np.random.Generator,
    truth: Truth,
    photons: Collection,
    leptons: Collection,
    simulated: bool,
) -> tuple[Collection, Collection, Collection]:
    """Jets above 20 GeV in abs(eta) < 4.5, clear of photons and leptons; taus and wide jets."""
    event, p4, code = flattened(truth.jets)
    pt = transverse_momentum(p4)
    resolution = np.sqrt(0.64 / np.maximum(pt, 5.0) + 0.0025)
    pt = pt * np.clip(rng.normal(1.0, resolution), 0.2, 2.5)
    eta, phi = pseudorapidity(p4), np.arctan2(p4[:, 1], p4[:, 0])
    use = np.flatnonzero((pt > 20.0) & (np.abs(eta) < 4.5))
    clear = separated(event[use], eta[use], phi[use], photons)
    use = use[clear & separated(event[use], eta[use], phi[use], leptons)]
    use = use[np.lexsort((-pt[use], event[use]))]
    event, pt, eta, phi, code = event[use], pt[use], eta[use], phi[use], code[use]
    n = len(use)
    taggable = np.abs(eta) < 2.5
    pileup_checked = (pt < 60.0) & (np.abs(eta) < 2.4)
    jvt = np.where(code < 0, rng.beta(1.0, 1.5, n), rng.beta(20.0, 0.6, n))
    columns: dict[str, Any] = {"pt": pt * MEV, "eta": eta, "phi": phi}
    columns |= {
        "E": np.hypot(pt * np.cosh(eta), 0.1 * pt) * MEV,
        "jvt": np.where(pileup_checked, jvt, -0.1),
        "trueflav": np.maximum(code, 0) * simulated,
        "truthMatched": (code >= 0) & simulated,
        "MV2c10": np.where(taggable, _b_tag(rng, code), -1.0),
        "pt_syst": pt * MEV * (0.02 + 0.4 / pt) * np.abs(rng.normal(1.0, 0.2, n)),
    }
    jets = Collection(np.bincount(event, minlength=truth.n), columns)
    taus = _taus(rng, truth.n, event, columns, code, simulated)
    return jets, taus, _wide(rng, truth, event, columns, simulated)


def _b_tag(rng: np.random.Generator, code: IntArray) -> FloatArray:
    """MV2c10 score: near 1 for b jets, near -1 for light ones, c jets and taus between."""
    a = np.select([code == 5, (code == 4) | (code == 15)], [3.0, 0.6], 0.35)
    b = np.select([code == 5, (code == 4) | (code == 15)], [0.35, 1.0], 1.9)
    return np.asarray(2.0 * rng.beta(a, b) - 1.0)


def _taus(
    rng: np.random.Generator,
    n: int,
    event: IntArray,
    jets: dict[str, Any],
    code: IntArray,
    simulated: bool,
) -> Collection:
    """Hadronic taus: 55 % of the true ones and 0.6 % of other central jets."""
    chance = np.where(code == 15, 0.55, 0.006) * (np.abs(jets["eta"]) < 2.5)
    use = np.flatnonzero(rng.random(len(event)) < chance)
    true, m = code[use] == 15, len(use)
    columns = {name: jets[name][use] for name in ("pt", "eta", "phi", "E")}
    columns |= {
        "isTightID": rng.random(m) < 0.6,
        "truthMatched": true & simulated,
        "trigMatched": rng.random(m) < 0.3,
        "nTracks": rng.choice([1, 3], m, p=[0.7, 0.3]),
        "BDTid": np.where(true, rng.beta(5.0, 2.2, m), rng.beta(4.0, 2.5, m)),
        "charge": rng.choice([-1, 1], m),
        "pt_syst": columns["pt"] * 0.02 * np.abs(rng.normal(1.0, 0.2, m)),
    }
    return Collection(np.bincount(event[use], minlength=n), columns)


def _wide(
    rng: np.random.Generator,
    truth: Truth,
    event: IntArray,
    jets: dict[str, Any],
    simulated: bool,
) -> Collection:
    """Large-radius jets: boosted hadronic bosons, and single jets above 250 GeV."""
    owner, p4, _ = flattened(truth.wide)
    hard = np.flatnonzero((jets["pt"] > 250.0 * MEV) & (np.abs(jets["eta"]) < 2.0))
    pt = np.concatenate([transverse_momentum(p4) * MEV, jets["pt"][hard]])
    pt = pt * rng.normal(1.0, 0.06, len(pt))
    eta = np.concatenate([pseudorapidity(p4), jets["eta"][hard]])
    phi = np.concatenate([np.arctan2(p4[:, 1], p4[:, 0]), jets["phi"][hard]])
    light = jets["pt"][hard] * rng.beta(2.0, 10.0, len(hard))
    mass = np.concatenate([invariant_mass(p4) * MEV * rng.normal(1.0, 0.1, len(owner)), light])
    boson = np.arange(len(pt)) < len(owner)
    number = np.concatenate([owner, event[hard]])
    use = np.flatnonzero((pt > 200.0 * MEV) & (np.abs(eta) < 2.0))
    use = use[np.lexsort((-pt[use], number[use]))]
    pt, eta, phi, mass, boson = pt[use], eta[use], phi[use], mass[use], boson[use]
    m = len(use)
    columns: dict[str, Any] = {"pt": pt, "eta": eta, "phi": phi, "m": mass}
    columns |= {"E": np.hypot(pt * np.cosh(eta), mass), "truthMatched": boson & simulated}
    columns |= {"D2": np.where(boson, rng.gamma(8.0, 0.18, m), rng.gamma(7.0, 0.3, m))}
    columns |= {"tau32": rng.beta(7.0, 3.5, m)}
    columns |= {"pt_syst": pt * 0.03 * np.abs(rng.normal(1.0, 0.2, m))}
    return Collection(np.bincount(number[use], minlength=truth.n), columns)


def _missing(rng: np.random.Generator, truth: Truth, jets: Collection) -> dict[str, FloatArray]:
    """Neutrinos and a resolution of 9 GeV plus 0.6 sqrt(sum of jet pT) per component."""
    number = np.repeat(np.arange(truth.n), jets.counts)
    scalar = np.bincount(number, jets.columns["pt"] / MEV, minlength=truth.n)
    sigma = np.sqrt(81.0 + 0.36 * scalar)
    x, y = (truth.missing[:, axis] + rng.normal(0.0, sigma) for axis in (0, 1))
    met = np.hypot(x, y) * MEV
    shift = np.abs(rng.normal(0.05, 0.02, truth.n))
    return {"met_et": met, "met_phi": np.arctan2(y, x), "met_et_syst": met * shift}


def _triggers(
    rng: np.random.Generator, n: int, photons: Collection, leptons: Collection
) -> dict[str, npt.NDArray[np.bool_]]:
    """Diphoton trigger (35, 25 GeV; 93 % on its plateau) and single-lepton triggers."""
    owner = np.repeat(np.arange(n), photons.counts)
    pt = photons.columns["pt"] / MEV
    fired = (np.bincount(owner[pt > 35.0], minlength=n) >= 1) & (
        np.bincount(owner[pt > 25.0], minlength=n) >= 2
    )
    found = {"trigP": fired & (rng.random(n) < 0.93)}
    holder = np.repeat(np.arange(n), leptons.counts)
    for name, kind in (("trigE", 11), ("trigM", 13)):
        use = leptons.columns["trigMatched"] & (leptons.columns["type"] == kind)
        found[name] = np.bincount(holder[use], minlength=n) > 0
    return found
