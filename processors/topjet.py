"""Top tagging: large-radius jets with high-level quantities and aligned constituents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hepml.processor import Fill, Histogram, Preset, Processor, Selected
from hepml.schemas.topjet import TopJets
from processors.topjet_columns import COLUMNS, CONSTITUENTS, HIGH_LEVEL, SHOWER_WEIGHTS, UNITS
from processors.topjet_constituents import MEV, NETWORK_FEATURES, aligned, network_inputs
from processors.topjet_cuts import FULL, HIGH_LEVEL_ONLY, TopJetCuts
from processors.topjet_histograms import image_fills, jet_fills, topjet_histograms

__all__ = [
    "CONSTITUENTS",
    "HIGH_LEVEL",
    "NETWORK_FEATURES",
    "TopJetCuts",
    "TopJetProcessor",
    "network_inputs",
]

Columns = dict[str, Any]
_JET = ("jet_pt", "jet_eta", "jet_phi", "jet_m")
_FLAT = ("label", "training", "training_weight", "split_ok", "row")
_ENERGIES = {"jet_pt": 1, "jet_m": 1} | {f"hl_{name}": power for name, power in UNITS.items()}


class TopJetProcessor(Processor):
    """One row for each jet: 15 high-level quantities, the jet, its constituents, its weights.

    An event is a jet as written by ``hepml import topjet``. Constituents stay lists, aligned to
    a common frame (see `processors.topjet_constituents`); nothing is padded. ``columns`` of the
    class lists what there can be, that of an instance what its cuts compute. Energies are in
    GeV, those of ``ECF2`` and ``ECF3`` in its powers.
    """

    name = "topjet"
    schema = TopJets
    chunk_size = 50_000
    columns = COLUMNS
    presets: ClassVar[Mapping[str, Preset]] = {
        "standard": Preset(TopJetCuts(), "training"),
        "full": Preset(FULL, "training"),
        "high_level": Preset(HIGH_LEVEL_ONLY, "training"),
    }
    weights = ("training", "none")
    variations = ("isr", "fsr")
    cuts: TopJetCuts

    def __init__(self, cuts: TopJetCuts | None = None, **common: Any) -> None:
        super().__init__(cuts, **common)
        if not self.cuts.max_constits:
            self.columns = tuple(column for column in COLUMNS if not column.is_list)

    def histograms(self) -> tuple[Histogram, ...]:
        """Declare the histograms: every quantity for top and QCD, and average images."""
        return topjet_histograms(images=self.cuts.max_constits > 0)

    def required_branches(self, tree: str, kind: str) -> tuple[str, ...]:
        """Columns that the selection reads."""
        return (*CONSTITUENTS, *_JET, *HIGH_LEVEL, *_FLAT)

    def select(self, events: Any) -> Selected:
        """Select jets; needs concrete (eager or virtual) arrays."""
        offsets = _offsets(events.constit)
        counts = np.diff(offsets)
        pt = _read(events, "jet_pt") / MEV
        weight = np.ones(len(counts))
        if self.weight == "training":
            weight = _read(events, "training_weight").astype(np.float64)
        steps = self._steps(events, counts, pt)
        passing = np.ones(len(counts), dtype=bool)
        cutflow = {"all": weight}
        for step, mask in steps.items():
            passing &= mask
            cutflow[step] = weight[passing]
        columns = self._columns(events, passing, counts, weight)
        fills = jet_fills(columns, self._weights(columns))
        if self.cuts.max_constits:
            columns |= _constituents(events.constit, offsets, passing, self.cuts.max_constits)
            fills |= _images(columns)
        table = {name: columns[name] for name in columns} if self.table else {}
        return Selected(cutflow, fills, table, entries=np.flatnonzero(passing))

    def _steps(
        self, events: Any, counts: NDArray[np.int64], pt: NDArray[Any]
    ) -> dict[str, NDArray[np.bool_]]:
        cuts = self.cuts
        steps = {f">= {cuts.min_constituents} constituents": counts >= cuts.min_constituents}
        if cuts.pt_low is not None or cuts.pt_high is not None:
            low = -np.inf if cuts.pt_low is None else cuts.pt_low
            high = np.inf if cuts.pt_high is None else cuts.pt_high
            steps["pT range"] = (pt >= low) & (pt < high)
        if cuts.event_numbers == "require":
            steps["event number of its sample"] = _read(events, "split_ok") != 0
        return steps

    def _columns(
        self,
        events: Any,
        passing: NDArray[np.bool_],
        counts: NDArray[np.int64],
        weight: NDArray[np.float64],
    ) -> Columns:
        """Flat columns of the jets that pass."""
        found: Columns = {}
        for name in (*HIGH_LEVEL, *_JET):
            values = _read(events, name)[passing]
            power = _ENERGIES.get(name, 0)
            found[name] = (values / MEV**power).astype(np.float32) if power else values
            if name in HIGH_LEVEL:
                # ratios of a jet that lacks a prong: not defined, whatever the file writes
                found[name] = np.where(np.isfinite(found[name]), found[name], np.float32(np.nan))
        found["n_constituents"] = counts[passing].astype(np.int32)
        found["label"] = _read(events, "label")[passing]
        found["weight"] = weight[passing]
        found["row"] = _read(events, "row")[passing]
        found["is_training"] = _read(events, "training")[passing]
        found["split_ok"] = _read(events, "split_ok")[passing]
        number = np.full(len(found["row"]), -1, dtype=np.int64)
        if "event_number" in events.fields:
            number = _read(events, "event_number")[passing]
        return found | {"event_number": number} | _shower_weights(events, passing)

    def _weights(self, columns: Columns) -> dict[str, NDArray[np.float64]]:
        """Weights of every variation; a sample without shower weights is not varied."""
        found = {"nominal": columns["weight"]}
        for variation in self.active_variations[1:]:
            ratio = columns[f"weight_{variation}"]
            found[variation] = columns["weight"] * np.where(np.isfinite(ratio), ratio, 1.0)
        return found


def _read(events: Any, name: str) -> NDArray[Any]:
    return np.asarray(ak.to_numpy(events[name]))


def _layout(values: Any) -> Any:
    """Lists as offsets from 0 and one run of numbers."""
    layout = ak.materialize(values).layout
    if not (layout.is_list and not layout.is_regular and layout.content.is_numpy):
        layout = ak.to_packed(ak.Array(layout)).layout
    return layout if hasattr(layout, "offsets") else layout.to_ListOffsetArray64(True)


def _offsets(constituents: Any) -> NDArray[np.int64]:
    """Where each jet begins, without reading a column of the constituents in full."""
    counts = np.asarray(ak.to_numpy(ak.num(constituents, axis=1)))
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _shower_weights(events: Any, passing: NDArray[np.bool_]) -> Columns:
    size = int(passing.sum())
    if "shower_weights" not in events.fields:
        return {f"weight_{name}": np.full(size, np.nan) for name in SHOWER_WEIGHTS}
    lists = _layout(events.shower_weights)
    first = np.asarray(lists.offsets.data[:-1])[passing]
    values = np.asarray(lists.content.data, dtype=np.float64)
    nominal = values[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {name: values[first + place] / nominal for name, place in SHOWER_WEIGHTS.items()}
    return {
        f"weight_{name}": np.where(np.isfinite(ratio), ratio, np.nan)
        for name, ratio in ratios.items()
    }


def _constituents(
    constituents: Any, offsets: NDArray[np.int64], passing: NDArray[np.bool_], most: int
) -> Columns:
    """The constituents of highest pT of the jets that pass, aligned."""
    counts = np.diff(offsets)
    kept = np.where(passing, np.minimum(counts, most), 0)
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    chosen = place < np.repeat(kept, counts)
    every = bool(chosen.all())
    flat = {}
    for name in ("pt", "eta", "phi", "energy"):
        lists = _layout(constituents[name])
        values = np.asarray(lists.content.data)[lists.offsets.data[0] : lists.offsets.data[-1]]
        flat[name] = values if every else values[chosen]
    new = np.concatenate([[0], np.cumsum(kept[passing])]).astype(np.int64)
    eta, phi = aligned(flat["eta"], flat["phi"], new)
    columns = {
        "constit_pt": (flat["pt"] / np.float32(MEV)).astype(np.float32),
        "constit_eta": eta,
        "constit_phi": phi,
        "constit_energy": (flat["energy"] / np.float32(MEV)).astype(np.float32),
    }
    index = ak.index.Index64(new)
    return {
        name: ak.Array(ak.contents.ListOffsetArray(index, ak.contents.NumpyArray(item)))
        for name, item in columns.items()
    }


def _images(columns: Columns) -> dict[str, list[Fill]]:
    lists = {name: columns[name].layout for name in CONSTITUENTS[:3]}
    pt, eta, phi = (np.asarray(item.content.data) for item in lists.values())
    counts = np.diff(lists["constit_pt"].offsets.data)
    return image_fills(columns["label"], columns["weight"], pt, eta, phi, counts)
