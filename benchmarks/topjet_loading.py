"""Steps of the top-tagging benchmark that feed networks: batches, training, a million jets."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["LOADING_STEPS", "naive_batches"]

Answer = dict[str, Any]
SLOTS, BATCH = 80, 256
NAIVE_JETS = 20_000
SOURCE = "test_nominal_000.h5"


def table(data: Path, scratch: Path) -> Answer:
    """Import and run: the table that the other steps read."""
    import hepml
    from hepml.importers.topjet import import_jets
    from processors.topjet import TopJetProcessor

    out = data / "run"
    began, cpu = time.perf_counter(), time.process_time()
    if not (out / "report.json").exists():
        import_jets([data / SOURCE], scratch / "imported", workers=1)
        store = [str(scratch / "imported")]
        hepml.run(TopJetProcessor(), store, out=out, executor="iterative")
    return _answer(0, began, cpu)


def _rows(data: Path, copies: int = 1) -> Any:
    """All jets of the table, several times over."""
    from hepml.ml.toptag.blocks import JetRows, find_rows
    from hepml.tables import FeatureTable

    found = find_rows(FeatureTable.open(data / "run"), {"all": (0.0, 1.0)})["all"]
    return JetRows(found.blocks * copies)


def _answer(jets: int, began: float, cpu: float) -> Answer:
    return {
        "jets": jets,
        "seconds": time.perf_counter() - began,
        "loop_cpu": time.process_time() - cpu,
    }


def loader(data: Path, scratch: Path) -> Answer:
    """Shuffled batches out of Parquet."""
    from hepml.ml.toptag.inputs import ConstituentInputs
    from hepml.ml.toptag.loader import JetLoader

    found = JetLoader(_rows(data), ConstituentInputs(SLOTS), batch=BATCH)
    first = found.epoch()
    next(first)  # compiles
    first.close()
    began, cpu = time.perf_counter(), time.process_time()
    jets = sum(len(batch.y) for batch in found.epoch())
    return _answer(jets, began, cpu)


def naive_loader(data: Path, scratch: Path) -> Answer:
    """Batches of rows in the order of the HDF5 file, by numpy on padded arrays."""
    began, cpu = time.perf_counter(), time.process_time()
    jets = sum(len(y) for _, y, _ in naive_batches(data / SOURCE, NAIVE_JETS))
    return _answer(jets, began, cpu)


def naive_batches(path: Path, most: int) -> Iterator[tuple[Any, Any, Any]]:
    """The published treatment, line by line, on padded arrays."""
    import h5py

    with h5py.File(path) as file:
        names = ("pt", "eta", "phi", "E")
        for low in range(0, min(most, len(file["labels"])), BATCH):
            rows = slice(low, low + BATCH)
            pt, eta, phi, energy = (file[f"fjet_clus_{n}"][rows, :SLOTS] for n in names)
            y = file["labels"][rows].astype(np.float32)
            yield _published(pt, eta, phi, energy), y, np.ones_like(y)


def _published(pt: Any, eta: Any, phi: Any, energy: Any) -> Any:
    mask = pt == 0
    eta, phi = eta - eta[:, :1], phi - phi[:, :1]
    phi = np.where(phi > np.pi, phi - 2 * np.pi, phi)
    phi = np.where(phi < -np.pi, phi + 2 * np.pi, phi)
    angle = (np.arctan2(phi[:, 1], eta[:, 1]) + np.pi / 2)[:, None]
    turned = eta * np.cos(angle) + phi * np.sin(angle)
    phi = -eta * np.sin(angle) + phi * np.cos(angle)
    eta = np.where(turned[:, 2:3] < 0, -turned, turned)
    with np.errstate(divide="ignore"):
        features = [
            eta,
            phi,
            np.log(pt),
            np.log(energy),
            np.log(pt / pt.sum(axis=1, keepdims=True)),
            np.log(energy / energy.sum(axis=1, keepdims=True)),
            np.sqrt(eta**2 + phi**2),
        ]
    x = np.stack(features, axis=2).astype(np.float32)
    x[mask] = 0.0
    return x


def pfn(data: Path, scratch: Path) -> Answer:
    """Training of the published PFN, from Parquet."""
    return _train(data, "train_py", 4_096, memory=False)


def pfn_memory(data: Path, scratch: Path) -> Answer:
    """The same from padded arrays in memory."""
    return _train(data, "train_py", 4_096, memory=True)


def small(data: Path, scratch: Path) -> Answer:
    """Training of the small PFN, from Parquet."""
    return _train(data, "small", 20_480, memory=False)


def small_memory(data: Path, scratch: Path) -> Answer:
    """The same from padded arrays in memory."""
    return _train(data, "small", 20_480, memory=True)


def _train(data: Path, preset: str, jets: int, *, memory: bool) -> Answer:
    from hepml.ml.toptag.blocks import fewer
    from hepml.ml.toptag.fitting import FitOptions, fit_network
    from hepml.ml.toptag.inputs import ConstituentInputs
    from hepml.ml.toptag.loader import Batch, JetLoader
    from hepml.ml.toptag.presets import network_plan

    class InMemory(JetLoader):
        held: list[Batch] | None = None

        def epoch(self, number: int = 0, start: int = 0) -> Generator[Batch]:
            if self.held is None:
                self.held = list(super().epoch(number, start))
            yield from self.held

    kind = InMemory if memory else JetLoader
    rows, inputs = fewer(_rows(data), jets), ConstituentInputs(SLOTS)
    training = kind(rows, inputs, batch=BATCH)
    other = InMemory(fewer(rows, 512), inputs, batch=BATCH)
    plan = network_plan("pfn", preset)
    options = FitOptions(epochs=1, threads=1)
    few = kind(fewer(rows, 512), inputs, batch=BATCH)
    fit_network(plan, few, other, options)  # libraries are loaded, kernels compiled
    list(training.epoch() if memory else [])
    cpu, began = time.process_time(), time.perf_counter()
    found = fit_network(plan, training, other, options)
    return _answer(found.jets, began, cpu) | {"seconds": found.seconds}


def million(data: Path, scratch: Path) -> Answer:
    """Batches of, trees on and scores of the table's jets, ten times over; then their metrics."""
    from hepml.ml.toptag.evaluation import evaluate
    from hepml.ml.toptag.inputs import ConstituentInputs
    from hepml.ml.toptag.loader import JetLoader
    from hepml.ml.toptag.scoring import write_jet_scores
    from hepml.ml.toptag.tagger import TreeTagger
    from hepml.ml.toptag.trees import fit_trees
    from hepml.tables import FeatureTable
    from processors.topjet_columns import HIGH_LEVEL

    opened = FeatureTable.open(data / "run")
    features = [column for column in opened.columns if column.name in HIGH_LEVEL]
    rows = _rows(data, 10)
    began, cpu = time.perf_counter(), time.process_time()
    jets = sum(len(b.y) for b in JetLoader(rows, ConstituentInputs(SLOTS), batch=BATCH).epoch())
    model, _ = fit_trees(features, rows, _rows(data), workers=1)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        scores = Path(folder)
        write_jet_scores(TreeTagger(model), opened, {"test_nominal": rows}, scores)
        evaluate(scores, tagger="lightgbm")
    return _answer(jets, began, cpu)


LOADING_STEPS = {
    step.__name__: step
    for step in (
        table,
        loader,
        naive_loader,
        pfn,
        pfn_memory,
        small,
        small_memory,
        million,
    )
}
