"""Ordered endpoints of one file: open the first that answers, say why the others did not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hepml.endpoint import limit_xrootd_patience
from hepml.errors import FileAccessError

__all__ = ["open_first"]

# first bytes of files that are taken for ROOT files
FORMATS = {
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"\x93NUMPY": "a numpy file",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
}


def open_first(endpoints: Sequence[str]) -> tuple[Any, str]:
    """Open a ROOT file at its first endpoint that answers.

    Returns
    -------
    directory : uproot.ReadOnlyDirectory
        The open file.
    endpoint : str
        The endpoint that served it.

    Raises
    ------
    FileAccessError
        If none answers; every endpoint is listed with its reason.
    """
    from hepml.engine.reading import open_root

    limit_xrootd_patience()
    reasons = []
    for endpoint in endpoints:
        try:
            return open_root(endpoint), endpoint
        # uproot reports damaged headers as any of these, depending on where the damage is
        except (OSError, ValueError, KeyError, NotImplementedError, ImportError, EOFError) as error:
            reasons.append(f"{endpoint}: {explain(endpoint, error)}")
    raise FileAccessError("Cannot open " + "\n  then ".join(reasons))


def explain(endpoint: str, error: BaseException) -> str:
    """One line on why a file did not open."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    # the XRootD client puts what happened behind its own call
    first = re.sub(r"^.*\[(FATAL|ERROR)\]\s*", "", first)
    said = f"{type(error).__name__}: {first}" if first else type(error).__name__
    if "://" in endpoint:
        if isinstance(error, ImportError):
            return 'reading it needs the extra: pip install "hepml-columnar[xrootd]"'
        if isinstance(error, OSError):
            return f"no answer from there, or no such file ({said})"
    else:
        path = Path(endpoint)
        if not path.exists():
            return "there is no such file"
        if path.is_dir():
            return "it is a directory"
        if path.stat().st_size == 0:
            return "the file is empty (0 bytes)"
        other = _other_format(path)
        if other:
            return f"it is {other}, and ROOT files are read here"
    return f"it is not a readable ROOT file, damaged or cut short ({said})"


def _other_format(path: Path) -> str:
    """What a local file is by its first bytes, if it is no ROOT file at all."""
    try:
        with path.open("rb") as handle:
            begin = handle.read(8)
    except OSError:
        return ""
    for magic, name in FORMATS.items():
        if begin.startswith(magic):
            return name
    return ""
