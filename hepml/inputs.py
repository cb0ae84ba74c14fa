"""A file to process, with everything that is known about it beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hepml.records import Dataset, File

__all__ = ["Input", "Published", "as_input"]


@dataclass(frozen=True, slots=True)
class Published:
    """A whole published dataset: files, entries, and luminosity [pb^-1] of data."""

    files: int | None
    entries: int | None
    luminosity: float | None


@dataclass(frozen=True, slots=True)
class Input:
    """One file to process, with everything that is known about it beforehand.

    Attributes
    ----------
    dataset : str
        Name that its events carry in every output.
    endpoints : tuple of str
        Where the same file lies: paths or URLs, in the order in which they are tried.
    kind : {"data", "simulation"} or None
        ``None``: not known, the file has to say.
    label : str
        Class of its events.
    trees : tuple of str
        Names of the trees to look for; empty: not known.
    entries, size : int or None
        Of this very file; ``None`` where it may differ from the catalogued one.
    cross_section, cross_section_corrected : float or None
        pb; see `hepml.records.Dataset`.
    sum_of_weights : float or None
        Of the whole dataset; ``None`` where the file may differ from the catalogued one.
    catalogued : str
        ``channel/name`` of the catalogue entry, empty for a file that is in none.
    published : Published or None
        The whole dataset; ``None`` where the file may differ from the catalogued one.
    named : bool
        Whether the user or the catalogue named the dataset. If not, it is the file's stem until
        an imported file says which dataset it is a part of.
    """

    dataset: str
    endpoints: tuple[str, ...]
    kind: str | None = None
    label: str = ""
    trees: tuple[str, ...] = ()
    entries: int | None = None
    size: int | None = None
    cross_section: float | None = None
    sum_of_weights: float | None = None
    catalogued: str = ""
    cross_section_corrected: float | None = None
    published: Published | None = None
    named: bool = field(default=True, compare=False)

    def unpublished(self, **changes: Any) -> Input:
        """The same without what holds for the published file only."""
        return replace(
            self,
            cross_section=None,
            cross_section_corrected=None,
            sum_of_weights=None,
            published=None,
            **changes,
        )


def as_input(dataset: Dataset, file: File, endpoints: tuple[str, ...]) -> Input:
    """Describe a file that is known to be the catalogued one."""
    return Input(
        dataset=dataset.name,
        endpoints=endpoints,
        kind=dataset.kind,
        label=dataset.label or dataset.name,
        trees=dataset.trees,
        entries=file.entries,
        size=file.size,
        cross_section=dataset.cross_section,
        sum_of_weights=dataset.sum_of_weights,
        catalogued=dataset.key,
        cross_section_corrected=dataset.cross_section_corrected,
        published=Published(dataset.file_count, dataset.entries, dataset.luminosity),
    )
