"""The sidecar file of a brick: film positions, alignment, and what kind of sample it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from hepml.document import validate
from hepml.errors import FileAccessError

__all__ = ["NAME", "PITCH", "Geometry", "Showers", "read_geometry"]

NAME = "brick.json"
PITCH = 1315.0  # 315 um film and 1 mm lead

Affine = tuple[float, float, float, float, float, float]


class Showers(BaseModel):
    """What was simulated: MCEvent of each shower, and the energy of its particle [GeV]."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event: tuple[int, ...] = ()
    energy: tuple[float, ...] = ()


class Geometry(BaseModel):
    """What a brick's files do not say themselves; plate = films - PID, counted from upstream.

    Attributes
    ----------
    brick : int or None
        Brick number.
    films : int or None
        Number of film positions; default: the highest plate number found.
    kind : {"data", "simulation"} or None
        Default: simulation if a base-track has a simulated event.
    simulated : bool
        Whether the files are simulated (also where they are treated as data).
    pitch : float
        Distance of films [um], for plates without ``z``.
    z : dict of int to float
        Plate to z [um].
    affine : dict of int to (a11, a12, a21, a22, b1, b2)
        Plate to the map into the brick's system: positions and, without b, slopes [um].
    showers : Showers
        What was simulated, where the file says so.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    brick: int | None = None
    films: int | None = Field(default=None, ge=1)
    kind: Literal["data", "simulation"] | None = None
    simulated: bool = False
    pitch: float = Field(default=PITCH, gt=0)
    z: Mapping[int, float] = {}
    affine: Mapping[int, Affine] = {}
    showers: Showers = Showers()

    @property
    def energies(self) -> dict[int, float]:
        """Simulated event to the energy of its particle [GeV]."""
        return dict(zip(self.showers.event, self.showers.energy, strict=False))

    def position(self, plate: int, films: int) -> float:
        """z of a plate [um]: given, or counted in pitches from the film furthest downstream."""
        return float(self.z.get(plate, -self.pitch * (films - plate)))

    def align(
        self,
        plate: int,
        position: tuple[NDArray[Any], NDArray[Any]],
        slope: tuple[NDArray[Any], NDArray[Any]],
    ) -> tuple[NDArray[np.float64], ...]:
        """Positions and slopes in the brick's system: x, y, tx, ty."""
        x, y = (values.astype(np.float64) for values in position)
        tx, ty = (values.astype(np.float64) for values in slope)
        if plate not in self.affine:
            return x, y, tx, ty
        a11, a12, a21, a22, b1, b2 = self.affine[plate]
        return (
            a11 * x + a12 * y + b1,
            a21 * x + a22 * y + b2,
            a11 * tx + a12 * ty,
            a21 * tx + a22 * ty,
        )


def read_geometry(path: str | Path) -> Geometry:
    """Read a sidecar file.

    Raises
    ------
    FileAccessError
        If it cannot be read.
    CatalogueError
        If it does not fit the model; the key is named.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise FileAccessError(f"Cannot read {path}: {error.strerror}.") from error
    return validate(Geometry, text, str(path))
