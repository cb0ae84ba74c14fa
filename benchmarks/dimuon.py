"""Compare the dimuon selection in hepml, plain uproot + awkward, coffea's Runner and RDataFrame.

The same NanoAOD-like files, compressed with zlib and with LZMA; the presets ``inclusive`` (five
branches) and ``upsilon-unisolated`` (eleven) with all of their histograms by sign, no table.

    python benchmarks/dimuon.py --data CACHE --out RESULT.json
"""

from __future__ import annotations

import sys

from session import Benchmark, run

DIMUON = Benchmark(
    channel="dimuon",
    sections=("zlib-inclusive", "zlib-unisolated", "lzma-inclusive", "lzma-unisolated"),
    targeted=("zlib-inclusive", "zlib-unisolated", "lzma-inclusive", "lzma-unisolated"),
    events=4_000_000,
    other_events=1_000_000,
    once=frozenset({"hepml-dask", "hepml-dask-awkward", "coffea", "uproot"}),
    about=(__doc__ or "").splitlines()[0],
)

if __name__ == "__main__":
    sys.exit(run(DIMUON))
