"""Call plain functions on arrays that may be lazy: once at hand, or partition by partition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import awkward as ak

__all__ = ["per_partition", "stand_in"]


def per_partition(function: Callable[..., Any], *arrays: Any, **options: Any) -> Any:
    """Call a function on arrays, or on each partition of dask-awkward arrays.

    Parameters
    ----------
    function : callable
        Takes the arrays; it must answer typetracers with :func:`stand_in`.
    *arrays : array
        The first one decides whether the call is lazy.
    **options
        Passed on.
    """
    if hasattr(arrays[0], "__dask_graph__"):
        from dask_awkward.lib.core import map_partitions

        return map_partitions(function, *arrays, **options)
    return function(*arrays, **options)


def stand_in(arrays: Sequence[Any], example: Any) -> Any:
    """Stand in for a function's result while a lazy graph is traced: the form, and no data.

    Parameters
    ----------
    arrays : sequence of array
        What the function reads; all of it counts as needed.
    example : awkward array
        A result without entries.
    """
    for array in arrays:
        ak.typetracer.touch_data(array)
    return ak.Array(example.layout.to_typetracer(forget_length=True))
