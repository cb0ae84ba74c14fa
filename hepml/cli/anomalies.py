"""Rich tables of what an anomaly search found."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table

from hepml.ml.anomaly.findings import AnomalyFindings, SampleFindings, Training
from hepml.ml.anomaly.search import searchable
from hepml.stats.results import HuntRow
from hepml.stats.wording import amount, fpr_text, probability, significance

__all__ = ["closure_text", "sample_notes", "sample_table", "sensitivity_table"]


def sample_table(found: AnomalyFindings) -> Table:
    """Significance of each sample without a cut, with cuts and with weights."""
    table = Table(
        title="{name}: {low:g} to {high:g} GeV, ".format(**found.window)
        + f"{found.training.title} on {', '.join(found.training.features)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("sample", overflow="fold")
    table.add_column("method", overflow="fold")
    for name in ("FPR", "S", "B", "Z", "p", "p toys", "Z global"):
        table.add_column(name, justify="right", no_wrap=True)
    for sample in found.samples:
        for place, cells in enumerate(_lines(sample, found.training.title)):
            table.add_row(f"{sample.title} ({sample.events:,})" if not place else "", *cells)
    return table


def _lines(sample: SampleFindings, title: str) -> Iterator[tuple[str, ...]]:
    yield ("no cut", *_cells(sample.inclusive))
    if sample.chosen is not None:
        searched = sample.search.points if sample.search else ()
        number = sample.search.toys.number if sample.search else 0
        toys = [item.p_toys for item in searched if item.fpr == sample.nominal]
        yield (f"{title}, nominal", *_cells(sample.chosen, _toys(toys[0], number) if toys else "-"))
    search = sample.search
    if search is not None:
        best = next(row for row in sample.cuts() if row.fpr == search.fpr)
        p = next(item.p_toys for item in search.points if item.fpr == search.fpr)
        cells = _cells(best, _toys(p, search.toys.number))
        yield (f"{title}, best", *cells[:-1], significance(search.global_Z))
    weighted = sample.reweighting
    if weighted is not None and weighted.row is not None:
        thrown = weighted.toys
        text = _toys(thrown.p, thrown.number) if thrown else "-"
        yield (f"{title}, weights", *_cells(weighted.row, text))
    elif weighted is not None:
        yield (f"{title}, weights", "", "", "", "-", "-", "-", "-")
    for score in dict.fromkeys(row.score for row in sample.hunt.results if row.score):
        rows = [row for row in sample.cuts(score) if searchable(row)]
        if score != sample.score and rows:
            yield (f"{score}, best", *_cells(max(rows, key=lambda row: row.Z or 0.0)))


def _toys(p: float, number: int) -> str:
    """A p-value of pseudo-experiments; a bound where none reached the data."""
    return f"< {p:.2g}" if p * (number + 1) < 1.5 else f"{p:.2g}"


def _cells(row: HuntRow, toys: str = "-") -> tuple[str, ...]:
    rate = "" if row.fpr is None else fpr_text(row.fpr)
    if row.S is None or row.B is None or row.Z is None or row.log10_p is None:
        return (rate, "-", "-", "-", "-", "-", "-")
    return (
        rate,
        amount(row.S),
        amount(row.B),
        significance(row.Z),
        probability(row.log10_p),
        toys,
        "-",
    )


def sample_notes(found: AnomalyFindings) -> Iterator[str]:
    """What a reader must know of the results that count."""
    for sample in found.samples:
        if sample.reweighting is not None and sample.reweighting.status != "ok":
            yield f"{sample.title}, weights: {sample.reweighting.status}"
        for row in (sample.inclusive, sample.chosen):
            if row is not None and row.status != "ok":
                yield f"{sample.title}, {row.selection}: {row.status}"


def sensitivity_table(found: AnomalyFindings) -> Table:
    """What could be seen, of a search whose signal region is closed."""
    sides = found.sensitivity
    table = Table(
        title="{name}, blind: ".format(**found.window)
        + f"{sides.sidebands[0]:,} + {sides.sidebands[1]:,} sideband events",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for name in ("FPR", "expected B", "signal for 3 sigma", "signal for 5 sigma"):
        table.add_column(name, justify="right", no_wrap=True)
    for point in sides.points:
        table.add_row(
            fpr_text(point.fpr),
            f"{amount(point.B)} ± {amount(point.sigma_B)}",
            amount(point.evidence),
            amount(point.discovery),
        )
    return table


def closure_text(training: Training) -> Iterator[str]:
    """What the checks in the sidebands say."""
    closure = training.closure
    if closure is None:
        return
    colour = {"ok": "green", "failed": "red"}.get(closure.status, "yellow")
    text = f"closure in the sidebands: [{colour}]{closure.status}[/]"
    parts = [
        f"{item.band} {item.auc.value:.3f} ± {item.auc.error or 0:.3f}"
        for item in closure.bands
        if item.mass_included and item.auc.value is not None
    ]
    yield text + (f"; AUC of data against samples {', '.join(parts)}" if parts else "")
    for reason in closure.reasons:
        yield f"[{colour}]{reason}[/]"
