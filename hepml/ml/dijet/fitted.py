"""What a mixture fit found: typed, written as JSON."""

from __future__ import annotations

from typing import Literal

from hepml.errors import ParameterError, did_you_mean
from hepml.stats.numbers import Result

__all__ = ["Descent", "FittedParameter", "MixtureFit"]


class FittedParameter(Result):
    """A parameter and its profile-likelihood interval.

    Attributes
    ----------
    name : str
        ``mu``, ``alpha`` or a mass.
    unit : str
        GeV for masses, otherwise empty.
    value : float or None
        ``None`` where the data say nothing: masses and alpha without signal.
    error : float or None
        From the information matrix; ``None`` at a limit, where it was held, and for two masses
        that cannot be told from equal ones: only the interval says something then.
    low, high : float or None
        Ends of the interval; ``None`` where there is none.
    low_open, high_open : bool
        Whether the interval goes on past a limit of the parameter.
    limits : tuple of float
        Where it may lie.
    at_limit : {"", "low", "high"}
        Which limit the value is at.
    held : bool
        Whether it was given instead of fitted.
    """

    name: str
    unit: str
    value: float | None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    limits: tuple[float, float]
    at_limit: Literal["", "low", "high"] = ""
    held: bool = False


class Descent(Result):
    """One of several fits from different starts.

    Attributes
    ----------
    start, end : tuple of float
        Parameters in the order of the fit's.
    deviance : float
        At the end.
    converged : bool
        Whether it is a minimum there.
    calls : int
        Evaluations.
    """

    start: tuple[float, ...]
    end: tuple[float, ...]
    deviance: float
    converged: bool
    calls: int


class MixtureFit(Result):
    """A fitted mixture.

    Attributes
    ----------
    loss : str
        What was minimised.
    hypotheses : tuple of str
        Hypotheses of the signal.
    events, reference : int
        Events of the data and of the reference that were used.
    parameters : tuple of FittedParameter
        Masses, ``mu``, ``alpha``.
    level : float
        Confidence level of the intervals.
    correlation : tuple of tuple of float
        Of the fitted parameters that are at no limit, in the order of ``correlated``; without
        masses that are equal.
    correlated : tuple of str
        Their names.
    deviance : float
        At the minimum.
    q0 : float
        Deviance at mu = 0 less that at the minimum: the test statistic of a discovery.
    log10_p, p, Z : float
        Local p-value of q0 and its significance, see ``p_value``.
    p_value : str
        What the p-value takes into account.
    converged : bool
        Whether the minimum is one as far as the gradient can tell.
    flags : tuple of str
        All that a reader must know before the numbers are used.
    descents : tuple of Descent
        Every start, the best first.
    seconds : float
        Processor time.
    """

    loss: str
    hypotheses: tuple[str, ...]
    events: int
    reference: int
    parameters: tuple[FittedParameter, ...]
    level: float
    correlation: tuple[tuple[float, ...], ...]
    correlated: tuple[str, ...]
    deviance: float
    q0: float
    log10_p: float
    p: float
    Z: float
    p_value: str
    converged: bool
    flags: tuple[str, ...]
    descents: tuple[Descent, ...]
    seconds: float

    def __getitem__(self, name: str) -> FittedParameter:
        """A parameter by name.

        Raises
        ------
        ParameterError
            If there is none.
        """
        for item in self.parameters:
            if item.name == name:
                return item
        names = [item.name for item in self.parameters]
        raise ParameterError(f"The fit has no parameter {name!r}. {did_you_mean(name, names)}")
