"""Large-radius jets and their constituents, in MeV and rad."""

from __future__ import annotations

from typing import ClassVar

from hepml.schemas.jagged import Jagged

__all__ = ["TopJets"]


class TopJets(Jagged):
    """One event is a jet, see ``hepml import topjet``.

    ``constit`` (``pt``, ``eta``, ``phi``, ``energy`` and, in files of 2024, ``taste``) holds its
    constituents by descending pT. The jet itself has ``jet_pt``, ``jet_eta``, ``jet_phi``,
    ``jet_m``, high-level quantities ``hl_<Name>``, ``label`` (1 top, 0 QCD), ``training``,
    ``training_weight``, ``split_ok``, ``row``, and in some files ``event_number`` and the 27
    ``shower_weights``.
    """

    channel: ClassVar[str] = "topjet"
    collections: ClassVar[tuple[str, ...]] = ("constit",)
