"""Networks that tag top quarks: what each reads, its widths, how it is trained, by preset.

``train_py`` are the widths of the published training script, ``pub_note`` those that give the
numbers of parameters printed in ATL-PHYS-PUB-2022-039; ``small`` are networks of our own that a
laptop trains.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from hepml.errors import ParameterError, did_you_mean

__all__ = ["MODELS", "NETWORKS", "PRESETS", "NetworkPlan", "network_plan"]

PRESETS = ("train_py", "pub_note", "small")
NETWORKS = ("hldnn", "dnn", "efn", "pfn", "particlenet", "part")
MODELS = ("lightgbm", *NETWORKS)

TITLES = {
    "lightgbm": "LightGBM",
    "hldnn": "hlDNN",
    "dnn": "DNN",
    "efn": "EFN",
    "pfn": "PFN",
    "particlenet": "ParticleNet",
    "part": "Particle transformer",
}
"""Names for people."""


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """A network and its training.

    Attributes
    ----------
    model, preset : str
        Names.
    inputs : {"high_level", "constituents"}
        What it reads.
    slots : int
        Constituents of a jet, those of highest pT.
    learning_rate : float
        Of Adam.
    batch : int
        Jets of a step.
    penalty : float
        Factor of the sum of absolute weights of the dense layers (L1), added to the loss.
    options : dict
        Arguments of the module.
    """

    model: str
    preset: str
    inputs: Literal["high_level", "constituents"]
    learning_rate: float
    slots: int = 80
    batch: int = 256
    penalty: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Name for people."""
        return TITLES[self.model]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        names = ("model", "preset", "inputs", "learning_rate", "slots", "batch", "penalty")
        return {name: getattr(self, name) for name in names} | {"options": dict(self.options)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> NetworkPlan:
        """Invert `to_json`."""
        return cls(**dict(content))


def _dnn(*, normalised: bool) -> dict[str, Any]:
    return {"hidden": [400] * 5, "normalise_inputs": normalised}


_PART = {
    "width": 128,
    "embedding": [128, 512, 128],
    "pairs": [64, 64, 64],
    "heads": 8,
    "layers": 8,
    "class_layers": 2,
    "dropout": 0.1,
}
_PARTICLENET = {"widths": [64, 224, 384], "neighbours": 18, "dense": 125, "dropout": 0.1}


# model -> inputs, learning rate, penalty
_COMMON: dict[str, tuple[Literal["high_level", "constituents"], float, float]] = {
    "hldnn": ("high_level", 4e-5, 0.0),
    "dnn": ("constituents", 1.2e-5, 2e-4),
    "efn": ("constituents", 6.3e-5, 0.0),
    "pfn": ("constituents", 7.9e-5, 0.0),
    "particlenet": ("constituents", 4.2e-4, 0.0),
    "part": ("constituents", 1e-3, 0.0),
}

_OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "train_py": {
        "hldnn": {"hidden": [180] * 5},
        "dnn": _dnn(normalised=False),
        "efn": {"phi": [350] * 5, "f": [300] * 5, "latent_dropout": 0.084, "dropout": 0.036},
        "pfn": {"phi": [250] * 5, "f": [500] * 5, "latent_dropout": 0.072, "dropout": 0.022},
        "particlenet": _PARTICLENET,
        "part": _PART,
    },
    "pub_note": {
        "hldnn": {"hidden": [150] * 5},
        "dnn": _dnn(normalised=True),
        "efn": {"phi": [350] * 5, "f": [500] * 5, "latent_dropout": 0.084, "dropout": 0.036},
        "pfn": {"phi": [250] * 5, "f": [300] * 5, "latent_dropout": 0.072, "dropout": 0.022},
        "particlenet": _PARTICLENET,
        "part": _PART,
    },
    "small": {
        "hldnn": {"hidden": [64] * 3},
        "dnn": {"hidden": [128] * 3, "normalise_inputs": True},
        "efn": {"phi": [64] * 3, "f": [64] * 2, "normalise": True},
        "pfn": {"phi": [96] * 3, "f": [96] * 2, "normalise": True},
        "particlenet": {"widths": [16, 32, 64], "neighbours": 8, "dense": 32, "dropout": 0.1},
        "part": {
            "width": 32,
            "embedding": [32, 64, 32],
            "pairs": [16, 16],
            "heads": 4,
            "layers": 2,
            "class_layers": 1,
            "dropout": 0.0,
        },
    },
}


def network_plan(
    model: str,
    preset: str = "train_py",
    *,
    learning_rate: float | None = None,
    batch: int | None = None,
    slots: int | None = None,
    fraction: bool = False,
) -> NetworkPlan:
    """The plan of a network.

    Parameters
    ----------
    model, preset : str
        Of `NETWORKS`, of `PRESETS`.
    learning_rate, batch, slots : optional
        Instead of those of the preset.
    fraction : bool
        The EFN weighs constituents by their share of the pT, which is safe against soft and
        collinear radiation, and not by ln(pT / MeV), as published.

    Raises
    ------
    ParameterError
        If there is no such model or preset, or a number makes no sense.
    """
    if model not in NETWORKS:
        raise ParameterError(f"There is no network {model!r}. " + did_you_mean(model, NETWORKS))
    if preset not in PRESETS:
        raise ParameterError(f"There is no preset {preset!r}. " + did_you_mean(preset, PRESETS))
    if fraction and model != "efn":
        raise ParameterError(f"Only the EFN weighs constituents by their pT; not {model!r}.")
    inputs, rate, penalty = _COMMON[model]
    options = dict(_OPTIONS[preset][model])
    if model == "efn":
        options["fraction"] = fraction
    plan = NetworkPlan(model, preset, inputs, rate, penalty=penalty, options=options)
    if preset == "small":
        plan = replace(plan, learning_rate=2e-3, penalty=0.0)
    given: dict[str, Any] = {"learning_rate": learning_rate, "batch": batch, "slots": slots}
    for name, value in given.items():
        if value is not None and not value > 0:
            raise ParameterError(f"{name} must be positive, not {value}.")
    return replace(plan, **{name: value for name, value in given.items() if value is not None})
