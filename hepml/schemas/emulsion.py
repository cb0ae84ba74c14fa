"""Tiles of an emulsion brick: base-tracks, films and injectors, in um."""

from __future__ import annotations

from typing import ClassVar

from hepml.schemas.jagged import Jagged

__all__ = ["Emulsion"]


class Emulsion(Jagged):
    """One event is a tile: a core area and a margin around it, see ``hepml import shower``.

    ``basetrack`` (``id``, ``pid``, ``x``, ``y``, ``z``, ``tx``, ``ty``, ``event``, ``mctrack``,
    ``p``, ``flag``, ``track``, ``row``) is sorted by film, upstream first; ``film`` (``pid``,
    ``z``, ``first``) says where each one begins; ``injector`` (``shower``, ``row``, ``pid``,
    ``x``, ``y``, ``z``, ``tx``, ``ty``, ``energy`` of the simulated particle) holds the injectors
    of the core.
    """

    channel: ClassVar[str] = "shower"
    collections: ClassVar[tuple[str, ...]] = ("basetrack", "film", "injector")
