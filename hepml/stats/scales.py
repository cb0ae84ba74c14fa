"""How many events a weighted bin stands for: the scale of the scaled Poisson."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.windows import Binning

__all__ = ["Scale", "check_scale", "sideband_scale"]

Array = NDArray[np.float64]
Scale = Literal["bin", "sideband"]


def check_scale(scale: str) -> None:
    """Raise a ParameterError unless there is such a scale."""
    if scale not in get_args(Scale):
        raise ParameterError(
            f"There is no scale {scale!r}. " + did_you_mean(scale, get_args(Scale))
        )


def sideband_scale(binning: Binning, counts: Array, variances: Array) -> float:
    """sum(w^2) / sum(w) of all sideband bins; 1 where they hold nothing."""
    side = np.ones(len(counts), np.bool_)
    side[binning.start : binning.stop] = False
    total = float(counts[side].sum())
    return float(variances[side].sum()) / total if total > 0 else 1.0
