"""Trained models kept by the content of what they were trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from hepml.errors import ModelError
from hepml.ml.folder import output_folder

__all__ = ["Store", "digest", "kept"]

# of the way in which things are kept: another one never reads what this one wrote
FORMAT = 1
_RECORD = "item.json"

T = TypeVar("T")


def digest(*parts: Any) -> str:
    """Hash of arrays (values, shape and kind) and of JSON values, in this order."""
    found = hashlib.blake2b(digest_size=20)
    for part in (FORMAT, *parts):
        if isinstance(part, np.ndarray):
            head = f"{part.dtype.str}{part.shape}"
            found.update(head.encode() + np.ascontiguousarray(part).tobytes())
        else:
            found.update(json.dumps(part, sort_keys=True, allow_nan=False).encode())
        found.update(b"\0")
    return found.hexdigest()


class Store:
    """A folder of trained models, each under the hash of its inputs and settings.

    Parameters
    ----------
    root : Path or None
        The folder; ``None`` keeps nothing.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = None if root is None else Path(root)

    def find(self, kind: str, identity: str) -> Path | None:
        """Folder of something kept, or ``None``.

        Raises
        ------
        ModelError
            If it is damaged.
        """
        if self.root is None:
            return None
        folder = self.root / f"{kind}-{identity}"
        if not folder.is_dir():
            return None
        if self.record(folder).get("identity") != identity:
            raise ModelError(f"{folder} is not what its name says; remove it and train again.")
        return folder

    def record(self, folder: Path) -> dict[str, Any]:
        """What is noted of something kept."""
        try:
            found = json.loads((folder / _RECORD).read_text())
        except (OSError, ValueError) as error:
            raise ModelError(
                f"{folder} is damaged ({error}); remove it and train again."
            ) from error
        if not isinstance(found, dict):
            raise ModelError(f"{folder} is damaged; remove it and train again.")
        return found

    @contextmanager
    def keep(self, kind: str, identity: str, record: dict[str, Any]) -> Iterator[Path | None]:
        """A folder to fill, there under its name only when the block ends well.

        Gives ``None`` where nothing is kept, or another process was faster.
        """
        if self.root is None or (self.root / f"{kind}-{identity}").exists():
            yield None
            return
        with output_folder(self.root / f"{kind}-{identity}") as folder:
            yield folder
            content = json.dumps(record | {"identity": identity}, indent=1)
            (folder / _RECORD).write_text(content + "\n")


def kept(
    store: Store,
    kind: str,
    identity: str,
    load: Callable[[Path, dict[str, Any]], T],
    make: Callable[[], tuple[T, dict[str, Any]]],
    save: Callable[[T, Path], None],
) -> T:
    """Load what is kept, or make and keep it.

    What was just made is given as it would be loaded the next time.
    """
    found = store.find(kind, identity)
    if found is not None:
        return load(found, store.record(found))
    item, record = make()
    with store.keep(kind, identity, record) as folder:
        if folder is not None:
            save(item, folder)
    return item
