"""Electromagnetic showers in emulsion bricks: candidates, links and features of base-tracks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.schemas.emulsion import Emulsion
from processors.shower_basetracks import BasetrackError
from processors.shower_candidates import STEPS
from processors.shower_check import check_basetracks
from processors.shower_columns import COLUMNS, LEGACY_FEATURES
from processors.shower_cuts import LEGACY, OVERLAP, ShowerCuts
from processors.shower_features import SelectedShowers, select_showers
from processors.shower_histograms import (
    SHOWER,
    base_track_fills,
    shower_fills,
    shower_histograms,
)
from processors.shower_injectors import find_injectors
from processors.shower_tiles import BRICK, FILM, INJECTOR, TRACK, Tile, read_tiles

__all__ = [
    "LEGACY_FEATURES",
    "BasetrackError",
    "ShowerCuts",
    "ShowerProcessor",
    "check_basetracks",
    "find_injectors",
]

Columns = dict[str, NDArray[Any]]


class ShowerProcessor(Processor):
    """Candidates of electromagnetic showers, one feature row for each linked base-track.

    An event is a tile of a brick as written by ``hepml import shower``. The cutflow counts tiles,
    then showers, then base-tracks, so that no shower is lost without a trace.
    """

    name = "shower"
    schema = Emulsion
    chunk_size = 1
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "fixed": Preset(ShowerCuts(), "none"),
        "legacy": Preset(LEGACY, "none"),
        "overlap": Preset(OVERLAP, "none"),
    }
    weights = ("none",)
    cuts: ShowerCuts

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: of showers, then of base-tracks by signal or not."""
        return shower_histograms(self.table)

    def select(self, events: Any) -> Selected:
        """Select the showers of every tile; needs concrete (eager or virtual) arrays."""
        data = self.is_data(events)
        counts: dict[str, int] = dict.fromkeys(_steps(), 0)
        counts["tiles"] = len(events)
        rows: list[Columns] = [_no_rows()]
        showers: list[Columns] = [{name: np.empty(0) for name in SHOWER}]
        for tile in read_tiles(events, self.cuts, data=data):
            found = select_showers(
                tile.tracks,
                tile.injectors,
                self.cuts,
                kind="data" if data else "simulation",
                excluded=tile.excluded,
                table=self.table,
            )
            rows.append(_rows(tile, found))
            showers.append(_per_shower(tile, found))
            for step, number in _counts(tile, found, rows[-1]).items():
                counts[step] += number
        # without a table the surroundings are not computed
        names = list(rows[-1]) if len(rows) > 1 else list(rows[0])
        table = {name: np.concatenate([part[name] for part in rows]) for name in names}
        sizes = {name: np.concatenate([part[name] for part in showers]) for name in SHOWER}
        fills: dict[str, Fill] = shower_fills(sizes) | base_track_fills(table)
        declared = {item.name for item in self.histograms()}
        return Selected(
            {step: _weights(number) for step, number in counts.items()},
            {name: [fill] for name, fill in fills.items() if name in declared},
            table if self.table else {},
        )

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Columns that the selection reads."""
        tracks = (*TRACK, "track") if kind == "data" and self.cuts.mode == "legacy" else TRACK
        lists = {"basetrack": tracks, "film": FILM, "injector": INJECTOR}
        return (*BRICK, *(f"{of}_{name}" for of, names in lists.items() for name in names))


def _steps() -> tuple[str, ...]:
    showers = ("injectors", "in the core", "window", "candidates", "linked")
    tracks = (*STEPS, "linked")
    return (
        "tiles",
        *(f"showers: {step}" for step in showers),
        *(f"base-tracks: {step}" for step in tracks),
        *(f"signal: {step}" for step in tracks),
    )


def _weights(number: int) -> NDArray[np.float64]:
    """As many ones, without the memory for tens of millions of them."""
    return np.broadcast_to(1.0, number)


def _counts(tile: Tile, found: SelectedShowers, rows: Columns) -> dict[str, int]:
    """What a tile adds to the cutflow."""
    passed, signal = found.candidates.passed, found.candidates.signal
    counts = {
        "showers: injectors": tile.listed,
        "showers: in the core": len(tile.injectors),
        "showers: window": int((passed[:, 0] > 0).sum()),
        "showers: candidates": int((passed[:, -1] > 0).sum()),
        "showers: linked": int((np.diff(found.links.first) > 0).sum()),
        "base-tracks: linked": len(found.index),
        "signal: linked": int(rows["signal"].sum()),
    }
    for place, step in enumerate(STEPS):
        counts[f"base-tracks: {step}"] = int(passed[:, place].sum())
        counts[f"signal: {step}"] = int(signal[:, place].sum())
    return counts


def _per_shower(tile: Tile, found: SelectedShowers) -> Columns:
    """What the histograms of showers show."""
    top = tile.tracks.pid[0] if len(tile.tracks.pid) else 0
    return {
        "candidates": found.candidates.passed[:, -1],
        "signal_candidates": found.candidates.signal[:, -1],
        "linked": np.diff(found.links.first),
        "cut_based_size": np.diff(found.cut_based.first),
        "injector_film": top - tile.injectors.pid,
    }


def _rows(tile: Tile, found: SelectedShowers) -> Columns:
    """The table's columns for one tile."""
    shower, index = found.shower, found.index
    injectors = tile.injectors
    # the parent's row: of a candidate, or of the injector
    of_candidates = tile.columns["row"][found.candidates.index[found.links.parent]]
    parent = np.where(found.links.parent >= 0, of_candidates, injectors.row[shower])
    return found.features | {
        "brick": np.full(len(index), tile.brick, dtype=np.int64),
        "shower": injectors.shower[shower],
        "signal": (tile.columns["event"][index] == injectors.event[shower]).astype(np.int8),
        "parent_row": parent.astype(np.int64),
        "injector_p": tile.momentum[shower],
        "energy": tile.energy[shower],
        **{name: tile.columns[name][index] for name in ("row", "event", "mctrack", "p")},
    }


def _no_rows() -> Columns:
    return {column.name: np.empty(0, dtype=column.dtype) for column in COLUMNS}
