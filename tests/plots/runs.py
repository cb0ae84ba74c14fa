"""Small run directories with known numbers, made without the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hist
import numpy as np

from hepml.histograms import add_histograms, dump_histograms, fill_histogram
from hepml.plots.samples import Sample
from hepml.processor import Fill, Histogram

MASS = Histogram(
    "mass", (hist.axis.Regular(30, 105, 160, name="mass", label=r"$m_{\gamma\gamma}$ [GeV]"),)
)
JETS = Histogram("n_jets", (hist.axis.Integer(0, 4, name="n_jets", label="Number of jets"),))
PT = Histogram("pt", (hist.axis.Regular(4, 0, 40, name="pt", label="$p_T$ [GeV]"),))
DIMUON = Histogram(
    "dimuon_mass",
    (
        hist.axis.StrCategory(["OS", "SS"], name="sign", label="Sign"),
        hist.axis.Regular(
            100, 0.3, 300, name="mass", label="$m_{\\mu\\mu}$ [GeV]",
            transform=hist.axis.transform.log,
        ),
    ),
)  # fmt: skip
PLANE = Histogram(
    "plane",
    (
        hist.axis.Regular(3, -3, 3, name="eta", label="$\\eta$"),
        hist.axis.Regular(2, 0, 20, name="pt", label="$p_T$ [GeV]"),
    ),
)


def filled(
    declared: Histogram, dataset: str, *fills: tuple[tuple[Any, ...], Any, str]
) -> hist.Hist[Any]:
    """One dataset of a histogram; each fill is (values, weight, variation)."""
    return fill_histogram(declared, dataset, [Fill(*fill) for fill in fills])


def places(declared: Histogram) -> Any:
    """A value inside each bin of the one axis."""
    axis = declared.axes[0]
    return axis.edges[:-1].astype(int) if isinstance(axis, hist.axis.Integer) else axis.centers


def at(declared: Histogram, dataset: str, counts: Any, variation: str = "nominal") -> Any:
    """A 1D histogram with the given weighted contents, one entry per bin."""
    counts = np.asarray(counts, dtype=float)
    return filled(declared, dataset, ((places(declared),), counts, variation))


def events(declared: Histogram, dataset: str, counts: Any) -> Any:
    """A 1D histogram with whole events of weight one."""
    values = np.repeat(places(declared), np.asarray(counts, dtype=int))
    return filled(declared, dataset, ((values,), np.ones(len(values)), "nominal"))


def together(*parts: Any) -> Any:
    """Add the datasets of one histogram."""
    return add_histograms([{"h": part} for part in parts])["h"]


def diphoton() -> tuple[dict[str, Any], dict[str, Sample]]:
    """Falling data whose background is exactly a cubic, and five modes that peak at 125 GeV."""
    centres = MASS.axes[0].centers
    x = (centres - 132.5) / 27.5
    data = np.round(2200 - 1900 * x + 500 * x**2 - 100 * x**3)
    peak = np.exp(-0.5 * ((centres - 125) / 2.0) ** 2)
    scale = {"gg": 100.0, "VBF": 10.0, "Wp": 2.0, "Z": 1.5, "tt": 0.003}
    masses = [events(MASS, "data_A", data)]
    jets = [events(JETS, "data_A", [50_000, 20_000, 5_000, 1_000])]
    samples = {"data_A": Sample("data_A", "data", "data", True)}
    for label, height in scale.items():
        masses.append(at(MASS, f"mc_{label}", height * peak))
        jets.append(at(JETS, f"mc_{label}", height * np.array([2.0, 3.0, 1.0, -0.1])))
        samples[f"mc_{label}"] = Sample(f"mc_{label}", "simulation", label, True)
    return {"mass": together(*masses), "n_jets": together(*jets)}, samples


def dimuon() -> tuple[Any, dict[str, Sample]]:
    """Opposite- and same-sign masses with peaks at J/psi, Upsilon and Z."""
    rng = np.random.default_rng(5)
    masses = np.concatenate(
        [
            np.exp(rng.uniform(np.log(0.35), np.log(250), 4000)),
            rng.normal(3.097, 0.03, 2000),
            rng.normal(9.46, 0.1, 600),
            rng.normal(91.2, 2.5, 800),
        ]
    )
    signs = np.where(np.arange(len(masses)) % 10 == 0, "SS", "OS")
    histogram = filled(DIMUON, "muons", ((signs, masses), np.ones(len(masses)), "nominal"))
    return histogram, {"muons": Sample("muons", "data", "data")}


def write_run(
    folder: Path,
    histograms: dict[str, Any],
    samples: dict[str, Sample],
    *,
    processor: str = "diphoton",
    luminosity: float = 1.0,
    accounts: Mapping[str, Mapping[str, Any]] | None = None,
) -> Path:
    """Write what figures read from a run directory.

    The data have 10,064 pb^-1 and everything is complete, unless ``accounts`` says otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan.json").write_text("{}")
    (folder / "histograms.json").write_text(dump_histograms(histograms))
    rows = [
        {"step": "all", "raw": 100, "weighted": 10.0},
        {"step": "mass_window", "raw": 25, "weighted": 2.5},
    ]
    (folder / "cutflow.json").write_text(json.dumps(dict.fromkeys(samples, rows)))
    datasets = {
        name: {
            "kind": sample.kind,
            "label": sample.label,
            "simulated": sample.simulated,
            "published": sample.published,
            "higgs_factor": sample.higgs_factor,
            "luminosity": 10064.0 if sample.kind == "data" else None,
            "complete": True,
            "incomplete_because": "",
        }
        | dict((accounts or {}).get(name, {}))
        for name, sample in samples.items()
    }
    provenance = {
        "processor": processor,
        "parameters": {"preset": "official", "luminosity": luminosity},
        "datasets": datasets,
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    return folder
