"""One shower by the published scripts and by hepml's ``legacy`` mode: same rows, other seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from measure import BenchmarkError
from shower_inputs import Columns, films_of, flat_columns, read_flat, settings
from shower_naive import NaiveShower, project, run_naive

__all__ = ["compare"]

# Film of the brick that is cut out for one shower [mm]; its window is 10 mm wide.
_SIZE, _MARGIN = 40.0, 19.0
_NAMES = {"ID": "id", "PID": "pid", "x": "x", "y": "y", "z": "z", "TX": "tx", "TY": "ty"}


def compare(brick: Path, scratch: Path, noise: float) -> dict[str, Any]:
    """Measure both, require the same linked rows, and scale the scripts to the whole brick.

    Parameters
    ----------
    brick : path
        The whole brick, whose rows and pairs the time is scaled by.
    scratch : path
        Folder for the CSV files.
    noise : float
        Base-tracks per mm^2 and film beside the one shower.
    """
    columns = flat_columns(settings(1, (_SIZE, _SIZE), noise, _MARGIN), 1)
    columns["id"] = np.arange(len(columns["id"]))  # signal and noise shall not share a number
    z = films_of(columns)
    injector = _injector(columns)
    shower, background = _write(scratch, columns, z, injector)
    found = run_naive(scratch, shower, background, injector, z)
    seconds, linked = _kernels(columns)
    _check(found, linked)
    per_shower = _full_rows(brick)
    scaled = {
        name: found.seconds[name] * per_shower[name] / max(found.rows[name], 1)
        for name in found.seconds
    }
    showers = per_shower["showers"]
    return {
        "seconds": {"total": sum(scaled.values()) * showers, "hepml legacy": seconds},
        "measured": {"noise": noise, "seconds": found.seconds, "rows": found.rows},
        "scaled": {"seconds of a shower": scaled, "rows": per_shower},
        "counts": {"showers": showers, "linked rows compared": len(found.linked)},
    }


def _injector(columns: Columns) -> dict[str, Any]:
    from processors.shower_injectors import find_injectors

    found, _ = find_injectors(columns, "simulation")
    if not len(found["row"]):
        raise BenchmarkError("The one shower has no injector; give another --naive-noise.")
    own = {name: float(columns[ours][found["row"][0]]) for name, ours in _NAMES.items()}
    theta = float(np.arctan(np.sqrt(own["TX"] ** 2 + own["TY"] ** 2)))
    return own | {"PID": int(own["PID"]), "Theta": theta, "MCEvent": 0}


def _write(
    folder: Path, columns: Columns, z: dict[int, float], injector: dict[str, Any]
) -> tuple[Path, Path]:
    """Write what the first script reads, with the columns of the published tables."""
    frame = pd.DataFrame({name: columns[ours] for name, ours in _NAMES.items()})
    frame = frame.astype(dict.fromkeys(("x", "y", "z", "TX", "TY"), "float64"))
    frame["MCEvent"] = columns["event"]
    frame = frame.assign(MCTrack=-999, P=-999.0, Flag=-999, TrackID=-1)
    frame = project(frame, z).assign(Signal=(frame.MCEvent >= 0).astype(int))
    paths = folder / "shower.csv", folder / "noise.csv"
    own = frame[(frame.MCEvent >= 0) & (frame["PID"] < injector["PID"])]
    own.to_csv(paths[0], index=False)
    frame[frame.MCEvent < 0].to_csv(paths[1], index=False)
    return paths


def _kernels(columns: Columns) -> tuple[float, dict[str, Any]]:
    """The same by the kernels; timed the second time, when they are loaded."""
    from processors.shower_basetracks import Basetracks, Injectors
    from processors.shower_candidates import find_candidates
    from processors.shower_cuts import LEGACY
    from processors.shower_grid import Grid
    from processors.shower_injectors import find_injectors
    from processors.shower_links import link_candidates

    for _ in range(2):
        began = time.process_time()
        tracks = Basetracks.of(columns, films_of(columns))
        injectors = Injectors.of(find_injectors(columns, "simulation")[0])
        candidates = find_candidates(tracks, Grid.of(tracks), injectors, LEGACY, everything=False)
        links = link_candidates(tracks, injectors, candidates, LEGACY, kind="simulation")
        seconds = time.process_time() - began
    return seconds, {
        "ID": candidates.index[links.child],
        "dx": links.dx,
        "dy": links.dy,
        "dTX": links.dtx,
        "dTY": links.dty,
        "dT": links.angle,
        "DeltaT": candidates.delta_theta[links.child],
        "Par_impact_nor": candidates.impact_over_dz[links.child],
        "Angolo_cono": candidates.cone_tangent[links.child],
    }


def _check(found: NaiveShower, ours: dict[str, Any]) -> None:
    """Require the same rows with the same values."""
    theirs = found.linked.sort_values(["ID", "dx"])
    order = np.lexsort((ours["dx"], ours["ID"]))
    if len(theirs) != len(order) or not len(order):
        raise BenchmarkError(f"The scripts link {len(theirs)} base-tracks, hepml {len(order)}.")
    for name, values in ours.items():
        if not np.allclose(theirs[name], values[order], rtol=1e-9, atol=1e-9):
            raise BenchmarkError(f"The scripts and hepml's mode 'legacy' differ in {name}.")


def _full_rows(brick: Path) -> dict[str, float]:
    """Rows of each step for the mean shower of the whole brick."""
    from processors.shower_basetracks import Basetracks, Injectors
    from processors.shower_candidates import find_candidates
    from processors.shower_cuts import LEGACY
    from processors.shower_grid import Grid
    from processors.shower_injectors import find_injectors

    columns = read_flat(brick / "flat")
    tracks = Basetracks.of(columns, films_of(columns))
    injectors = Injectors.of(find_injectors(columns, "simulation")[0])
    noise = int((columns["event"] < 0).sum())
    del columns
    found = find_candidates(tracks, Grid.of(tracks), injectors, LEGACY, everything=False)
    films, showers = len(tracks.pid), len(injectors)
    held = found.shower * films + tracks.film_of(found.index)
    counts = np.bincount(held, minlength=showers * films).reshape(showers, films)
    window, pyramid = found.passed[:, 0].mean(), found.passed[:, 1].mean()
    pairs = (counts[:, :-1] * counts[:, 1:]).sum(axis=1).mean()
    return {
        "showers": float(showers),
        "window": float(noise),
        "pyramid": float(window),
        "angle": float(pyramid),
        "link": float(pairs),
    }
