"""Z to two muons: an analysis that reuses the selections of hepml."""

from __future__ import annotations

from zpeak.selection import ZCuts, z_candidates

__all__ = ["ZCuts", "z_candidates"]
