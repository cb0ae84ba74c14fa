"""Every figure of a top tagger, from ``result.json`` (and ``jets.json``) alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hepml.plots.style import Progress

__all__ = ["draw_tagger"]


def draw_tagger(
    folder: str | Path,
    out: str | Path | None = None,
    formats: Sequence[str] = ("png",),
    *,
    label: str | None = None,
    style: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Draw every figure of a result; the arguments are those of ``draw_identification``."""
    raise NotImplementedError
