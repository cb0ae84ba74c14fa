"""Where a result comes from: inputs, code, parameters, versions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from hepml.engine.fingerprint import model_versions, package_versions
from hepml.redaction import redacted

if TYPE_CHECKING:
    from hepml.engine.plan import Plan

__all__ = ["make_provenance", "redacted"]


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
    found = {
        "processor": name,
        "registered": plan.processor,
        "parameters": plan.parameters,
        "chunk_size": plan.chunk_size,
        "max_events": plan.max_events,
        "fingerprint": fingerprint,
        "versions": package_versions() | (model_versions() if plan.parameters.get("model") else {}),
        "executor": executor,
        "command": list(sys.argv),
        # of a dataset that was never opened there is nothing to say
        "datasets": {k: item for k, item in datasets.items() if item["kind"] != "unknown"},
        "inputs": [
            {
                "dataset": file.dataset,
                "endpoints": list(file.endpoints),
                "tree": file.tree,
                "uuid": file.uuid,
                "entries": file.entries,
                "size": file.size,
                **({} if file.imported is None else {"imported": file.imported}),
            }
            for file in plan.files
        ],
    }
    return dict(redacted(found))
