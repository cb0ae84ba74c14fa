"""Spurious signal: what the fit finds where no resonance is, and what that makes of an excess."""

from __future__ import annotations

import math

from hepml.errors import StatisticsError
from hepml.stats.excess import Outcome
from hepml.stats.numbers import Spurious
from hepml.stats.significance import closed_form, log10_p_value, p_value

__all__ = ["spurious_signal"]


def spurious_signal(tested: Outcome, control: Outcome) -> Spurious:
    """Use a control sample without a resonance, such as same-sign pairs, to measure the bias.

    The signal that is fitted there, scaled by the ratio of backgrounds, is added in quadrature to
    the background's standard error (the spurious signal of ATLAS, ATL-PHYS-PUB-2020-028). It holds
    the control sample's own fluctuation, so that it is an upper estimate for a small one.

    Parameters
    ----------
    tested, control : Outcome
        The same test on both samples. A count takes the closed form
        (:func:`~hepml.stats.significance.closed_form`), a shape adds to the standard error S / Z.

    Raises
    ------
    StatisticsError
        If the control sample's background is below one event.
    """
    excess, other = tested.excess, control.excess
    background, event = other.B, float(control.likelihood.typical_scale[-1])
    if background < event or other.sigma_S <= 0:
        raise StatisticsError(
            f"The control sample has {max(background, 0.0):.2g} background events in the signal "
            "region: it says nothing of the fit's bias. Use one with more events."
        )
    scale = max(excess.B, 0.0) / background
    sigma = abs(other.S) * scale
    if tested.free.signal.size:
        error = excess.S / excess.Z if excess.Z > 0 else math.inf
        Z = excess.S / math.hypot(error, sigma) if excess.Z > 0 else 0.0
    else:
        unit = float(tested.likelihood.scale[-1])
        total = math.hypot(excess.sigma_B, sigma)
        Z = closed_form(excess.observed / unit, excess.B / unit, total / unit)
    return Spurious(
        S=other.S,
        sigma_S=other.sigma_S,
        significance=other.S / other.sigma_S,
        scale=scale,
        sigma=sigma,
        Z=Z,
        p=p_value(Z),
        log10_p=log10_p_value(Z),
    )
