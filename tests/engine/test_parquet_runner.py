"""The same processor over imported Parquet with nothing but coffea."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from coffea.processor import IterativeExecutor, Runner

import hepml
from tests.engine.hits import Hits, HitsProcessor, write_hits


def test_coffeas_runner_gives_the_engines_answer(tmp_path: Path) -> None:
    files = [write_hits(tmp_path / f"{seed}.parquet", seed) for seed in (1, 2)]
    runner = Runner(
        IterativeExecutor(status=False), schema=Hits, format="parquet", chunksize=7,
        metadata_cache={},
    )  # fmt: skip
    fileset = {"x": {"files": {str(path): "" for path in files}, "metadata": {"kind": "data"}}}
    plain = runner(fileset, HitsProcessor())
    run = hepml.run(
        HitsProcessor(), {"x": [str(path) for path in files]}, out=tmp_path / "run",
        executor="iterative",
    )  # fmt: skip
    steps = {row["step"]: row for row in run.cutflow["x"]}
    for step, counts in plain["cutflow"]["x"].items():
        assert counts["raw"] == steps[step]["raw"]
        np.testing.assert_allclose(counts["weighted"], steps[step]["weighted"], rtol=1e-12)
    table = run.features.to_pandas().sort_values(["run", "event"])
    found = {name: column.value for name, column in plain["features"]["x"].items()}
    order = np.lexsort((found["event"], found["run"]))
    for name in ("run", "event", "lead_pt", "inside"):
        assert found[name][order].tolist() == table[name].tolist()
    ours = run.histograms["lead_pt"].values(flow=True)
    np.testing.assert_allclose(plain["histograms"]["lead_pt"].values(flow=True), ours, rtol=1e-12)
