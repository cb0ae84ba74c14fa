"""From the scores in a folder to findings and figures of merit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.ml.anomaly.directions import oriented
from hepml.ml.anomaly.efficiency import efficiency
from hepml.ml.anomaly.findings import AnomalyFindings, SampleFindings
from hepml.ml.anomaly.folder import BEFORE, SIGNAL, Kept
from hepml.ml.anomaly.histograms import selected_histograms
from hepml.ml.anomaly.results import Efficiency
from hepml.ml.anomaly.scored import Scored, Statistics
from hepml.ml.anomaly.search import searchable
from hepml.ml.anomaly.significance import judge_sample
from hepml.windows import Window

__all__ = ["flat_metrics", "judge_kept", "true_efficiency"]

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

# Names of the samples: trained on, control.
SAMPLES = {
    "opposite": (("opposite_sign", "Opposite sign"), ("same_sign", "Same sign")),
    "same": (("same_sign", "Same sign"), ("opposite_sign", "Opposite sign")),
    "all": (("data", "Data"), ("control", "Control")),
}


def judge_kept(
    kept: Kept,
    features: tuple[str, ...],
    score: str,
    sign: str,
    window: Window,
    asked: Statistics,
    source: dict[str, Any],
    progress: Progress | None = None,
) -> tuple[SampleFindings, ...]:
    """Significances of the sample that was trained on, and of the control."""
    found = []
    for control, (name, title) in zip((False, True), SAMPLES[sign], strict=True):
        rows = kept.control == control
        if not rows.any():
            continue
        ratio = kept.ratio[rows]
        drawn = kept.samples["band"] == SIGNAL
        known = kept.samples["ratio"][drawn & np.isfinite(kept.samples["ratio"])]
        sample = Scored(
            name=name,
            title=title,
            mass=kept.mass[rows],
            score=score,
            scores={score: kept.scores[rows], **oriented(features, kept.x[rows])},
            ratio=ratio if np.isfinite(ratio).any() else None,
            sample_ratio=known if len(known) and not control else None,
            control=control,
            source=source | ({"sign": name} if sign != "all" else {}),
            histograms=_histograms(kept, features, rows, control),
        )
        found.append(judge_sample(sample, window, asked, progress))
    return tuple(found)


def _histograms(
    kept: Kept, features: tuple[str, ...], rows: NDArray[np.bool_], control: bool
) -> Any:
    """What makes histograms of selected events, beside those before the loose conditions."""
    x = kept.x[rows]
    before = kept.samples["x"][kept.samples["band"] == BEFORE] if not control else None

    def make(selections: list[tuple[str, NDArray[np.bool_]]]) -> Any:
        parts = [(name, x[passed]) for name, passed in selections]
        if before is not None and len(before):
            parts.insert(0, ("before isolation cuts", before))
        return selected_histograms(features, kept.units, parts)

    return make


def true_efficiency(kept: Kept, window: Window) -> Efficiency | None:
    """ROC in the signal region against true labels, where there are any."""
    if kept.label is None:
        return None
    inside = ~kept.control & (kept.mass >= window.low) & (kept.mass < window.high)
    signal, background = (kept.scores[inside & part] for part in (kept.label, ~kept.label))
    return efficiency(signal, background) if len(signal) and len(background) else None


def flat_metrics(found: AnomalyFindings) -> dict[str, float | None]:
    """One flat object of figures; those of the control end in its name."""
    metrics: dict[str, float | None] = {}
    for sample in found.samples:
        ending = f"_{sample.name}" if sample.control else ""
        metrics |= {f"{name}{ending}": value for name, value in _of_sample(sample).items()}
    metrics |= _of_training(found)
    if found.efficiency is not None:
        metrics["auc"] = found.efficiency.auc.value
        metrics["sic_max"] = found.efficiency.sic_max.value
    first, nominal = found.sensitivity.points[0], found.task.get("nominal")
    metrics["b_expected"] = first.B
    metrics["sigma_b_expected"] = first.sigma_B
    for point in found.sensitivity.points:
        if point.fpr == nominal:
            metrics["signal_for_3_sigma_nominal"] = point.evidence
            metrics["signal_for_5_sigma_nominal"] = point.discovery
    return metrics


def _of_sample(sample: SampleFindings) -> dict[str, float | None]:
    inclusive, chosen = sample.inclusive, sample.chosen
    found: dict[str, float | None] = {
        "events": sample.events,
        "events_signal_region": sample.signal_region,
        "z_inclusive": inclusive.Z,
        "s_inclusive": inclusive.S,
        "b_inclusive": inclusive.B,
        "z_nominal": chosen.Z if chosen else None,
        "fpr_nominal": sample.nominal,
    }
    if chosen is not None:
        found |= {"s_nominal": chosen.S, "b_nominal": chosen.B}
    for score in dict.fromkeys(row.score for row in sample.hunt.results if row.score):
        rows = [row for row in sample.cuts(score) if searchable(row) and row.Z is not None]
        best = max(rows, key=lambda row: row.Z or 0.0, default=None)
        name = "score" if score == sample.score else score.replace(" ", "_")
        found[f"z_{name}_max"] = best.Z if best else None
        found[f"fpr_{name}_max"] = best.fpr if best else None
    if sample.search is not None:
        found |= {
            "z_score_global": sample.search.global_Z,
            "log10_p_score_global": sample.search.global_log10_p,
        }
        nominal = [item for item in sample.search.points if item.fpr == sample.nominal]
        found["p_nominal_toys"] = nominal[0].p_toys if nominal else None
    weighted = sample.reweighting
    if weighted is not None:
        found |= {
            "z_reweighted": weighted.row.Z if weighted.row else None,
            "z_reweighted_published": weighted.published.Z if weighted.published else None,
            "p_reweighted_toys": weighted.toys.p if weighted.toys else None,
            "mu": weighted.mu,
        }
        for check in weighted.checks:
            found[f"ratio_mean_{check.of}"] = check.mean
    values = [item for item in sample.variations if item.best is not None]
    if values:
        found["z_score_max_lowest"] = min(item.best or 0.0 for item in values)
        found["z_score_max_highest"] = max(item.best or 0.0 for item in values)
    return found


def _of_training(found: AnomalyFindings) -> dict[str, float | None]:
    closure = found.training.closure
    metrics: dict[str, float | None] = {"training_seconds": found.training.seconds}
    if closure is None:
        return metrics
    metrics["closure_auc"] = closure.auc
    metrics["closure_ok"] = float(closure.status == "ok")
    for item in closure.bands:
        ending = "" if item.mass_included else "_without_mass"
        if item.band != "SB" or not item.mass_included:
            metrics[f"closure_auc_{item.band.lower()}{ending}"] = item.auc.value
    return metrics
