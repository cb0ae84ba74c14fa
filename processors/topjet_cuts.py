"""Every number of the selection of jets for top tagging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hepml.errors import ParameterError

__all__ = ["FULL", "HIGH_LEVEL_ONLY", "TopJetCuts"]


@dataclass(frozen=True, slots=True)
class TopJetCuts:
    """Every number of the selection. pT in GeV.

    Attributes
    ----------
    max_constits : int
        Constituents of the table, those of highest pT; 0: none, high-level quantities only.
        The published trainings use 80.
    min_constituents : int
        Fewest constituents of a jet: three fix the frame that they are aligned to.
    pt_low, pt_high : float or None
        Range of the jet's pT, the lower end included; ``None``: open.
    event_numbers : {"keep", "require"}
        ``require`` drops jets whose event number lies on the other side: multiples of 10 are
        for tests. ``keep`` only says so, in the column ``split_ok``.
    """

    max_constits: int = 80
    min_constituents: int = 3
    pt_low: float | None = None
    pt_high: float | None = None
    event_numbers: Literal["keep", "require"] = "keep"

    def __post_init__(self) -> None:
        for name in ("max_constits", "min_constituents"):
            if getattr(self, name) < 0:
                raise ParameterError(
                    f"TopJetCuts.{name} must be at least 0, not {getattr(self, name)}."
                )
        if self.pt_low is not None and self.pt_high is not None and self.pt_low >= self.pt_high:
            raise ParameterError(
                f"TopJetCuts: pt_low = {self.pt_low:g} GeV must be below pt_high = "
                f"{self.pt_high:g} GeV."
            )


# All that a file has room for.
FULL = TopJetCuts(max_constits=200)
HIGH_LEVEL_ONLY = TopJetCuts(max_constits=0)
