"""What others published for the same kind of jets, to draw beside a result."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from hepml.errors import FileAccessError
from hepml.stats.results import Result

__all__ = ["PUBLISHED", "REFERENCE", "Baseline", "read_benchmarks"]

REFERENCE = "ATL-PHYS-PUB-2022-039"


class Baseline(Result):
    """A published tagger.

    Attributes
    ----------
    name, title : str
        Its name, and the one for people.
    reference : str
        Where the numbers are from; they are for the jets and the training of that work.
    auc, accuracy, rejection_50, rejection_80 : float or None
        Its metrics.
    parameters : int or None
        Trainable numbers.
    uncertainty : float or None
        Relative systematic uncertainty of ``rejection_50``; ``None`` where no number is at hand.
    """

    name: str
    title: str
    reference: str
    rejection_50: float
    auc: float | None = None
    accuracy: float | None = None
    rejection_80: float | None = None
    parameters: int | None = None
    uncertainty: float | None = None


def _row(
    name: str, title: str, auc: float, accuracy: float, half: float, most: float, parameters: int
) -> Baseline:
    return Baseline(
        name=name,
        title=title,
        reference=REFERENCE,
        auc=auc,
        accuracy=accuracy,
        rejection_50=half,
        rejection_80=most,
        parameters=parameters,
    )


PUBLISHED: tuple[Baseline, ...] = (
    _row("resnet50", "ResNet50", 0.885, 0.803, 21.4, 5.13, 1_486_209),
    _row("efn", "EFN", 0.901, 0.819, 26.6, 6.12, 1_670_451),
    _row("hldnn", "hlDNN", 0.938, 0.863, 51.5, 10.5, 93_151),
    _row("dnn", "DNN", 0.942, 0.868, 67.7, 12.0, 876_641),
    _row("pfn", "PFN", 0.954, 0.882, 108.0, 15.9, 689_801),
    _row("particlenet", "ParticleNet", 0.961, 0.894, 153.7, 20.4, 764_887),
)
"""Nominal performance, 42 million jets for training and 2.5 million for the test.

The numbers as later papers quote them (arXiv:2404.16091, arXiv:2502.14652). The uncertainties of
these taggers are in arXiv:2407.20127, in figures: see `read_benchmarks`.
"""

# keys of the published archive, and our names
_KEYS = {"resnet": "resnet50", "pnet": "particlenet"}


def read_benchmarks(path: str | Path) -> tuple[Baseline, ...]:
    """Read ``bg50_benchmarks.npz`` of the published code: rejections and their uncertainties.

    Parameters
    ----------
    path : path
        Archive with ``<tagger>_br`` and ``<tagger>_br_uncert`` (in per cent).

    Raises
    ------
    FileAccessError
        If it cannot be read, or holds something else.
    """
    place = Path(path)
    try:
        with np.load(place, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise FileAccessError(f"{place} cannot be read as a numpy archive: {error}.") from error
    names = [name.removesuffix("_br") for name in arrays if name.endswith("_br")]
    if not names:
        raise FileAccessError(
            f"{place} has no '<tagger>_br': it holds {', '.join(arrays) or 'nothing'}."
        )
    titles = {item.name: item.title for item in PUBLISHED}
    baselines = []
    for short in names:
        name = _KEYS.get(short, short)
        percent = arrays.get(f"{short}_br_uncert")
        baselines.append(
            Baseline(
                name=name,
                title=titles.get(name, name),
                reference=place.name,
                rejection_50=float(np.ravel(arrays[f"{short}_br"])[0]),
                uncertainty=None if percent is None else float(np.ravel(percent)[0]) / 100,
            )
        )
    return tuple(baselines)
