"""Import emulsion bricks: FEDRA or CSV files to tiles that a run can process in parallel."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from hepml.errors import EmptyInputError, OutputError, ParameterError, did_you_mean
from hepml.importers.background import RULES, with_background
from hepml.importers.brick import Brick, Columns, assemble
from hepml.importers.fedra import QUALITY, FedraBrick, find_bricks, read_films
from hepml.importers.geometry import Geometry, read_geometry
from hepml.importers.tables import read_csv
from hepml.importers.tiles import (
    CORE,
    MARGIN,
    Tile,
    check_size,
    count_tiles,
    cut_tiles,
    write_tiles,
)

__all__ = ["UNITS", "FindInjectors", "Imported", "import_showers", "read_bricks"]

UNITS = {"um": 1.0, "mm": 1_000.0, "cm": 10_000.0}
KINDS = ("data", "simulation")

Progress = Callable[[str, int, int], None]


class FindInjectors(Protocol):
    """The rule that finds where showers start."""

    def __call__(self, columns: Columns, kind: str) -> tuple[Columns, dict[str, Any]]:
        """Base-tracks of a whole brick to injectors and an account of what had none."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What was written of one brick.

    Attributes
    ----------
    brick : int
        Its number.
    files : tuple of Path
        Files written, one for each tile.
    basetracks, injectors : int
        How many were read and found.
    account : dict
        What was read, rejected, missing or empty, and which showers have no injector (``skipped``).
    """

    brick: int
    files: tuple[Path, ...]
    basetracks: int
    injectors: int
    account: dict[str, Any]


def import_showers(
    source: str | Path,
    out: str | Path,
    *,
    injectors: FindInjectors,
    kind: str | None = None,
    quality: bool | None = None,
    unit: str = "um",
    geometry: str | Path | None = None,
    core: float = CORE,
    margin: float = MARGIN,
    background: Sequence[str | Path] = (),
    background_rule: str = RULES[0],
    progress: Progress | None = None,
) -> list[Imported]:
    """Read bricks and write their tiles.

    Parameters
    ----------
    source : path
        Folder of FEDRA files, or a CSV file (or a folder of them).
    out : path
        Folder to create.
    injectors : callable
        Finds injectors among the base-tracks of a brick; needs the whole brick, so that no
        shower depends on the tiles.
    kind : {"data", "simulation"}, optional
        Default: what the sidecar says, else simulation if a base-track has a simulated event.
    quality : bool, optional
        Apply the quality cut of couples; default: to data.
    unit : {"um", "mm", "cm"}
        Unit of lengths in the files.
    geometry : path, optional
        Sidecar file with film positions and alignment.
    core, margin : float
        Size of the tiles [um].
    background : sequence of path
        Measured bricks whose base-tracks replace the noise of simulation.
    background_rule : {"two-films", "ten-films"}
        How; see :func:`~hepml.importers.background.with_background`.
    progress : callable, optional
        Called with what is read or written, how much is done and how much there is.

    Raises
    ------
    EmptyInputError
        If there is nothing to import, or a brick without any injector.
    TableError
        If base-tracks are unusable: NaN, repeated, in other units.
    OutputError
        If ``out`` holds something already.
    """
    check_size(core, margin)
    target = Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise OutputError(f"{target} exists; choose another --out, or remove it first.")
    bricks = read_bricks(
        source, kind=kind, quality=quality, unit=unit, geometry=geometry, progress=progress
    )
    measured = [
        brick
        for path in background
        for brick, _ in read_bricks(path, kind="data", unit=unit, progress=progress)
    ]
    if measured:
        bricks = (
            (
                with_background(brick, measured, background_rule),
                notes | {"background": [background_rule, *(item.number for item in measured)]},
            )
            for brick, notes in bricks
        )
    present = target.exists()
    try:
        return [
            _write(brick, notes, target, injectors, (core, margin), progress)
            for brick, notes in bricks
        ]
    except BaseException:
        # half an import would look like a whole one
        for path in target.glob("*.parquet"):
            path.unlink()
        if target.exists() and not present:
            target.rmdir()
        raise


def _write(
    brick: Brick,
    notes: dict[str, Any],
    target: Path,
    injectors: FindInjectors,
    size: tuple[float, float],
    progress: Progress | None,
) -> Imported:
    found, account = injectors(brick.columns, brick.kind)
    if not len(found["row"]):
        raise EmptyInputError(
            f"Brick {brick.number} ({brick.kind}) has no injector, so no shower: "
            + (", ".join(f"{count} {why}" for why, count in account.items()) or "no candidate")
            + "."
        )
    # data-like files of a simulation keep its truth, so that the event is that of the base-track
    event = brick.columns["event"][found["row"]].tolist()
    found["energy"] = np.array([brick.energies.get(number, np.nan) for number in event])
    target.mkdir(parents=True, exist_ok=True)
    account = brick.account | {"injectors": len(found["row"]), "skipped": account}
    name = f"brick{brick.number:06d}"
    files: list[Path] = []
    # a run can tell by these that its files are all of one import
    expected = count_tiles(found, size[0])
    notes = notes | {"dataset": name, "import": str(uuid.uuid4()), "files": expected}
    for tile in cut_tiles(brick, found, core=size[0], margin=size[1]):
        path = target / f"{name}_{int(tile.scalars['tile']):03d}.parquet"
        write_tiles(path, _one(tile), notes | {"account": account})
        files.append(path)
        if progress is not None:
            progress(f"brick {brick.number}: tiles", len(files), expected)
    return Imported(brick.number, tuple(files), len(brick), len(found["row"]), account)


def _one(tile: Tile) -> Iterator[Tile]:
    yield tile


def read_bricks(
    source: str | Path,
    *,
    kind: str | None = None,
    quality: bool | None = None,
    unit: str = "um",
    geometry: str | Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[Brick, dict[str, Any]]]:
    """Read bricks one after another, with the notes that their tiles keep; see import_showers."""
    if unit not in UNITS:
        raise ParameterError(f"There is no unit {unit!r}. " + did_you_mean(unit, UNITS))
    if kind is not None and kind not in KINDS:
        raise ParameterError(f"There is no kind {kind!r}. " + did_you_mean(kind, KINDS))
    path = Path(source)
    if not path.exists():
        raise EmptyInputError(f"There is no {path}.")
    given = None if geometry is None else Path(geometry)
    tables = _tables(path)
    if tables:
        for number, file in enumerate(tables, start=1):
            layout = read_geometry(given) if given else _beside(file)
            films = list(read_csv(file, UNITS[unit]))
            brick = assemble(layout.brick or number, "data", films, layout.films)
            yield _finished(brick, layout, kind, [file], quality=False)
        return
    for item in find_bricks(path, given):
        yield _fedra(item, kind, quality, UNITS[unit], progress)


def _tables(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.iterdir() if file.name.endswith((".csv", ".csv.gz")))


def _beside(file: Path) -> Geometry:
    sidecar = file.with_name(file.name.split(".")[0] + ".json")
    return read_geometry(sidecar) if sidecar.exists() else Geometry()


def _fedra(
    item: FedraBrick,
    kind: str | None,
    quality: bool | None,
    scale: float,
    progress: Progress | None,
) -> tuple[Brick, dict[str, Any]]:
    wanted = kind or item.geometry.kind
    cut = quality if quality is not None else wanted == "data"
    films = []
    for film in read_films(item, quality=cut, scale=scale):
        films.append(film)
        if progress is not None:
            progress(f"brick {item.number}: film {film.pid}", len(films), len(item.plates))
    brick = assemble(item.number, wanted or "data", films, item.films)
    found = _finished(brick, item.geometry, wanted, list(item.plates.values()), quality=cut)
    if wanted is None and quality is None and found[0].kind == "data":
        # only now it is known that these are data, which need the cut
        return _fedra(item, "data", True, scale, progress)
    return found


def _finished(
    brick: Brick, layout: Geometry, kind: str | None, sources: list[Path], *, quality: bool
) -> tuple[Brick, dict[str, Any]]:
    """Settle the kind, and say where everything came from."""
    wanted = kind or layout.kind
    if wanted is None:
        wanted = "simulation" if bool((brick.columns["event"] >= 0).any()) else "data"
    settled = replace(brick, kind=wanted, energies=layout.energies)
    notes = {
        "channel": "shower",
        "brick": brick.number,
        "kind": wanted,
        "simulated": layout.simulated,
        "quality_cut": QUALITY if quality else "",
        "films": {str(pid): z for pid, z in brick.films.items()},
        "sources": [str(source.name) for source in sources],
    }
    return settled, notes
