"""Weights of simulated top-tagging jets: for training, and for the scales of showers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHOWER_WEIGHTS", "shower_weights", "training_weights"]

SHOWER_WEIGHTS = 27
BINS, JETS_PER_BIN = 200, 30
NOISE, PDF_NOISE = 0.05, 0.02
Floats = NDArray[np.float64]


def training_weights(pt: NDArray[Any], label: NDArray[Any]) -> NDArray[np.float32]:
    """Weigh background so that its pT is that of the signal.

    Bins hold the same number of signal jets, 200 of them where there are enough; the weights of
    background are divided by their mean, those of signal are 1.

    Parameters
    ----------
    pt : array, shape (jets,)
        Of all training jets, in any unit.
    label : array
        1 signal, 0 background.
    """
    weights = np.ones(len(pt))
    signal, background = pt[label == 1], pt[label == 0]
    bins = min(BINS, min(len(signal), len(background)) // JETS_PER_BIN)
    if bins > 1:
        edges = np.quantile(signal, np.arange(1, bins) / bins)
        wanted = np.bincount(np.searchsorted(edges, signal), minlength=bins)
        place = np.searchsorted(edges, background)
        there = np.bincount(place, minlength=bins)
        # a bin that few jets fill must not give any of them a huge weight
        ratio = (wanted + 1.0) / (there + 1.0) * len(background) / len(signal)
        weights[label == 0] = ratio[place] / ratio[place].mean()
    return weights.astype(np.float32)


def shower_weights(
    rng: np.random.Generator, pt: NDArray[Any], counts: NDArray[Any]
) -> NDArray[np.float32]:
    """Toy weights of the generator: scales of radiation, and 22 columns of noise.

    Columns 4 and 9 are initial-state radiation with the scale times 2 and 0.5, and depend on pT;
    6 and 7 final-state radiation, and depend on the multiplicity, as in the reference sample.

    Parameters
    ----------
    rng : numpy.random.Generator
        Noise.
    pt : array, shape (jets,)
        Of the jets [MeV].
    counts : array
        Their constituents.

    Returns
    -------
    array of float32, shape (jets, 27)
        Column 0 is the nominal weight, 1.
    """
    weights = 1 + PDF_NOISE * rng.normal(size=(len(pt), SHOWER_WEIGHTS))
    weights[:, 0] = 1.0
    hardness = np.log(np.asarray(pt, np.float64) / 620e3)
    softness = (np.asarray(counts, np.float64) - 55) / 200
    noise = NOISE * rng.normal(size=(len(pt), 4))
    weights[:, 4] = 1 + 0.095 * hardness + noise[:, 0]
    weights[:, 9] = 1 - 0.085 * hardness + noise[:, 1]
    weights[:, 6] = np.exp(1.1 * softness) + noise[:, 2]
    weights[:, 7] = np.exp(-0.9 * softness) + noise[:, 3]
    return np.clip(weights, 0.05, 10.0).astype(np.float32)
