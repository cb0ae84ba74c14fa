"""Compile kernels on flat arrays with numba, wherever this runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["compiled"]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on first use, and keep the machine code on disk where there is a place for it.

    Parameters
    ----------
    function : callable
        Takes and returns numbers and flat arrays. It is compiled without checks of bounds and
        without the interpreter's lock.
    """
    options: dict[str, Any] = {"nogil": True, "boundscheck": False}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return numba.njit(**options)(function)
