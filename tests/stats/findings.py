"""Results of hunts and fits worked out by hand, without a fit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hepml.stats.results import (
    Band,
    Excess,
    Fit,
    Hunt,
    HuntRow,
    PeakFit,
    Scan,
    ScanPoint,
    Spectrum,
    Toys,
)
from hepml.stats.significance import log10_p_value, p_value

# ten bins of 1 GeV from 5 to 15, of which 9-11 is the signal region
EDGES = tuple(float(edge) for edge in range(5, 16))


def spectrum(level: float = 100.0, excess: float = 40.0, **changes: Any) -> Spectrum:
    """A flat background, fitted exactly, and an excess in both bins of the signal region."""
    counts = np.full(10, level)
    counts[4:6] += excess
    usual: dict[str, Any] = {
        "edges": EDGES,
        "start": 4,
        "stop": 6,
        "counts": tuple(counts.tolist()),
        "variances": tuple(counts.tolist()),
        "background": (level,) * 10,
        "background_error": (0.1 * level,) * 10,
    }
    return Spectrum(**(usual | changes))


def excess(z: float = 2.0, s: float = 80.0, b: float = 200.0) -> Excess:
    """An excess of a given significance."""
    return Excess(
        observed=s + b, S=s, sigma_S=20.0, B=b, sigma_B=10.0, q0=z * z, Z=z, p=p_value(z),
        log10_p=log10_p_value(z), Z_closed=z,
    )  # fmt: skip


def background_fit(family: str = "polynomial", degree: int = 1, **changes: Any) -> Fit:
    """A fit of the background."""
    size = degree + 1
    usual: dict[str, Any] = {
        "family": family,
        "degree": degree,
        "names": tuple(f"c{index}" for index in range(size)),
        "parameters": (1.0,) * size,
        "errors": (0.1,) * size,
        "covariance": ((0.0,) * size,) * size,
        "deviance": 7.0,
        "ndf": 8 - size,
        "goodness": 0.5,
        "valid": True,
    }
    return Fit(**(usual | changes))


def row(z: float | None = 2.0, **changes: Any) -> HuntRow:
    """A row without cut; ``None`` for one that could not be fitted."""
    usual: dict[str, Any] = {"selection": "all", "degree": 1, "bins": 2, "events": 1080}
    if z is None:
        return HuntRow(**(usual | {"status": "There are no events in the sidebands."} | changes))
    found = excess(z)
    usual |= {name: getattr(found, name) for name in ("S", "B", "sigma_B", "Z", "p")}
    usual |= {"excess": found, "sideband": background_fit(), "spectrum": spectrum()}
    return HuntRow(**(usual | changes))


def cut(z: float | None, fpr: float, score: str = "score", **changes: Any) -> HuntRow:
    """A row with a cut on a score."""
    text = f"{score}, FPR {fpr:.3g}"
    return row(z, selection=text, score=score, fpr=fpr, cut=0.5, **changes)


def toys(observed: float = 4.0, number: int = 400) -> Toys:
    """Pseudo-experiments that follow half a chi-square exactly, seed 1."""
    rng = np.random.default_rng(1)
    q0 = np.where(rng.random(number) < 0.5, 0.0, rng.normal(size=number) ** 2)
    above = int((q0 >= observed).sum())
    p = (above + 1) / (number + 1)
    return Toys(
        number=number, failed=0, seed=1, p=p, p_low=above / number, p_high=1.5 * p, Z=1.9,
        q0=tuple(q0.tolist()),
    )  # fmt: skip


def scan(z: float = 6.0, size: int = 40, **changes: Any) -> Scan:
    """Windows from 0.5 to 50 GeV; the one at 9.5 GeV stands out, one has no fit."""
    middle = np.geomspace(0.5, 50.0, size)
    best = int(np.argmin(np.abs(middle - 9.46)))
    points = []
    for index, mass in enumerate(middle):
        edges = {"left": 0.8 * mass, "low": 0.97 * mass, "high": 1.03 * mass, "right": 1.2 * mass}
        if index == 3:
            points.append(ScanPoint(**edges, events=2, status="few"))
            continue
        here = z if index == best else 0.7 + math.sin(index)
        here = max(here, 0.0)
        points.append(
            ScanPoint(
                **edges, events=500, S=5.0, B=50.0, sigma_B=5.0, Z=here, p=p_value(here),
                log10_p=log10_p_value(here),
            )
        )  # fmt: skip
    usual: dict[str, Any] = {"points": tuple(points), "best": best}
    return Scan(**(usual | changes))


def hunt(*rows: HuntRow, **changes: Any) -> Hunt:
    """A hunt with these rows; one without cut by default."""
    usual: dict[str, Any] = {
        "version": "0",
        "source": {
            "path": "r", "processor": "dimuon", "datasets": ["muons"], "kind": "data",
            "simulated": True, "published": False, "luminosity": 8700.0, "complete": True,
            "mass": "dimuon_mass", "sign": "opposite", "where": [], "scores": [],
        },
        "window": {"name": "upsilon", "left": 5.0, "low": 9.0, "high": 11.0, "right": 15.0},
        "settings": {"background": "polynomial", "degree": 1, "bins": 2},
        "results": rows or (row(),),
    }  # fmt: skip
    return Hunt(**(usual | changes))


def band() -> Band:
    """Three variations, one of which does not describe the data."""
    rows = (
        row(1.5, selection="polynomial 1, 2 bins"),
        row(2.5, selection="exponential 3, 2 bins", sideband=background_fit("exponential", 3)),
        row(
            0.5,
            selection="bernstein 1, 4 bins",
            sideband=background_fit("bernstein", goodness=1e-4),
        ),
        row(None, selection="polynomial 7, 2 bins"),
    )
    return Band(
        rows=rows, chosen=1, f_test={"1>3": 0.4}, accepted=(0, 1), envelope_S=(80.0, 80.0),
        envelope_Z=(1.5, 2.5),
    )  # fmt: skip


def peak_fit(**changes: Any) -> PeakFit:
    """A peak at 125 GeV."""
    edges = tuple(float(edge) for edge in range(120, 131))
    signal = np.exp(-0.5 * ((np.arange(120.5, 130) - 125) / 2) ** 2) * 40
    counts = tuple((100 + signal).round().tolist())
    usual: dict[str, Any] = {
        "version": "0",
        "source": {"processor": "diphoton", "datasets": ["data_A"], "kind": "data"}
        | {"published": True, "mass": "diphoton_mass", "luminosity": 10064.0},
        "settings": {"degree": 3, "background": "polynomial"},
        "signal": "gaussian",
        "mass": 125.0,
        "mass_error": 0.0,
        "width": 2.0,
        "width_error": 0.0,
        "excess": excess(5.0, 200.0, 400.0),
        "fit": background_fit(),
        "spectrum": spectrum(
            edges=edges, start=3, stop=7, counts=counts, variances=counts,
            signal=tuple(signal.tolist()),
        ),
    }  # fmt: skip
    return PeakFit(**(usual | changes))
