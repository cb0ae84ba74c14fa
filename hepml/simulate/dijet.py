"""Simulate the dijet channel: HDF5 files like those of the LHC Olympics and their parametric W'.

QCD with a falling dijet mass, and W' (3.5 TeV) to two resonances of any masses that decay to two
or three prongs each. Shapes are parametrisations of Pythia events, no event generator. Files have
the published names and layouts, say that they are simulated (attribute ``hepml_simulation``), and
``simulation.json`` lists what is in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hepml.errors import ParameterError
from hepml.simulate.dijet_files import FrameFile
from hepml.simulate.dijet_samples import ExtraSample, ParametricSample, QcdSample, Sample
from hepml.simulate.files import create_files

__all__ = ["GRID", "read_mass_points", "simulate"]

RECORD = "simulation.json"
GRID = tuple((float(x), float(y)) for x in range(50, 601, 50) for y in range(50, 601, 50))
"""The published mass points (mX, mY) in GeV."""

_QCD = "events_anomalydetection_v2.features.h5"
_EXTRA = "events_anomalydetection_qcd_extra_inneronly_features.h5"
_SIGNAL = {
    2: "events_anomalydetection_Z_XY_qq_parametric.h5",
    3: "events_anomalydetection_Z_XY_qqq_parametric.h5",
}
_LIMITS = (1.0, 1500.0)

Progress = Callable[[int, int], None]


def simulate(
    out: Path,
    events: int = 100_000,
    seed: int = 1,
    *,
    extra: int = 0,
    benchmark: int | None = None,
    signal: int = 500,
    mass_points: Sequence[tuple[float, float]] = GRID,
    prongs: Sequence[int] = (2, 3),
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write background and signal samples.

    What an event is depends on the seed, its sample and its place alone. Memory does not depend
    on the number of events.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds HDF5 files is refused: nothing is
        overwritten, and published events are not mixed with simulated ones.
    events : int
        Events of QCD at all masses, 0 for none.
    seed : int
        Not negative.
    extra : int
        Further events of QCD, only with 3300 < m_jj < 3700 GeV.
    benchmark : int, optional
        Two-prong signal events with masses of 500 and 100 GeV at the end of the QCD file;
        default: a tenth of ``events``, as published.
    signal : int
        Events of each mass point and number of prongs.
    mass_points : sequence of (float, float)
        Masses of X and Y [GeV], between 1 and 1500; default: the published 144.
    prongs : sequence of {2, 3}
        Partons that both resonances decay to; a file for each.
    progress : callable, optional
        Called with the events done so far and in all.

    Returns
    -------
    tuple of path
        The files, and ``simulation.json``.

    Raises
    ------
    ParameterError
        If a number is out of range.
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    benchmark = events // 10 if benchmark is None else benchmark
    points = tuple((float(x), float(y)) for x, y in mass_points)
    _check({"events": events, "extra": extra, "benchmark": benchmark, "signal": signal}, seed)
    _check_points(points, prongs)
    plan: list[Sample] = []
    if events + benchmark:
        plan.append(QcdSample(_QCD, events, benchmark))
    if extra:
        plan.append(ExtraSample(_EXTRA, extra))
    if signal:
        plan += [ParametricSample(_SIGNAL[n], signal, points, n) for n in sorted(set(prongs))]
    if not plan:
        raise ParameterError("There is nothing to simulate: ask for some events.")
    job = _Job(seed, sum(len(item) for item in plan), progress)
    return create_files(
        Path(out),
        [item.name for item in plan] + [RECORD],
        ("*.h5", "*.h5.gz", RECORD),
        lambda scratch: job.write(scratch, plan),
    )


def read_mass_points(text: str) -> tuple[tuple[float, float], ...]:
    """Mass points from ``500:100,300:300``, or ``grid`` for the published ones.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if text == "grid":
        return GRID
    found = []
    for word in text.split(","):
        x, colon, y = word.partition(":")
        try:
            found.append((float(x), float(y)))
        except ValueError:
            colon = ""
        if not colon:
            raise ParameterError(
                f"--mass-points {text!r}: write pairs of masses in GeV, as in 500:100,300:300, "
                "or grid."
            )
    return tuple(found)


def _check(sizes: dict[str, int], seed: int) -> None:
    for name, size in sizes.items():
        if size < 0:
            raise ParameterError(f"The number of events must not be negative: {name} = {size}.")
    if seed < 0:
        raise ParameterError(f"The seed must not be negative: {seed}.")


def _check_points(points: Sequence[tuple[float, float]], prongs: Sequence[int]) -> None:
    low, high = _LIMITS
    for point in points:
        if not all(math.isfinite(mass) and low <= mass <= high for mass in point):
            raise ParameterError(
                f"Resonances of {point[0]:g} and {point[1]:g} GeV: jets are simulated from "
                f"{low:g} to {high:g} GeV."
            )
    if len(set(points)) < len(points):
        raise ParameterError("A mass point is given twice.")
    for number in prongs:
        if number not in _SIGNAL:
            raise ParameterError(f"A resonance decays to 2 or 3 prongs here, not to {number}.")


@dataclass(slots=True)
class _Job:
    """What is common to all files, and how far the work is."""

    seed: int
    total: int
    progress: Progress | None
    done: int = 0
    record: dict[str, Any] = field(default_factory=dict)

    def write(self, scratch: Path, plan: Sequence[Sample]) -> None:
        """Write every file, and the record."""
        for item in plan:
            path = scratch / item.name
            with FrameFile(path, item.columns, len(item), item.key, item.dtype) as file:
                for columns in item.blocks(self.seed):
                    file.append(columns)
                    self.done += len(columns["pxj1"])
                    if self.progress is not None:
                        self.progress(self.done, self.total)
                file.note(self._notes())
            self.record[item.name] = {"events": len(item), "kind": "simulation", **item.record()}
        text = json.dumps(self._notes() | {"files": self.record}, indent=1)
        (scratch / RECORD).write_text(text + "\n")

    def _notes(self) -> dict[str, Any]:
        from hepml import __version__

        return {
            "generator": f"hepml simulate dijet, hepml {__version__}",
            "simulated": True,
            "seed": self.seed,
            "units": "GeV",
        }
