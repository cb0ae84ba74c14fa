"""Simulate bricks straight to the tiles that a run processes: FEDRA trees, imported and dropped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hepml.simulate.files import create_files
from hepml.simulate.shower import SIDECAR, Settings, check_numbers, simulate

if TYPE_CHECKING:
    from hepml.importers.shower import FindInjectors

__all__ = ["simulate_tiles"]


def simulate_tiles(
    out: Path,
    settings: Settings | None = None,
    seed: int = 1,
    *,
    injectors: FindInjectors,
    bricks: int = 1,
    brick: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, ...]:
    """Write the tiles of simulated bricks; a brick's trees exist only while it is imported.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds tiles is refused.
    settings, seed, bricks, brick
        As of `hepml.simulate.shower.simulate`.
    injectors : callable
        The rule that finds where showers start.
    progress : callable, optional
        Called with the films done so far and in all.

    Returns
    -------
    tuple of path
        For each brick its tiles and its sidecar, what was put in.

    Raises
    ------
    ParameterError, OutputError
        As `hepml.simulate.shower.simulate`.
    """
    from hepml.importers.shower import import_showers

    settings = Settings() if settings is None else settings
    check_numbers(seed, bricks, brick)
    names: list[str] = []
    films = len(settings.plates)

    def write(scratch: Path) -> None:
        for index in range(bricks):
            number = brick + index

            def advance(done: int, total: int, index: int = index) -> None:
                if progress is not None:
                    progress(index * films + done, bricks * films)

            source = simulate(scratch / "trees", settings, seed, brick=number, progress=advance)
            tiles = scratch / f"tiles{number}"
            (imported,) = import_showers(scratch / "trees", tiles, injectors=injectors)
            for path in imported.files:
                path.rename(scratch / path.name)
            sidecar = f"brick{number:06d}.json"
            (source[0] / SIDECAR).rename(scratch / sidecar)
            names.extend([*(path.name for path in imported.files), sidecar])
            shutil.rmtree(scratch / "trees")

    return create_files(Path(out), names, ("brick[0-9]*.parquet", "brick[0-9]*.json"), write)
