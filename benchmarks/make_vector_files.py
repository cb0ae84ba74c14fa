"""Write large ``mini`` files with std::vector branches for the benchmarks (needs ROOT, optional).

hepml itself never needs ROOT: only C++ can write the std::vector branches of the experiment's
files, so this generator repeats a small ROOT-written sample until it is large. Each copy gets
its own ``eventNumber``, so that no event key occurs twice. Install ROOT with the extra ``bench``.

    python benchmarks/make_vector_files.py SAMPLE.root --events 2000000 --files 4 --out DIR
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import sys
from pathlib import Path

# A loop over entries in Python takes minutes; compiled by ROOT it takes seconds.
_REPEAT = """
#include <TFile.h>
#include <TTree.h>
#include <memory>
#include <stdexcept>

void hepml_repeat(const char* source, const char* target, const char* name,
                  long long entries, long long first_event, long long autoflush) {
    std::unique_ptr<TFile> input(TFile::Open(source, "READ"));
    if (!input || input->IsZombie()) throw std::runtime_error("cannot open the sample");
    auto* tree = input->Get<TTree>(name);
    if (!tree) throw std::runtime_error("the sample has no such tree");
    std::unique_ptr<TFile> output(TFile::Open(target, "RECREATE", "", 101));
    TTree* copy = tree->CloneTree(0);
    copy->SetDirectory(output.get());
    if (autoflush) copy->SetAutoFlush(autoflush);
    int event = 0;
    tree->SetBranchAddress("eventNumber", &event);
    copy->SetBranchAddress("eventNumber", &event);
    const long long size = tree->GetEntries();
    for (long long entry = 0; entry < entries; ++entry) {
        tree->GetEntry(entry % size);
        event = static_cast<int>(first_event + entry);
        copy->Fill();
    }
    output->Write();
}
"""


def make_files(
    sample: Path, out: Path, *, events: int, files: int, tree: str = "mini", autoflush: int = 0
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
    autoflush : int
        Entries per cluster; 0 leaves it to ROOT (about 30 MB compressed), as in real files.

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
        ROOT.hepml_repeat(str(sample), str(target), tree, stop - start, start, autoflush)
        written.append(target)
    return written


def main(arguments: list[str] | None = None) -> int:
    """Run the generator from the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sample", type=Path, help="small ROOT-written file to repeat")
    parser.add_argument("--events", type=int, default=2_000_000, help="events in all files")
    parser.add_argument("--files", type=int, default=4, help="number of files")
    parser.add_argument("--tree", default="mini", help="name of the tree")
    parser.add_argument("--autoflush", type=int, default=0, help="entries per cluster")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    chosen = parser.parse_args(arguments)
    if importlib.util.find_spec("ROOT") is None:
        print("ROOT is not installed: pip install 'hepml-columnar[bench]'", file=sys.stderr)
        return 2
    for path in make_files(
        chosen.sample,
        chosen.out,
        events=chosen.events,
        files=chosen.files,
        tree=chosen.tree,
        autoflush=chosen.autoflush,
    ):
        print(f"{path}  {path.stat().st_size / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
