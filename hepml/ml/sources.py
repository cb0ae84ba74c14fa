"""Tables that models are trained on and applied to, and where they come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hepml.errors import ModelError
from hepml.stats.account import Account, open_table
from hepml.tables import FeatureTable

__all__ = ["open_rows", "selection_of", "versions"]

_PACKAGES = (
    *("lightgbm", "scikit-learn", "imbalanced-learn", "skops", "numpy", "pyarrow"),
    *("torch", "zuko", "safetensors", "optuna"),
)


def open_rows(path: str | Path, *, labelled: bool) -> tuple[FeatureTable, Account]:
    """Open a run directory, a Parquet file or a folder of them.

    Parameters
    ----------
    path : path
        What to open.
    labelled : bool
        Of a run take the simulation only: data have no truth. Else everything.

    Raises
    ------
    ModelError
        If labels are needed and the run has no simulation.
    TableError
        If there is no table.
    """
    place = Path(path)
    if not (place / "plan.json").exists():
        return open_table(place)
    from hepml.engine.rundir import Run

    known = Run(place).report["datasets"]
    kinds = {name: item["kind"] for name, item in known.items()}
    chosen = [name for name, kind in kinds.items() if not labelled or kind == "simulation"]
    if not chosen:
        raise ModelError(
            f"{place} holds data only, and a model learns from simulation. Apply a trained one "
            "to it: --model DIR."
        )
    table, account = open_table(place, chosen)
    # nothing is fitted here
    notes = tuple(note for note in account.notes if "fitted together" not in note)
    return table, Account(account.source, notes)


def selection_of(path: str | Path) -> dict[str, Any]:
    """Processor, preset and cuts that made a run; empty for a bare table."""
    place = Path(path)
    if not (place / "provenance.json").exists():
        return {}
    from hepml.engine.rundir import Run

    found = Run(place).provenance
    parameters = found.get("parameters") or {}
    return {
        "processor": found.get("registered"),
        "preset": parameters.get("preset"),
        "cuts": parameters.get("cuts"),
        "fingerprint": found.get("fingerprint"),
    }


def versions() -> dict[str, str]:
    """Versions of what trains and reads models; those of extras where they are installed."""
    from importlib.metadata import PackageNotFoundError, version

    import hepml

    found = {"hepml": hepml.__version__}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            # an extra that took no part
            continue
    return found
