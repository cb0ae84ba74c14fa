"""Complete dimuon events: blocks of one component, joined and shuffled, as NanoAOD columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hepml.simulate.components import Component
from hepml.simulate.jets import event_quantities, reconstructed_jets
from hepml.simulate.kinematics import FloatArray, IntArray
from hepml.simulate.muons import fired, measured_muons
from hepml.simulate.nanoaod import rounded
from hepml.simulate.pairs import generated_pairs

__all__ = ["Block", "flat_columns", "generated_block", "joined_blocks", "triggered_block"]

Columns = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """Events in the order in which they were made; types and precision as in the file.

    Attributes
    ----------
    muons : dict of str to array, shape (n, 3)
        Full branch names; a muon that is not there has no pT.
    jets : dict of str to array, shape (counts.sum(),)
    counts : array of int, shape (n,)
        Jets per event.
    scalars : dict of str to array, shape (n,)
        The rest, trigger flags included.
    """

    muons: Columns
    jets: Columns
    counts: IntArray
    scalars: Columns

    def __len__(self) -> int:
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Events before they get jets."""

    muons: Columns
    flags: Columns
    activity: FloatArray
    total: FloatArray
    kept: IntArray

    def __getitem__(self, at: Any) -> _Candidates:
        muons, flags = (
            {name: values[at] for name, values in columns.items()}
            for columns in (self.muons, self.flags)
        )
        return _Candidates(muons, flags, self.activity[at], self.total[at], self.kept[at])


def triggered_block(rng: np.random.Generator, component: Component, n: int) -> Block:
    """Make exactly ``n`` events that fire a trigger path, as collision data hold them."""
    parts: list[_Candidates] = []
    missing = n
    while missing > 0:
        produced = int(1.03 * missing / component.efficiency) + 30
        found = _candidates(rng, component, produced)
        use = np.flatnonzero(np.any(list(found.flags.values()), axis=0))[:missing]
        parts.append(found[use])
        missing -= len(use)
    chosen = _joined_candidates(parts) if parts else _candidates(rng, component, 0)
    return _completed(rng, component, chosen)


def generated_block(
    rng: np.random.Generator, component: Component, n: int
) -> tuple[Block, IntArray]:
    """Make ``n`` events and keep those with two muons, triggered or not; and their numbers."""
    found = _candidates(rng, component, n)
    return _completed(rng, component, found), found.kept


def joined_blocks(blocks: Sequence[Block], order: IntArray) -> Block:
    """Put blocks one after the other and take their events in a given order."""
    counts = np.concatenate([block.counts for block in blocks])
    ends = np.cumsum(counts)
    taken = counts[order]
    stops = np.cumsum(taken)
    # entry of each jet in the joined list: the first of its event and its place there
    offset = np.repeat(ends[order] - stops, taken)
    jets = offset + np.arange(int(taken.sum()))
    return Block(
        _gathered([block.muons for block in blocks], order),
        _gathered([block.jets for block in blocks], jets),
        taken,
        _gathered([block.scalars for block in blocks], order),
    )


def flat_columns(block: Block) -> Columns:
    """Columns for the tree: lists one after the other, and their counters."""
    there = block.muons["Muon_pt"] > 0
    columns = {name: values[there] for name, values in block.muons.items()}
    columns |= block.jets | block.scalars
    return columns | {"nMuon": there.sum(axis=1), "nJet": block.counts}


def _candidates(rng: np.random.Generator, component: Component, n: int) -> _Candidates:
    """Generate pairs and their muons and triggers."""
    pairs, kept = generated_pairs(rng, component, n)
    muons, activity = measured_muons(rng, component, pairs)
    muons = {name: rounded(f"Muon_{name}", values) for name, values in muons.items()}
    return _Candidates(muons, fired(rng, muons), activity, pairs.total, kept)


def _joined_candidates(parts: Sequence[_Candidates]) -> _Candidates:
    if len(parts) == 1:
        return parts[0]
    muons, flags = (
        {name: np.concatenate([found[name] for found in group]) for name in group[0]}
        for group in ([part.muons for part in parts], [part.flags for part in parts])
    )
    rest = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("activity", "total", "kept")
    )
    return _Candidates(muons, flags, *rest)


def _completed(rng: np.random.Generator, component: Component, found: _Candidates) -> Block:
    """Add jets and event quantities."""
    jets, counts, links = reconstructed_jets(
        rng, component, found.muons, found.activity, found.total
    )
    scalars = event_quantities(rng, found.total) | found.flags
    return Block(
        _stored("Muon_", found.muons | links),
        _stored("Jet_", jets),
        counts,
        _stored("", scalars),
    )


def _stored(prefix: str, columns: Columns) -> Columns:
    """Give columns their branch names, types and precision."""
    return {prefix + name: rounded(prefix + name, values) for name, values in columns.items()}


def _gathered(groups: Sequence[Columns], order: IntArray) -> Columns:
    return {name: np.concatenate([group[name] for group in groups])[order] for name in groups[0]}
