"""Systematic uncertainties of a rejection: sources and their sums, typed, written as JSON."""

from __future__ import annotations

from typing import Literal

from hepml.stats.results import Result

__all__ = ["Combination", "Component", "Systematics", "Variation"]


class Variation(Result):
    """Two sets compared: the ratio of their rejections less 1, without its sign.

    Attributes
    ----------
    first, second : str
        Names of the sets.
    value : float or None
        Of all jets; ``None`` where a rejection is not finite.
    error : float or None
        Statistical: for weights of the same jets with what they share, for others as if they
        shared no jet, and then too large where they do.
    bins : tuple of (float or None)
        In the pT bins.
    """

    first: str
    second: str
    value: float | None
    error: float | None = None
    bins: tuple[float | None, ...] = ()


class Component(Result):
    """One source of uncertainty: the largest of its variations, in each bin by itself.

    Attributes
    ----------
    name, title, group : str
        The source, and what it is combined in: ``cluster``, ``track``, ``model``, ``scale``.
    status : {"complete", "partial", "skipped"}
        ``partial``: some sets are missing, the uncertainty may be larger. ``skipped``: nothing
        could be compared.
    missing : tuple of str
        Sets that there are not, or whose rejection is not finite.
    value, error : float or None
        Relative uncertainty of the rejection of all jets, and its statistical error.
    bins : tuple of (float or None)
        In the pT bins.
    extrapolated : tuple of bool
        Bins whose value was measured elsewhere.
    variations : tuple of Variation
        What was compared.
    """

    name: str
    title: str
    group: str
    status: Literal["complete", "partial", "skipped"]
    missing: tuple[str, ...] = ()
    value: float | None = None
    error: float | None = None
    bins: tuple[float | None, ...] = ()
    extrapolated: tuple[bool, ...] = ()
    variations: tuple[Variation, ...] = ()


class Combination(Result):
    """Components added in quadrature.

    Attributes
    ----------
    name, title : str
        ``cluster``, ``track``, ``background_model``, ``model``, ``scale``, ``experimental``,
        ``theory``, ``total``.
    value, error : float or None
        Relative uncertainty, ``None`` without any component, and its statistical error.
    bins : tuple of (float or None)
        In the pT bins.
    components : tuple of str
        What was added.
    missing : tuple of str
        Components that could not be; the sum is a lower bound then.
    incomplete : tuple of bool
        Bins in which some component is not known.
    """

    name: str
    title: str
    value: float | None
    error: float | None = None
    bins: tuple[float | None, ...] = ()
    components: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    incomplete: tuple[bool, ...] = ()


class Systematics(Result):
    """Systematic uncertainty of the background rejection, by source.

    Attributes
    ----------
    efficiency : float
        Working point.
    edges : tuple of float
        pT bins [GeV].
    components : tuple of Component
        Sources.
    combinations : tuple of Combination
        Sums; the total last.
    """

    efficiency: float
    edges: tuple[float, ...]
    components: tuple[Component, ...]
    combinations: tuple[Combination, ...]

    @property
    def gaps(self) -> tuple[bool, ...]:
        """Bins in which a source is not known that is known elsewhere."""
        known = [item for item in self.components if item.value is not None]
        return tuple(
            any(item.bins[k] is None for item in known) for k in range(len(self.edges) - 1)
        )

    def combination(self, name: str) -> Combination:
        """A sum by its name."""
        return next(item for item in self.combinations if item.name == name)

    @property
    def total(self) -> Combination:
        """Everything."""
        return self.combination("total")
