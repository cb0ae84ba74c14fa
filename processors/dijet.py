"""Dijet resonances: two large-radius jets, their masses and subjettiness, the dijet mass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hepml.keys import key_hash
from hepml.processor import Histogram, Preset, Processor, Selected
from hepml.schemas.dijet import Dijets
from processors.dijet_columns import COLUMNS, JETS, STUDY
from processors.dijet_cuts import INCLUSIVE, DijetCuts
from processors.dijet_histograms import dijet_fills, dijet_histograms, spectrum_fill

__all__ = ["STUDY", "DijetCuts", "DijetProcessor", "dijet_mass", "tau_ratio"]

Floats = NDArray[np.float64]
Columns = dict[str, Any]
_MOMENTUM = ("px", "py", "pz", "m")
_TAU = ("tau1", "tau2", "tau3")
REGION = "signal region"
_EVENT = ("label", "mx", "my", "label_ok", "prongs", "inclusive", "row")
_INPUT = tuple(f"{jet}_{name}" for jet in ("j1", "j2") for name in (*_MOMENTUM, *_TAU))


class DijetProcessor(Processor):
    """One row for each event: mass, subjettiness ratios and momentum of its two jets.

    An event is a row of ``hepml import dijet``. The default preset keeps the signal region of the
    published studies, 3300 < m_jj < 3700 GeV; ``inclusive`` keeps all masses. Energies in GeV.
    """

    name = "dijet"
    schema = Dijets
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "signal_region": Preset(DijetCuts(), "none"),
        "inclusive": Preset(INCLUSIVE, "none"),
    }
    weights = ("none",)
    cuts: DijetCuts

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: every quantity by class, the plane of jet masses, the grid."""
        return dijet_histograms(self.cuts)

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Columns that the selection reads."""
        return (*_INPUT, *_EVENT)

    def select(self, events: Any) -> Selected:
        """Select events; needs concrete (eager or virtual) arrays."""
        stored = {name: _read(events, name) for name in (*_INPUT, *_EVENT)}
        jets = tuple(_jet(stored, jet) for jet in ("j1", "j2"))
        mass = dijet_mass(*jets)
        steps = self._steps(stored, jets, mass)
        passing = np.ones(len(mass), dtype=bool)
        cutflow = {"all": np.ones(len(mass))}
        for step, mask in steps.items():
            passing &= mask
            cutflow[step] = np.ones(int(passing.sum()))
        names = ("label", "mx", "my", "prongs", "row")
        columns = {name: stored[name][passing] for name in names} | {"dijet_mass": mass[passing]}
        ordered = self._ordered(jets)
        for place, jet in enumerate(JETS):
            columns |= _jet_columns(jet, ordered, place, jets, passing)
            columns[f"{jet}_constituents"] = _constituents(events, ordered, place, passing)
        # a sample of the signal region alone would put a step into the spectrum
        every = stored["inclusive"] != 0
        for step, mask in steps.items():
            every &= mask if step != REGION else True
        fills = spectrum_fill(stored["prongs"][every], mass[every]) | dijet_fills(columns)
        if not self.table:
            return Selected(cutflow, fills)
        columns["event"] = _content(stored, passing)
        return Selected(cutflow, fills, columns, entries=np.flatnonzero(passing))

    def _steps(
        self, stored: Columns, jets: tuple[Columns, ...], mass: Floats
    ) -> dict[str, NDArray[np.bool_]]:
        cuts = self.cuts
        steps = {"two jets": (jets[0]["pt"] > 0) & (jets[1]["pt"] > 0)}
        if cuts.mass_low is not None or cuts.mass_high is not None:
            low = -np.inf if cuts.mass_low is None else cuts.mass_low
            high = np.inf if cuts.mass_high is None else cuts.mass_high
            steps[REGION] = (mass > low) & (mass < high)
        if cuts.labels == "sample":
            steps["label of its sample"] = stored["label_ok"] != 0
        return steps

    def _ordered(self, jets: tuple[Columns, ...]) -> NDArray[np.bool_]:
        """Whether the second jet of the input comes first; the input's order where equal."""
        by = "m" if self.cuts.order == "mass" else "pt"
        return np.asarray(jets[1][by] > jets[0][by])


def dijet_mass(first: Mapping[str, Floats], second: Mapping[str, Floats]) -> Floats:
    """Invariant mass of two jets.

    Parameters
    ----------
    first, second : mapping
        ``px``, ``py``, ``pz`` and ``m`` [GeV], shape (events,).

    Returns
    -------
    array of float64
        Mass [GeV]; 0 where rounding would make its square negative.
    """
    energy = sum(
        np.sqrt(jet["px"] ** 2 + jet["py"] ** 2 + jet["pz"] ** 2 + jet["m"] ** 2)
        for jet in (first, second)
    )
    square = energy**2
    for name in ("px", "py", "pz"):
        square = square - (first[name] + second[name]) ** 2
    return np.asarray(np.sqrt(np.maximum(square, 0)))


def tau_ratio(jet: Mapping[str, Floats], upper: str, lower: str) -> Floats:
    """Ratio of two N-subjettiness values, 0 unless tau1 and tau2 are above 0."""
    defined = (jet["tau1"] > 0) & (jet["tau2"] > 0)
    return np.divide(jet[upper], jet[lower], out=np.zeros(len(defined)), where=defined)


def _read(events: Any, name: str) -> NDArray[Any]:
    return np.asarray(ak.to_numpy(events[name]))


def _jet(stored: Columns, jet: str) -> Columns:
    """One jet in double precision, with its transverse momentum."""
    found = {name: stored[f"{jet}_{name}"].astype(np.float64) for name in (*_MOMENTUM, *_TAU)}
    return found | {"pt": np.hypot(found["px"], found["py"])}


def _jet_columns(
    name: str,
    swapped: NDArray[np.bool_],
    place: int,
    jets: tuple[Columns, ...],
    passing: NDArray[np.bool_],
) -> Columns:
    """Columns of one jet of the events that pass."""
    other = swapped[passing] != bool(place)
    jet = {
        quantity: np.where(other, jets[1][quantity][passing], jets[0][quantity][passing])
        for quantity in jets[0]
    }
    return {
        f"{name}_mass": jet["m"].astype(np.float32),
        f"{name}_tau21": tau_ratio(jet, "tau2", "tau1").astype(np.float32),
        f"{name}_tau32": tau_ratio(jet, "tau3", "tau2").astype(np.float32),
        f"{name}_pt": jet["pt"].astype(np.float32),
        f"{name}_eta": np.arcsinh(jet["pz"] / jet["pt"]).astype(np.float32),
        f"{name}_phi": np.arctan2(jet["py"], jet["px"]).astype(np.float32),
    }


def _constituents(
    events: Any, swapped: NDArray[np.bool_], place: int, passing: NDArray[np.bool_]
) -> NDArray[np.int32]:
    if "j1_n" not in events.fields or "j2_n" not in events.fields:
        return np.full(int(passing.sum()), -1, dtype=np.int32)
    other = swapped[passing] != bool(place)
    first, second = (_read(events, f"{jet}_n")[passing] for jet in ("j1", "j2"))
    counts = np.where(other, second, first)
    return np.where(np.isfinite(counts), counts, -1).astype(np.int32)


def _content(stored: Columns, passing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Hash of what was measured, the same in whichever file the event lies."""
    bits = [stored[name][passing].astype(np.float32).view(np.uint32) for name in _INPUT]
    pairs = [
        (first.astype(np.uint64) << np.uint64(32)) | second
        for first, second in zip(bits[::2], bits[1::2], strict=True)
    ]
    return key_hash(pairs).view(np.int64)
