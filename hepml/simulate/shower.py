"""Simulate the shower channel: emulsion bricks exposed to electrons, as FEDRA trees or CSV.

Showers come from a transport of electrons, positrons and photons (`shower_transport`) that agrees
within 5 % in every film with the published Geant4 profile of the DESY exposures; all showers of a
brick and the noise lie in the same films. Beside the base-tracks stands what was put in: film
positions and, for each shower, its energy and where it began (``brick.json``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from hepml.errors import ParameterError, did_you_mean
from hepml.simulate.files import create_files
from hepml.simulate.shower_brick import Film, Signal, expose, films
from hepml.simulate.shower_csv import write_csv
from hepml.simulate.shower_fedra import write_fedra
from hepml.simulate.shower_links import volume_tracks
from hepml.simulate.shower_settings import Settings

__all__ = ["FORMATS", "SIDECAR", "Settings", "check_numbers", "read_record", "simulate"]

# `shower_tiles` writes a fourth one, imported tiles.
FORMATS = ("fedra", "csv", "csv.gz")
SIDECAR = "brick.json"


def simulate(
    out: Path,
    settings: Settings | None = None,
    seed: int = 1,
    *,
    bricks: int = 1,
    brick: int = 1,
    format: str = "fedra",
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write simulated bricks; each depends only on the settings, ``seed`` and its number.

    A shower depends on the beam, the brick's geometry and the least momentum alone: with another
    noise or efficiency it is the same. Memory depends on the size of one film.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds bricks of this format is refused:
        nothing is overwritten, and real bricks are not mixed with simulated ones.
    settings : Settings, optional
        Beam, brick and response; default: the published exposure of 360 electrons of 6 GeV.
    seed : int
        Not negative.
    bricks : int
        Number of bricks.
    brick : int
        Number of the first one; the others count up.
    format : {"fedra", "csv", "csv.gz"}
        ``b000001/p001/1.1.0.0.cp.root`` and so on, with ``b000001/brick.json``, or
        ``brick000001.csv`` with ``brick000001.json``.
    progress : callable, optional
        Called with the films done so far and in all.

    Returns
    -------
    tuple of path
        For each brick its folder, or its table and its sidecar.

    Raises
    ------
    ParameterError
        If a number is out of range.
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    settings = Settings() if settings is None else settings
    check_numbers(seed, bricks, brick)
    if format not in FORMATS:
        raise ParameterError(f"There is no format {format!r}. {did_you_mean(format, FORMATS)}")
    numbers = range(brick, brick + bricks)
    total, done = bricks * len(settings.plates), 0

    def count() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    def write(scratch: Path) -> None:
        for number in numbers:
            _write_brick(scratch, settings, seed, number, format, count)

    if format == "fedra":
        return create_files(Path(out), [f"b{n:06d}" for n in numbers], ("b[0-9]*",), write)
    names = [f"brick{n:06d}.{ending}" for n in numbers for ending in (format, "json")]
    return create_files(Path(out), names, ("brick[0-9]*.csv*", "brick[0-9]*.json"), write)


def check_numbers(seed: int, bricks: int, brick: int) -> None:
    """Refuse seeds and numbers of bricks that are out of range."""
    if seed < 0:
        raise ParameterError(f"The seed must not be negative: {seed}.")
    if bricks < 1:
        raise ParameterError(f"At least 1 brick is needed, not {bricks}.")
    if not 0 <= brick <= 999_999 - bricks:
        raise ParameterError(f"Brick numbers have six digits: {brick} is not possible.")


def _write_brick(
    scratch: Path,
    settings: Settings,
    seed: int,
    number: int,
    format: str,
    count: Callable[[], None],
) -> None:
    """Expose one brick and write it with its sidecar."""
    signal = expose(settings, seed, number)
    tracks = volume_tracks(signal.columns, settings.pitch)
    total = 0

    def counted() -> Iterator[Film]:
        nonlocal total
        for film in films(settings, seed, number, signal):
            yield film
            total += len(film)
            count()

    if format == "fedra":
        folder = scratch / f"b{number:06d}"
        notes = {"simulated": True, "seed": seed, "brick": number}
        write_fedra(folder, number, signal, tracks, counted(), notes)
        sidecar = folder / SIDECAR
    else:
        write_csv(scratch / f"brick{number:06d}.{format}", tracks, counted())
        sidecar = scratch / f"brick{number:06d}.json"
    record = _record(settings, seed, number, signal) | {"basetracks": total}
    lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in record.items())
    sidecar.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _record(settings: Settings, seed: int, number: int, signal: Signal) -> dict[str, Any]:
    """The sidecar: what an import needs to know of the brick, and what was put in."""
    from hepml import __version__

    found = np.bincount(signal.columns["event"], minlength=settings.showers)
    beam = signal.beam
    return {
        "generator": f"hepml simulate shower, hepml {__version__}",
        "kind": "simulation",
        "simulated": True,
        "seed": seed,
        "brick": number,
        "films": settings.films,
        "pitch": settings.pitch,
        "z": {str(plate): settings.z(plate) for plate in settings.plates},
        "affine": {str(plate): [1.0, 0.0, 0.0, 1.0, 0.0, 0.0] for plate in settings.plates},
        "area": settings.area,
        "units": "um for z, area, x, y; GeV for energy; mm for the settings width, height, margin",
        "settings": asdict(settings),
        "showers": {
            "number": settings.showers,
            "event": list(range(settings.showers)),
            "energy": beam.energy.tolist(),
            "x": beam.x.tolist(),
            "y": beam.y.tolist(),
            "z": settings.z(1),
            "slope": settings.slope,
            "basetracks": found.tolist(),
        },
    }


def read_record(path: Path) -> dict[str, Any] | None:
    """What was put into a brick, from its folder or its sidecar; None for a table of base-tracks.

    Keys: ``brick``, ``films``, ``z`` (plate to um), ``affine``, ``area``, ``settings``,
    ``basetracks`` and ``showers``, whose lists ``event``, ``energy`` [GeV], ``x``, ``y`` [um] and
    ``basetracks`` have one entry for each shower.
    """
    sidecar = path / SIDECAR if path.is_dir() else path
    if sidecar.suffix != ".json":
        return None
    record: dict[str, Any] = json.loads(sidecar.read_text())
    return record
