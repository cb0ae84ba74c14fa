"""Working points: the shares of sideband data that a cut on a score lets pass."""

from __future__ import annotations

from hepml.errors import ParameterError
from hepml.stats.hunt import COARSE, FINE

__all__ = ["working_points"]

_NAMED: dict[str, tuple[float, ...]] = {"coarse": COARSE, "fine": FINE}


def working_points(text: str) -> tuple[float, ...]:
    """False-positive rates from ``coarse``, ``fine`` or ``1,0.25,0.1``; each once, falling.

    Raises
    ------
    ParameterError
        If one is not a number above 0 and at most 1.
    """
    if text in _NAMED:
        return _NAMED[text]
    try:
        rates = {float(word) for word in text.split(",")}
    except ValueError:
        rates = set()
    if not rates or not all(0 < rate <= 1 for rate in rates):
        raise ParameterError(
            f"--fpr {text!r}: give rates above 0 and at most 1 (1,0.25,0.1), coarse, or fine."
        )
    return tuple(sorted(rates, reverse=True))
