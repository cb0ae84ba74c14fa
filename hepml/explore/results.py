"""Distributions of columns by class: typed, written as JSON, enough to redraw every figure."""

from __future__ import annotations

from typing import Any, Literal

from hepml.stats.numbers import Result

__all__ = ["ClassDistribution", "ClassSummary", "Distribution", "Exploration"]


class ClassSummary(Result):
    """One class of rows.

    Attributes
    ----------
    name : str
        Value of the label, or the dataset where there is no label.
    title : str
        How a legend writes it.
    data : bool
        Whether it is collision data: drawn as points.
    rows : int
        Its rows.
    sum_weights : float
        Sum of their weights, with their sign.
    negative_share : float
        Share of rows whose weight is negative.
    """

    name: str
    title: str
    data: bool
    rows: int
    sum_weights: float
    negative_share: float


class ClassDistribution(Result):
    """One column in one class; ``None`` is what cannot be had from no rows.

    Attributes
    ----------
    name : str
        The class.
    n : int
        Rows.
    nan_share, infinite_share : float or None
        Shares of rows in which the column is not defined, or infinite; all else is of the others.
    sum_weights : float
        Of the rows in which it is finite.
    mean, std : float or None
        Weighted; ``None`` also where negative weights leave no variance.
    low, high : float or None
        Least and greatest value.
    quantiles : dict of str to float
        Weighted, by probability.
    values, variances : tuple of float
        Sums of weights and of their squares in the bins.
    below, above : float
        Sums of weights outside the bins.
    """

    name: str
    n: int
    nan_share: float | None
    infinite_share: float | None
    sum_weights: float
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    quantiles: dict[str, float]
    values: tuple[float, ...]
    variances: tuple[float, ...]
    below: float
    above: float


class Distribution(Result):
    """One column in every class.

    Attributes
    ----------
    name, unit, role, alias, doc : str
        As the table declares them.
    label : str
        Text of the axis.
    integer : bool
        Whether the values are whole numbers.
    edges : tuple of float
        Edges of the bins, of one width; none where no row defines the column.
    classes : tuple of ClassDistribution
        In the order of `Exploration.classes`.
    """

    name: str
    unit: str
    role: str
    alias: str
    doc: str
    label: str
    integer: bool
    edges: tuple[float, ...]
    classes: tuple[ClassDistribution, ...]


class Exploration(Result):
    """Columns of a table, class by class.

    Attributes
    ----------
    source : dict
        Where the rows come from.
    channel : str
        Name of the processor, empty if unknown.
    rows : str
        What a row is: ``Events`` or ``Rows``.
    class_column : str
        Label that names the classes; empty: the datasets are the classes.
    weight : str
        Column of weights; empty: every row counts 1.
    normalise : {"area", "yields"}
        How figures scale the classes: to unit area, or as they are.
    luminosity : float or None
        Luminosity [pb^-1] that the sums of weights stand for, where that is known.
    classes : tuple of ClassSummary
        Simulation first, then data.
    distributions : tuple of Distribution
        The columns.
    notes : tuple of str
        What a reader must know.
    """

    source: dict[str, Any]
    channel: str
    rows: str
    class_column: str
    weight: str
    normalise: Literal["area", "yields"]
    luminosity: float | None
    classes: tuple[ClassSummary, ...]
    distributions: tuple[Distribution, ...]
    notes: tuple[str, ...] = ()
