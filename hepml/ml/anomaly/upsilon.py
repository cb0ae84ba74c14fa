"""The published selection of Upsilons among hadrons, applied to a table of muon pairs."""

from __future__ import annotations

from pathlib import Path

from hepml.errors import ParameterError, TableError
from hepml.ml.sources import selection_of
from hepml.registry import find_processor
from hepml.stats.account import open_table

__all__ = ["PRESET", "upsilon_conditions"]

PRESET = "upsilon-unisolated"


def upsilon_conditions(path: str | Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Conditions of the preset ``upsilon-unisolated``, for a table that was made with looser cuts.

    Parameters
    ----------
    path : path
        Run directory of the processor ``dimuon``, or a table with the same columns.

    Returns
    -------
    tuple of str, tuple of str
        Trigger and momenta; then the cuts on isolation, before which events are kept for
        comparison.

    Raises
    ------
    TableError
        If the table lacks a column that the selection needs, or both signs.
    ParameterError
        If the run did not ask for tight muons.
    """
    cuts = find_processor("dimuon").presets[PRESET].cuts
    trigger = str(cuts.trigger)
    first = (
        f"{trigger}==1",
        f"lead_pt>={cuts.lead_pt:g}",
        f"trail_pt>={cuts.trail_pt:g}",
    )
    isolation = (
        f"lead_iso04>={cuts.lead_iso04:g}",
        f"trail_iso04>={cuts.trail_iso04:g}",
    )
    table, _ = open_table(path)
    needed = ("charge_product", trigger, "lead_pt", "trail_pt", "lead_iso04", "trail_iso04")
    lacking = [name for name in needed if name not in table.names()]
    made = selection_of(path)
    if lacking:
        preset = f" (preset {made['preset']!r})" if made.get("preset") else ""
        raise TableError(
            f"{path}{preset} has no column {', '.join(lacking)}: its selection does not compute "
            f"what the search cuts on. Make a run that does:\n"
            f"  hepml run dimuon FILES --out RUN --preset {PRESET}\n"
            f"or, to keep all pairs, --preset tight --cut 'paths=[\"{trigger}\"]'"
        )
    muons = (made.get("cuts") or {}).get("muons", "tight")
    if muons != "tight":
        raise ParameterError(
            f"The pairs of {path} are made of {muons} muons, and the published selection pairs "
            f"tight ones. Make a run with --preset {PRESET}, or with --cut muons=tight."
        )
    return first, isolation
