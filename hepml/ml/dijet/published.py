"""Published significance improvements of dijet searches, to draw beside a scan."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PUBLISHED", "REFERENCE", "PublishedCurve", "published_curves"]

REFERENCE = "arXiv:2405.08889"

# Signal fractions S/(S+B) of the data, logarithmically spaced.
_MU = (3.16e-4, 5.55e-4, 9.75e-4, 1.71e-3, 3.00e-3, 5.28e-3, 9.26e-3, 1.63e-2, 2.85e-2, 5.01e-2)


@dataclass(frozen=True, slots=True)
class PublishedCurve:
    """Median SIC at a false-positive rate of 0.1 %, of half two-prong, half three-prong signal.

    Attributes
    ----------
    strategy : str
        As in ``hepml ml dijet --strategy``.
    mass_point : (float, float)
        Masses of X and Y [GeV].
    noise : int
        Features of noise.
    mu : tuple of float
        Signal fractions; none where the result does not depend on them.
    sic : tuple of float
        Read off a published figure, to about 0.2.
    """

    strategy: str
    mass_point: tuple[float, float]
    noise: int
    mu: tuple[float, ...]
    sic: tuple[float, ...]


def _curve(strategy: str, point: tuple[float, float], noise: int, *sic: float) -> PublishedCurve:
    return PublishedCurve(strategy, point, noise, _MU if len(sic) > 1 else (), sic)


PUBLISHED: tuple[PublishedCurve, ...] = (
    _curve("supervised", (300.0, 300.0), 0, 18.8),
    _curve(
        "prior-assisted", (300.0, 300.0), 0,
        5.3, 14.0, 17.7, 18.4, 18.6, 18.6, 18.6, 18.7, 18.8, 18.7,
    ),
    _curve(
        "prior-assisted", (300.0, 300.0), 10,
        8.3, 14.2, 17.7, 18.4, 18.7, 18.7, 18.6, 18.7, 18.8, 18.7,
    ),
    _curve("weak", (300.0, 300.0), 0, 0.1, 0.1, 0.1, 0.4, 12.0, 15.5, 16.7, 17.3, 18.0, 18.3),
    _curve("weak", (300.0, 300.0), 10, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 11.8, 15.2),
    _curve("supervised", (100.0, 500.0), 0, 13.5),
    _curve(
        "prior-assisted", (100.0, 500.0), 0,
        8.5, 12.1, 12.9, 13.3, 13.3, 13.4, 13.4, 13.4, 13.4, 13.5,
    ),
    _curve(
        "prior-assisted", (100.0, 500.0), 10,
        9.7, 12.0, 13.1, 13.3, 13.4, 13.6, 13.5, 13.5, 13.5, 13.5,
    ),
    _curve("weak", (100.0, 500.0), 0, 0.1, 0.1, 0.1, 0.2, 0.3, 1.6, 11.6, 12.5, 13.0, 13.2),
    _curve("weak", (100.0, 500.0), 10, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.3, 1.3),
)  # fmt: skip
"""From the real LHC Olympics files: simulated events by hepml are not expected to agree."""


def published_curves(
    mass_point: tuple[float, float], strategy: str, noise: int
) -> tuple[PublishedCurve, ...]:
    """What was published for a mass point, in either order of the masses."""
    wanted = sorted(mass_point)
    return tuple(
        item
        for item in PUBLISHED
        if sorted(item.mass_point) == wanted and item.strategy == strategy and item.noise == noise
    )
