"""Rich tables of what models are worth."""

from __future__ import annotations

from rich import box
from rich.table import Table

from hepml.ml.results import Interval
from hepml.ml.shower.results import Scale, ShowerIdentification

__all__ = ["energy_table", "model_table"]


def model_table(found: ShowerIdentification) -> Table:
    """Figures of every model on rows that it never saw, at every energy."""
    rows = found.judgements[0]
    title = f"Base-tracks of {rows.groups:,} test showers: {rows.rows:,}, {rows.signal:,} signal"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("model", overflow="fold")
    for name in ("energy", "AUC", "AP", "accuracy", "precision", "recall", "F1", "size"):
        table.add_column(name, justify="right", no_wrap=True)
    for judgement in found.judgements:
        for row in found.by_energy[judgement.model]:
            first = not row.energy
            table.add_row(
                judgement.title if first else "",
                "all" if first else f"{row.energy:g} GeV",
                _value(row.auc, 4, error=first),
                _value(row.ap),
                _value(row.accuracy),
                _value(row.precision),
                _value(row.recall),
                _value(row.f1, error=first),
                f"{row.size:.1f}",
            )
    base = found.baseline
    if base is not None:
        shares = (base.accuracy, base.precision, base.recall, base.f1)
        size = (base.tp + base.fp) / rows.groups
        table.add_row(
            "Cut-based", "all", "-", "-", *(_value(item) for item in shares), f"{size:.1f}"
        )
    return table


def energy_table(found: ShowerIdentification) -> Table:
    """Bias and resolution of every estimator at every energy."""
    table = Table(
        title="Energy: mean of (E_rec - E) / E, and its resolution",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("estimator", overflow="fold")
    table.add_column("scale", no_wrap=True)
    for name in ("energy", "bias", "68 %", "Gaussian", "RMS"):
        table.add_column(name, justify="right", no_wrap=True)
    for estimate in found.energy:
        for place, item in enumerate(estimate.bins):
            table.add_row(
                estimate.title if not place else "",
                scale_text(estimate.scale) if not place else "",
                f"{item.energy:.3g} GeV",
                f"{item.mean.value or 0:+.3f}",
                _value(item.quantile),
                _value(item.gauss) if item.gauss else "-",
                f"{item.rms:.3f}",
            )
        if estimate.stochastic and estimate.constant:
            table.add_row(
                "",
                f"{_percent(estimate.stochastic)}/√E ⊕ {_percent(estimate.constant)}",
                *[""] * 5,
            )
    return table


def scale_text(scale: Scale) -> str:
    """The scale as a formula."""
    values = scale.values
    if scale.form == "power":
        return f"E = {values[0]:.3g} N^{values[1]:.3g}"
    if scale.form == "linear":
        return f"E = {values[0]:.3g} + {values[1]:.3g} N"
    return f"E = {values[0]:.3g} N"


def _value(item: Interval, digits: int = 3, *, error: bool = False) -> str:
    if item.value is None:
        return "-"
    text = f"{item.value:.{digits}f}"
    return f"{text} ± {item.error:.{digits}f}" if error and item.error else text


def _percent(item: Interval) -> str:
    return f"{100 * (item.value or 0):.1f}({100 * (item.error or 0):.1f}) %"
