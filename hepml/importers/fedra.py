"""Read FEDRA files of a brick, by named branches: `couples` of every plate, linked `tracks`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import BranchError, EmptyInputError, FileAccessError, ParameterError, TreeError
from hepml.importers.brick import Film
from hepml.importers.geometry import NAME, Geometry, read_geometry

__all__ = ["QUALITY", "FedraBrick", "find_bricks", "read_films"]

# What a base-track of measured data must fulfil (specification of the DESY19 exposure).
QUALITY = "eCHI2P<2.5 && s.eW>13 && eN1==1 && eN2==1 && s1.eFlag>=0 && s2.eFlag>=0"

_COUPLES = re.compile(r"^(\d+)\.(\d+)\.\d+\.\d+\.cp\.root$")
# never all branches: the covariance `s.eCOV` cannot be read without FEDRA
_BRANCHES = {
    "id": "s.eID",
    "x": "s.eX",
    "y": "s.eY",
    "tx": "s.eTX",
    "ty": "s.eTY",
    "event": "s.eMCEvt",
    "mctrack": "s.eMCTrack",
    "p": "s.eP",
    "flag": "s.eFlag",
}
_CUTS = ("eCHI2P", "s.eW", "eN1", "eN2", "s1.eFlag", "s2.eFlag")


@dataclass(frozen=True)
class FedraBrick:
    """Files of one brick.

    Attributes
    ----------
    number : int
        Brick number.
    plates : dict of int to Path
        Plate (1 is the most upstream) to its `couples` file.
    tracks : Path or None
        File of the linked tracks.
    geometry : Geometry
        The sidecar, or its defaults.
    """

    number: int
    plates: dict[int, Path]
    tracks: Path | None
    geometry: Geometry

    @property
    def films(self) -> int:
        """Number of film positions: stated, or the highest plate number."""
        return max(self.geometry.films or 0, max(self.plates))


def find_bricks(folder: Path, geometry: Path | None = None) -> list[FedraBrick]:
    """Find bricks below a folder: ``b000021/p001/21.1.0.0.cp.root`` and its like.

    Parameters
    ----------
    folder : Path
        A brick's folder, or one that holds bricks.
    geometry : Path, optional
        Sidecar for all of them; default: ``brick.json`` in the brick's folder or ``folder``.

    Raises
    ------
    EmptyInputError
        If there is no `couples` file.
    ParameterError
        If a plate has two files.
    """
    plates: dict[int, dict[int, Path]] = {}
    for path in sorted(folder.rglob("*.cp.root")):
        match = _COUPLES.match(path.name)
        if match is None:
            continue
        number, plate = int(match[1]), int(match[2])
        if plate in plates.setdefault(number, {}):
            raise ParameterError(
                f"Plate {plate} of brick {number} has two files: {plates[number][plate]} and "
                f"{path}. Keep the one to use in the folder."
            )
        plates[number][plate] = path
    if not plates:
        raise EmptyInputError(f"No FEDRA couples (BRICK.PLATE.MAJOR.MINOR.cp.root) below {folder}.")
    return [
        FedraBrick(number, found, _tracks(found), _geometry(folder, found, geometry))
        for number, found in sorted(plates.items())
    ]


def _root(plates: Mapping[int, Path]) -> Path:
    """Folder of the brick: the one that holds the folders of its plates."""
    return next(iter(plates.values())).parent.parent


def _tracks(plates: Mapping[int, Path]) -> Path | None:
    found = sorted(_root(plates).glob("*.trk.root")) or sorted(
        _root(plates).glob("*linked_tracks.root")
    )
    return found[0] if found else None


def _geometry(folder: Path, plates: Mapping[int, Path], given: Path | None) -> Geometry:
    candidates = [given] if given else [_root(plates) / NAME, folder / NAME]
    for path in candidates:
        if path == given or path.exists():
            return read_geometry(path)
    return Geometry()


def read_films(
    brick: FedraBrick, *, quality: bool, scale: float = 1.0, tracks: bool = True
) -> Iterator[Film]:
    """Read one film after another.

    Parameters
    ----------
    quality : bool
        Apply ``QUALITY``: for measured data.
    scale : float
        Factor that brings lengths to um.
    tracks : bool
        Join the linked tracks, for the rule that finds injectors in data.

    Raises
    ------
    FileAccessError, TreeError, BranchError
        If a file cannot be read, has no tree `couples`, or lacks a branch.
    """
    linked = _linked(brick.tracks) if tracks and brick.tracks else {}
    for plate, path in sorted(brick.plates.items()):
        pid = brick.films - plate
        columns = _couples(path, quality)
        kept = columns.pop("kept")
        x, y, tx, ty = brick.geometry.align(
            plate,
            (columns["x"] * scale, columns["y"] * scale),
            (columns["tx"], columns["ty"]),
        )
        columns |= {"x": x, "y": y, "tx": tx, "ty": ty}
        if pid in linked:
            columns["track"] = _join(columns["id"], *linked[pid])
        yield Film(
            pid,
            brick.geometry.position(plate, brick.films),
            columns,
            rejected=int(kept[0]),
            source=str(path),
        )


def _open(path: Path, tree: str) -> Any:
    import uproot

    try:
        file = uproot.open(path)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise FileAccessError(f"Cannot read {path}: {reason}") from error
    if tree not in {key.split(";")[0] for key in file.keys()}:  # noqa: SIM118 (not a dict)
        raise TreeError(f"{path} has no tree {tree!r}: {', '.join(file.keys()) or 'it is empty'}.")
    return file[tree]


def _couples(path: Path, quality: bool) -> dict[str, NDArray[Any]]:
    """Columns of one plate; ``kept`` holds how many base-tracks failed the quality cut."""
    names = [*_BRANCHES.values(), *(_CUTS if quality else ())]
    values = _read(_open(path, "couples"), path, names)
    passed = np.ones(len(values["s.eX"]), dtype=bool)
    if quality:
        passed = (
            (values["eCHI2P"] < 2.5)
            & (values["s.eW"] > 13)
            & (values["eN1"] == 1)
            & (values["eN2"] == 1)
            & (values["s1.eFlag"] >= 0)
            & (values["s2.eFlag"] >= 0)
        )
    columns = {name: values[branch][passed] for name, branch in _BRANCHES.items()}
    columns["id"] = columns["id"].astype(np.int64)
    return columns | {"kept": np.array([len(passed) - int(passed.sum())])}


def _read(tree: Any, path: Path, names: list[str]) -> dict[str, NDArray[Any]]:
    known = {name.rsplit("/", 1)[-1] for name in tree.keys(recursive=True)}
    missing = [name for name in names if name not in known]
    if missing:
        raise BranchError(
            f"{path}, tree {tree.name!r}, lacks the branch {missing[0]!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + ". It does not look like a file of FEDRA."
        )
    arrays: dict[str, NDArray[Any]] = tree.arrays(names, library="np")
    return arrays


def _linked(path: Path) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int32]]]:
    """Linked segments by film: their ids, sorted, and the track of each."""
    tree = _open(path, "tracks")
    values = _read(tree, path, ["s.ePID", "s.eID"])
    if not len(values["s.eID"]):
        return {}
    counts = [len(ids) for ids in values["s.eID"]]
    pid = np.concatenate(values["s.ePID"])
    ids = np.concatenate(values["s.eID"]).astype(np.int64)
    track = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    found = {}
    for film in np.unique(pid):
        chosen = pid == film
        order = np.argsort(ids[chosen], kind="stable")
        found[int(film)] = (ids[chosen][order], track[chosen][order])
    return found


def _join(
    ids: NDArray[np.int64], known: NDArray[np.int64], track: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Track of each base-track; -1 where it is on none."""
    place = np.minimum(np.searchsorted(known, ids), max(len(known) - 1, 0))
    return np.where(known[place] == ids, track[place], -1).astype(np.int32)
