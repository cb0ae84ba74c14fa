"""Input files of several clusters, damaged copies, and comparisons of run directories."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from hepml.engine import Run
from hepml.engine.store import Layout


def damage_baskets(path: Path, branch: str = "photon_pt", first: int = 0) -> Path:
    """Overwrite the compressed baskets of one branch; the file still opens."""
    with uproot.open(path) as file:
        found = file["mini"][branch]
        places = [found.basket_key(number) for number in range(first, found.num_baskets)]
        spans = [(key.data_cursor.index, key.data_compressed_bytes) for key in places]
    with path.open("r+b") as handle:
        for begin, size in spans:
            handle.seek(begin)
            handle.write(b"\xa5" * size)
    return path


def truncate(path: Path, size: int) -> Path:
    """Cut a file off."""
    with path.open("r+b") as handle:
        handle.truncate(size)
    return path


def contents(run: Run) -> dict[str, Any]:
    """What must not depend on how a run was made: counts, table sorted by key, sums."""
    table = run.features.to_pandas().sort_values(["run", "event"]).reset_index(drop=True)
    return {
        "raw": {
            name: [(row["step"], row["raw"]) for row in rows] for name, rows in run.cutflow.items()
        },
        "weighted": {name: [row["weighted"] for row in rows] for name, rows in run.cutflow.items()},
        "table": table,
        "histograms": run.histograms,
    }


def assert_same_answer(one: Run, other: Run) -> None:
    """Counts and sorted tables are identical, float sums agree to 1e-9."""
    ours, theirs = contents(one), contents(other)
    assert ours["raw"] == theirs["raw"]
    for name, sums in ours["weighted"].items():
        np.testing.assert_allclose(sums, theirs["weighted"][name], rtol=1e-9, atol=0)
    assert ours["table"].equals(theirs["table"])
    assert list(ours["histograms"]) == list(theirs["histograms"])
    for name, histogram in ours["histograms"].items():
        assert histogram.axes == theirs["histograms"][name].axes
        for part in ("value", "variance"):
            np.testing.assert_allclose(
                histogram.view(flow=True)[part],
                theirs["histograms"][name].view(flow=True)[part],
                rtol=1e-9,
                atol=1e-12,
            )


def assert_same_bits(one: Run, other: Run) -> None:
    """The saved histograms and cutflows are the same bytes."""
    for name in ("histograms", "cutflow"):
        assert getattr(one.layout, name).read_bytes() == getattr(other.layout, name).read_bytes()


def checkpoint_times(path: Path) -> dict[str, int]:
    """Name and modification time [ns] of every checkpoint."""
    return {item.name: item.stat().st_mtime_ns for item in Layout(path).checkpoints.iterdir()}


def leftovers(path: Path) -> list[Path]:
    """Temporary files that nobody renamed."""
    return sorted(path.rglob("*.tmp"))


def report_of(path: Path) -> dict[str, Any]:
    """Read ``report.json``."""
    return dict(json.loads((path / "report.json").read_text()))


def copy_files(files: list[Path], folder: Path) -> list[Path]:
    """Copy input files, so that a test may damage them."""
    folder.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copy2(file, folder / file.name)) for file in files]
