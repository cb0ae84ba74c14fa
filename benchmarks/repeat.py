"""Write large files for the benchmarks by repeating a small one (needs ROOT, optional).

hepml itself never needs ROOT: only C++ can write the std::vector branches of ``mini`` files, and
only ROOT clusters its trees as the experiments' files are. Each copy of an event gets its own
number, so that no event key occurs twice. Install ROOT with the extra ``bench``.

    python benchmarks/repeat.py SAMPLE.root --events 2000000 --files 4 --out DIR
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
from pathlib import Path

__all__ = ["COMPRESSIONS", "repeat_file"]

# as ROOT counts: 100 times the algorithm plus the level
COMPRESSIONS = {"zlib": 101, "lzma": 209}
"""zlib as in reduced skims and the ATLAS Open Data; LZMA as in the NanoAOD of the experiment."""

# A loop over entries in Python takes minutes; compiled by ROOT it takes seconds.
_REPEAT = """
#include <TBranch.h>
#include <TFile.h>
#include <TLeaf.h>
#include <TTree.h>
#include <memory>
#include <stdexcept>

template <typename Number>
void hepml_repeat_numbered(TTree* tree, TTree* copy, const char* key, long long entries,
                           long long first_event) {
    Number event = 0;
    const bool numbered = tree->GetBranch(key);
    if (numbered) {
        tree->SetBranchAddress(key, &event);
        copy->SetBranchAddress(key, &event);
    }
    const long long size = tree->GetEntries();
    for (long long entry = 0; entry < entries; ++entry) {
        tree->GetEntry(entry % size);
        event = static_cast<Number>(first_event + entry);
        copy->Fill();
    }
}

void hepml_repeat(const char* source, const char* target, const char* name, const char* key,
                  long long entries, long long first_event, long long autoflush,
                  int compression) {
    std::unique_ptr<TFile> input(TFile::Open(source, "READ"));
    if (!input || input->IsZombie()) throw std::runtime_error("cannot open the sample");
    auto* tree = input->Get<TTree>(name);
    if (!tree) throw std::runtime_error("the sample has no such tree");
    std::unique_ptr<TFile> output(TFile::Open(target, "RECREATE", "", compression));
    TTree* copy = tree->CloneTree(0);
    copy->SetDirectory(output.get());
    for (auto* branch : TRangeDynCast<TBranch>(copy->GetListOfBranches()))
        branch->SetCompressionSettings(compression);  // a clone keeps the sample's
    if (autoflush) copy->SetAutoFlush(autoflush);
    auto* branch = tree->GetBranch(key);
    const bool wide = branch && branch->GetLeaf(key)->GetLenType() == 8;
    if (wide)
        hepml_repeat_numbered<unsigned long long>(tree, copy, key, entries, first_event);
    else
        hepml_repeat_numbered<int>(tree, copy, key, entries, first_event);
    output->Write();
}
"""


def repeat_file(
    sample: Path,
    out: Path,
    *,
    events: int,
    files: int,
    tree: str = "mini",
    key: str = "eventNumber",
    autoflush: int = 0,
    compression: str = "zlib",
) -> list[Path]:
    """Repeat a sample into several large files.

    Parameters
    ----------
    sample : Path
        ROOT file whose tree is repeated.
    out : Path
        Folder to write into; made where missing.
    events : int
        Number of events in all files together.
    files : int
        Number of files; the events are shared out evenly.
    tree : str
        Name of the tree.
    key : str
        Branch with the number of the event; a sample without it is repeated as it is.
    autoflush : int
        Entries per cluster; 0 leaves it to ROOT (about 30 MB compressed), as in real files.
    compression : {"zlib", "lzma"}
        See `COMPRESSIONS`.

    Returns
    -------
    list of Path
        The files written, named ``<stem of the sample>_<number>.root``.
    """
    import ROOT

    ROOT.gInterpreter.Declare(_REPEAT)
    out.mkdir(parents=True, exist_ok=True)
    edges = [events * index // files for index in range(files + 1)]
    written = []
    for index, (start, stop) in enumerate(itertools.pairwise(edges)):
        target = out / f"{sample.name.split('.')[0]}_{index}.root"
        place = (str(sample), str(target), tree, key)
        ROOT.hepml_repeat(*place, stop - start, start, autoflush, COMPRESSIONS[compression])
        written.append(target)
    return written


def main(arguments: list[str] | None = None) -> int:
    """Run the generator from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sample", type=Path, help="small ROOT file to repeat")
    parser.add_argument("--events", type=int, default=2_000_000, help="events in all files")
    parser.add_argument("--files", type=int, default=4, help="number of files")
    parser.add_argument("--tree", default="mini", help="name of the tree")
    parser.add_argument("--key", default="eventNumber", help="branch with the event's number")
    parser.add_argument("--autoflush", type=int, default=0, help="entries per cluster")
    parser.add_argument("--compression", choices=COMPRESSIONS, default="zlib")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    chosen = vars(parser.parse_args(arguments))
    if importlib.util.find_spec("ROOT") is None:
        print("ROOT is not installed: pip install 'hepml-columnar[bench]'", file=sys.stderr)
        return 2
    for path in repeat_file(chosen.pop("sample"), chosen.pop("out"), **chosen):
        print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
