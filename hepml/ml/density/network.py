"""The networks of normalising flows: zuko's modules, and their parameters as one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ModelError, ParameterError, did_you_mean

__all__ = ["KINDS", "Architecture", "Kind", "Network", "need_deep"]

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
Kind = Literal["maf", "nsf"]
KINDS = ("maf", "nsf")


def need_deep() -> None:
    """Check that torch, zuko and safetensors are installed.

    Raises
    ------
    ModelError
        If not; the extra is named.
    """
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        import zuko  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"Normalising flows need {error.name}, which is not installed: "
            "pip install 'hepml-columnar[deep]'. The densities 'neighbours' and 'trees' do "
            "without it."
        ) from error


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a flow is made of.

    Attributes
    ----------
    kind : {"maf", "nsf"}
        Masked autoregressive flow with affine transforms, or neural spline flow.
    features : int
        Number of features; the condition is one number.
    transforms : int
        Transforms, in alternating orders of the features.
    hidden : tuple of int
        Hidden units of each transform's network (tanh).
    bins : int
        Bins of the splines.
    """

    kind: str
    features: int
    transforms: int = 6
    hidden: tuple[int, ...] = (20, 20)
    bins: int = 8

    def module(self) -> Any:
        """The untrained network, with random weights of no defined seed.

        Raises
        ------
        ParameterError
            If there is no such kind.
        """
        if self.kind not in KINDS:
            raise ParameterError(
                f"There is no flow {self.kind!r}. " + did_you_mean(self.kind, KINDS)
            )
        need_deep()
        import torch
        import zuko

        options: dict[str, Any] = {
            "transforms": self.transforms,
            "hidden_features": self.hidden,
            "activation": torch.nn.Tanh,
        }
        if self.kind == "maf":
            return zuko.flows.MAF(self.features, 1, **options)
        return zuko.flows.NSF(self.features, 1, bins=self.bins, **options)


class Network:
    """A flow whose parameters are views of one float32 array.

    Parameters
    ----------
    architecture : Architecture
        What it is made of.
    flat : array, optional
        Its parameters, in the order of ``names``.
    """

    def __init__(self, architecture: Architecture, flat: Singles | None = None) -> None:
        import torch

        self.architecture = architecture
        state = torch.random.get_rng_state()
        self.module = architecture.module().float()
        # building must not change the user's random numbers
        torch.random.set_rng_state(state)
        self.shapes = {name: tuple(item.shape) for name, item in self.module.named_parameters()}
        size = sum(item.numel() for item in self.module.parameters())
        self.flat: Singles = np.zeros(size, np.float32) if flat is None else flat.copy()
        self.grad: Singles = np.zeros(size, np.float32)
        self._masks = self._make_masks()
        self._tie(torch.from_numpy(self.flat), torch.from_numpy(self.grad))

    def _tie(self, flat: Any, grad: Any) -> None:
        """Let the module's parameters and gradients be views."""
        start = 0
        for item in self.module.parameters():
            part = slice(start, start + item.numel())
            item.data = flat[part].view(item.shape)
            item.grad = grad[part].view(item.shape)
            start += item.numel()

    def _make_masks(self) -> dict[str, Array]:
        return {
            name.removesuffix("mask") + "weight": item.numpy().astype(np.float32)
            for name, item in self.module.named_buffers()
            if name.endswith(".mask")
        }

    def initialise(self, rng: np.random.Generator, last: float) -> None:
        """Orthogonal weights and no biases, as published; outputs scaled down by ``last``."""
        start = 0
        inputs = self.sizes()[-1]
        for name, shape in self.shapes.items():
            count = int(np.prod(shape))
            part = self.flat[start : start + count]
            if len(shape) == 2:
                weight = _orthogonal(rng, shape)
                if shape[0] == inputs:
                    weight *= last
                part[:] = (weight * self._masks.get(name, np.float32(1))).ravel()
            else:
                part[:] = 0
            start += count

    def sizes(self) -> NDArray[np.int64]:
        """Units of the layers of a transform, from inputs to outputs."""
        shapes = [s for name, s in self.shapes.items() if "transforms.0." in name and len(s) == 2]
        return np.array([shapes[0][1], *(shape[0] for shape in shapes)], dtype=np.int64)

    def masked(self) -> Singles:
        """1 for each parameter that counts, 0 for each that is masked."""
        parts = [
            np.broadcast_to(self._masks.get(name, np.float32(1)), shape).ravel()
            for name, shape in self.shapes.items()
        ]
        return np.concatenate(parts).astype(np.float32)

    def tensors(self) -> dict[str, Singles]:
        """Parameters by their names in the module."""
        found, start = {}, 0
        for name, shape in self.shapes.items():
            count = int(np.prod(shape))
            found[name] = self.flat[start : start + count].reshape(shape).copy()
            start += count
        return found

    def flatten(self, tensors: dict[str, Singles]) -> Singles:
        """Parameters by name as one array.

        Raises
        ------
        ModelError
            If they belong to another network.
        """
        if {name: item.shape for name, item in tensors.items()} != self.shapes:
            raise ModelError("The stored weights do not belong to this network; train it again.")
        return np.concatenate([tensors[name].ravel() for name in self.shapes]).astype(np.float32)

    def precise(self) -> Any:
        """A copy of the module in double precision that is not trained any more."""
        import copy

        return copy.deepcopy(self.module).double().requires_grad_(False).eval()


def _orthogonal(rng: np.random.Generator, shape: Sequence[int]) -> Array:
    """Random matrix with orthonormal rows or columns."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return np.asarray(q if rows >= columns else q.T)
