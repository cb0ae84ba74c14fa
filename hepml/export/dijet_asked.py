"""What can be asked of an export of dijets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hepml.errors import ParameterError, did_you_mean
from hepml.export.dijet_layout import FEATURES, FORMATS, KINDS, LEVEL, Point, columns_of

__all__ = ["DijetExport"]


@dataclass(frozen=True, slots=True)
class DijetExport:
    """What is asked for.

    Attributes
    ----------
    kind : {"dedicated", "parameterised"}
        Files for each sample and mass point, or mixed files for each decay mode.
    form : {"tfrecord", "parquet"}
        Format.
    out : Path
        Folder of data of the published package.
    shards : int
        Files of each sample and mass point, or of each mode.
    seed : int
        Of mixing the first shard; each further one has the next.
    mass_points : tuple of (float, float), optional
        Masses of X and Y [GeV]; default: all that the signal has.
    samples : tuple of str, optional
        By our names or published ones; default: those of the first publication, and your own.
    features : tuple of str
        Published features of a jet.
    """

    kind: str
    form: str
    out: Path
    shards: int = 100
    seed: int = 2023
    mass_points: tuple[Point, ...] | None = None
    samples: tuple[str, ...] | None = None
    features: tuple[str, ...] = FEATURES

    def __post_init__(self) -> None:
        for name, value, known in (("kind", self.kind, KINDS), ("--format", self.form, FORMATS)):
            if value not in known:
                raise ParameterError(f"{name}: {value!r}. " + did_you_mean(value, known))
        if self.shards < 1:
            raise ParameterError(f"--shards must be at least 1, not {self.shards}.")
        if self.seed < 0:
            raise ParameterError(f"--seed must not be negative: {self.seed}.")
        columns_of(self.features)

    @property
    def root(self) -> Path:
        """Where the published layout has them."""
        return self.out / LEVEL / self.kind
