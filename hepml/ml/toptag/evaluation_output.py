"""Files of an evaluation: the result, its figures of merit, a table of efficiencies."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hepml.engine.store import write_json, write_text
from hepml.ml.toptag.results import Efficiency, MetricSet, TaggerResult

__all__ = ["flat_metrics", "write_evaluation"]


def write_evaluation(found: TaggerResult, folder: str | Path) -> None:
    """Write ``result.json``, ``metrics.json`` and ``efficiencies.csv`` into a folder."""
    place = Path(folder)
    found.write(place / "result.json")
    write_json(place / "metrics.json", flat_metrics(found))
    write_text(place / "efficiencies.csv", _table(found.efficiencies))


def flat_metrics(found: TaggerResult) -> dict[str, float | None]:
    """One flat object of figures: those of the nominal set, then of the others by name."""
    metrics = _of_set(found.nominal, "")
    metrics |= {
        "parameters": found.parameters,
        "training_jets": found.training_jets,
        "training_seconds": found.seconds or None,
    }
    if found.systematics is not None:
        for total in found.systematics.combinations:
            metrics[f"uncertainty_{total.name}"] = total.value
        metrics["uncertainty_total_error"] = found.systematics.total.error
        for part in found.systematics.components:
            metrics[f"uncertainty_{part.name}"] = part.value
        states = [part.status for part in found.systematics.components]
        metrics["uncertainty_incomplete_sources"] = len(states) - states.count("complete")
    if found.mass is not None:
        for spectrum in found.mass.spectra[1:]:
            name = f"mass_divergence_{round(100 * spectrum.efficiency)}"
            metrics[name] = spectrum.divergence
    for item in found.sets[1:]:
        metrics |= _of_set(item, f"_{item.name}")
    return metrics


def _of_set(item: MetricSet, ending: str) -> dict[str, float | None]:
    metrics: dict[str, float | None] = {
        f"auc{ending}": item.auc,
        f"accuracy{ending}": item.accuracy,
    }
    for point in item.rejections:
        percent = round(100 * point.efficiency)
        metrics[f"rejection_{percent}{ending}"] = point.value
        metrics[f"rejection_{percent}_error{ending}"] = point.error
    return metrics | {
        f"jets{ending}": item.signal + item.background,
        f"jets_without_score{ending}": item.dropped,
    }


def _table(rows: tuple[Efficiency, ...]) -> str:
    """Efficiencies, one line each; pT in GeV, empty: all jets."""
    stream = io.StringIO()
    names = list(Efficiency.model_fields)
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(item.to_json() for item in rows)
    return stream.getvalue()
