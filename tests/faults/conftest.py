"""The undisturbed run that every disturbed one is compared with."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import hepml
from tests.faults.scenes import process


@dataclass(frozen=True)
class Plain:
    """An undisturbed run, its files, and how long it took [s]."""

    run: hepml.Run
    files: list[Path]
    seconds: float


@pytest.fixture(scope="session")
def plain(cluster_files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Plain:
    """Run over the four files of the session, with nothing in the way."""
    folder = tmp_path_factory.mktemp("plain")
    process(cluster_files[:1], folder / "warm")
    began = time.perf_counter()
    run = process(cluster_files, folder / "run")
    assert run.complete
    return Plain(run, cluster_files, time.perf_counter() - began)
