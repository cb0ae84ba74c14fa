"""Numbers of a fit as people read them."""

from __future__ import annotations

import math

__all__ = ["amount", "fpr_text", "percent", "probability", "significance"]


def probability(log10_p: float, *, tex: bool = False) -> str:
    """A p-value from its decimal logarithm, so that the smallest ones are not lost.

    Examples
    --------
    >>> probability(-1.26), probability(-349.43)
    ('0.055', '3.7e-350')
    """
    if log10_p > -3:
        return f"{10.0**log10_p:.2g}"
    power = math.floor(log10_p)
    digits = f"{10 ** (log10_p - power):.1f}"
    if digits == "10.0":
        digits, power = "1.0", power + 1
    return rf"{digits}$\times 10^{{{power}}}$" if tex else f"{digits}e{power:03d}"


def amount(value: float) -> str:
    """A yield: whole from a hundred on, else three digits.

    Examples
    --------
    >>> amount(1594.84), amount(97.16), amount(0.0123)
    ('1,595', '97.2', '0.0123')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def significance(value: float) -> str:
    """Standard deviations: two decimals, one from a hundred on."""
    return f"{value:.1f}" if value >= 100 else f"{value:.2f}"


def fpr_text(rate: float) -> str:
    """A false-positive rate in percent.

    Examples
    --------
    >>> fpr_text(0.25), fpr_text(0.0013335)
    ('25%', '0.133%')
    """
    return f"{100 * rate:.3g}%"


def percent(share: float) -> str:
    """A share in percent: two digits, whole from a hundred on.

    Examples
    --------
    >>> percent(0.0346), percent(1.234)
    ('3.5', '123')
    """
    return f"{100 * share:.0f}" if abs(share) >= 0.995 else f"{100 * share:.2g}"
