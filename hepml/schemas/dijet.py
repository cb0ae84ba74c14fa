"""Events of two large-radius jets, in GeV."""

from __future__ import annotations

from typing import ClassVar

from hepml.schemas.jagged import Jagged

__all__ = ["Dijets"]


class Dijets(Jagged):
    """One event is a pair of jets, see ``hepml import dijet``.

    All columns are numbers: ``j1_px``, ``j1_py``, ``j1_pz``, ``j1_m``, ``j1_tau1`` to ``j1_tau3``
    and the same of ``j2``, in the input's order of jets; in some files ``j1_pt``, ``j1_eta``,
    ``j1_phi`` and ``j1_n``; ``label`` (1 signal, 0 background, -1 unknown), ``mx`` and ``my``
    (NaN where there is no resonance), ``label_ok`` (0: another label than that of its sample),
    ``prongs`` of each resonance (0 for background, -1 unknown), ``inclusive`` (0: the sample was
    restricted to the signal region) and ``row``.
    """

    channel: ClassVar[str] = "dijet"
