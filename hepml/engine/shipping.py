"""Send our code to dask workers: hepml, the processors and the user's module, in one bundle."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.errors import ProcessorError

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["bundle", "ship"]

# A bundle of the same name takes the place of the one before. dask keeps running an uploaded
# archive under another name even after a restart.
NAME = "hepml-code"
LIMIT = 64_000_000  # bytes
EPOCH = (1980, 1, 1, 0, 0, 0)
SKIPPED = ("__pycache__", ".git")


def bundle(processor: type[Processor]) -> bytes:
    """Pack hepml, the shipped processors and the processor's own package into a zip archive.

    The same code gives the same bytes. Of a module that is not in a package only the module goes.

    Raises
    ------
    ProcessorError
        If the processor's package is too large to be code.
    """
    files = dict(sorted(_members(processor)))
    size = sum(path.stat().st_size for path in files.values())
    if size > LIMIT:
        raise ProcessorError(
            f"--ship: the code around {processor.__name__} is {size / 1e6:.0f} MB. "
            f"Keep data out of the package; at most {LIMIT / 1e6:.0f} MB are sent."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _members(processor: type[Processor]) -> Iterator[tuple[str, Path]]:
    """Name in the bundle and path of every file."""
    import hepml
    import processors
    from hepml.engine.fingerprint import package_root

    roots = {Path(str(module.__file__)).parent for module in (hepml, processors)}
    source = getattr(sys.modules.get(processor.__module__), "__file__", None)
    if source and processor.__module__ != "__main__":
        roots.add(package_root(Path(source)))
    for root in roots:
        found = root.rglob("*") if root.is_dir() else [root]
        for path in found:
            if path.is_file() and not set(SKIPPED) & set(path.parts):
                yield path.relative_to(root.parent).as_posix(), path
    catalogue = Path(hepml.__file__).parents[1] / "datasets.json"
    if catalogue.is_file():  # in a checkout; a wheel has it in the package
        yield "hepml/datasets.json", catalogue


def ship(client: Any, processor: type[Processor]) -> str:
    """Give every worker our code, now and when it joins later, and restart them.

    Returns
    -------
    str
        Hash of the bundle.
    """
    content = bundle(processor)
    digest = hashlib.sha256(content).hexdigest()[:16]
    client.register_plugin(_plugin(content, digest), name=NAME)
    client.restart()
    return digest


def _plugin(content: bytes, digest: str) -> Any:
    """The plugin that unpacks a bundle; a local class, so that it travels by value."""
    from distributed import WorkerPlugin

    class Unpack(WorkerPlugin):
        """Puts the bundle in front of what is installed; needs nothing of hepml."""

        def setup(self, worker: Any) -> None:
            import importlib
            import io
            import os
            import sys
            import zipfile

            folder = os.path.join(worker.local_directory, f"hepml-{digest}")
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(folder)
            if folder not in sys.path:
                sys.path.insert(0, folder)
            importlib.invalidate_caches()

    return Unpack()
