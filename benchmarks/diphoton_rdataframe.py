"""The benchmark's analysis in ROOT's RDataFrame, twice: in strings from Python, and typed in C++.

``strings`` follows ROOT's own tutorial of this channel (df104): expressions in strings, compiled
by ROOT when the loop starts, and kept compiled for the next loop. ``typed`` is the fastest that
RDataFrame can be made: lambdas with C++ types, one pass over the photons, no expression in text.
All actions are booked before the one event loop in both.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from diphoton_definition import HISTOGRAMS, Result

__all__ = ["STRINGS", "TYPED", "analyse_strings", "analyse_typed"]

TYPED = """
#pragma cling optimize(3)
#include <ROOT/RDataFrame.hxx>
#include <ROOT/RVec.hxx>
#include <chrono>
#include <ctime>
#include <cmath>

namespace hepml_benchmark {

using Floats = ROOT::RVec<float>;
using Flags = ROOT::RVec<bool>;

struct Pair {
    float lead_pt, sublead_pt, lead_eta, sublead_eta;
    bool isolated;
    double mass;
};

struct Result {
    double seconds, loop_cpu;
    std::vector<double> cutflow;
    std::vector<std::vector<double>> histograms;
};

struct Model {
    std::string name;
    int bins;
    double low, high;
};

inline bool good(bool tight, float pt, float eta) {
    const float size = std::abs(eta);
    return tight && pt / 1000.f > 25.f && (size < 1.37f || (size > 1.52f && size < 2.37f));
}

inline bool two_good(const Flags& tight, const Floats& pt, const Floats& eta) {
    int count = 0;
    for (std::size_t i = 0; i < pt.size(); ++i) count += good(tight[i], pt[i], eta[i]);
    return count == 2;
}

inline Pair make_pair(const Flags& tight, const Floats& pt, const Floats& eta, const Floats& phi,
                      const Floats& track, const Floats& calo) {
    std::size_t found[2] = {0, 0};
    int count = 0;
    for (std::size_t i = 0; i < pt.size() && count < 2; ++i)
        if (good(tight[i], pt[i], eta[i])) found[count++] = i;
    if (pt[found[1]] > pt[found[0]]) std::swap(found[0], found[1]);
    const auto [a, b] = found;
    const float pt1 = pt[a] / 1000.f, pt2 = pt[b] / 1000.f;
    const double rapidity = std::sinh(0.5 * (double(eta[a]) - double(eta[b])));
    const double azimuth = std::sin(0.5 * (double(phi[a]) - double(phi[b])));
    const double square = rapidity * rapidity + azimuth * azimuth;
    const auto isolated = [&](std::size_t i, float momentum) {
        return track[i] / 1000.f < 0.065f * momentum && calo[i] / 1000.f < 0.065f * momentum;
    };
    return {pt1, pt2, eta[a], eta[b], isolated(a, pt1) && isolated(b, pt2),
            2 * std::sqrt(double(pt1) * double(pt2) * square)};
}

template <typename Count>
Result run(const std::vector<std::string>& files, const std::vector<Model>& models) {
    ROOT::RDataFrame frame("mini", files);
    auto all = frame.Count();
    const std::vector<std::string> photons = {"photon_isTightID", "photon_pt", "photon_eta"};
    auto selected =
        frame.Filter([](bool fired) { return fired; }, {"trigP"}, "trigger")
            .Filter(two_good, photons, "two good photons")
            .Define("pair", make_pair,
                    {"photon_isTightID", "photon_pt", "photon_eta", "photon_phi",
                     "photon_ptcone30", "photon_etcone20"})
            .Filter([](const Pair& p) { return p.lead_pt > 25.f && p.sublead_pt > 25.f; },
                    {"pair"}, "photon pT")
            .Filter([](const Pair& p) { return p.isolated; }, {"pair"}, "isolation")
            .Filter([](const Pair& p) {
                return p.lead_pt > 0.35 * p.mass && p.sublead_pt > 0.25 * p.mass; },
                    {"pair"}, "pT/m")
            .Filter([](const Pair& p) { return p.mass > 105 && p.mass < 160; }, {"pair"},
                    "mass window")
            .Define("weight", [] { return 1.0; })
            .Define("v0", [](const Pair& p) { return p.mass; }, {"pair"})
            .Define("v1", [](const Pair& p) { return double(p.lead_pt); }, {"pair"})
            .Define("v2", [](const Pair& p) { return double(p.sublead_pt); }, {"pair"})
            .Define("v3", [](const Pair& p) { return p.lead_pt / p.mass; }, {"pair"})
            .Define("v4", [](const Pair& p) { return p.sublead_pt / p.mass; }, {"pair"})
            .Define("v5", [](const Pair& p) { return double(p.lead_eta); }, {"pair"})
            .Define("v6", [](const Pair& p) { return double(p.sublead_eta); }, {"pair"})
            .Define("v7", [](Count jets) { return double(jets); }, {"jet_n"})
            .Define("v8", [](float met) { return double(met / 1000.f); }, {"met_et"});
    auto report = selected.Report();
    std::vector<ROOT::RDF::RResultPtr<TH1D>> booked;
    for (std::size_t i = 0; i < models.size(); ++i) {
        const auto& m = models[i];
        booked.push_back(selected.template Histo1D<double, double>(
            {m.name.c_str(), "", m.bins, m.low, m.high}, "v" + std::to_string(i), "weight"));
    }
    const auto began = std::chrono::steady_clock::now();
    const auto before = std::clock();  // of all threads
    Result result;
    result.cutflow.push_back(double(*all));
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    result.loop_cpu = double(std::clock() - before) / CLOCKS_PER_SEC;
    for (const auto& cut : *report) result.cutflow.push_back(double(cut.GetPass()));
    for (auto& one : booked) {
        auto& contents = result.histograms.emplace_back();
        for (int bin = 0; bin <= one->GetNbinsX() + 1; ++bin)
            contents.push_back(one->GetBinContent(bin));
    }
    return result;
}

Result analyse(const std::vector<std::string>& files, const std::vector<Model>& models) {
    const auto type = ROOT::RDataFrame("mini", files.at(0)).GetColumnType("jet_n");
    if (type == "Int_t" || type == "int") return run<int>(files, models);
    return run<unsigned int>(files, models);
}

}  // namespace hepml_benchmark
"""


STRINGS = """
#include <ROOT/RVec.hxx>
#include <cmath>

namespace hepml_strings {
double mass(const ROOT::RVec<float>& pt, const ROOT::RVec<float>& eta,
            const ROOT::RVec<float>& phi) {
    const double rapidity = std::sinh(0.5 * (double(eta[0]) - double(eta[1])));
    const double azimuth = std::sin(0.5 * (double(phi[0]) - double(phi[1])));
    return 2 * std::sqrt(double(pt[0]) * double(pt[1]) *
                         (rapidity * rapidity + azimuth * azimuth));
}
}  // namespace hepml_strings
"""
_GOOD = (
    "photon_isTightID && photon_pt / 1000.f > 25.f && (abs(photon_eta) < 1.37f ||"
    " (abs(photon_eta) > 1.52f && abs(photon_eta) < 2.37f))"
)
_ISOLATED = " && ".join(
    f"All(photon_{cone}[good] / 1000.f < 0.065f * (photon_pt[good] / 1000.f))"
    for cone in ("ptcone30", "etcone20")
)
_VALUES = {
    "lead_pt": "pt[0]",
    "sublead_pt": "pt[1]",
    "lead_pt_over_mass": "pt[0] / diphoton_mass",
    "sublead_pt_over_mass": "pt[1] / diphoton_mass",
    "lead_eta": "eta[0]",
    "sublead_eta": "eta[1]",
    "n_jets": "jet_n",
    "met": "met_et / 1000.f",
}


def analyse_typed(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the typed analysis; its event loop is timed in C++."""
    models = root.std.vector["hepml_benchmark::Model"]()
    for name, binning in HISTOGRAMS.items():
        models.push_back(root.hepml_benchmark.Model(name, *binning))
    names = root.std.vector["std::string"](list(files))
    result = root.hepml_benchmark.analyse(names, models)
    return {
        "seconds": float(result.seconds),
        "loop_cpu": float(result.loop_cpu),
        "cutflow": [int(count) for count in result.cutflow],
        "histograms": {
            name: list(contents)
            for name, contents in zip(HISTOGRAMS, result.histograms, strict=True)
        },
    }


def analyse_strings(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the analysis in strings; ``seconds`` holds compilation only in a process's first loop."""
    frame = root.RDataFrame("mini", list(files))
    everything = frame.Count()
    selected = (
        frame.Filter("trigP", "trigger")
        .Define("good", _GOOD)
        .Filter("Sum(good) == 2", "two good photons")
        .Define("order", "Reverse(Argsort(photon_pt[good]))")
        .Define("pt", "Take(photon_pt[good] / 1000.f, order)")
        .Define("eta", "Take(photon_eta[good], order)")
        .Define("phi", "Take(photon_phi[good], order)")
        .Filter("All(pt > 25.f)", "photon pT")
        .Filter(_ISOLATED, "isolation")
        .Define("diphoton_mass", "hepml_strings::mass(pt, eta, phi)")
        .Filter("pt[0] > 0.35 * diphoton_mass && pt[1] > 0.25 * diphoton_mass", "pT/m")
        .Filter("diphoton_mass > 105 && diphoton_mass < 160", "mass window")
        .Define("weight", "1.0")
    )
    for name, expression in _VALUES.items():
        selected = selected.Define(name, expression)
    report = selected.Report()
    booked = {
        name: selected.Histo1D((name, "", *binning), name, "weight")
        for name, binning in HISTOGRAMS.items()
    }
    began, before = time.perf_counter(), time.process_time()
    cutflow = [int(everything.GetValue())]
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    return {
        "seconds": seconds,
        "loop_cpu": cpu,
        "cutflow": cutflow + [int(cut.GetPass()) for cut in report.GetValue()],
        "histograms": {
            name: [one.GetBinContent(index) for index in range(one.GetNbinsX() + 2)]
            for name, one in booked.items()
        },
    }
