"""Which degree the background needs, and what other families, degrees and bins would say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2
from scipy.stats import f as f_distribution

from hepml.errors import ParameterError, StatisticsError
from hepml.stats.backgrounds import FAMILIES, Background
from hepml.stats.excess import SignalTest
from hepml.stats.likelihood import Likelihood
from hepml.stats.results import Band, Fit, HuntRow
from hepml.windows import Window

__all__ = ["BINS", "DEGREES", "Choice", "choose_degree", "f_test", "ratio_test", "vary"]

Array = NDArray[np.float64]

# The published study's variations.
DEGREES = (3, 5, 7)
BINS = (7, 11, 15)

LADDER = (2, 3, 4, 5, 6, 7)

# An improvement with a p-value below this is one.
IMPROVEMENT = 0.05

# Goodness of the sideband fit below which a model is not accepted.
GOOD = 0.01


def f_test(reduced: Fit, full: Fit) -> float:
    """p-value of the improvement by more parameters, whatever the size of the fluctuations.

    F = ((D_reduced - D_full) / (ndf_reduced - ndf_full)) / (D_full / ndf_full).
    """
    extra = reduced.ndf - full.ndf
    gain = reduced.deviance - full.deviance
    if extra < 1 or full.ndf < 1 or gain <= 0:
        return 1.0
    if full.deviance <= 0:
        return 0.0
    return float(f_distribution.sf(gain / extra / (full.deviance / full.ndf), extra, full.ndf))


def ratio_test(reduced: Fit, full: Fit) -> float:
    """p-value of the improvement by more parameters, for Poisson fluctuations (Wilks)."""
    extra = reduced.ndf - full.ndf
    return float(chi2.sf(reduced.deviance - full.deviance, extra)) if extra > 0 else 1.0


@dataclass(frozen=True)
class Choice:
    """Degrees of one family, fitted to the sidebands.

    Attributes
    ----------
    chosen : int
        Lowest degree that neither of the next two improves on.
    fits : dict of int to Fit
        Sideband fits by degree.
    f_test, ratio_test : dict of str to float
        p-values of improvements, ``"3>4"``.
    """

    chosen: int
    fits: dict[int, Fit]
    f_test: dict[str, float]
    ratio_test: dict[str, float]


def choose_degree(
    test: SignalTest,
    counts: Array,
    variances: Array | None = None,
    *,
    family: str | None = None,
    degrees: Sequence[int] = LADDER,
) -> Choice:
    """Choose the degree of the background from the sidebands alone.

    The F-test decides: unlike the likelihood ratio it does not mistake fluctuations of weighted
    events, whose scaled Poisson is approximate, for structure. Two degrees ahead are looked at,
    since a spectrum may need an odd term but not an even one.

    Parameters
    ----------
    test : SignalTest
        Window, bins and interval of the background.
    counts, variances : array of shape (bins,)
        Sums of weights and of squared weights of the window's bins.
    family : str, optional
        Family of the background; default: the test's.
    degrees : sequence of int
        Degrees to choose from.

    Raises
    ------
    StatisticsError
        If no degree can be fitted.
    """
    fits: dict[int, Fit] = {}
    reason = "no degree was given"
    for degree in sorted(set(degrees)):
        try:
            fits[degree] = _sideband(test, counts, variances, family, degree)
        except (ParameterError, StatisticsError) as error:
            reason = str(error)
    if not fits:
        raise StatisticsError(f"No degree of the background can be chosen: {reason}")
    ladder = list(fits)
    steps = [(low, high) for i, low in enumerate(ladder) for high in ladder[i + 1 : i + 3]]
    by_f = {(low, high): f_test(fits[low], fits[high]) for low, high in steps}
    improved = {low for (low, _), p in by_f.items() if p < IMPROVEMENT}
    return Choice(
        next(degree for degree in ladder if degree not in improved),
        fits,
        {f"{low}>{high}": p for (low, high), p in by_f.items()},
        {f"{low}>{high}": ratio_test(fits[low], fits[high]) for low, high in steps},
    )


def vary(
    test: SignalTest,
    window: Window,
    masses: Array,
    weights: Array | None = None,
    *,
    degrees: Sequence[int] = DEGREES,
    bins: Sequence[int] = BINS,
    families: Sequence[str] = FAMILIES,
) -> Band:
    """Repeat a test with other degrees, bins and families of the background.

    The envelope is taken over models that describe the sidebands and whose degree is the one an
    F-test chooses or the next: a higher degree describes as well with less certainty (the idea of
    discrete profiling, arXiv:1408.6865). The test's own model always belongs to it.

    Parameters
    ----------
    test, window : SignalTest, Window
        The test and its window.
    masses, weights : array of shape (n,)
        Masses [GeV] and weights.
    degrees, bins : sequence of int
        Degrees of the test's family, each with each number of bins in the signal region.
    families : sequence of str
        Families to compare, each with its chosen degree and the next.

    Raises
    ------
    StatisticsError
        If the sidebands cannot be fitted with any degree.
    """
    counts, variances = test.binning.count(masses, weights)
    own = test.background
    ladder = sorted({*LADDER, *degrees, own.degree})
    choices = {
        family: choose_degree(test, counts, variances, family=family, degrees=ladder)
        for family in dict.fromkeys((own.family, *families))
    }
    fine = {*bins, test.binning.bins}
    models = {(own.family, degree, n) for degree in {*degrees, own.degree} for n in fine}
    allowed = {(own.family, own.degree)}
    for family, choice in choices.items():
        for degree in sorted(d for d in choice.fits if d >= choice.chosen)[:2]:
            models.add((family, degree, test.binning.bins))
            allowed.add((family, degree))
    order = sorted(models, key=lambda model: (model[0] != own.family, *model))
    rows = tuple(_row(test, window, masses, weights, *model) for model in order)
    nominal = (own.family, own.degree, test.binning.bins)
    accepted = tuple(
        place
        for place, (model, row) in enumerate(zip(order, rows, strict=True))
        if row.Z is not None and (model == nominal or (model[:2] in allowed and _good(row)))
    )
    first = choices[own.family]
    return Band(
        rows=rows,
        chosen=first.chosen,
        f_test=first.f_test,
        ratio_test=first.ratio_test,
        degrees={family: choice.chosen for family, choice in choices.items()},
        accepted=accepted,
        envelope_S=_range(rows[place].S for place in accepted),
        envelope_Z=_range(rows[place].Z for place in accepted),
    )


def _sideband(
    test: SignalTest, counts: Array, variances: Array | None, family: str | None, degree: int
) -> Fit:
    """Fit the sidebands alone with another background."""
    own = test.background
    background = Background(family or own.family, degree, own.left, own.right)
    other = SignalTest(test.binning, background, None, test.evaluate)
    rows = other.rows(np.asarray(counts))
    squares = rows if variances is None else other.rows(np.asarray(variances))
    return other.fit_sidebands(Likelihood(rows, squares)).result(len(rows) - 1)


def _row(
    test: SignalTest,
    window: Window,
    masses: Array,
    weights: Array | None,
    family: str,
    degree: int,
    bins: int,
) -> HuntRow:
    """The test with another model; a failure becomes the row's status."""
    inside = (masses >= window.left) & (masses < window.right)
    base = HuntRow(
        selection=f"{family} {degree}, {bins} bins",
        degree=degree,
        bins=bins,
        events=int(inside.sum()),
    )
    try:
        background = Background(family, degree, window.left, window.right)
        other = SignalTest(window.binning(bins), background, test.peaks, test.evaluate)
        counts, variances = other.binning.count(masses, weights)
        outcome = other.run(counts, variances)
        sideband = _sideband(other, counts, variances, family, degree)
    except (ParameterError, StatisticsError) as error:
        return base.model_copy(update={"status": str(error)})
    excess = outcome.excess
    found = {name: getattr(excess, name) for name in ("S", "B", "sigma_B", "Z", "p", "log10_p")}
    said = [text for fit in (outcome.free, outcome.null) if (text := fit.minimum.message)]
    if outcome.free.constrained or outcome.null.constrained:
        said.append("background held at zero")
    status = "; ".join(dict.fromkeys(said)) or "ok"
    return base.model_copy(
        update=found | {"excess": excess, "sideband": sideband, "status": status}
    )


def _good(row: HuntRow) -> bool:
    return row.sideband is not None and row.sideband.goodness > GOOD


def _range(values: Iterable[float | None]) -> tuple[float, float]:
    known = [value for value in values if value is not None]
    if not known:
        raise StatisticsError("No variation of the background could be fitted.")
    return min(known), max(known)
