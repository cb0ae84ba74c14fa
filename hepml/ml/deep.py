"""The packages of the extra ``deep``, imported where needed, and torch as others left it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hepml.errors import ModelError

__all__ = ["need_safetensors", "need_torch", "seeded_torch"]


def need_torch(instead: str) -> Any:
    """The module torch.

    Parameters
    ----------
    instead : str
        What a user without it can do, for the message.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise ModelError(
            "Networks are trained by torch, which is not installed. Install the extra: "
            f"pip install 'hepml-columnar[deep]', or {instead}."
        ) from error
    return torch


def need_safetensors() -> Any:
    """The module safetensors.numpy.

    Raises
    ------
    ModelError
        If it is not installed.
    """
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ModelError(
            "Networks are kept by safetensors, which is not installed. Install the extra: "
            "pip install 'hepml-columnar[deep]'."
        ) from error
    return safetensors.numpy


@contextmanager
def seeded_torch(torch: Any, seed: int, threads: int | None) -> Iterator[None]:
    """Torch as it is left to everybody else: its generator and its threads come back."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)
