"""What every conditional density model can do, and the models by name."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from hepml.engine.store import write_bytes, write_json
from hepml.errors import ModelError, ParameterError, did_you_mean

__all__ = [
    "DENSITIES",
    "LEAST",
    "ConditionalDensity",
    "Progress",
    "Validation",
    "check_condition",
    "check_points",
    "check_rows",
    "load_density",
    "make_density",
    "read_arrays",
    "read_header",
    "write_arrays",
    "write_header",
]

Array = NDArray[np.float64]
Validation = tuple[Array, Array]
"""Rows of z and their conditions."""
Progress = Callable[[str, int, int], None]
"""Called with what is done, how many steps are, and how many there will be at most."""

LEAST = 20
"""Fewest rows that models without a network learn from."""

HEADER = "density.json"
ARRAYS = "arrays.npz"


@runtime_checkable
class ConditionalDensity(Protocol):
    """A density p(z | m) that can be sampled and evaluated.

    Arrays are float64: z, the preprocessed features, of shape (rows, features), and the condition,
    the scaled mass, of shape (rows,). ``log_prob`` is a density in z: who wants one in the raw
    features adds ``Preprocessing.log_jacobian``. Constructors only store parameters, and the same
    seed and rows give the same model.
    """

    def fit(
        self,
        z: Array,
        condition: Array,
        *,
        validation: Validation | None = None,
        sample_weight: Array | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Learn from rows; without ``validation`` a model splits off its own where it needs it."""

    def sample(self, condition: Array, random_state: int = 0) -> Array:
        """One row of z for each condition."""

    def log_prob(self, z: Array, condition: Array) -> Array:
        """ln p(z | condition), of shape (rows,)."""

    def save(self, folder: str | Path) -> None:
        """Write into a folder, which is made if need be."""

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """What ``save`` wrote, again."""


# As good as the published training on simulated muon pairs, in 0.4 of its time.
_MAF = {"epochs": 150, "learning_rate": 3e-3, "schedule": "cosine", "keep": 5}
# Splines cost 20 times as much a step as affine transforms in compiled code, so that they are
# trained in fewer and larger steps.
_NSF = {
    "transforms": 3,
    "bins": 5,
    "epochs": 40,
    "batch_size": 512,
    "learning_rate": 2e-3,
    "schedule": "cosine",
    "keep": 5,
}

DENSITIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "maf": ("flow", "Flow", {"kind": "maf", **_MAF}),
    "published": ("flow", "Flow", {"kind": "maf"}),
    "nsf": ("flow", "Flow", {"kind": "nsf", **_NSF}),
    "neighbours": ("neighbours", "Neighbours", {}),
    "trees": ("trees", "Trees", {}),
}
"""Models by name: module, class and its options unless others are given."""


def make_density(name: str, **options: Any) -> Any:
    """An untrained model by name.

    ``maf`` and ``nsf`` are normalising flows (extra ``deep``), ``published`` is ``maf``
    trained as in arXiv:2502.14036 (the defaults of ``Flow``); ``neighbours`` and ``trees`` need no
    torch.

    Parameters
    ----------
    name : str
        Which.
    **options
        Parameters of its constructor; ``random_state`` is known to all.

    Raises
    ------
    ParameterError
        If there is no such model or option.
    """
    if name not in DENSITIES:
        raise ParameterError(f"There is no density {name!r}. " + did_you_mean(name, DENSITIES))
    module, kind, usual = DENSITIES[name]
    made = getattr(import_module(f"hepml.ml.density.{module}"), kind)
    known = set(made._get_param_names()) - {"kind"}
    for option in options:
        if option not in known:
            raise ParameterError(
                f"The density {name!r} has no option {option!r}. " + did_you_mean(option, known)
            )
    return made(**usual | options)


def load_density(folder: str | Path) -> Any:
    """Read a trained model of any kind.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    kinds = {
        "flow": ("flow", "Flow"),
        "mixture": ("mixture", "Mixture"),
        "neighbours": ("neighbours", "Neighbours"),
        "trees": ("trees", "Trees"),
    }
    model = read_header(folder)["model"]
    if model not in kinds:
        raise ModelError(f"{folder} holds a density model {model!r} that is not known.")
    module, kind = kinds[model]
    return getattr(import_module(f"hepml.ml.density.{module}"), kind).load(folder)


def check_points(z: Array, condition: Array) -> tuple[Array, Array]:
    """Rows and conditions as float64; there may be none.

    Raises
    ------
    ModelError
        If values are NaN or infinite.
    """
    rows, mass = np.asarray(z, dtype=np.float64), np.asarray(condition, dtype=np.float64)
    if rows.ndim != 2 or mass.shape != (len(rows),):
        raise ValueError(f"Shapes do not fit: z {rows.shape}, condition {mass.shape}.")
    bad = ~(np.isfinite(rows).all(axis=1) & np.isfinite(mass))
    if bad.any():
        raise ModelError(
            f"{int(bad.sum()):,} of {len(rows):,} rows are NaN or infinite after preprocessing; "
            "a density model needs finite rows. Take those of Preprocessing.domain(x).inside."
        )
    return rows, mass


def check_condition(condition: Array) -> Array:
    """Conditions to sample at, as float64.

    Raises
    ------
    ModelError
        If they are NaN or infinite.
    """
    mass = np.asarray(condition, dtype=np.float64)
    if mass.ndim != 1:
        raise ValueError(f"Conditions must have the shape (rows,), not {mass.shape}.")
    if not np.isfinite(mass).all():
        bad = int((~np.isfinite(mass)).sum())
        raise ModelError(f"{bad:,} of {len(mass):,} masses to sample at are NaN or infinite.")
    return mass


def check_rows(
    z: Array, condition: Array, sample_weight: Array | None = None, *, least: int = 1
) -> tuple[Array, Array, Array]:
    """Rows to learn from, conditions and weights (mean 1) as float64.

    Raises
    ------
    ModelError
        If values are NaN or infinite, or there are too few rows to learn from.
    """
    rows, mass = check_points(z, condition)
    weight = np.ones(len(rows)) if sample_weight is None else np.asarray(sample_weight, np.float64)
    if weight.shape != mass.shape:
        raise ValueError(f"Weights of shape {weight.shape} for {len(rows)} rows.")
    if not rows.shape[1] or not len(rows):
        raise ModelError(f"A density cannot be learned from {len(rows):,} rows x {rows.shape[1]}.")
    if not (weight >= 0).all() or not np.isfinite(weight).all() or not weight.any():
        raise ModelError(
            "Weights for a density model must be finite, not negative, and not all zero."
        )
    if len(rows) < least:
        raise ModelError(f"{len(rows):,} rows are too few for a density; give {least} or more.")
    return rows, mass, weight / weight.mean()


def write_header(folder: str | Path, content: Mapping[str, Any]) -> None:
    """Write what a model says about itself; the last file of a folder to be written."""
    write_json(Path(folder) / HEADER, dict(content))


def read_header(folder: str | Path) -> dict[str, Any]:
    """Read it again.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    path = Path(folder) / HEADER
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is no density model that can be read: {error}") from error
    if not isinstance(found, dict) or "model" not in found:
        raise ModelError(f"{path} does not say which density model it is.")
    return found


def write_arrays(folder: str | Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays (numpy's own format, without pickles)."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(arrays))  # type: ignore[arg-type]
    write_bytes(Path(folder) / ARRAYS, buffer.getvalue())


def read_arrays(folder: str | Path) -> dict[str, NDArray[Any]]:
    """Read them again.

    Raises
    ------
    ModelError
        If they are missing or damaged.
    """
    path = Path(folder) / ARRAYS
    try:
        with np.load(path, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
