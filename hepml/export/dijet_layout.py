"""Names, folders and fields of the data sets that the published dijet package makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.export.tfrecord import Field
from hepml.importers.dijet_samples import SAMPLES

__all__ = [
    "FEATURES",
    "FORMATS",
    "KINDS",
    "LEVEL",
    "MODES",
    "Point",
    "columns_of",
    "event_fields",
    "fields_of",
    "metadata_of",
    "metadata_path",
    "point_name",
    "published_name",
    "shard_path",
    "shard_ranges",
]

Point = tuple[float, float]

KINDS = ("dedicated", "parameterised")
"""Files for each sample and mass point, or files with all mass points of a decay mode mixed."""

FORMATS = ("tfrecord", "parquet")

FEATURES = ("pt", "eta", "phi", "m", "N", "tau12", "tau23")
"""Features of a jet, in the published order and by the published names."""

LEVEL = Path("processed", "high_level")
"""Below the published package's folder of data."""

MODES = {2: "qq", 3: "qqq"}
"""Decay mode by the prongs of both resonances."""

_OURS = {
    "pt": "pt",
    "eta": "eta",
    "phi": "phi",
    "m": "mass",
    "N": "constituents",
    # the published names are inverted
    "tau12": "tau21",
    "tau23": "tau32",
}
_IN_TEV = ("pt", "m")


def columns_of(features: Sequence[str]) -> tuple[str, ...]:
    """Columns of the table behind features, those of the heavier jet first.

    Raises
    ------
    ParameterError
        If a feature is unknown or repeated, or there is none.
    """
    for name in features:
        if name not in FEATURES:
            theirs = [published for published, ours in _OURS.items() if ours == name]
            hint = f"It is called {theirs[0]!r}." if theirs else did_you_mean(name, FEATURES)
            raise ParameterError(f"--features: a published jet has no {name!r}. {hint}")
    if not features or len(set(features)) < len(features):
        raise ParameterError(f"--features: name each once, of {','.join(FEATURES)}.")
    return tuple(f"{jet}_{_OURS[name]}" for jet in ("heavy", "light") for name in features)


def event_fields(
    features: Sequence[str], rows: NDArray[np.float32], masses: NDArray[Any], label: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    """Published fields of events.

    Parameters
    ----------
    features : sequence of str
        Of a jet.
    rows : array of float32, shape (events, 2 * features)
        Columns of the table, see :func:`columns_of`; GeV.
    masses : array, shape (events, 2)
        mX and mY [GeV].
    label : array of int, shape (events,)
        1 signal, 0 background.

    Returns
    -------
    dict of str to array
        ``jet_features`` float64 (events, 2, features), pT and masses in TeV; ``param_masses``
        float64 (events, 2) in GeV; ``label`` int64 (events, 1).
    """
    jets = rows.astype(np.float64).reshape(len(rows), 2, len(features))
    for place, name in enumerate(features):
        if name in _IN_TEV:
            jets[:, :, place] *= 1e-3
        elif name == "N":
            # the published files say 0 where a sample has no constituents
            np.maximum(jets[:, :, place], 0, out=jets[:, :, place])
    return {
        "jet_features": jets,
        "param_masses": np.asarray(masses, np.float64),
        "label": np.asarray(label, np.int64)[:, None],
    }


def fields_of(features: Sequence[str]) -> dict[str, Field]:
    """Types and shapes of the fields of an event, in their order."""
    return {
        "jet_features": Field("float64", (2, len(features))),
        "param_masses": Field("float64", (2,)),
        "label": Field("int64", (1,)),
    }


def published_name(dataset: str) -> str:
    """Published name of a sample; a sample of one's own keeps its name."""
    known = SAMPLES.get(dataset)
    return known.aliases[0] if known else dataset


def point_name(point: Point) -> str:
    """Masses in the name of a folder: ``500_100``."""
    return "_".join(f"{mass:g}" for mass in point)


def shard_path(folder: Path, number: int, form: str) -> Path:
    """File of a shard."""
    return folder / f"SR_train_features_shard_{number}.{form}"


def metadata_path(path: Path) -> Path:
    """File that says what a shard holds."""
    return path.with_name(f"{path.stem}_metadata.json")


def metadata_of(fields: Mapping[str, Field], events: int) -> dict[str, Any]:
    """What that file says: shapes and types of the fields, and how many events there are."""
    described = {name: {"shape": list(f.shape), "dtype": f.dtype} for name, f in fields.items()}
    return {"features": described, "size": events}


def shard_ranges(events: int, shards: int) -> list[tuple[int, int]]:
    """First row of each shard and the one behind its last, as ``numpy.array_split`` cuts them."""
    size, more = divmod(events, shards)
    edges = [number * size + min(number, more) for number in range(shards + 1)]
    return list(pairwise(edges))
