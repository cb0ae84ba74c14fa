"""Which sample of jets serves for which metric, and which metrics make which uncertainty.

Tables of the published procedure (ATLAS Top Tagging Open Data, arXiv:2407.20127, and its code).
Descriptions of the data give samples of background modelling the roles of each other; here they
have those of the data portal: ``cluster`` and ``string`` are Sherpa and differ in hadronisation,
``angular`` and ``dipole`` are Herwig and differ in the parton shower.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hepml.errors import TableError

__all__ = [
    "ALIASES",
    "COMBINATIONS",
    "COMPONENTS",
    "NOMINAL",
    "SETS",
    "JetSet",
    "Source",
    "known_datasets",
    "portal_name",
]

NOMINAL = "test_nominal"

ALIASES = {
    "nominal": NOMINAL,
    "test": NOMINAL,
    "ces_up": "esup",
    "ces_down": "esdown",
    "track_eff_global": "teg",
    "track_eff_jet": "tej",
    "track_fake_loose": "tfl",
    "track_fake_jet": "tfj",
    "track_bias": "bias",
    "dijet_herwig_cluster": "cluster",
    "dijet_herwig_string": "string",
    "dijet_sherpa_cluster": "cluster",
    "dijet_sherpa_string": "string",
    "dijet_sherpa_angular": "angular",
    "dijet_sherpa_dipole": "dipole",
    "dijet_herwig_angular": "angular",
    "dijet_herwig_dipole": "dipole",
}
"""Other spellings of the portal's names; each may begin with ``public_``."""


@dataclass(frozen=True, slots=True)
class JetSet:
    """Jets that metrics are made of.

    Attributes
    ----------
    name, title : str
        For files, for people.
    dataset : str
        Whose jets.
    add : {"", "signal", "background"}
        Nominal jets that are added, where the dataset has none of them.
    weight : str
        Column of weights, of ``on`` only: the other jets weigh 1.
    on : {"", "signal", "background"}
        Jets that are weighted.
    bins : int
        Bins of pT from the first on; the others have too few jets.
    """

    name: str
    title: str
    dataset: str
    add: Literal["", "signal", "background"] = ""
    weight: str = ""
    on: Literal["", "signal", "background"] = ""
    bins: int = 14


@dataclass(frozen=True, slots=True)
class Source:
    """One source of uncertainty.

    Attributes
    ----------
    name, title, group : str
        The source, and the group that it is added to in quadrature.
    pairs : tuple of (str, str)
        Sets that are compared; the largest difference counts.
    extrapolate : int or None
        Bins that are measured: the next one has the value of the last, the others the largest.
    """

    name: str
    title: str
    group: str
    pairs: tuple[tuple[str, str], ...]
    extrapolate: int | None = None


_OWN = {
    "esup": "Cluster energy scale up",
    "esdown": "Cluster energy scale down",
    "cer": "Cluster energy resolution",
    "cpos": "Cluster position resolution",
    "teg": "Track efficiency, global",
    "tej": "Track efficiency in jets",
    "tfl": "Track fakes, loose",
    "tfj": "Track fakes in jets",
    "bias": "Track bias",
}
_TTBAR = {"ttbar_pythia": r"SM $t\bar{t}$, Pythia", "ttbar_herwig": r"SM $t\bar{t}$, Herwig"}
_DIJET = {
    "cluster": "Sherpa, cluster hadronisation",
    "string": "Sherpa, string hadronisation",
    "angular": "Herwig, angular-ordered shower",
    "dipole": "Herwig, dipole shower",
}
_SCALES = {
    "ISRx2": ("isr_up", "initial-state scale x 2"),
    "ISRxp5": ("isr_down", "initial-state scale x 0.5"),
    "FSRx2": ("fsr_up", "final-state scale x 2"),
    "FSRxp5": ("fsr_down", "final-state scale x 0.5"),
}
# Above 1350 GeV the standard model makes too few top quarks.
_TTBAR_BINS = 5


def _scale_sets() -> list[JetSet]:
    kinds: tuple[tuple[str, Literal["signal", "background"]], ...] = (
        ("sig", "signal"),
        ("bkg", "background"),
    )
    return [
        JetSet(
            f"{short}_{name}",
            f"{kind.capitalize()}, {text}",
            NOMINAL,
            weight=f"weight_{column}",
            on=kind,
        )
        for short, kind in kinds
        for name, (column, text) in _SCALES.items()
    ]


SETS: tuple[JetSet, ...] = (
    JetSet("nominal", "Nominal", NOMINAL),
    *(JetSet(name, title, name) for name, title in _OWN.items()),
    *(JetSet(name, title, name, "background", bins=_TTBAR_BINS) for name, title in _TTBAR.items()),
    *(JetSet(name, title, name, "signal") for name, title in _DIJET.items()),
    *_scale_sets(),
)
"""Section by section: experimental, signal modelling, background modelling, scales."""


def _to_nominal(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, "nominal") for name in names)


def _scale(short: str, kind: str) -> Source:
    what = {"sig": "Signal", "bkg": "Background"}[short]
    state = {"ISR": "initial", "FSR": "final"}[kind]
    return Source(
        f"{short}_{kind.lower()}",
        f"{what}, {state}-state scale",
        "scale",
        _to_nominal(f"{short}_{kind}x2", f"{short}_{kind}xp5"),
    )


COMPONENTS: tuple[Source, ...] = (
    Source("energy_scale", "Cluster energy scale", "cluster", _to_nominal("esup", "esdown")),
    Source("energy_resolution", "Cluster energy resolution", "cluster", _to_nominal("cer")),
    Source("position", "Cluster position resolution", "cluster", _to_nominal("cpos")),
    Source("track_efficiency", "Track efficiency", "track", _to_nominal("teg", "tej")),
    Source("track_fakes", "Track fakes", "track", _to_nominal("tfl", "tfj")),
    Source("track_bias", "Track bias", "track", _to_nominal("bias")),
    Source(
        "signal_modelling",
        "Signal modelling",
        "model",
        (("ttbar_herwig", "ttbar_pythia"),),
        extrapolate=_TTBAR_BINS,
    ),
    Source("parton_shower", "Background shower", "model", (("dipole", "angular"),)),
    Source("hadronisation", "Background hadronisation", "model", (("cluster", "string"),)),
    *(_scale(short, kind) for short in ("sig", "bkg") for kind in ("ISR", "FSR")),
)
"""Sources of uncertainty."""

_OF = {
    group: tuple(source.name for source in COMPONENTS if source.group == group)
    for group in ("cluster", "track", "model", "scale")
}

COMBINATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "cluster": ("Clusters", _OF["cluster"]),
    "track": ("Tracks", _OF["track"]),
    "background_model": ("Background modelling", ("parton_shower", "hadronisation")),
    "model": ("Modelling", _OF["model"]),
    "scale": ("Scales", _OF["scale"]),
    "experimental": ("Experimental", (*_OF["cluster"], *_OF["track"])),
    "theory": ("Theory", (*_OF["model"], *_OF["scale"])),
    "total": ("Total", tuple(source.name for source in COMPONENTS)),
}
"""Sums in quadrature: title and components; sums of sums are sums of their components."""


def portal_name(dataset: str) -> str:
    """Name of a dataset on the data portal; one that it does not have stays as it is."""
    plain = dataset.removeprefix("public_")
    return ALIASES.get(plain, plain)


def known_datasets(datasets: Iterable[str]) -> dict[str, str]:
    """Datasets of a table by the portal's names.

    Raises
    ------
    TableError
        If two of them are the same dataset in two spellings.
    """
    found: dict[str, list[str]] = {}
    for name in datasets:
        found.setdefault(portal_name(name), []).append(name)
    for name, spellings in found.items():
        if len(spellings) > 1:
            raise TableError(
                f"Datasets {' and '.join(map(repr, spellings))} are both {name!r}: the jets "
                "would count twice. Leave one of them out, or give it another name."
            )
    return {name: spellings[0] for name, spellings in found.items()}
