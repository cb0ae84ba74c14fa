"""A model gets to dask workers that do not see its folder, or see another one there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hepml.errors import ModelError
from hepml.scoring import AppliedModel, receive

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["deliver", "pack", "unpack"]

LIMIT = 512_000_000  # bytes


def deliver(client: Any, model: AppliedModel, announce: Callable[[str], None]) -> bytes:
    """Let every worker read the model; it is sent only where one cannot.

    Returns
    -------
    bytes
        What workers that join later have to unpack; empty where the folder is shared.

    Raises
    ------
    ModelError
        If a worker cannot read the model even so, e.g. for want of a package.
    """
    if not _refusals(client.run(AppliedModel.lacking, model, on_error="return")):
        return b""
    content = pack(model)
    announce(f"the workers do not see the model in {model.path}: it is sent to them")
    refused = _refusals(client.run(_receive, model, content, on_error="return"))
    if refused:
        worker, reason = next(iter(refused.items()))
        raise ModelError(
            f"{len(refused)} of the dask workers cannot apply the model: {reason} (worker "
            f"{worker}). Install there what this process has."
        )
    return content


def _refusals(answers: dict[str, Any]) -> dict[str, str]:
    """Why workers cannot have the model; those that died meanwhile are asked when they join."""
    from distributed.comm import CommClosedError

    return {
        worker: str(answer) or type(answer).__name__
        for worker, answer in answers.items()
        if answer != "" and not isinstance(answer, CommClosedError)
    }


def pack(model: AppliedModel) -> bytes:
    """Pack the files of a model.

    Raises
    ------
    ModelError
        If it has changed, or is too large to be sent.
    """
    from hepml.ml.models import model_files

    # refuses one that changed
    model.load()
    folder = Path(model.path)
    files = model_files(folder)
    size = sum((folder / name).stat().st_size for name in files)
    if size > LIMIT:
        raise ModelError(
            f"The model {model} has {size / 1e6:.0f} MB, and at most {LIMIT / 1e6:.0f} MB are sent "
            "to workers. Put it into a folder that they see."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.write(folder / name, name.as_posix())
    return packed.getvalue()


def unpack(content: bytes, model: AppliedModel, folder: str | Path) -> None:
    """Unpack a model below a folder of the worker, and read it from there from now on."""
    place = Path(folder) / f"hepml-model-{model.sha256[:16]}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(place)
    receive(model, str(place))


def _receive(model: AppliedModel, content: bytes, dask_worker: Any) -> str:
    """Unpack on the worker that this runs on; why it cannot apply the model, empty if it can."""
    try:
        unpack(content, model, dask_worker.local_directory)
    except OSError as error:
        return str(error)
    return model.lacking()
