"""Model cards: what a model is, what it was trained on, and how well it does, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["write_card"]


def write_card(model: Mapping[str, Any]) -> str:
    """Write the card of a model as Markdown.

    Parameters
    ----------
    model : mapping
        Content of ``model.json``.
    """
    return "\n".join([*_head(model), *_data(model["card"]), *_inputs(model), ""])


def _head(model: Mapping[str, Any]) -> Iterator[str]:
    card = model["card"]
    yield f"# {model['task']}: {model['name']}"
    yield ""
    yield str(card.get("about", ""))
    yield ""
    yield f"- estimator: {card.get('estimator', model['kind'])}, kept in `{model['file']}`"
    yield f"- classes: {', '.join(map(str, model['classes']))}"
    yield f"- undefined inputs: {model['missing']}"
    yield f"- calibration: {model['calibration']['method']}"
    yield f"- threshold: {model['threshold']:.4g} (of the calibrated probability)"
    yield f"- seed: {card.get('seed')}"
    versions = card.get("versions") or {}
    yield "- versions: " + ", ".join(f"{name} {value}" for name, value in versions.items())
    yield ""
    yield "## Figures on rows that it never saw"
    yield ""
    yield "| figure | value |"
    yield "|---|---|"
    for name, value in (card.get("metrics") or {}).items():
        yield f"| {name} | {value:.4g} |" if value is not None else f"| {name} | - |"


def _data(card: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Data"
    yield ""
    for name, value in (card.get("data") or {}).items():
        yield f"- {name}: {value}"
    for title, name in (("Selection", "selection"), ("Parameters", "parameters")):
        found = card.get(name) or {}
        if found:
            yield ""
            yield f"## {title}"
            yield ""
            yield ", ".join(f"{key} = {value}" for key, value in found.items())


def _inputs(model: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield "## Inputs"
    yield ""
    yield "| feature | unit | published as | meaning |"
    yield "|---|---|---|---|"
    for item in model["features"]:
        yield f"| {item['name']} | {item['unit']} | {item['alias']} | {item['doc']} |"
