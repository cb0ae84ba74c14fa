"""Layout of imported jagged Parquet: columns with a common prefix become one collection."""

from __future__ import annotations

from typing import Any, ClassVar

from coffea.nanoevents.methods import base
from coffea.nanoevents.schemas.base import BaseSchema, zip_forms

__all__ = ["Jagged"]


class Jagged(BaseSchema):
    """Events whose lists are named ``collection_quantity``; a channel derives its own layout.

    Lists of a collection share their lengths; every other column stays a field of the event.
    The same layout holds for coffea's own reader (``format="parquet"``) and for the engine's.

    Attributes
    ----------
    collections : tuple of str
        Prefixes that become collections.
    channel : str
        Channel whose import writes such files, as in ``hepml import CHANNEL``; empty: any.
    file_format : str
        What the engine opens for a processor with this layout.
    """

    collections: ClassVar[tuple[str, ...]] = ()
    channel: ClassVar[str] = ""
    file_format: ClassVar[str] = "parquet"

    def __init__(self, base_form: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(base_form, *args, **kwargs)
        branches = dict(zip(base_form["fields"], base_form["contents"], strict=True))
        layout: dict[str, Any] = {}
        for prefix in self.collections:
            fields = {
                name.removeprefix(f"{prefix}_"): branches.pop(name)
                for name in list(branches)
                if name.startswith(f"{prefix}_")
                and branches[name]["class"].startswith("ListOffset")
            }
            if fields:
                layout[prefix] = zip_forms(fields, prefix, "NanoCollection")
                layout[prefix]["content"]["parameters"]["collection_name"] = prefix
        layout |= branches
        self._form["fields"], self._form["contents"] = list(layout), list(layout.values())
        self._form["parameters"]["__record__"] = "NanoEvents"

    @classmethod
    def behavior(cls) -> dict[Any, Any]:
        """Behaviours of the collections and of the event."""
        behaviour: dict[Any, Any] = base.behavior
        return behaviour
