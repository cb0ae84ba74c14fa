"""Whether a score changes the shape of the mass: spectra in slices, and a number for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError
from hepml.ml.divergence import divergence, divergences
from hepml.ml.production.results import ScoreSlice, Sculpting

__all__ = ["sculpting"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_WINDOWS = {"data": (105.0, 160.0), "signal": (118.0, 132.0)}


def sculpting(
    mass: Floats,
    weights: Floats,
    score: Floats,
    *,
    name: str,
    model: str,
    title: str = "",
    rows: Literal["data", "signal"] = "data",
    mass_input: bool = False,
    window: tuple[float, float] | None = None,
    bins: int = 22,
    shares: Sequence[float] = (0.5, 0.3, 0.15, 0.05),
    repeats: int = 200,
    seed: int = 0,
) -> Sculpting:
    """Compare the mass shapes in slices of a score with that of all rows.

    The number is the Jensen-Shannon divergence (Lin, IEEE Trans. Inf. Theory 37 (1991) 145) of
    the slices' normalised spectra: 0 for one shape, 1 bit for two equal slices that share no bin.
    Spectra of finitely many rows always differ: what it is without sculpting, and how often it
    would be this large, is found by shuffling the slices among the rows.

    Parameters
    ----------
    mass : array of float64
        [GeV]; rows outside the window are left out.
    weights : array of float64
        With their sign; a bin whose sum is negative counts as empty in the divergence.
    score : array of float64
        Probability of a class.
    name, model, title : str
        The class, the model and its name for people.
    rows : {"data", "signal"}
        What the rows are.
    mass_input : bool
        Whether the mass is among the model's inputs.
    window : (float, float), optional
        Masses [GeV]; default: 105 to 160 for data, 118 to 132, where the peak is, for signal.
    bins : int
        Mass bins of equal width.
    shares : sequence of float
        Shares of the rows in the slices, from the lowest score on. Rows of one score stay
        together.
    repeats : int
        Shuffles.
    seed : int
        Seed of the shuffling.

    Raises
    ------
    ParameterError
        If the window or the shares make no sense.
    """
    window = window or _WINDOWS[rows]
    if not window[0] < window[1] or bins < 1 or not shares or min(shares) <= 0:
        raise ParameterError(
            f"Sculpting needs a rising window, bins and positive shares, not {window}, {bins} and "
            f"{tuple(shares)}."
        )
    edges = np.linspace(*window, bins + 1)
    place = np.searchsorted(edges, mass, side="right") - 1
    inside = (place >= 0) & (place < bins)
    place, weights, score, mass = place[inside], weights[inside], score[inside], mass[inside]
    limits = _limits(score, shares)
    part = np.digitize(score, limits[1:-1]) if len(limits) else np.zeros(0, dtype=np.int64)
    counts = _spectra(part, place, weights, len(limits) - 1, bins)
    found = divergence(counts)
    expected = _shuffled(part, place, weights, counts.shape, repeats, seed)
    mean, spread, p = _compared(found, expected[np.isfinite(expected)])
    return Sculpting(
        model=model,
        title=title or model,
        score=name,
        rows=rows,
        mass_input=mass_input,
        edges=tuple(edges.tolist()),
        slices=_slices(limits, part, counts, _spectra(part, place, weights**2, *counts.shape)),
        divergence=found,
        expected=mean,
        spread=spread,
        p=p,
        correlation=_rank_correlation(mass, score, weights),
    )


def _compared(
    found: float | None, shuffled: Floats
) -> tuple[float | None, float | None, float | None]:
    """Mean and deviation of the shuffles, and the share of them that is as large as what is."""
    if found is None or len(shuffled) < 2:
        return None, None, None
    p = (1 + np.sum(shuffled >= found)) / (1 + len(shuffled))
    return float(shuffled.mean()), float(shuffled.std()), float(p)


def _limits(score: Floats, shares: Sequence[float]) -> Floats:
    """Edges of the slices; slices that ties leave empty are dropped."""
    if not len(score):
        return np.empty(0)
    steps = np.cumsum(shares)[:-1] / np.sum(shares)
    inner = np.quantile(score, steps, method="higher")
    low, high = float(score.min()), float(score.max())
    return np.concatenate([[low], np.unique(inner[inner > low]), [high]])


def _spectra(part: Ints, place: Ints, weights: Floats, slices: int, bins: int) -> Floats:
    size = max(slices, 0)
    sums = np.bincount(part * bins + place, weights, size * bins)
    return np.asarray(sums.reshape(size, bins), np.float64)


def _shuffled(
    part: Ints, place: Ints, weights: Floats, shape: tuple[int, ...], repeats: int, seed: int
) -> Floats:
    """Divergences of slices that are shuffled among the rows."""
    rng = np.random.default_rng(seed)
    values = [
        divergence(_spectra(rng.permutation(part), place, weights, *shape)) for _ in range(repeats)
    ]
    return np.array([np.nan if value is None else value for value in values])


def _slices(limits: Floats, part: Ints, counts: Floats, squares: Floats) -> tuple[ScoreSlice, ...]:
    each = divergences(counts)
    found = []
    for k in range(len(counts)):
        own = None if each is None or np.isnan(each[1][k]) else max(float(each[1][k]), 0.0)
        rest = counts.sum(axis=0) - counts[k], squares.sum(axis=0) - squares[k]
        chi2, ndf = _chi2(counts[k], squares[k], *rest)
        found.append(
            ScoreSlice(
                low=float(limits[k]),
                high=float(limits[k + 1]),
                events=int(np.sum(part == k)),
                counts=tuple(counts[k].tolist()),
                squares=tuple(squares[k].tolist()),
                divergence=own,
                chi2=chi2,
                ndf=ndf,
            )
        )
    return tuple(found)


def _chi2(
    first: Floats, first_squares: Floats, second: Floats, second_squares: Floats
) -> tuple[float | None, int]:
    """Chi-square of the shapes of two histograms, and its degrees of freedom.

    Variances are those of the shape that both would have in common; for counts this is the usual
    test of homogeneity. Bins that are empty in both are left out.
    """
    one, two = first.sum(), second.sum()
    if not (one > 0 and two > 0):
        return None, 0
    squares = first_squares + second_squares
    used = squares > 0
    shares = first_squares.sum() / one**2 + second_squares.sum() / two**2
    difference = first[used] / one - second[used] / two
    chi2 = float(np.sum(difference**2 / squares[used]) * squares.sum() / shares)
    return chi2, max(int(used.sum()) - 1, 0)


def _rank_correlation(mass: Floats, score: Floats, weights: Floats) -> float | None:
    """Spearman's correlation; weights count in the means, not in the ranks."""
    from scipy.stats import rankdata

    total = float(weights.sum())
    if len(mass) < 2 or not total > 0:
        return None
    x, y = rankdata(mass), rankdata(score)
    x, y = x - np.sum(weights * x) / total, y - np.sum(weights * y) / total
    spread = float(np.sum(weights * x**2)), float(np.sum(weights * y**2))
    if not min(spread) > 0:
        return None
    return float(np.sum(weights * x * y) / np.sqrt(spread[0] * spread[1]))
