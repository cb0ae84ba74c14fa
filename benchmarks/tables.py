"""Turn measurements into medians, ratios, tables and the comparison with the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

__all__ = ["COLUMNS", "Target", "markdown", "rows", "summary", "targets"]

Summary = dict[str, dict[str, Any]]

COLUMNS = (
    "contender",
    "events/s steady",
    "loop CPU [s]",
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


@dataclass(frozen=True, slots=True)
class Target:
    """A ratio that was asked for.

    Attributes
    ----------
    figure : {"rate", "loop_cpu", "wall", "cpu"}
        What is compared.
    upper, lower : str
        The contenders whose median figures are divided.
    at_least, at_most : float or None
        The wanted value.
    """

    figure: str
    upper: str
    lower: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def wanted(self) -> str:
        """The bound in words."""
        return f">= {self.at_least:g}" if self.at_least is not None else f"<= {self.at_most:g}"

    def met(self, value: float) -> bool:
        """Whether a measured ratio is as wanted."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)


_FIGURES = {
    "rate": "steady events/s",
    "loop_cpu": "CPU of the loop",
    "wall": "whole process",
    "cpu": "CPU",
}


def summary(records: Sequence[Mapping[str, Any]]) -> Summary:
    """Median and range of each figure of each contender.

    Parameters
    ----------
    records : sequence of dict
        One per process: ``contender``, ``label``, ``events``, and any of ``rate`` (events/s of
        the loop), ``loop_cpu`` [s], ``wall`` [s], ``cpu`` [s], ``memory`` [MB].
    """
    found: Summary = {}
    for record in records:
        own = found.setdefault(record["contender"], {"label": record["label"], "values": {}})
        for figure in ("rate", "loop_cpu", "wall", "cpu", "memory"):
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
                _range(own, "loop_cpu", 1, 2),
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


def targets(
    found: Summary, growth: Mapping[str, float], wanted: Sequence[Target]
) -> list[dict[str, Any]]:
    """Compare with what was asked for.

    Parameters
    ----------
    found : dict
        Of one section.
    growth : mapping of str to float
        Memory on all files over memory on the first quarter, by contender.
    wanted : sequence of Target
        The ratios of the channel.
    """
    results: list[dict[str, Any]] = []

    def add(name: str, bound: str, value: float, met: bool) -> None:
        results.append({"target": name, "wanted": bound, "measured": value, "met": met})

    for target in wanted:
        upper, lower = found.get(target.upper), found.get(target.lower)
        ratio = _ratio(upper, lower, target.figure)
        if ratio is not None:
            name = f"{upper['label']} / {lower['label']}: {_FIGURES[target.figure]}"
            add(name, target.wanted, ratio, target.met(ratio))
    for name, own in found.items():
        if name.startswith("hepml") and "memory" in own:
            memory = own["memory"]["max"]
            add(f"{name}: memory [MB]", "< 2000", memory, memory < 2000)
    for name, ratio in growth.items():
        add(f"{name}: memory, all / a quarter", "<= 1.1", ratio, ratio <= 1.1)
    return results
