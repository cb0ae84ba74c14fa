"""The shower selection as loops over rows, after its description; slow, and shares no code.

A row is a dict with x, y, z [um], tx, ty, pid, event, and for injectors id and track.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

Row = dict[str, Any]
Films = dict[int, float]


def rows_of(columns: dict[str, Any]) -> list[Row]:
    """Turn columns into rows numbered by ``i``."""
    lists = {name: values.tolist() for name, values in columns.items()}
    size = len(lists["pid"])
    return [{"i": i} | {name: values[i] for name, values in lists.items()} for i in range(size)]


def theta(row: Row) -> float:
    return math.atan(math.sqrt(row["tx"] * row["tx"] + row["ty"] * row["ty"]))


# --- S1 ---------------------------------------------------------------------------------------


def projection(row: Row, films: Films, *, half: bool) -> tuple[float, float, float]:
    """X_Next, Y_Next, Z_Next."""
    pid = row["pid"]
    gap = abs(films[pid] - films[pid - 1]) if pid > 0 else 1315.0
    share = 2.0 if half else 1.0
    return row["x"] + row["tx"] * gap / share, row["y"] + row["ty"] * gap / share, row["z"] + gap


# --- S2 ---------------------------------------------------------------------------------------


def simulated_injector(rows: list[Row], event: int) -> Row | None:
    own = [row for row in rows if row["event"] == event]
    low, high = min(row["pid"] for row in own), max(row["pid"] for row in own)

    def n(p: int) -> int:
        return sum(row["pid"] == p for row in own)

    if n(high) == 2:
        start = high
    else:
        thin = [p for p in range(low, high + 1) if n(p) in (0, 1)]
        grown = [p for p in range(low, high + 1) if 2 <= n(p) <= 10]
        if not grown:
            return None
        b = 1 + max(grown)
        if n(b) == 0:
            start = next((p for p in range(b + 1, b + 21) if n(p) > 0), -1)
        elif thin and min(thin) >= b:
            start = min(thin)
        else:
            start = b
    there = [row for row in own if row["pid"] == start]
    if len(there) == 2:
        there.sort(key=lambda row: row["id"])
    return there[0] if there else None


def data_injectors(rows: list[Row]) -> dict[int, Row]:
    """Track to its injector."""
    top = max(row["pid"] for row in rows)
    best: dict[int, Row] = {}
    for row in rows:
        steep = math.sqrt(row["tx"] * row["tx"] + row["ty"] * row["ty"]) > 0.050
        if row["track"] < 0 or row["pid"] < top - 2 or steep:
            continue
        track = row["track"]
        if track not in best or row["pid"] < best[track]["pid"]:
            best[track] = row
    return best


# --- S3 to S5 ---------------------------------------------------------------------------------


def seen(rows: Iterable[Row], injector: Row, *, everything: bool) -> Iterator[Row]:
    """Base-tracks that a shower is seen with."""
    for row in rows:
        if everything or row["event"] < 0 or row["event"] == injector["event"]:
            yield row


def candidates(
    rows: Iterable[Row], injector: Row, films: Films, *, legacy: bool, everything: bool
) -> list[Row]:
    """Candidates with ``delta_theta``, ``impact_over_dz`` and ``cone_tangent``, upstream first."""
    found = []
    for row in seen(rows, injector, everything=everything):
        if row["pid"] > injector["pid"] - 1:
            continue
        if abs(row["x"] - injector["x"]) > 5000 or abs(row["y"] - injector["y"]) > 5000:
            continue
        k = injector["pid"] - row["pid"]
        side = 140 * k + 500
        centre = films[row["pid"] + 1] if legacy else row["z"]
        x_centre = injector["x"] + injector["tx"] * (centre - injector["z"])
        y_centre = injector["y"] + injector["ty"] * (centre - injector["z"])
        if abs(row["x"] - x_centre) >= side / 2 or abs(row["y"] - y_centre) >= side / 2:
            continue
        delta_theta = theta(row) - theta(injector)
        dz = row["z"] - injector["z"]
        ux, uy = (row["x"] - injector["x"]) / dz, (row["y"] - injector["y"]) / dz
        ix = ux + row["tx"] if legacy else ux - row["tx"]
        iy = uy + row["ty"] if legacy else uy - row["ty"]
        impact = math.sqrt(ix * ix + iy * iy)
        if delta_theta > 0.6 or impact > 0.4:
            continue
        found.append(
            row
            | {"delta_theta": delta_theta, "impact_over_dz": impact}
            | {"cone_tangent": math.sqrt(ux * ux + uy * uy)}
        )
    return sorted(found, key=lambda row: -row["pid"])


# --- S7 ---------------------------------------------------------------------------------------


def pair(parent: Row, child: Row, reach: float) -> Row:
    """The child linked to a parent that is projected by ``reach`` [um] along the beam."""
    dtx, dty = parent["tx"] - child["tx"], parent["ty"] - child["ty"]
    return child | {
        "dx": parent["x"] + parent["tx"] * reach - child["x"],
        "dy": parent["y"] + parent["ty"] * reach - child["y"],
        "dtx": dtx,
        "dty": dty,
        "dt": math.atan(math.sqrt(dtx * dtx + dty * dty)),
        "parent": parent["i"],
    }


def nearest(pairs: list[Row]) -> list[Row]:
    """Those at the smallest angle, of those within 0.4 rad."""
    close = [row for row in pairs if row["dt"] <= 0.4]
    return [row for row in close if row["dt"] == min(other["dt"] for other in close)]


def links_of_simulation(found: list[Row], films: Films) -> list[Row]:
    """As coded: no injector, the last base-track of the first film, half of the gap."""
    if not any(row["pid"] == 0 for row in found):
        return []
    pid = max(row["pid"] for row in found)
    parents = [[row for row in found if row["pid"] == pid][-1]]
    out: list[Row] = []
    while parents and pid > 0:
        gap = abs(films[pid] - films[pid - 1])
        pid -= 1
        children: list[Row] = []
        for child in [row for row in found if row["pid"] == pid]:
            children += nearest([pair(parent, child, gap / 2) for parent in parents])
        out += children
        parents = children
    return out


def links_of_data(found: list[Row], injector: Row) -> list[Row]:
    """As coded: the injector first, half of the actual gap, empty films passed over."""
    parents = [injector]
    out: list[Row] = []
    for pid in range(injector["pid"] - 1, -1, -1):
        film = [row for row in found if row["pid"] == pid]
        if not film:
            continue
        children: list[Row] = []
        for child in film:
            pairs = [pair(p, child, (child["z"] - p["z"]) / 2) for p in parents]
            children += nearest(pairs)
        out += children
        parents = children
        if not parents:
            break
    kept: list[Row] = []
    before = set()
    for row in out:
        values = tuple(row[name] for name in ("i", "dx", "dy", "dtx", "dty", "dt"))
        if values not in before:
            before.add(values)
            kept.append(row)
    return kept


def links_fixed(found: list[Row], injector: Row, films: Films, gap: int = 3) -> list[Row]:
    """The injector first, the whole gap, and up to ``gap`` films passed over."""
    present = sorted(films, reverse=True)
    linked: dict[int, list[Row]] = {injector["pid"]: [injector]}
    out: list[Row] = []
    for place, pid in enumerate(present):
        if pid >= injector["pid"]:
            continue
        linked[pid] = []
        for child in [row for row in found if row["pid"] == pid]:
            for upstream in present[max(place - 1 - gap, 0) : place][::-1]:
                parents = linked.get(upstream, [])
                pairs = nearest([pair(p, child, child["z"] - p["z"]) for p in parents])
                if pairs:
                    linked[pid].append(pairs[0])
                    break
        out += linked[pid]
    return out


# --- S8, neighbours ---------------------------------------------------------------------------


def neighbour(
    row: Row, rows: Iterable[Row], injector: Row, pid: int | None, *, everything: bool
) -> tuple[float, float, float]:
    """Distance, position and slope mismatch of the nearest base-track of a film."""
    best = (6.0, 360.0, 0.36)
    for other in seen(rows, injector, everything=everything):
        if other["pid"] != pid:
            continue
        if max(abs(other["x"] - injector["x"]), abs(other["y"] - injector["y"])) > 6000:
            continue
        half = (other["z"] - row["z"]) / 2
        dx = row["x"] + row["tx"] * half - (other["x"] - other["tx"] * half)
        dy = row["y"] + row["ty"] * half - (other["y"] - other["ty"] * half)
        dr = math.hypot(dx, dy)
        dtheta = math.hypot(row["tx"] - other["tx"], row["ty"] - other["ty"])
        distance = math.hypot(dr / 60, dtheta / 0.06)
        if distance < best[0]:
            best = (distance, dr, dtheta)
    return best


def density(row: Row, rows: Iterable[Row], injector: Row, *, everything: bool) -> int:
    return sum(
        other["pid"] == row["pid"]
        and other["i"] != row["i"]
        and math.hypot(other["x"] - row["x"], other["y"] - row["y"]) <= 100
        for other in seen(rows, injector, everything=everything)
    )


# --- S12 --------------------------------------------------------------------------------------


def cut_based(rows: list[Row], injector: Row, *, everything: bool) -> list[int]:
    """Base-tracks of the shower by the cut-based algorithm (DESY 2019 values)."""
    accepted = [injector]
    ours = sorted(seen(rows, injector, everything=everything), key=lambda row: -row["pid"])
    for row in ours:
        if row["pid"] >= injector["pid"]:
            continue
        dz = row["z"] - injector["z"]
        off = math.hypot(
            row["x"] - injector["x"] - injector["tx"] * dz,
            row["y"] - injector["y"] - injector["ty"] * dz,
        )
        if abs(row["tx"]) >= 0.4 or abs(row["ty"]) >= 0.4 or off >= min(1000, 20 + 0.04 * dz):
            continue
        for other in accepted:
            if not 1 <= other["pid"] - row["pid"] <= 3:
                continue
            back = row["z"] - other["z"]
            dr = math.hypot(
                row["x"] - row["tx"] * back - other["x"], row["y"] - row["ty"] * back - other["y"]
            )
            dt = math.hypot(row["tx"] - other["tx"], row["ty"] - other["ty"])
            if dr < 150 and dt < 0.15:
                accepted.append(row)
                break
    return [row["i"] for row in accepted[1:]]
