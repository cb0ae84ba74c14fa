"""Where torch computes, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hepml.errors import ModelError

__all__ = ["THREADS", "need_torch", "pick_device", "quiet_torch"]

THREADS = 2


def need_torch() -> None:
    """Raise a ModelError unless torch and safetensors are installed."""
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"Networks need {error.name}, which is not installed: pip install "
            "'hepml-columnar[deep]'. The tagger 'lightgbm' does without it."
        ) from error


def pick_device(wanted: str) -> str:
    """Where to compute.

    Raises
    ------
    ModelError
        If there is no GPU that was asked for.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise ModelError("torch sees no GPU here. Leave out --device cuda, or install its CUDA.")
    return wanted


@contextmanager
def quiet_torch(seed: int, threads: int) -> Iterator[None]:
    """Torch as it is left to everybody else: its generator and its threads come back.

    Parameters
    ----------
    seed : int
        Of the generator inside.
    threads : int
        On the processor, at most 2.
    """
    import torch

    before = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        torch.set_num_threads(max(1, min(threads, THREADS)))
        try:
            yield
        finally:
            torch.set_num_threads(before)
