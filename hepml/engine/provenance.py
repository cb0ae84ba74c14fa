"""Where a result comes from: inputs, code, parameters, versions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hepml.engine.fingerprint import package_versions

if TYPE_CHECKING:
    from hepml.engine.plan import Plan

__all__ = ["make_provenance"]


def make_provenance(
    plan: Plan, *, name: str, fingerprint: str, executor: str, datasets: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Collect what is needed to say, and repeat, how a run was made.

    Parameters
    ----------
    plan : Plan
        Inputs and parameters.
    name : str
        The processor's own name.
    fingerprint : str
        Code, parameters and versions in one hash.
    executor : str
        Executor of the last execution; results do not depend on it.
    datasets : dict
        Per dataset: kind, label, entries, completeness, constants.
    """
    return {
        "processor": name,
        "registered": plan.processor,
        "parameters": plan.parameters,
        "chunk_size": plan.chunk_size,
        "max_events": plan.max_events,
        "fingerprint": fingerprint,
        "versions": package_versions(),
        "executor": executor,
        "command": [part if "@" not in part else _redacted(part) for part in sys.argv],
        "datasets": datasets,
        "inputs": [
            {
                "dataset": file.dataset,
                "endpoints": [_redacted(endpoint) for endpoint in file.endpoints],
                "tree": file.tree,
                "uuid": file.uuid,
                "entries": file.entries,
                "size": file.size,
            }
            for file in plan.files
        ],
    }


def _redacted(url: str) -> str:
    """Drop user and password from a URL."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}" if separator else url
