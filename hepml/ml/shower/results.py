"""What shower identification found: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from typing import Any

from hepml.ml.results import Interval, Judgement, WorkingPoint
from hepml.stats.results import Result

__all__ = [
    "EnergyBin",
    "EnergyEstimate",
    "Scale",
    "ShowerClasses",
    "ShowerIdentification",
    "Slice",
]


class Slice(Result):
    """Efficiency and purity in a slice of energy or depth.

    Attributes
    ----------
    low, high : float
        The slice; equal where it is one value.
    signal, chosen : float
        Signal rows, and rows taken.
    efficiency, purity : Interval
        Signal taken over signal, and over all that is taken.
    overall : Interval
        Signal taken over all base-tracks of the shower, those lost by the selection included.
    """

    low: float
    high: float
    signal: float
    chosen: float
    efficiency: Interval
    purity: Interval
    overall: Interval | None = None


class ShowerClasses(Result):
    """Mean numbers per shower at one energy (0: all): classes 11, 10, 01, 00 and sizes.

    Attributes
    ----------
    energy : float
        GeV; 0 for all showers together.
    showers : int
        How many.
    found, lost, fake, refused : float
        Mean numbers of base-tracks: signal taken (11), signal lost (10), background taken (01),
        background refused (00).
    size, size_rms : float
        Mean and spread of the number taken.
    least : int
        Size from which a shower is called good.
    good : float
        Share of good showers.
    precision, recall, f1, accuracy : Interval
        Of all base-tracks together; intervals by drawing showers.
    auc, ap : Interval
        Of the estimator's own probability.
    """

    energy: float
    showers: int
    found: float
    lost: float
    fake: float
    refused: float
    size: float
    size_rms: float
    least: int
    good: float
    accuracy: Interval
    precision: Interval
    recall: Interval
    f1: Interval
    auc: Interval
    ap: Interval


class Scale(Result):
    """From what is counted to GeV.

    Attributes
    ----------
    form : str
        ``power`` (E = a N^b), ``linear`` (E = p0 + p1 N) or ``proportional`` (E = p1 N).
    names, values, errors : tuple
        Parameters.
    spread : float
        Fitted relative spread of N at one energy.
    showers : int
        How many it was fitted to; 0 for published constants.
    """

    form: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...] = ()
    spread: float | None = None
    showers: int = 0


class EnergyBin(Result):
    """Reconstructed against true energy in one bin of it.

    Attributes
    ----------
    energy, low, high : float
        Mean true energy and the bin's edges [GeV]; equal where it is one value.
    showers : int
        How many.
    counted : float
        Mean of what is counted.
    mean, median : float
        Of (E_rec - E) / E.
    rms : float
        Its root mean square spread.
    quantile : Interval
        Half of the width that holds 68 %.
    gauss_mean, gauss : Interval or None
        Gaussian fitted within 0.6 of zero, ``None`` if it has no minimum.
    histogram : tuple of (edges, counts)
        The published binning, 20 from -1 to 1; what lies beyond is not in it.
    """

    energy: float
    low: float
    high: float
    showers: int
    counted: float
    mean: Interval
    median: float
    rms: float
    quantile: Interval
    gauss_mean: Interval | None
    gauss: Interval | None
    histogram: tuple[tuple[float, ...], tuple[int, ...]]


class EnergyEstimate(Result):
    """One way to measure the energy.

    Attributes
    ----------
    name, title : str
        Of the estimator.
    counted : str
        What is counted: ``size`` or ``sum``.
    scale : Scale
        From the count to GeV.
    bins : tuple of EnergyBin
        By true energy.
    stochastic, constant : Interval or None
        a and b of sigma / E = a / sqrt(E) (+) b; ``None`` with too few energies.
    deviance : float or None
        Chi-square of that fit.
    """

    name: str
    title: str
    counted: str
    scale: Scale
    bins: tuple[EnergyBin, ...]
    stochastic: Interval | None = None
    constant: Interval | None = None
    deviance: float | None = None


class ShowerIdentification(Result):
    """Everything that ``hepml ml shower-id`` found.

    Attributes
    ----------
    task : dict
        Content of ``task.json``.
    source : dict
        Where the rows come from.
    notes : tuple of str
        What a reader must know.
    main : str
        Name of the main model.
    judgements : tuple of Judgement
        The main model first.
    by_energy : dict of str to tuple of ShowerClasses
        By model; all showers first, then by energy.
    films, energies : dict of str to tuple of Slice
        Efficiency and purity by depth (films downstream of the injector) and by energy.
    baseline : WorkingPoint or None
        The cut-based selection, where the table has it.
    energy : tuple of EnergyEstimate
        Energy estimators; empty if true energies are not known.
    """

    task: dict[str, Any]
    source: dict[str, Any]
    notes: tuple[str, ...]
    main: str
    judgements: tuple[Judgement, ...]
    by_energy: dict[str, tuple[ShowerClasses, ...]]
    films: dict[str, tuple[Slice, ...]]
    energies: dict[str, tuple[Slice, ...]]
    baseline: WorkingPoint | None = None
    energy: tuple[EnergyEstimate, ...] = ()
