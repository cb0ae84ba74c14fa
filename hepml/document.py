"""JSON documents checked against a model, with errors that say where the fault is."""

from __future__ import annotations

import json
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from hepml.errors import CatalogueError, did_you_mean

__all__ = ["validate"]

Model = TypeVar("Model", bound=BaseModel)

SHOWN = 8


def validate(model: type[Model], text: str, source: str) -> Model:
    """Parse and validate a document.

    Parameters
    ----------
    source : str
        Name of the document in error messages.

    Raises
    ------
    CatalogueError
        If it is not JSON (line and column are named), holds a key twice, or does not fit
        the model (the entry and the key are named, with near misses).
    """
    try:
        document = json.loads(text, object_pairs_hook=_unique)
        if not isinstance(document, dict):
            raise CatalogueError(f"{source} must hold an object, {{...}}, at its top")
        # Validated from the text: only there does strict mode take a JSON array for a tuple.
        return model.model_validate_json(text)
    except json.JSONDecodeError as error:
        raise CatalogueError(_syntax(error, text, source)) from error
    except ValidationError as error:
        faults = [_fault(model, document, item) for item in error.errors()]
        more = [f"... and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        lines = "\n".join(f"  {fault}" for fault in faults[:SHOWN] + more)
        raise CatalogueError(f"{source} does not fit the schema\n{lines}") from error
    except CatalogueError as error:
        if error.message.startswith(source):
            raise
        raise CatalogueError(f"{source}: {error.message}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise CatalogueError(f"the key {key!r} is there twice in one object. Remove one.")
        result[key] = value
    return result


def _syntax(error: json.JSONDecodeError, text: str, source: str) -> str:
    lines = text.splitlines()
    line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
    start = max(0, error.colno - 60)
    return (
        f"{source} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}\n"
        f"  {line[start : start + 80]}\n"
        f"  {' ' * (error.colno - 1 - start)}^"
    )


def _fault(model: type[BaseModel], document: Any, item: Any) -> str:
    """One line for one fault: the entry, the key, what is wrong, the near misses."""
    places: list[str] = []
    keys: list[str] = []
    known: list[str] = []
    kind: Any = model
    value = document
    for step in item["loc"]:
        value = _child(value, step)
        owner = _model(kind)
        if owner is not None:
            fields = {field.alias or name: field for name, field in owner.model_fields.items()}
            known = list(fields)
            kind = fields[step].annotation if step in fields else None
            keys.append(str(step))
            continue
        kind = next((part for part in reversed(get_args(kind)) if _model(part)), None)
        if kind is not None and keys:
            places.append(_place(keys.pop(), step, value))
        else:
            keys.append(str(step))
    return _sentence(places, keys, item, known)


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _model(kind: Any) -> type[BaseModel] | None:
    """The model that a field holds, looking through ``Model | None``."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) in (UnionType, Union):
        return next((part for part in get_args(kind) if _model(part)), None)
    return None


def _place(collection: str, step: str | int, value: Any) -> str:
    """Name an entry of a list or mapping the way a reader finds it."""
    name: Any = step
    if isinstance(step, int):
        fields = value if isinstance(value, dict) else {}
        parts = [fields[key] for key in ("channel", "name", "path") if key in fields]
        name = "/".join(map(str, parts)) or f"number {step + 1}"
    return f"{collection.removesuffix('s')} {name!r}"


def _sentence(places: list[str], keys: list[str], item: Any, known: list[str]) -> str:
    key = f"key {'.'.join(keys)!r}" if keys else ""
    head = ": ".join(part for part in (", ".join(places), key) if part)
    if item["type"] == "extra_forbidden":
        return f"{head}: unknown key. {did_you_mean(keys[-1], known)}"
    if item["type"] == "missing":
        return f"{head}: is missing"
    got = repr(item["input"])
    shown = got if len(got) <= 60 else got[:57] + "..."
    return f"{head}: {item['msg'].removeprefix('Value error, ')} (got {shown})"
