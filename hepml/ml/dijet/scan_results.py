"""What scans of dijet searches found: points, medians and quantiles, typed, written as JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hepml.ml.dijet.results import DijetJudgement
from hepml.stats.results import Result

__all__ = ["FailedPoint", "PointOptions", "Quantiles", "ScanPoint", "ScanResult", "Summary"]


class PointOptions(Result):
    """What is varied in a scan.

    Attributes
    ----------
    strategy : str
        How signal is looked for.
    mu : float
        Signal fraction S/(S+B) of the data.
    mass_point : tuple of float
        Masses (mX, mY) of the signal in the data [GeV].
    alpha : float or None
        Share of three-prong signal; ``None`` where there is one decay mode.
    noise : int
        Features of noise that were added.
    seed : int
        Of the choice of events and of all training: points of other seeds are independent.
    """

    strategy: str
    mu: float
    mass_point: tuple[float, float]
    alpha: float | None = 0.5
    noise: int = 0
    seed: int = 0


class ScanPoint(Result):
    """One point of a scan, kept in a file of its own."""

    key: str
    options: PointOptions
    judgement: DijetJudgement


class FailedPoint(Result):
    """A point without a result, and why."""

    options: PointOptions
    reason: str


class Quantiles(Result):
    """Median of an ensemble and its quantiles of 16 and 84 %; ``None`` where it is empty.

    Attributes
    ----------
    count : int
        Members with a value.
    error : float or None
        With a single member: its own error, from which ``low`` and ``high`` are made.
    """

    median: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0
    error: float | None = None


class Summary(Result):
    """Points that differ by their seed alone.

    Attributes
    ----------
    strategy, mu, mass_point, alpha, noise
        See :class:`PointOptions`.
    points : int
        How many.
    auc, sic_1e3, sic_1e4, sic_max : Quantiles
        Of what they are worth.
    parameters : dict of str to Quantiles
        Of what they fitted.
    truth : dict of str to float
        What was put into the data.
    """

    strategy: str
    mu: float
    mass_point: tuple[float, float]
    alpha: float | None
    noise: int
    points: int
    auc: Quantiles
    sic_1e3: Quantiles
    sic_1e4: Quantiles
    sic_max: Quantiles
    parameters: dict[str, Quantiles] = Field(default_factory=dict)
    truth: dict[str, float] = Field(default_factory=dict)


class ScanResult(Result):
    """Everything that a scan found; the content of its ``result.json``.

    Attributes
    ----------
    kind : str
        Says what the file is.
    task, source : dict
        What is common to all points; where the events come from.
    background : int or None
        Background events in the data half, for S / sqrt(B) in figures.
    points : tuple of ScanPoint
        In the order asked for.
    failed : tuple of FailedPoint
        Points without a result.
    summary : tuple of Summary
        Medians over seeds.
    """

    kind: Literal["dijet-scan"] = "dijet-scan"
    task: dict[str, Any] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict)
    background: int | None = None
    points: tuple[ScanPoint, ...]
    failed: tuple[FailedPoint, ...] = ()
    summary: tuple[Summary, ...] = ()
