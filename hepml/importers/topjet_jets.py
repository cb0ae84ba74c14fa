"""Blocks of jets out of an open HDF5 file: padding removed, numbers checked, nothing kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import TableError
from hepml.importers.topjet_layout import JetLayout

__all__ = ["BLOCK", "Jets", "read_jets", "split_state"]

# Jets of a block, which becomes a group of rows: 40 MB of padded input.
BLOCK = 10_000
FEWEST = 3  # constituents that preprocessing aligns a jet by
# From here on single precision, in which files store event numbers, leaves whole numbers out.
_EXACT = 2**24

Columns = dict[str, NDArray[Any]]


@dataclass(slots=True)
class Jets:
    """A block of jets.

    Attributes
    ----------
    counts : array of int64
        Constituents of each jet.
    lists : dict of str to array
        Constituents of all jets, one after the other, MeV and rad as in the file.
    flat : dict of str to array
        One value a jet; ``shower_weights`` has 27 columns.
    padded : dict of str to float
        Counts and sums of the padded input, to compare with what was written.
    account : dict of str to int
        What a reader of the result should know, by what it is.
    """

    counts: NDArray[np.int64]
    lists: Columns
    flat: Columns
    padded: dict[str, float]
    account: dict[str, int] = field(default_factory=dict)


def read_jets(
    file: Any,
    layout: JetLayout,
    where: str,
    *,
    rows: tuple[int, int],
    training: bool,
    max_constits: int | None = None,
    drop: bool = False,
) -> Iterator[Jets]:
    """Read a range of jets block by block.

    Parameters
    ----------
    file : h5py.File
        The file.
    layout : JetLayout
        Its datasets.
    where : str
        Its name, for messages.
    rows : (int, int)
        First jet, and the one behind the last.
    training : bool
        Whether these are jets to train on; decides which event numbers belong there.
    max_constits : int, optional
        Read no more than this many constituents a jet.
    drop : bool
        Leave out jets with unusable numbers, and count them, instead of refusing the file.

    Raises
    ------
    TableError
        If a jet has unusable numbers.
    """
    width = min(layout.width, max_constits or layout.width)
    for start in range(*rows, BLOCK):
        stop = min(start + BLOCK, rows[1])
        lists = {
            name: file[layout.names[name]][start:stop, :width]
            for name in layout.names
            if name.startswith("constit_")
        }
        flat = {
            name: file[theirs][start:stop]
            for name, theirs in layout.names.items()
            if name not in lists
        }
        flat["row"] = np.arange(start, stop, dtype=np.int64)
        jets = _without_padding(lists, flat)
        bad = _unusable(jets, layout, where, drop=drop)
        if bad.any():
            good = ~bad
            lists = {name: values[good] for name, values in lists.items()}
            jets = _without_padding(lists, {name: v[good] for name, v in flat.items()})
            jets.account["jets left out: unusable numbers"] = int(bad.sum())
        _finish(jets, training)
        yield jets


def _without_padding(lists: Columns, flat: Columns) -> Jets:
    """Keep the slots that hold a constituent: those with pT; other columns may pad with 0 too."""
    pt = lists["constit_pt"]
    mask = pt != 0
    counts = np.count_nonzero(mask, axis=1).astype(np.int64)
    kept = {
        name: values[mask].astype(np.int8 if name == "constit_taste" else np.float32, copy=False)
        for name, values in lists.items()
    }
    padded = {
        "jets": len(pt),
        "constituents": int(np.count_nonzero(pt)),
        "constit_pt": float(pt.sum(dtype=np.float64)),
        "jet_pt": float(flat["jet_pt"].sum(dtype=np.float64)),
    }
    return Jets(counts, kept, dict(flat), padded)


def _unusable(jets: Jets, layout: JetLayout, where: str, *, drop: bool) -> NDArray[np.bool_]:
    """Jets with numbers that nothing can be done with.

    High-level quantities may be undefined (ratios of a jet of two constituents): they stay.
    """
    bad = np.zeros(len(jets.counts), dtype=bool)
    first: list[tuple[int, str, str]] = []
    for name in [*jets.lists, *jets.flat]:
        if name == "row" or name.startswith("hl_"):
            continue
        wrong = _wrong_jets(jets, name)
        if wrong.any():
            bad |= wrong
            place = int(np.argmax(wrong))
            row = int(jets.flat["row"][place])
            first.append((row, layout.names[name], _RANGES.get(name, "is not finite")))
    if first and not drop:
        row, name, why = min(first)
        raise TableError(
            f"{where}: {int(bad.sum())} of {len(bad):,} jets from row "
            f"{int(jets.flat['row'][0]):,} on have unusable numbers; the first is jet {row:,}: "
            f"{name!r} {why}. Leave such jets out:  --bad-jets drop"
        )
    return bad


_RANGES = {
    "constit_pt": "is negative or not finite",
    "constit_energy": "is not positive or not finite",
    "label": "is neither 0 nor 1",
}


def _wrong_jets(jets: Jets, name: str) -> NDArray[np.bool_]:
    if name in jets.lists:
        values = jets.lists[name]
        if values.dtype.kind != "f":
            return np.zeros(len(jets.counts), dtype=bool)
        wrong = ~np.isfinite(values)
        if name in ("constit_pt", "constit_energy"):
            wrong |= values <= 0
        owner = np.repeat(np.arange(len(jets.counts)), jets.counts)[wrong]
        return np.asarray(np.bincount(owner, minlength=len(jets.counts)) > 0)
    values = jets.flat[name]
    if name == "label":
        return np.asarray((values != 0) & (values != 1))
    wrong = ~np.isfinite(values)
    return np.asarray(wrong.any(axis=1) if wrong.ndim > 1 else wrong)


def _finish(jets: Jets, training: bool) -> None:
    """Bring flat columns to their types, and count what a reader should know."""
    flat, size = jets.flat, len(jets.counts)
    state = np.full(size, -1, dtype=np.int8)
    if "event_number" in flat:
        state = split_state(flat["event_number"], training)
        flat["event_number"] = np.rint(flat["event_number"].astype(np.float64)).astype(np.int64)
    other = "training" if training else "test"
    undefined = sum(
        int((~np.isfinite(values)).sum()) for name, values in flat.items() if name[:3] == "hl_"
    )
    counted = {
        f"jets with fewer than {FEWEST} constituents": int((jets.counts < FEWEST).sum()),
        "high-level values that are not finite": undefined,
        f"jets whose event number does not belong to a {other} sample": int((state == 0).sum()),
        "jets whose event number is too large to tell training from test": int(
            ((state < 0) & ("event_number" in flat)).sum()
        ),
    }
    jets.account |= {name: count for name, count in counted.items() if count}
    flat["split_ok"] = state
    flat["label"] = flat["label"].astype(np.int8)
    flat["training"] = np.full(size, training, dtype=np.int8)
    flat.setdefault("training_weight", np.ones(size, dtype=np.float32))


def split_state(numbers: NDArray[Any], training: bool) -> NDArray[np.int8]:
    """Whether event numbers lie on the right side: multiples of 10 are kept for tests.

    Parameters
    ----------
    numbers : array
        Event numbers as stored, as a rule in single precision.
    training : bool
        Whether the jets are there to train on.

    Returns
    -------
    array of int8
        1 right, 0 wrong, -1 where single precision has rounded the number so far that one cannot
        tell: a training number from 2^24 on is never known, a test number is wrong if no multiple
        of 10 lies within the rounding.
    """
    exact = numbers.astype(np.float64)
    state = np.where((exact % 10 == 0) != training, 1, 0).astype(np.int8)
    if numbers.dtype == np.float32:
        rounded = np.abs(exact) >= _EXACT
        reach = np.spacing(np.abs(numbers)).astype(np.float64) / 2
        near = np.abs(exact - 10 * np.rint(exact / 10)) <= reach
        state[rounded & (near | training)] = -1
    return state
