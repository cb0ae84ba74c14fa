"""Rich tables of what hunts and fits found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich import box
from rich.table import Table

from hepml.stats.results import Excess, Hunt, HuntRow, PeakFit
from hepml.stats.wording import amount, probability, significance
from hepml.windows import WINDOWS

# Selections named in a remark.
_FEW = 3

__all__ = ["describe_extras", "fit_table", "hunt_table", "remarks"]


def hunt_table(hunt: Hunt) -> Table:
    """One line a selection: yields, significance, p-value and goodness of the fit."""
    edges = "{left:g} | {low:g} to {high:g} | {right:g} GeV".format(**hunt.window)
    name = str(hunt.window.get("name") or "")
    title = f"Hunt in {name}: {edges}" if name in WINDOWS else f"Hunt in {edges}"
    rows = hunt.results
    scores = {row.score for row in rows if row.score is not None}
    if len(scores) == 1:
        title += f", cuts on {min(scores)}"
    columns = _columns(rows)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("selection", overflow="fold", min_width=10)
    for heading in columns:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for row in rows:
        text = row.selection
        if len(scores) == 1 and row.fpr is not None:
            text = f"FPR {row.fpr:.3g}"
        cells = [write(row) for write in columns.values()]
        table.add_row(text, *cells, _state(row))
    return table


def _columns(rows: Sequence[HuntRow]) -> dict[str, Callable[[HuntRow], str]]:
    """Headings, and what writes the cell below; N gives way where there is more to show."""
    extra: dict[str, Callable[[HuntRow], str]] = {}
    if any(row.limit for row in rows):
        extra["S below"] = lambda row: amount(row.limit.observed) if row.limit else "-"
    if any(row.toys for row in rows):
        extra["p toys"] = lambda row: f"{row.toys.p:.2g}" if row.toys else "-"
    columns = {
        "events": lambda row: f"{row.events:,}",
        "N": _of(lambda excess: amount(excess.observed)),
        "S": _of(lambda excess: amount(excess.S)),
        "B": _of(lambda excess: f"{amount(excess.B)} ± {amount(excess.sigma_B)}"),
        "Z": _of(lambda excess: significance(excess.Z)),
        "p": _of(lambda excess: probability(excess.log10_p)),
        "fit p": _goodness,
    } | extra
    if extra:
        del columns["N"]
    return columns


def _of(write: Callable[[Excess], str]) -> Callable[[HuntRow], str]:
    return lambda row: write(row.excess) if row.excess else "-"


def _goodness(row: HuntRow) -> str:
    fit = row.sideband or row.joint
    return f"{fit.goodness:.2g}" if fit else "-"


def _state(row: HuntRow) -> str:
    if row.Z is None:
        return "[red]failed[/]"
    return "ok" if row.status == "ok" else "[yellow]note[/]"


def remarks(rows: Sequence[HuntRow]) -> list[str]:
    """What a reader must know, and of which selections."""
    said: dict[str, list[str]] = {}
    for row in rows:
        texts = [] if row.status == "ok" else row.status.split("; ")
        if row.limit is not None and row.limit.message:
            texts.append(row.limit.message)
        for text in texts:
            said.setdefault(text, []).append(row.selection)
    return [f"{text}  ({_some(names)})" for text, names in said.items()]


def _some(names: Sequence[str]) -> str:
    """The first few names."""
    shown = "; ".join(names[:_FEW])
    return shown if len(names) <= _FEW else f"{shown}; and {len(names) - _FEW} more"


def describe_extras(hunt: Hunt) -> Iterator[str]:
    """Sentences on the scan, the variations and the same-sign pairs."""
    scan = hunt.scan
    if scan is not None and scan.best is not None:
        best = scan.points[scan.best]
        local = f"{significance(best.Z)} sigma" if best.Z is not None else "no fit"
        text = (
            f"scan: {len(scan.points)} windows, most significant {best.low:.4g} to "
            f"{best.high:.4g} GeV, {local} locally"
        )
        if scan.global_Z is not None and scan.global_log10_p is not None:
            text += (
                f", {significance(scan.global_Z)} sigma globally "
                f"(p = {probability(scan.global_log10_p)})"
            )
        yield text
    if scan is not None and scan.message:
        yield f"scan: {scan.message}"
    if hunt.variations is not None:
        band = hunt.variations
        (low, high), (least, most) = band.envelope_S, band.envelope_Z
        yield (
            f"background: {len(band.accepted)} of {len(band.rows)} variations are accepted and "
            f"give S from {amount(low)} to {amount(high)}, Z from {significance(least)} to "
            f"{significance(most)}; an F-test chooses degree {band.chosen}"
        )
    same = hunt.spurious
    if same is not None and same.excess is not None:
        text = (
            f"same-sign pairs: S = {amount(same.excess.S)} ± {amount(same.excess.sigma_S)} "
            f"({significance(same.excess.Z)} sigma) where no resonance is"
        )
        if hunt.bias is not None:
            text += f"; with that as an uncertainty Z = {significance(hunt.bias.Z)}"
        yield text


def fit_table(fit: PeakFit, title: str) -> Table:
    """Name and value of everything a reader asks of a mass fit."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, show_header=False)
    table.add_column("quantity")
    table.add_column("value", overflow="fold")
    excess = fit.excess
    table.add_row("signal", f"{amount(excess.S)} ± {amount(excess.sigma_S)} events")
    table.add_row("background under it", f"{amount(excess.B)} ± {amount(excess.sigma_B)} events")
    for name, value, error in (
        ("mass", fit.mass, fit.mass_error),
        ("width", fit.width, fit.width_error),
    ):
        text = f"{value:.2f} ± {error:.2f} GeV" if error else f"{value:g} GeV (fixed)"
        table.add_row(name, text)
    table.add_row(
        "significance",
        f"{significance(excess.Z)} sigma (p = {probability(excess.log10_p)})",
    )
    table.add_row(
        "fit", f"deviance {fit.fit.deviance:.1f} / {fit.fit.ndf}, p = {fit.fit.goodness:.2g}"
    )
    return table
