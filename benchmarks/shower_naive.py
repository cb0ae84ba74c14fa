"""The published shower scripts as they were: pandas frames, CSV between steps, one pair at a time.

Rect, Rect_crescenti, Taglio_Theta and Ricerca_new (simulation path) for one shower, re-written
after their description with their mistakes. Nothing of hepml is used.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["NaiveShower", "project", "run_naive"]

WINDOW, BASE, SLOPE, DELTA_T, IMPACT, LINK = 5000, 500, 140, 0.6, 0.4, 0.4


@dataclass(frozen=True, slots=True)
class NaiveShower:
    """What the scripts found, and what they took.

    Attributes
    ----------
    linked : DataFrame
        The linked candidates.
    seconds : dict of str to float
        Step to seconds.
    rows : dict of str to int
        Rows that each step has read (``link``: pairs of base-tracks that were compared).
    """

    linked: pd.DataFrame
    seconds: dict[str, float]
    rows: dict[str, int]


def project(frame: pd.DataFrame, z: dict[int, float]) -> pd.DataFrame:
    """Proiezioni: polar angle and the projections, over half of the gap."""
    top = max(z)
    down = {pid: abs(z[pid] - z[pid - 1]) if pid > 0 else 1315.0 for pid in z}
    up = {pid: abs(z[pid + 1] - z[pid]) if pid < top else 1315.0 for pid in z}
    after, before = frame["PID"].map(down), frame["PID"].map(up)
    return frame.assign(
        Theta=np.arctan(np.sqrt(frame.TX**2 + frame.TY**2)),
        X_Next=frame.x + frame.TX * after / 2,
        Y_Next=frame.y + frame.TY * after / 2,
        Z_Next=frame.z + after,
        X_Prev=frame.x - frame.TX * before / 2,
        Y_Prev=frame.y - frame.TY * before / 2,
        Z_Prev=frame.z - before,
    )


def run_naive(
    folder: Path, shower: Path, noise: Path, injector: dict[str, Any], z: dict[int, float]
) -> NaiveShower:
    """Run the four scripts, each of which reads what the one before has written.

    Parameters
    ----------
    folder : path
        Where they write.
    shower, noise : path
        CSV of the shower downstream of its injector, and of the noise of the whole brick.
    injector : dict
        Its ``PID, x, y, z, TX, TY, Theta``.
    z : dict of int to float
        Film position to z [um].
    """
    steps: dict[str, Any] = {
        "window": lambda: _window(shower, noise, folder / "rect.csv", injector),
        "pyramid": lambda: _pyramid(folder / "rect.csv", folder / "pyramid.csv", injector, z),
        "angle": lambda: _angle(folder / "pyramid.csv", folder / "angle.csv", injector),
        "link": lambda: _link(folder / "angle.csv", folder / "linked.csv", z),
    }
    seconds, rows = {}, {}
    for name, step in steps.items():
        began = time.process_time()
        rows[name] = step()
        seconds[name] = time.process_time() - began
    return NaiveShower(_read(folder / "linked.csv"), seconds, rows)


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


def _window(shower: Path, noise: Path, out: Path, injector: dict[str, Any]) -> int:
    """Rect: every job reads the noise of the whole brick."""
    fog = _read(noise)
    frame = pd.concat([_read(shower), fog], ignore_index=True)
    frame = frame[frame["PID"] <= injector["PID"] - 1]
    frame = frame[(frame.x - injector["x"]).abs() <= WINDOW]
    kept = frame[(frame.y - injector["y"]).abs() <= WINDOW].copy()
    kept["Ishower"] = injector["MCEvent"]
    kept.to_csv(out, index=False)
    return len(fog)


def _pyramid(source: Path, out: Path, injector: dict[str, Any], z: dict[int, float]) -> int:
    """Rect_crescenti: film after film, and the table is written anew after each."""
    frame = _read(source)
    kept = pd.DataFrame()
    for film in range(injector["PID"], 0, -1):
        half = (SLOPE * (injector["PID"] - (film - 1)) + BASE) / 2
        x = injector["x"] + injector["TX"] * (z[film] - injector["z"])
        y = injector["y"] + injector["TY"] * (z[film] - injector["z"])
        found = frame[frame["PID"] == film - 1]
        found = found[((found.x - x).abs() < half) & ((found.y - y).abs() < half)]
        kept = pd.concat([kept, found]) if len(kept) else found
        kept.to_csv(out, index=False)
    return len(frame)


def _angle(source: Path, out: Path, injector: dict[str, Any]) -> int:
    """Taglio_Theta, with the wrong sign of the impact parameter."""
    frame = _read(source)
    frame["DeltaT"] = frame.Theta - injector["Theta"]
    dz = frame.z - injector["z"]
    ux, uy = (frame.x - injector["x"]) / dz, (frame.y - injector["y"]) / dz
    frame["Par_impact_nor"] = np.sqrt((ux + frame.TX) ** 2 + (uy + frame.TY) ** 2)
    frame["Par_impact"] = frame.Par_impact_nor * dz
    frame["Angolo_cono"] = np.sqrt(ux**2 + uy**2)
    read = len(frame)
    frame = frame[(frame.DeltaT <= DELTA_T) & (frame.Par_impact_nor <= IMPACT)]
    frame.to_csv(out, index=False)
    return read


def _link(source: Path, out: Path, z: dict[int, float]) -> int:
    """Ricerca_new: one query, one copy and one longer table for each pair."""
    frame = _read(source)
    compared, linked = 0, frame.iloc[:0].assign(dx=0.0, dy=0.0, dTX=0.0, dTY=0.0, dT=0.0, dR=0.0)
    if (frame["PID"] == 0).any():
        start = frame["PID"].max()
        parents = frame[frame["PID"] == start].tail(1)
        for film in range(start - 1, -1, -1):
            children = frame[frame["PID"] == film]
            pairs = pd.DataFrame()
            for _, parent in parents.iterrows():
                for child in children.ID:
                    pair = _pair(parent, children.query(f"ID == {child}").copy())
                    pairs = pd.concat([pairs, pair]) if len(pairs) else pair
                    compared += 1
            if not len(pairs):
                break
            pairs = pairs[pairs.dT <= LINK]
            parents = pairs[pairs.dT == pairs.groupby("ID").dT.transform("min")]
            linked = pd.concat([linked, parents]) if len(linked) else parents
            if not len(parents):
                break
    linked.to_csv(out, index=False)
    return compared


def _pair(parent: pd.Series[Any], child: pd.DataFrame) -> pd.DataFrame:
    child["dx"] = parent.X_Next - child.x
    child["dy"] = parent.Y_Next - child.y
    child["dTX"] = parent.TX - child.TX
    child["dTY"] = parent.TY - child.TY
    child["dT"] = np.arctan(np.sqrt(child.dTX**2 + child.dTY**2))
    child["dR"] = np.sqrt(child.dx**2 + child.dy**2)
    return child
