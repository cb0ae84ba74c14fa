"""Processors by name: entry points of the group ``hepml.processors``, or ``module:Class``."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from hepml.errors import ProcessorError, did_you_mean

if TYPE_CHECKING:
    from hepml.processor import Processor

__all__ = ["find_processor", "processor_names", "registered_name"]

GROUP = "hepml.processors"
# known without installed metadata, e.g. in a zip shipped to a worker
SHIPPED = {
    "dijet": "processors.dijet:DijetProcessor",
    "diphoton": "processors.diphoton:DiphotonProcessor",
    "dimuon": "processors.dimuon:DimuonProcessor",
    "shower": "processors.shower:ShowerProcessor",
    "topjet": "processors.topjet:TopJetProcessor",
}


def processor_names() -> dict[str, str]:
    """Return every known processor: name to ``module:Class``, sorted by name."""
    found = {item.name: item.value for item in entry_points(group=GROUP)}
    return dict(sorted((SHIPPED | found).items()))


def find_processor(name: str) -> type[Processor]:
    """Load a processor class by its registered name or as ``module:Class``.

    Raises
    ------
    ProcessorError
        If the name is unknown (near misses are named) or what it names is no processor.
    """
    from hepml.processor import Processor

    known = processor_names()
    target = known.get(name, name if ":" in name else "")
    if not target:
        if name.lower().endswith((".root", ".parquet")):
            raise ProcessorError(
                f"{name!r} is a file, not a processor. The processor comes first:  "
                f"hepml run PROCESSOR {name} --out RUN. Processors: {', '.join(known)}."
            )
        raise ProcessorError(
            f"There is no processor {name!r}. {did_you_mean(name, known)} Your own one is given "
            "as module:Class, or registered under the entry point group 'hepml.processors'."
        )
    module, _, attribute = target.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ProcessorError(
            f"Processor {name!r} cannot be loaded from {target}: {error}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Processor)):
        raise ProcessorError(
            f"{target} is not a hepml processor: derive the class from hepml.Processor."
        )
    return found


def registered_name(processor: type[Processor]) -> str | None:
    """Return a name that :func:`find_processor` maps back to this class, if there is one.

    ``None`` for a class that lives in a notebook or script, which another process cannot import.
    """
    target = f"{processor.__module__}:{processor.__qualname__}"
    for name, value in processor_names().items():
        if value == target:
            return name
    if processor.__module__ == "__main__" or "<locals>" in processor.__qualname__:
        return None
    module = sys.modules.get(processor.__module__)
    importable = module is not None and getattr(module, "__file__", None)
    return target if importable else None
