"""Every executor gives the same pairs, with everything that a preset can ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hepml
from hepml.engine import Run
from processors.dimuon import DimuonProcessor
from tests.corrected import write_corrections
from tests.engine.runs import assert_same_answer, assert_same_bits
from tests.nanoaod import TRIGGER, full_muon, nano_jet, write_full_nanoaod


def write_sample(path: Path, *, seed: int, simulation: bool = False, events: int = 200) -> Path:
    """Random muons and jets in four clusters; every third event did not fire."""
    random = np.random.default_rng(seed)
    muons = [
        [
            full_muon(
                random.exponential(15) + 3,
                random.uniform(-2.3, 2.3),
                random.uniform(-3.1, 3.1),
                int(random.choice([-1, 1])),
                pfRelIso04_all=random.exponential(0.6),
                tightId=bool(random.random() < 0.9),
            )
            for _ in range(random.integers(0, 5))
        ]
        for _ in range(events)
    ]
    jets = [[nano_jet(random.exponential(30))] * int(random.integers(0, 3)) for _ in range(events)]
    branches: dict[str, Any] = {
        "luminosityBlock": random.integers(1, 5, events).astype(np.uint32),
        "event": np.arange(events, dtype=np.uint64) + 1000 * seed,
    }
    if simulation:
        branches["genWeight"] = random.choice([1.0, -1.0], events).astype(np.float32)
        branches["Pileup_nTrueInt"] = random.uniform(0, 49, events).astype(np.float32)
    return write_full_nanoaod(
        path,
        muons,
        jets=jets,
        fired={TRIGGER: [bool(index % 3) for index in range(events)]},
        branches=branches,
        clusters=4,
        sum_of_weights=float(events) if simulation else None,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dimuons")
    write_sample(folder / "one.root", seed=1)
    write_sample(folder / "two.root", seed=2)
    write_sample(folder / "mc.root", seed=3, simulation=True)
    write_corrections(folder / "sf")
    return folder


def process(folder: Path, out: Path, **options: Any) -> Run:
    processor = DimuonProcessor.from_parameters(
        preset="tight",
        cuts={"jets": True, "trigger": TRIGGER, "minimum": {"mu0_iso04": 0.1}},
        lumi_mask={"1": [[1, 3]]},
        corrections=folder / "sf" / "corrections.json",
        systematics=True,
        cross_sections={"mc": 2.0},
    )
    inputs = {
        "data": [str(folder / "one.root"), str(folder / "two.root")],
        "mc": str(folder / "mc.root"),
    }
    settings = {"executor": "iterative", "chunk_size": 50} | options
    return hepml.run(processor, inputs, out=out, **settings)


@pytest.fixture(scope="module")
def reference(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = process(folder, tmp_path_factory.mktemp("reference") / "run")
    assert run.report["planned"] == run.report["processed"] == 12
    assert len(run.features) > 50
    return run


def test_futures_give_the_same_bits(reference: Run, folder: Path, tmp_path: Path) -> None:
    run = process(folder, tmp_path / "run", executor="futures", workers=2)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


@pytest.mark.dask
@pytest.mark.parametrize("executor", ["dask", "dask-awkward"])
def test_dask_gives_the_same_bits(
    reference: Run, folder: Path, tmp_path: Path, scheduler: str, executor: str
) -> None:
    run = process(folder, tmp_path / "run", executor=executor, scheduler=scheduler)
    assert_same_bits(run, reference)
    assert_same_answer(run, reference)


def test_the_chunk_size_does_not_matter(reference: Run, folder: Path, tmp_path: Path) -> None:
    assert_same_answer(process(folder, tmp_path / "run", chunk_size=1000), reference)
