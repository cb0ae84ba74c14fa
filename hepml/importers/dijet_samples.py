"""Samples of dijet events by name: what a file holds, whatever it is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hepml.catalogue import Catalogue
from hepml.errors import ParameterError
from hepml.importers.hdf5 import find_files, plain_stem

__all__ = ["SAMPLES", "DijetSample", "find_sample", "name_files"]

CHANNEL = "dijet"


@dataclass(frozen=True, slots=True)
class DijetSample:
    """A sample of events.

    Attributes
    ----------
    name : str
        Our name, which is that of its folder and data set.
    aliases : tuple of str
        Published names.
    label : int or None
        0 background, 1 signal, ``None``: the file has to say.
    prongs : int or None
        Partons that each of the two resonances decays to; 0 for background.
    window : (float, float) or None
        Dijet masses [GeV] that it is restricted to.
    """

    name: str
    aliases: tuple[str, ...] = ()
    label: int | None = None
    prongs: int | None = None
    window: tuple[float, float] | None = None


SAMPLES = {
    item.name: item
    for item in (
        DijetSample("qcd", ("QCD",), 0, 0),
        DijetSample("qcd_extra", ("extra_QCD",), 0, 0, (3300.0, 3700.0)),
        DijetSample("qcd_generated", ("generated_QCD",), 0, 0),
        DijetSample("wprime_qq", ("W_qq",), 1, 2),
        DijetSample("wprime_qqq", ("W_qqq",), 1, 3),
        DijetSample("wprime_qq_extended", ("extended_W_qq",), 1, 2),
    )
}
"""The published samples and their like, by our name."""

_BY_ALIAS = {alias: item for item in SAMPLES.values() for alias in item.aliases}


def find_sample(name: str) -> DijetSample:
    """A sample by our name or a published one; any other name is one of your own."""
    return SAMPLES.get(name) or _BY_ALIAS.get(name) or DijetSample(name)


def name_files(
    sources: Sequence[str | Path], catalogue: Catalogue | None = None
) -> list[tuple[Path, DijetSample]]:
    """Files with their samples: by ``NAME=FILES``, by their published names, else their own.

    Raises
    ------
    EmptyInputError
        If there is no such file.
    ParameterError
        If a name cannot be that of a folder.
    """
    catalogue = catalogue or Catalogue.load()
    found = []
    for source in sources:
        name, equals, path = str(source).partition("=")
        named = bool(equals) and not Path(source).exists()
        if named and not re.fullmatch(r"\w[\w.+-]*", name):
            raise ParameterError(
                f"{str(source)!r}: a sample is called by letters, digits and _ . + -, as in "
                "NAME=FILES."
            )
        for file in find_files([path if named else source]):
            found.append((file, find_sample(name) if named else _by_file(file, catalogue)))
    return found or [(file, DijetSample("")) for file in find_files([])]


def _by_file(file: Path, catalogue: Catalogue) -> DijetSample:
    stem = plain_stem(file)
    # numbered parts are of the sample that the rest of the name says
    for name in (stem, re.sub(r"_\d+$", "", stem)):
        known = catalogue.match_file(f"{name}.h5", CHANNEL)
        if known is not None:
            return find_sample(known[0].name)
        if name in SAMPLES or name in _BY_ALIAS:
            return find_sample(name)
    return DijetSample(re.sub(r"_\d+$", "", stem))
