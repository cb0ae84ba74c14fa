"""Compare the diphoton selection in hepml, plain uproot + awkward, coffea's Runner and RDataFrame.

The same files, the same selection (preset ``official``) and the same nine histograms.

    python benchmarks/diphoton.py --sample SAMPLE.root --data CACHE --out RESULT.json
"""

from __future__ import annotations

import sys

from session import Benchmark, run

DIPHOTON = Benchmark(
    channel="diphoton",
    sections=("vector-spectrum", "vector-table", "simulated-spectrum"),
    targeted=("vector-spectrum",),
    events=2_000_000,
    other_events=500_000,
    once=frozenset({"hepml-dask", "hepml-dask-awkward", "coffea", "rdf-strings-1", "rdf-typed-1"}),
    about=(__doc__ or "").splitlines()[0],
)

if __name__ == "__main__":
    sys.exit(run(DIPHOTON))
