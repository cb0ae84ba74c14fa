"""Make the files that the benchmarks read: ``mini`` files of two layouts, or NanoAOD.

A script of its own, because a process that has imported ROOT or numpy would raise the memory
figures of the processes it starts.

    python benchmarks/inputs.py vector --events 2000000 --files 4 --sample S.root --out DIR
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import uuid
from pathlib import Path

__all__ = ["make_nano", "make_simulated", "make_vector"]

_UUID_AT = 47  # in the header of a TFile below 2 GB, behind the version of its TUUID
_SEED = 20
_DRAWN = 200_000  # distinct events


def make_vector(sample: Path | None, out: Path, events: int, files: int) -> None:
    """Repeat a sample with std::vector branches; in large files with ROOT, as copies without."""
    if sample is None or not sample.exists():
        raise SystemExit("Files with std::vector branches need --sample, a small file to repeat.")
    if importlib.util.find_spec("ROOT") is not None:
        from repeat import repeat_file

        repeat_file(sample, out, events=events, files=files)
        return
    import uproot

    with uproot.open({str(sample): "mini"}) as tree:
        entries = int(tree.num_entries)
    print("ROOT is not installed: many small copies of the sample stand in for large files")
    for number in range(max(1, round(events / entries))):
        copy = out / f"data_{number:05d}.root"
        shutil.copyfile(sample, copy)
        copy.chmod(0o644)
        # a copy with the same uuid is the same file, which hepml refuses to count twice
        with copy.open("r+b") as handle:
            handle.seek(_UUID_AT)
            handle.write(uuid.uuid4().bytes)


def make_simulated(out: Path, events: int) -> None:
    """Simulate data files with counter branches, as ``hepml simulate diphoton`` writes them."""
    from hepml.simulate.diphoton import simulate

    simulate(out, events, _SEED, simulated=1, periods="CD" if events > 100_000 else "D")
    for path in out.glob("mc_*.root"):
        path.unlink()


def make_nano(sample: Path | None, out: Path, events: int, files: int, compression: str) -> None:
    """Repeat a NanoAOD file, or drawn events; without ROOT drawn events in files by uproot."""
    import numpy as np
    import uproot
    from nanoaod import draw_events, write_events

    if importlib.util.find_spec("ROOT") is not None:
        from repeat import repeat_file

        drawn = out / "drawn.root"
        if sample is None:
            write_events(drawn, draw_events(min(events, _DRAWN), _SEED))
        options = {"tree": "Events", "key": "event", "compression": compression}
        repeat_file(sample or drawn, out, events=events, files=files, **options)
        drawn.unlink(missing_ok=True)
        return
    if sample is not None:
        raise SystemExit("Without ROOT no sample can be repeated: leave --sample out.")
    codec = uproot.LZMA(9) if compression == "lzma" else uproot.ZLIB(1)
    for number in range(files):
        columns = draw_events(events // files, _SEED + number)
        columns["event"] += np.uint64(number * events)
        write_events(out / f"drawn_{number}.root", columns, codec)


def main() -> None:
    """Make one set of files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("layout", choices=("vector", "simulated", "zlib", "lzma"))
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--sample", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    # whole or absent: an interrupted set must not be taken for a finished one
    scratch = given.out.with_name(f".{given.out.name}")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    if given.layout == "vector":
        make_vector(given.sample, scratch, given.events, given.files)
    elif given.layout == "simulated":
        make_simulated(scratch, given.events)
    else:
        make_nano(given.sample, scratch, given.events, given.files, given.layout)
    scratch.rename(given.out)


if __name__ == "__main__":
    main()
