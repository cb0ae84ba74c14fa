"""Networks for other programs: ONNX, torch's exported programs, TorchScript."""

from __future__ import annotations

import importlib.util
import io
import warnings
from pathlib import Path
from typing import Any

from hepml.engine.store import write_bytes
from hepml.errors import ModelError, ParameterError, did_you_mean
from hepml.ml.toptag.tagger import NetworkTagger, Tagger

__all__ = ["FORMS", "export_tagger"]

FORMS = {"pt2": "model.pt2", "onnx": "model.onnx", "torchscript": "model.ts"}
"""File by form; all take inputs as the loader makes them and give probabilities."""


def export_tagger(tagger: Tagger, folder: str | Path, form: str) -> Path:
    """Write a network so that programs without hepml can apply it.

    It takes float32 of shape (jets, slots, 7), or (jets, 15) scaled quantities, for any number of
    jets, and gives the probability of a top quark.

    Parameters
    ----------
    tagger : NetworkTagger
        The network.
    folder : path
        Where the file goes.
    form : {"pt2", "onnx", "torchscript"}
        ``pt2`` is what ``torch.export`` writes, ``torch.export.load`` reads it.

    Raises
    ------
    ModelError
        If it is no network, or a package is missing.
    ParameterError
        If there is no such form.
    """
    if form not in FORMS:
        raise ParameterError(f"There is no form {form!r}. " + did_you_mean(form, list(FORMS)))
    if not isinstance(tagger, NetworkTagger):
        raise ModelError("Trees are kept as text (model.txt), which LightGBM reads everywhere.")
    import torch

    module = _probability(tagger)
    example = torch.zeros((2, *tagger.inputs.shape))
    example[:, :, ...] = torch.rand(example.shape)
    target = Path(folder) / FORMS[form]
    with warnings.catch_warnings():
        # of the libraries themselves, on what they call of each other
        warnings.simplefilter("ignore")
        content = _WRITERS[form](module, example)
    write_bytes(target, content)
    return target


def _probability(tagger: NetworkTagger) -> Any:
    """The network with a sigmoid, of fixed shapes, on the processor."""
    import torch

    from hepml.ml.toptag.networks import DeepSets, make_network

    module = make_network(tagger.plan, tagger.inputs.shape[-1])
    module.load_state_dict({k: v.cpu() for k, v in tagger.module.state_dict().items()})
    if isinstance(module, DeepSets):
        module.padded = True

    class Probability(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = module

        def forward(self, jets: torch.Tensor) -> torch.Tensor:
            return torch.sigmoid(self.network(jets))

    return Probability().eval()


def _pt2(module: Any, example: Any) -> bytes:
    import torch

    jets = torch.export.Dim("jets", min=1)
    found = torch.export.export(module, (example,), dynamic_shapes={"jets": {0: jets}})
    target = io.BytesIO()
    torch.export.save(found, target)
    return target.getvalue()


def _onnx(module: Any, example: Any) -> bytes:
    for name in ("onnx", "onnxscript"):
        if importlib.util.find_spec(name) is None:
            raise ModelError(
                f"ONNX needs {name}, which is not installed: pip install onnx onnxscript; or "
                "--export pt2, which torch writes by itself."
            )
    import torch

    jets = torch.export.Dim("jets", min=1)
    program = torch.onnx.export(
        module,
        (example,),
        dynamo=True,
        input_names=["jets"],
        output_names=["probability"],
        dynamic_shapes={"jets": {0: jets}},
        verbose=False,
    )
    if program is None:
        raise ModelError("torch gave no ONNX program.")
    content: bytes = program.model_proto.SerializeToString()
    return content


def _torchscript(module: Any, example: Any) -> bytes:
    import torch

    with torch.no_grad():
        trace: Any = torch.jit.trace
        traced = trace(module, (example,), check_trace=False)
    target = io.BytesIO()
    torch.jit.save(traced, target)
    return target.getvalue()


_WRITERS = {"pt2": _pt2, "onnx": _onnx, "torchscript": _torchscript}
