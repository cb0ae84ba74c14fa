"""Cut values of a channel: named sets of them, and single ones replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from hepml.errors import ParameterError, did_you_mean

__all__ = ["Preset", "replace_cuts"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of cuts with the event weight that belongs to it."""

    cuts: Any
    weight: str


def replace_cuts(cuts: Any, values: Mapping[str, Any]) -> Any:
    """Return a copy of a cuts dataclass with some fields replaced, validated against its types."""
    from pydantic import TypeAdapter, ValidationError

    known = {item.name for item in fields(cuts)}
    for name in values:
        if name not in known:
            raise ParameterError(
                f"{type(cuts).__name__} has no cut {name!r}. " + did_you_mean(name, known)
            )
    try:
        checked = TypeAdapter(type(cuts)).validate_python(asdict(cuts) | dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ParameterError(
            f"{type(cuts).__name__}.{where} = {first['input']!r}: {first['msg']}."
        ) from None
    return replace(cuts, **{name: getattr(checked, name) for name in values})
