"""CMS NanoAOD, full files as well as reduced ones without run, luminosityBlock and event."""

from __future__ import annotations

import warnings
from typing import Any

from coffea.nanoevents.schemas import NanoAODSchema

__all__ = ["NanoAOD"]


class NanoAOD(NanoAODSchema):
    """coffea's NanoAOD layout that also takes reduced files, and says nothing while doing so.

    A skim without event ids or with cross references to collections that were dropped is normal
    input here: a row's identity then comes from the file and the entry number.
    """

    warn_missing_crossrefs = False
    error_missing_event_ids = False

    def __init__(self, base_form: dict[str, Any], version: str = "latest") -> None:
        with warnings.catch_warnings():
            for message in ("Missing event_ids", "Branch .* already exists"):
                warnings.filterwarnings("ignore", message=message, category=RuntimeWarning)
            super().__init__(base_form, version)
