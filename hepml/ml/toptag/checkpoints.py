"""The state of a training, in one file: safetensors, with all that is no tensor as JSON in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hepml.engine.store import write_bytes
from hepml.errors import ModelError

__all__ = ["TrainingState", "read_tensors", "restore_adam", "save_tensors", "tensors_of_adam"]

_HEADER = "hepml"


def save_tensors(path: Path, tensors: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    """Write tensors and JSON values, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    tensors : mapping of str to torch.Tensor
        On any device.
    about : mapping
        JSON values.
    """
    from safetensors.torch import save

    # a tensor that others share memory with must be written by itself
    content = {name: item.detach().cpu().contiguous().clone() for name, item in tensors.items()}
    write_bytes(path, save(content, metadata={_HEADER: json.dumps(about)}))


def read_tensors(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tensors and JSON values of `save_tensors`.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as handle:
            about = json.loads((handle.metadata() or {})[_HEADER])
            return {name: handle.get_tensor(name) for name in handle.keys()}, about  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error!r}. Remove it to begin anew.") from error


def tensors_of_adam(optimiser: Any, prefix: str) -> dict[str, Any]:
    """Moments and counts of steps of torch's Adam, by name."""
    return {
        f"{prefix}{place}.{name}": item
        for place, state in optimiser.state_dict()["state"].items()
        for name, item in state.items()
    }


def restore_adam(optimiser: Any, tensors: Mapping[str, Any], prefix: str) -> None:
    """Invert `tensors_of_adam`; its settings stay those of the optimiser."""
    found: dict[int, dict[str, Any]] = {}
    for name, item in tensors.items():
        if name.startswith(prefix):
            place, _, what = name.removeprefix(prefix).partition(".")
            found.setdefault(int(place), {})[what] = item.clone()
    content = optimiser.state_dict()
    optimiser.load_state_dict({"state": found, "param_groups": content["param_groups"]})


@dataclass(slots=True, eq=False)
class TrainingState:
    """All that a training is made of at some step.

    Attributes
    ----------
    module, optimiser : torch.nn.Module, torch.optim.Adam
        As they are.
    best : dict of str to tensor
        Weights of the best epoch.
    epoch, step : int
        Passes and steps of this pass that are done.
    loss, weight : float
        Sums of weighted losses and of weights of this pass.
    jets : int
        That steps were made with.
    seconds : float
        Of training.
    best_epoch : int
        From 1 on; 0: none yet.
    losses : dict of str to list of float
        After each pass.
    """

    module: Any
    optimiser: Any
    best: dict[str, Any]
    epoch: int = 0
    step: int = 0
    loss: float = 0.0
    weight: float = 0.0
    jets: int = 0
    seconds: float = 0.0
    best_epoch: int = 0
    losses: dict[str, list[float]] = field(default_factory=lambda: {"train": [], "validation": []})

    NUMBERS: ClassVar[tuple[str, ...]] = (
        "epoch",
        "step",
        "loss",
        "weight",
        "jets",
        "seconds",
        "best_epoch",
        "losses",
    )

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write all of it."""
        import torch

        tensors = {f"module.{name}": item for name, item in self.module.state_dict().items()}
        tensors |= {f"best.{name}": item for name, item in self.best.items()}
        tensors |= tensors_of_adam(self.optimiser, "adam.")
        tensors["generator"] = torch.get_rng_state()
        if torch.cuda.is_available():
            tensors["generator.cuda"] = torch.cuda.get_rng_state()
        numbers = {name: getattr(self, name) for name in self.NUMBERS}
        save_tensors(path, tensors, {"asked": dict(about), "numbers": numbers})

    def load(self, path: Path, about: Mapping[str, Any]) -> None:
        """Go on from what `save` wrote.

        Raises
        ------
        ModelError
            If it is damaged, or the state of another training.
        """
        import torch

        tensors, found = read_tensors(path)
        if found["asked"] != dict(about):
            names = [n for n in about if found["asked"].get(n) != about[n]]
            raise ModelError(
                f"{path.parent} keeps a training that was stopped and was begun with another "
                f"{', '.join(names)}. Give the same options to go on with it, remove that folder, "
                "or choose another --out."
            )
        self.module.load_state_dict(_under(tensors, "module."))
        self.best = _under(tensors, "best.")
        restore_adam(self.optimiser, tensors, "adam.")
        torch.set_rng_state(tensors["generator"])
        if "generator.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["generator.cuda"])
        for name in self.NUMBERS:
            setattr(self, name, found["numbers"][name])


def _under(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
