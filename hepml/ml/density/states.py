"""Trained weights of a flow: evaluated in double precision, kept as safetensors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError
from hepml.ml.density.network import Architecture, Network

__all__ = ["States"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# Rows that are evaluated at once.
BLOCK = 20_000


class States:
    """The weights of one or several epochs of a flow.

    Parameters
    ----------
    architecture : Architecture
        The network that they belong to.
    flats : sequence of array
        All weights of an epoch, as ``Network`` orders them; the best epoch first.
    """

    def __init__(self, architecture: Architecture, flats: Sequence[Singles]) -> None:
        self.architecture = architecture
        self.flats = list(flats)
        self._modules: list[Any] = []

    def __len__(self) -> int:
        return len(self.flats)

    def _module(self, number: int) -> Any:
        """A network, built when it is first needed."""
        if not self._modules:
            self._modules = [Network(self.architecture, flat).precise() for flat in self.flats]
        return self._modules[number]

    def latent(self, number: int, z: Array, condition: Array) -> tuple[Array, Array]:
        """Standard normal variables of rows, and ln of the Jacobian."""
        import torch

        module, parts, slopes = self._module(number), [np.zeros((0, z.shape[1]))], [np.zeros(0)]
        for start in range(0, len(z), BLOCK):
            rows, mass = _tensors(z, condition, start)
            with torch.no_grad():
                u, slope = module(mass).transform.call_and_ladj(rows)
            parts.append(u.numpy())
            slopes.append(slope.numpy())
        return np.concatenate(parts), np.concatenate(slopes)

    def inverse(self, number: int, latent: Array, condition: Array) -> Array:
        """Rows of standard normal variables."""
        import torch

        module, parts = self._module(number), [np.zeros((0, latent.shape[1]))]
        for start in range(0, len(latent), BLOCK):
            rows, mass = _tensors(latent, condition, start)
            with torch.no_grad():
                parts.append(module(mass).transform.inv(rows).numpy())
        return np.concatenate(parts)

    def to_bytes(self) -> bytes:
        """All weights in the safetensors format: ``epoch number.name in zuko's module``."""
        from safetensors.numpy import save

        return save(
            {
                f"{number}.{name}": item
                for number, flat in enumerate(self.flats)
                for name, item in Network(self.architecture, flat).tensors().items()
            }
        )

    @classmethod
    def from_file(cls, architecture: Architecture, path: Path, count: int) -> States:
        """What ``to_bytes`` gave, again.

        Raises
        ------
        ModelError
            If the file is missing, damaged or of another network.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            tensors = load(path.read_bytes())
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path} cannot be read: {error}") from error
        network = Network(architecture)
        parts: list[dict[str, Singles]] = [{} for _ in range(count)]
        for name, item in tensors.items():
            number, _, rest = name.partition(".")
            if not number.isdigit() or int(number) >= count:
                raise ModelError(f"{path} has weights {name!r} that no network here needs.")
            parts[int(number)][rest] = item
        return cls(architecture, [network.flatten(part) for part in parts])

    def __getstate__(self) -> dict[str, Any]:
        """Networks are built again on arrival."""
        return {"architecture": self.architecture, "flats": self.flats, "_modules": []}


def _tensors(rows: Array, condition: Array, start: int) -> tuple[Any, Any]:
    import torch

    part = slice(start, start + BLOCK)
    return (
        torch.from_numpy(np.ascontiguousarray(rows[part], dtype=np.float64)),
        torch.from_numpy(np.ascontiguousarray(condition[part], dtype=np.float64))[:, None],
    )
