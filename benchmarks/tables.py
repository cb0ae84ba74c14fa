"""Turn measurements into medians, ratios, tables and the comparison with the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

__all__ = ["COLUMNS", "markdown", "rows", "summary", "targets"]

Summary = dict[str, dict[str, Any]]

COLUMNS = (
    "contender",
    "events/s steady",
    "whole process [s]",
    "CPU [s]",
    "memory [MB]",
    "runs",
    "steady / RDF typed 2",
    "steady / RDF strings 2",
    "steady / uproot",
    "whole: RDF typed 2 /",
    "whole: RDF strings 2 /",
    "whole: uproot /",
    "CPU / uproot",
)
_TYPED, _STRINGS, _PLAIN = "rdf-typed-2", "rdf-strings-2", "uproot"


def summary(records: Sequence[Mapping[str, Any]]) -> Summary:
    """Median and range of each figure of each contender.

    Parameters
    ----------
    records : sequence of dict
        One per process: ``contender``, ``label``, ``events``, and any of ``rate`` (events/s of
        the loop), ``wall`` [s], ``cpu`` [s], ``memory`` [MB].
    """
    found: Summary = {}
    for record in records:
        own = found.setdefault(record["contender"], {"label": record["label"], "values": {}})
        for figure in ("rate", "wall", "cpu", "memory"):
            if record.get(figure) is not None:
                own["values"].setdefault(figure, []).append(record[figure])
    for own in found.values():
        for figure, values in own.pop("values").items():
            own[figure] = {"median": median(values), "min": min(values), "max": max(values)}
            own["runs"] = max(own.get("runs", 0), len(values))
    return found


def _ratio(upper: Any, lower: Any, figure: str) -> float | None:
    if not upper or not lower or figure not in upper or figure not in lower:
        return None
    return float(upper[figure]["median"] / lower[figure]["median"])


def _range(own: Mapping[str, Any], figure: str, scale: float, digits: int, unit: str = "") -> str:
    if figure not in own:
        return "-"
    low, middle, high = (
        f"{own[figure][key] / scale:.{digits}f}" for key in ("min", "median", "max")
    )
    return f"{middle}{unit}" if low == high else f"{middle}{unit} ({low}-{high})"


def rows(found: Summary) -> list[tuple[str, ...]]:
    """One line of text per contender, in the order of ``COLUMNS``."""
    lines = []
    for own in found.values():
        ratios = [_ratio(own, found.get(other), "rate") for other in (_TYPED, _STRINGS, _PLAIN)]
        ratios += [_ratio(found.get(other), own, "wall") for other in (_TYPED, _STRINGS, _PLAIN)]
        ratios.append(_ratio(own, found.get(_PLAIN), "cpu"))
        lines.append(
            (
                own["label"],
                _range(own, "rate", 1e3, 0, "k"),
                _range(own, "wall", 1, 2),
                _range(own, "cpu", 1, 2),
                _range(own, "memory", 1, 0),
                str(own["runs"]),
                *("-" if ratio is None else f"{ratio:.2f}" for ratio in ratios),
            )
        )
    return lines


def markdown(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Lay lines of text out as a Markdown table."""
    table = [columns, ["---"] + ["---:"] * (len(columns) - 1), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def targets(found: Summary, growth: Mapping[str, float]) -> list[dict[str, Any]]:
    """Compare with what was asked for.

    Parameters
    ----------
    found : dict
        Of the spectrum on std::vector files.
    growth : mapping of str to float
        Memory on all files over memory on the first quarter, by contender.
    """
    futures, iterative = found.get("hepml-futures"), found.get("hepml-iterative")
    results: list[dict[str, Any]] = []

    def add(name: str, wanted: str, value: float | None, met: Any) -> None:
        if value is not None:
            results.append(
                {"target": name, "wanted": wanted, "measured": value, "met": bool(met(value))}
            )

    for other, label in ((_TYPED, "in typed C++"), (_STRINGS, "in strings")):
        name = f"futures 2 workers / RDataFrame {label}, 2 threads"
        rate = _ratio(futures, found.get(other), "rate")
        add(f"{name}: steady events/s", ">= 3", rate, lambda value: value >= 3)
        wall = _ratio(found.get(other), futures, "wall")
        add(f"{name}: whole process", ">= 2", wall, lambda value: value >= 2)
    cpu = _ratio(iterative, found.get(_PLAIN), "cpu")
    add("iterative / plain uproot + awkward: CPU", "<= 0.8", cpu, lambda value: value <= 0.8)
    for name, own in found.items():
        if name.startswith("hepml") and "memory" in own:
            memory = own["memory"]["max"]
            add(f"{name}: memory [MB]", "< 2000", memory, lambda value: value < 2000)
    for name, ratio in growth.items():
        add(f"{name}: memory, all / a quarter", "<= 1.1", ratio, lambda value: value <= 1.1)
    return results
