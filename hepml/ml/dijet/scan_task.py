"""The task dijet-scan: the same search at many signal fractions, masses and noise features."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hepml.engine.provenance import redacted
from hepml.errors import HepmlError
from hepml.ml.dijet.asked import DijetOptions
from hepml.ml.dijet.events import DijetEvents
from hepml.ml.dijet.results import DijetJudgement
from hepml.ml.dijet.scan import Progress, run_scan
from hepml.ml.dijet.scan_results import PointOptions, ScanResult
from hepml.ml.dijet.stages import make_stages
from hepml.ml.dijet.task import read_for, search_dijet
from hepml.ml.sources import open_rows, selection_of, versions

__all__ = ["DijetPoint", "scan_dijets"]

_VARIED = ("strategy", "mu", "mass_point", "alpha", "noise", "seed")
_ASSISTED = ("parametric", "prior-assisted")


@dataclass(frozen=True, slots=True)
class DijetPoint:
    """Judges one point of a scan; can be sent to another process.

    Attributes
    ----------
    run : str
        Run directory, Parquet file or folder of them.
    base : DijetOptions
        All that is not varied.
    store : str
        Folder of trained priors.
    """

    run: str
    base: DijetOptions = field(default_factory=DijetOptions)
    store: str = ""

    def asked(self, options: PointOptions) -> DijetOptions:
        """Everything that is asked of a point."""
        varied = {name: getattr(options, name) for name in _VARIED}
        if options.alpha is None:
            # means nothing with one mode
            del varied["alpha"]
        return replace(self.base, **varied)

    def __call__(self, options: PointOptions) -> DijetJudgement:
        """The judgement of a point."""
        asked = self.asked(options)
        return search_dijet(self.events(asked), asked, store=self.store or None)

    def events(self, asked: DijetOptions) -> DijetEvents:
        """Events of a point, read once for all that need the same."""
        plain = replace(
            DijetOptions(), modes=asked.modes, features=asked.features, noise=asked.noise,
            seed=asked.seed, strategy=asked.strategy,
        )  # fmt: skip
        if asked.strategy not in _ASSISTED:
            plain = replace(plain, mass_point=asked.mass_point)
        return _events(self.run, plain)

    @staticmethod
    def shared(options: PointOptions) -> Hashable:
        """What decides trained priors; nothing where there are none."""
        return (options.noise, options.seed) if options.strategy in _ASSISTED else None


@lru_cache(maxsize=2)
def _events(run: str, asked: DijetOptions) -> DijetEvents:
    return read_for(run, asked)


def scan_dijets(
    run: str | Path,
    out: str | Path,
    grid: Sequence[PointOptions],
    base: DijetOptions | None = None,
    *,
    priors: str | Path | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> ScanResult:
    """Search for dijet resonances at each point of a grid.

    Writes ``points/*.json`` as they are finished, and ``result.json``. The same call goes on
    where it was stopped; other points may be added.

    Parameters
    ----------
    run : path
        Run directory of the processor ``dijet``, Parquet file or folder of them.
    out : path
        Folder to create, or of an earlier scan.
    grid : sequence of PointOptions
        See `hepml.ml.dijet.scan.scan_grid`.
    base : DijetOptions, optional
        All that is not varied.
    priors : path, optional
        Folder of trained priors, used and added to; default: ``priors`` in ``out``.
    workers : int
        Processes.
    progress : callable, optional
        Told of each point.

    Raises
    ------
    TableError, ModelError
        If there is no table, or it has no simulation.
    OutputError
        If the folder holds something else.
    """
    # without a table no point has a result
    open_rows(run, labelled=True)
    store = Path(out) / "priors" if priors is None else Path(priors)
    point = DijetPoint(str(run), base or DijetOptions(), str(store.absolute()))
    fixed = {name: value for name, value in asdict(point.base).items() if name not in _VARIED}
    fixed = {
        name: list(value) if isinstance(value, tuple) else value for name, value in fixed.items()
    }
    task = {
        "task": "dijet-scan",
        "inputs": {"run": {"path": str(run), "selection": selection_of(run)}},
        "options": fixed,
        "versions": versions(),
        "command": list(sys.argv),
    }
    source, background = _known(point, grid)
    return run_scan(
        point,
        grid,
        out,
        identity={
            "options": fixed,
            "rows": _parts(Path(run)),
            "selection": selection_of(run),
            "hepml": versions()["hepml"],
        },
        task=dict(redacted(task)),
        source=source,
        background=background,
        shared=point.shared,
        workers=workers,
        progress=progress,
    )


def _parts(run: Path) -> list[list[Any]]:
    """Parts of the table; their names come from what is in them."""
    place = run / "features" if (run / "features").is_dir() else run
    files = [place] if place.is_file() else sorted(place.rglob("*.parquet"))
    return [[item.name, item.stat().st_size] for item in files if item.exists()]


def _known(point: DijetPoint, grid: Sequence[PointOptions]) -> tuple[dict[str, Any], int | None]:
    """Where the events come from, and background events of the data that is searched."""
    for options in grid:
        asked = point.asked(options)
        try:
            events = point.events(asked)
            found = make_stages(events, replace(asked, mu=0.0), 0)
        except HepmlError:
            # the point itself will say so
            continue
        counts = (found.weak_train.counts, found.weak_validation.counts)
        return events.source, sum(item.background for item in counts)
    return {}, None
