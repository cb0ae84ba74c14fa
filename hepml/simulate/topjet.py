"""Simulate the topjet channel: HDF5 files like the ATLAS top tagging open data.

Tops decay to three prongs, everything radiates in a parton shower ordered in angle, hadrons become
tracks and towers, and jets are found, groomed and selected as in the published samples. Parameters
were chosen to resemble a Pythia sample; it is no event generator. Systematic variations are toys.
Jets reach 3 TeV. All files say that they are simulated (attribute ``hepml_simulation``), and
``simulation.json`` lists what is in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError, did_you_mean
from hepml.simulate.files import create_files
from hepml.simulate.topjet_files import JetFile, compress
from hepml.simulate.topjet_samples import SAMPLES, STREAMS, Jets, JetStream, mixed
from hepml.simulate.topjet_variations import vary
from hepml.simulate.topjet_weights import shower_weights, training_weights

__all__ = ["FORMATS", "LAYOUTS", "simulate"]

FORMATS = ("h5", "h5.gz")
LAYOUTS = ("2024", "2022")
TRAIN, TEST = "train_nominal", "test_nominal"
RECORD = "simulation.json"
ROWS = 5_000  # simulated and written at a time
# What numbers of a stream are for, beside the jets themselves.
_ORDER, _VARIATION, _WEIGHTS = 101, 102, 103

Progress = Callable[[int, int], None]


def simulate(
    out: Path,
    jets: int = 100_000,
    seed: int = 1,
    *,
    test: int | None = None,
    systematics: int | None = None,
    datasets: Sequence[str] = (),
    layout: str = "2024",
    format: str = "h5",
    jets_per_file: int = 100_000,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write training, test and systematic samples.

    The n-th top and the n-th background jet of a sample depend on the seed alone. Samples of
    experimental uncertainties hold the first tops and background jets of the test sample, varied
    (and more of that kind where the test sample has fewer). Memory does not depend on the number
    of jets.

    Parameters
    ----------
    out : path
        Directory, made where it does not exist. One that holds HDF5 files is refused: nothing is
        overwritten, and published jets are not mixed with simulated ones.
    jets : int
        Training jets, half of them tops; 0 for none.
    seed : int
        Not negative.
    test : int, optional
        Test jets; default: a quarter of the training jets.
    systematics : int, optional
        Jets of each of the 15 other samples; default: as many as test jets, at most 10,000.
        0 for none.
    datasets : sequence of str
        Only these samples; patterns such as ``ttbar_*`` are possible. Default: all.
    layout : {"2024", "2022"}
        The 2022 layout has no taste, no shower weights and no event numbers.
    format : {"h5", "h5.gz"}
        Compressed inside, or as a whole as published.
    jets_per_file : int
        Jets of a file at most.
    progress : callable, optional
        Called with the jets done so far and in all.

    Returns
    -------
    tuple of path
        The files, and ``simulation.json``.

    Raises
    ------
    ParameterError
        If a number is out of range or a name unknown.
    OutputError
        If such files exist or the directory cannot be written; nothing is left behind then.
    """
    test = -(-jets // 4) if test is None else test
    systematics = min(test, 10_000) if systematics is None else systematics
    sizes = dict.fromkeys(SAMPLES, systematics) | {TRAIN: jets, TEST: test}
    _check(sizes, seed, layout, format, jets_per_file)
    wanted = [name for name in _chosen(datasets) if sizes[name] > 0]
    if not wanted:
        raise ParameterError("There is nothing to simulate: ask for some jets.")
    plan = [
        _File(name, number, first, min(jets_per_file, sizes[name] - first), format, sizes[name])
        for name in wanted
        for number, first in enumerate(range(0, sizes[name], jets_per_file))
    ]
    job = _Job(seed, layout, format, sum(item.jets for item in plan), progress)
    return create_files(
        Path(out),
        [item.name for item in plan] + [RECORD],
        ("*.h5", "*.h5.gz", RECORD),
        lambda scratch: job.write(scratch, plan),
    )


def _check(
    sizes: Mapping[str, int], seed: int, layout: str, format: str, jets_per_file: int
) -> None:
    """Refuse what cannot be simulated."""
    for name, size in sizes.items():
        if size < 0:
            raise ParameterError(f"The number of jets must not be negative: {size} of {name}.")
    if seed < 0:
        raise ParameterError(f"The seed must not be negative: {seed}.")
    if jets_per_file < 1:
        raise ParameterError(f"A file needs room for at least 1 jet, not {jets_per_file}.")
    for what, value, known in (("layout", layout, LAYOUTS), ("format", format, FORMATS)):
        if value not in known:
            raise ParameterError(f"There is no {what} {value!r}. {did_you_mean(value, known)}")


def _chosen(patterns: Sequence[str]) -> list[str]:
    """Samples that the patterns name, in the usual order."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in SAMPLES):
            raise ParameterError(
                f"There is no data set {pattern!r}. " + did_you_mean(pattern, SAMPLES)
            )
    return [name for name in SAMPLES if not patterns or any(fnmatchcase(name, p) for p in patterns)]


@dataclass(frozen=True, slots=True)
class _File:
    """One file to write: its sample, number, first jet, jets, and all jets of the sample."""

    sample: str
    number: int
    first: int
    jets: int
    format: str
    whole: int

    @property
    def name(self) -> str:
        return f"{self.sample}_{self.number:03d}.{self.format}"

    def labels(self, seed: int) -> NDArray[np.int64]:
        """Kinds of its jets, in random order; files of a sample together hold the exact share."""
        share = SAMPLES[self.sample].signal
        last = self.first + self.jets
        tops = round(last * share) - round(self.first * share)
        labels = (np.arange(self.jets) < tops).astype(np.int64)
        return np.random.default_rng([*_key(seed, self.sample, _ORDER), self.number]).permutation(
            labels
        )


def _key(seed: int, sample: str, purpose: int) -> tuple[int, int, int]:
    """Start of a seed that no jet has."""
    return seed, purpose, list(SAMPLES).index(sample)


@dataclass(slots=True)
class _Job:
    """What is common to all files, and how far the work is."""

    seed: int
    layout: str
    format: str
    total: int
    progress: Progress | None
    done: int = 0
    record: dict[str, Any] = field(default_factory=dict)

    def write(self, scratch: Path, plan: Sequence[_File]) -> None:
        """Write every file, complete training files with their weights, and write the record."""
        for sample in dict.fromkeys(item.sample for item in plan):
            files = [item for item in plan if item.sample == sample]
            self._write_sample(scratch, files)
        text = json.dumps(self._notes() | {"files": self.record}, indent=1)
        (scratch / RECORD).write_text(text + "\n")

    def _write_sample(self, scratch: Path, files: Sequence[_File]) -> None:
        sample = SAMPLES[files[0].sample]
        stream = STREAMS[sample.stream]
        streams = {label: JetStream(self.seed, stream, label) for label in (0, 1)}
        paths, seen = [], []
        for item in files:
            path = scratch / item.name.removesuffix(".gz")
            paths.append(path)
            seen.append(self._write_file(path, item, streams))
        if files[0].sample == TRAIN:
            weights = training_weights(
                np.concatenate([pt for pt, _ in seen]), np.concatenate([kind for _, kind in seen])
            )
            for item, path in zip(files, paths, strict=True):
                part = weights[item.first : item.first + item.jets]
                JetFile.add_training_weights(path, part, self.layout)
        if self.format == "h5.gz":
            for path in paths:
                compress(path)

    def _write_file(
        self, path: Path, item: _File, streams: Mapping[int, JetStream]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Write one file; returns pT and labels."""
        labels, parts = item.labels(self.seed), []
        packed, highest = self.format == "h5", 20 * (item.whole + 1)
        with JetFile(path, item.jets, self.layout, packed=packed, highest=highest) as file:
            for jets, shower in self._blocks(item, labels, streams):
                file.append(jets, shower)
                parts.append(jets.jet[:, 0])
                self.done += len(jets)
                if self.progress is not None:
                    self.progress(self.done, self.total)
            file.note(self._notes() | {"dataset": item.sample})
        self.record[item.name] = {
            "dataset": item.sample,
            "kind": "simulation",
            "jets": item.jets,
            "tops": int(labels.sum()),
        }
        return np.concatenate(parts), labels

    def _blocks(
        self, item: _File, labels: NDArray[np.int64], streams: Mapping[int, JetStream]
    ) -> Iterator[tuple[Jets, NDArray[np.float32] | None]]:
        """Jets of a file with their shower weights."""
        change = np.random.default_rng([*_key(self.seed, item.sample, _VARIATION), item.number])
        noise = np.random.default_rng([*_key(self.seed, item.sample, _WEIGHTS), item.number])
        for start in range(0, item.jets, ROWS):
            jets = vary(mixed(streams, labels[start : start + ROWS]), item.sample, change)
            weighted = SAMPLES[item.sample].weighted
            shower = shower_weights(noise, jets.jet[:, 0], jets.counts) if weighted else None
            yield jets, shower

    def _notes(self) -> dict[str, Any]:
        from hepml import __version__

        return {
            "generator": f"hepml simulate topjet, hepml {__version__}",
            "simulated": True,
            "seed": self.seed,
            "layout": self.layout,
            "units": "MeV, rad",
        }
