"""A trained top tagger on disk and at work: boosted trees, or a network with what it reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hepml.engine.store import write_json, write_text
from hepml.errors import ModelError
from hepml.ml.models import TrainedModel, read_model
from hepml.ml.toptag.devices import need_torch, pick_device
from hepml.ml.toptag.inputs import Inputs, inputs_from_json, matrix
from hepml.ml.toptag.presets import NetworkPlan

__all__ = ["KIND", "NetworkTagger", "Tagger", "TreeTagger", "load_tagger"]

KIND = "top-network"
FILE = "model.safetensors"
_BATCH = 1024


class Tagger(Protocol):
    """What says how much a jet looks like a top quark."""

    @property
    def name(self) -> str:
        """Of the kind."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it reads."""

    def scores(self, rows: pa.Table) -> NDArray[np.float32]:
        """Probabilities of a top quark, for all rows."""

    def write(self, folder: Path) -> None:
        """Write it into a folder."""


@dataclass(frozen=True, slots=True, eq=False)
class TreeTagger:
    """Boosted trees on high-level quantities."""

    model: TrainedModel

    @property
    def name(self) -> str:
        """Of the kind."""
        return self.model.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it reads."""
        return self.model.inputs

    def scores(self, rows: pa.Table) -> NDArray[np.float32]:
        """Probabilities of a top quark, for all rows."""
        return self.model.score(matrix(rows, self.columns)).astype(np.float32)

    def write(self, folder: Path) -> None:
        """Write ``model.txt``, ``model.json`` and ``card.md``."""
        self.model.write(folder)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkTagger:
    """A network.

    Attributes
    ----------
    plan : NetworkPlan
        Kind and widths.
    inputs : Inputs
        What it reads.
    module : torch.nn.Module
        On any device.
    device : str
        Where scores are computed.
    card : dict
        Data, parameters, versions, metrics; JSON values.
    """

    plan: NetworkPlan
    inputs: Inputs
    module: Any
    device: str = "cpu"
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the kind."""
        return self.plan.model

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that it reads."""
        return self.inputs.columns

    def scores(self, rows: pa.Table) -> NDArray[np.float32]:
        """Probabilities of a top quark, for all rows."""
        import torch

        held, size = self.inputs.load([rows]), rows.num_rows
        found = np.empty(size, np.float32)
        self.module.eval()
        with torch.no_grad():
            for low in range(0, size, _BATCH):
                places = np.arange(low, min(low + _BATCH, size))
                x = np.empty((len(places), *self.inputs.shape), np.float32)
                self.inputs.fill(held, places, x)
                logits = self.module(torch.from_numpy(x).to(self.device))
                found[places] = torch.sigmoid(logits.float()).cpu().numpy()
        return found

    def write(self, folder: Path) -> None:
        """Write ``model.safetensors``, ``model.json`` and ``card.md``."""
        from hepml.ml.toptag.checkpoints import save_tensors

        content = {
            "name": self.plan.model,
            "task": "top-tagger",
            "kind": KIND,
            "file": FILE,
            "network": self.plan.to_json(),
            "inputs": self.inputs.to_json(),
            "classes": [0, 1],
            "card": self.card,
        }
        save_tensors(folder / FILE, self.module.state_dict(), {"kind": KIND})
        write_json(folder / "model.json", content, indent=1)
        write_text(folder / "card.md", _card(content))

    @classmethod
    def load(cls, folder: Path, device: str = "auto") -> NetworkTagger:
        """Read what `write` wrote.

        Raises
        ------
        ModelError
            If it is damaged, or torch is not installed.
        """
        need_torch()
        from hepml.ml.toptag.checkpoints import read_tensors
        from hepml.ml.toptag.networks import make_network

        where = pick_device(device)
        try:
            found = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            plan = NetworkPlan.from_json(found["network"])
            inputs = inputs_from_json(found["inputs"])
            module = make_network(plan, inputs.shape[-1])
            module.load_state_dict(read_tensors(folder / found["file"])[0])
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise ModelError(f"The network in {folder} cannot be read: {error!r}.") from error
        return cls(plan, inputs, module.to(where).eval(), where, found["card"])


def load_tagger(path: str | Path, device: str = "auto") -> Tagger:
    """Read a tagger that ``hepml ml top-tagger`` wrote.

    Raises
    ------
    ModelError
        If there is none, or it is damaged.
    """
    folder = Path(path)
    try:
        kind = json.loads((folder / "model.json").read_text(encoding="utf-8"))["kind"]
    except FileNotFoundError as error:
        raise ModelError(f"There is no tagger in {folder} (no model.json).") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / 'model.json'} cannot be read: {error!r}.") from error
    if kind == KIND:
        return NetworkTagger.load(folder, device)
    return TreeTagger(read_model(folder))


def _card(model: Mapping[str, Any]) -> str:
    """The card of a network, for people."""
    card, plan = model["card"], model["network"]
    lines = [f"# top-tagger: {model['name']}", "", str(card.get("about", "")), ""]
    lines += [
        f"- network: {plan['model']}, preset {plan['preset']}, "
        f"{card.get('parameters_count') or 0:,} parameters, kept in `{model['file']}`",
        f"- training: Adam, learning rate {plan['learning_rate']:g}, {plan['batch']} jets a step",
        f"- reads: {_reads(model['inputs'], plan)}",
        f"- seed: {card.get('seed')}",
    ]
    for title, name in (("Figures on jets that it never saw", "metrics"), ("Data", "data")):
        found = card.get(name) or {}
        lines += ["", f"## {title}", ""]
        lines += [
            f"- {key}: {value:.4g}" if isinstance(value, float) else f"- {key}: {value}"
            for key, value in found.items()
        ]
    versions = ", ".join(f"{name} {value}" for name, value in (card.get("versions") or {}).items())
    return "\n".join([*lines, "", f"Versions: {versions}", ""])


def _reads(inputs: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    if inputs["kind"] == "high_level":
        return f"{len(inputs['scaler']['names'])} high-level quantities, standardised"
    features = ", ".join(inputs["features"])
    return f"{features} of the {inputs['slots']} constituents of highest pT"
