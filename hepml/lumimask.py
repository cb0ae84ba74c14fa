"""Certified luminosity blocks: a golden JSON read once, carried along, and applied to events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np

from hepml.errors import FileAccessError, ParameterError
from hepml.partitions import per_partition, stand_in

__all__ = ["certified", "read_lumi_mask"]

EXAMPLE = '{"283876": [[1, 150], [161, 380]]}'


def read_lumi_mask(source: str | Path | Mapping[str, Any]) -> dict[str, str]:
    """Read and check a list of certified luminosity blocks.

    The content is kept rather than the path: it is small, it reaches workers that do not see the
    file, and a run can be repeated when the file has changed.

    Parameters
    ----------
    source : path or mapping
        Golden JSON, or its content: run number to first and last block of each range; or what
        this function returned.

    Returns
    -------
    dict of str to str
        Run number to ranges, ``"1-150,161-380"``, in rising order.

    Raises
    ------
    FileAccessError
        If the file cannot be read.
    ParameterError
        If it is no such list; the run is named.
    """
    if isinstance(source, Mapping):
        where, content = "the luminosity mask", source
    else:
        where, content = f"the luminosity mask {source}", _load(Path(source))
    if not isinstance(content, Mapping):
        raise ParameterError(f"{_start(where)} must be an object such as {EXAMPLE}.")
    if not content:
        raise ParameterError(f"{_start(where)} certifies no run at all.")
    runs = {_run(run, where): _ranges(run, ranges, where) for run, ranges in content.items()}
    return {
        str(run): ",".join(f"{first}-{last}" for first, last in runs[run]) for run in sorted(runs)
    }


def certified(mask: Mapping[str, str], runs: Any, blocks: Any) -> Any:
    """Tell which events are in certified luminosity blocks.

    Parameters
    ----------
    mask : mapping
        From :func:`read_lumi_mask`.
    runs, blocks : array of int
        Run and luminosity block of each event; eager, virtual or dask-awkward.

    Returns
    -------
    array of bool
        One entry per event.
    """
    return per_partition(_Lookup(json.dumps(mask)), runs, blocks)


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The mask as a function that a worker can be sent."""

    text: str

    def __call__(self, runs: Any, blocks: Any) -> ak.Array:
        if ak.backend(runs, blocks) == "typetracer":
            return stand_in((runs, blocks), ak.Array(np.zeros(0, np.bool_)))
        numbers = (np.asarray(values).astype(np.uint32) for values in (runs, blocks))
        return ak.Array(_coffea_mask(self.text)(*numbers))


@lru_cache(maxsize=8)
def _coffea_mask(text: str) -> Any:
    """coffea's mask, made once per process; it reads from an address, so the content is one."""
    import base64

    from coffea.lumi_tools import LumiMask

    golden = {
        run: [[int(edge) for edge in part.split("-")] for part in ranges.split(",") if part]
        for run, ranges in json.loads(text).items()
    }
    encoded = base64.b64encode(json.dumps(golden).encode()).decode()
    return LumiMask(f"data:application/json;base64,{encoded}")


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileAccessError(
            f"Cannot read the luminosity mask {path}: {error.strerror or error}."
        ) from error
    except ValueError as error:
        raise ParameterError(f"The luminosity mask {path} is not JSON: {error}.") from error


def _run(text: Any, where: str) -> int:
    if not (str(text).isascii() and str(text).isdigit() and int(text) < 2**32):
        raise ParameterError(f"{_start(where)}: {text!r} is not a run number; see {EXAMPLE}.")
    return int(text)


def _ranges(run: Any, ranges: Any, where: str) -> list[tuple[int, int]]:
    """Sorted ranges of one run, each checked."""
    if isinstance(ranges, str):
        ranges = [part.split("-") for part in ranges.split(",") if part]
        ranges = [[int(edge) if edge.isdigit() else edge for edge in part] for part in ranges]
    if not isinstance(ranges, Sequence):
        raise ParameterError(f"{_start(where)}: run {run} holds no list of ranges; see {EXAMPLE}.")
    found = []
    for item in ranges:
        whole = isinstance(item, Sequence) and all(type(edge) is int for edge in item)
        if not whole or len(item) != 2 or not 1 <= item[0] <= item[1] < 2**32:
            raise ParameterError(
                f"{_start(where)}: run {run} holds {item!r}, which is not a first and a last "
                f"luminosity block; see {EXAMPLE}."
            )
        found.append((item[0], item[1]))
    found.sort()
    for one, next_one in pairwise(found):
        if next_one[0] <= one[1]:
            raise ParameterError(
                f"{_start(where)}: run {run} has ranges that overlap, {list(one)} and "
                f"{list(next_one)}."
            )
    return found


def _start(where: str) -> str:
    return where[0].upper() + where[1:]
