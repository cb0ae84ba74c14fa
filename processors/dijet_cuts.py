"""Every number of the selection of dijet events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hepml.errors import ParameterError

__all__ = ["INCLUSIVE", "DijetCuts"]


@dataclass(frozen=True, slots=True)
class DijetCuts:
    """Every number of the selection. Masses in GeV.

    Attributes
    ----------
    mass_low, mass_high : float or None
        Signal region of the dijet mass, both ends excluded; ``None``: open.
    order : {"mass", "pt"}
        Which jet the columns call ``heavy``: that of larger mass, or of larger pT.
    labels : {"sample", "keep"}
        ``sample`` drops events whose label is not that of their sample: the published file of
        QCD ends with 100,000 events of signal.
    """

    mass_low: float | None = 3300.0
    mass_high: float | None = 3700.0
    order: Literal["mass", "pt"] = "mass"
    labels: Literal["sample", "keep"] = "sample"

    def __post_init__(self) -> None:
        if (
            self.mass_low is not None
            and self.mass_high is not None
            and self.mass_low >= self.mass_high
        ):
            raise ParameterError(
                f"DijetCuts: mass_low = {self.mass_low:g} GeV must be below mass_high = "
                f"{self.mass_high:g} GeV."
            )


INCLUSIVE = DijetCuts(mass_low=None, mass_high=None)
"""No signal region."""
