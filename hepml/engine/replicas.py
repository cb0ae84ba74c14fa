"""Ordered endpoints of one file: open the first that answers, say why the others did not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hepml.errors import FileAccessError

__all__ = ["open_first"]


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
    path = Path(endpoint)
    if "://" not in endpoint:
        if not path.exists():
            return "there is no such file"
        if path.is_dir():
            return "it is a directory"
        if path.stat().st_size == 0:
            return "the file is empty (0 bytes)"
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"it is not a readable ROOT file, damaged or cut short ({type(error).__name__}: {first})"
