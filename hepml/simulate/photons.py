"""Photon candidates of the diphoton simulator: pre-selection, resolution, identification."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.kinematics import (
    FloatArray,
    IntArray,
    pseudorapidity,
    transverse_momentum,
)
from hepml.simulate.objects import MEV, Collection, flattened, isolation, massless
from hepml.simulate.production import Truth

__all__ = ["identified_photons", "measured_photons"]


def measured_photons(
    rng: np.random.Generator, truth: Truth
) -> tuple[npt.NDArray[np.bool_], Collection]:
    """Reconstruct photon candidates and apply the pre-selection of the published files.

    Returns
    -------
    kept : array of bool, shape (n,)
        Events with two candidates of pT > 20 GeV in abs(eta) < 2.47, the leading above 35 GeV.
    photons : Collection
        Of the kept events only, with kinematics, ``kind`` and ``convType``.
    """
    event, p4, kind = flattened(truth.photons)
    pt, eta = transverse_momentum(p4), pseudorapidity(p4)
    inside = (pt > 10.0) & (np.abs(eta) < 2.47) & (rng.random(len(pt)) < 0.95)
    event, p4, kind, pt, eta = event[inside], p4[inside], kind[inside], pt[inside], eta[inside]
    conversion = _conversion(rng, eta)
    pt = pt * rng.normal(1.0, _photon_resolution(pt, eta, conversion))
    # The files order photons by a pT from before the final calibration: nearly, not always, sorted.
    online = pt * rng.normal(1.0, 0.02, len(pt))
    visible = pt > 20.0
    leading = np.zeros(truth.n)
    np.maximum.at(leading, event[visible], pt[visible])
    number = np.bincount(event[visible], minlength=truth.n)
    kept = (number >= 2) & (number <= 4) & (leading > 35.0)
    use = np.flatnonzero(visible & kept[event])
    use = use[np.lexsort((-online[use], event[use]))]
    columns = {"pt": pt, "eta": eta, "phi": np.arctan2(p4[:, 1], p4[:, 0])}
    columns |= {"kind": kind, "convType": conversion}
    return kept, Collection(number[kept], {name: array[use] for name, array in columns.items()})


def identified_photons(
    rng: np.random.Generator, photons: Collection, jets: IntArray, simulated: bool
) -> Collection:
    """Complete the photon branches: identification, isolation, trigger, truth."""
    raw = photons.columns
    n = len(raw["pt"])
    faked = raw["kind"] == 0
    columns: dict[str, Any] = {
        "pt": raw["pt"] * MEV,
        "eta": raw["eta"],
        "phi": raw["phi"],
        "convType": raw["convType"],
    }
    columns |= isolation(rng, np.repeat(jets, photons.counts), faked)
    columns |= {
        "isTightID": rng.random(n) < np.where(faked, 0.35, 0.86),
        "trigMatched": (rng.random(n) < 0.965) & (raw["pt"] > 22.0),
        "truthMatched": ~faked & simulated,
        "pt_syst": raw["pt"] * MEV * 0.004 * np.abs(rng.normal(1.0, 0.2, n)),
    }
    return massless(photons.counts, columns)


def _conversion(rng: np.random.Generator, eta: FloatArray) -> IntArray:
    """Conversion type 0-5; the probability grows with the material towards high abs(eta)."""
    converted = rng.random(len(eta)) < 0.2 + 0.13 * np.abs(eta)
    kind = rng.choice([1, 2, 3, 4, 5], len(eta), p=[0.27, 0.18, 0.33, 0.12, 0.10])
    return np.where(converted, kind, 0)


def _photon_resolution(pt: FloatArray, eta: FloatArray, conversion: IntArray) -> FloatArray:
    """Relative energy resolution: 10 % / sqrt(E) and a constant term of 1.7 to 4.1 %.

    Chosen for a peak of about 1.8 GeV (both unconverted, central) to 2.6 GeV, as in the
    published fits (2.38 GeV inclusive, 1.83 GeV in the unconverted central category).
    """
    constant = np.where(np.abs(eta) < 1.37, 0.017, 0.034) + np.where(conversion > 0, 0.007, 0.0)
    return np.asarray(np.sqrt(0.01 / (pt * np.cosh(eta)) + constant**2))
