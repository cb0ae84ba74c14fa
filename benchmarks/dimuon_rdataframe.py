"""The benchmark's analysis in ROOT's RDataFrame, twice: in strings from Python, and typed in C++.

``strings`` follows ROOT's own tutorial of this channel (df102): expressions in strings, compiled
by ROOT when the loop starts, and kept compiled for the next loop. ``typed`` is the fastest that
RDataFrame's ordinary interface can be made: functions with C++ types, everything about a pair in
one struct, logarithms in place of searches for bins. All actions are booked before the one loop.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from dimuon_definition import MUON_MASS, SIGNS, TREE, TRIGGER, WORKLOADS, Axis, Result

__all__ = ["STRINGS", "TYPED", "analyse_strings", "analyse_typed"]

_COMMON = f"""
#include <ROOT/RVec.hxx>
#include <algorithm>
#include <cmath>

namespace hepml_muons {{
constexpr double kMass = {MUON_MASS};

// Mass of two muons through half angles, so that nothing cancels.
inline double pair_mass(double pt1, double sinh1, double pt2, double sinh2, double delta_phi) {{
    const double mt1 = std::sqrt(pt1 * pt1 + kMass * kMass);
    const double mt2 = std::sqrt(pt2 * pt2 + kMass * kMass);
    const double angle = std::sin(0.5 * delta_phi);
    const double rapidity =
        std::sinh(0.5 * (std::asinh(pt1 * sinh1 / mt1) - std::asinh(pt2 * sinh2 / mt2)));
    const double offset =
        kMass * kMass * (pt1 * pt1 + pt2 * pt2 + kMass * kMass) / (mt1 * mt2 + pt1 * pt2);
    return std::sqrt(2 * kMass * kMass + 2 * offset +
                     4 * (mt1 * mt2 * rapidity * rapidity + pt1 * pt2 * angle * angle));
}}

inline double wrapped(double delta_phi) {{
    const double size = std::abs(delta_phi);
    return std::min(size, 2 * M_PI - size);
}}
}}  // namespace hepml_muons
"""

TYPED = (
    """
#pragma cling optimize(3)
#include <ROOT/RDataFrame.hxx>
#include <chrono>
#include <ctime>
#include <limits>
#include <string>
#include <vector>
"""
    + _COMMON
    + """
namespace hepml_typed {

using Floats = ROOT::RVec<float>;
using Ints = ROOT::RVec<int>;
using Flags = ROOT::RVec<bool>;

// Quantities in the order in which Python names them; logarithms where the axis is logarithmic.
struct Pair {
    std::size_t lead, trail;
    int sign, muons;
    double mass, log_mass, pt, eta, delta_r;
    float lead_pt, lead_eta, trail_pt, trail_eta;
};

struct Extra {
    float lead_ip3d, lead_jetiso, lead_iso04, trail_ip3d, trail_jetiso, trail_iso04;
};

struct Result {
    double seconds, loop_cpu;
    std::vector<double> cutflow;
    std::vector<std::vector<double>> histograms;
};

struct Model {
    std::string name, quantity;
    int bins;
    double low, high;
};

template <typename Good>
Pair make(const Floats& pt, const Floats& eta, const Floats& phi, const Ints& charge, Good good) {
    Pair p{};
    float highest = -std::numeric_limits<float>::infinity(), second = highest;
    for (std::size_t i = 0; i < pt.size(); ++i) {
        if (!good(i)) continue;
        ++p.muons;
        if (pt[i] > highest) {
            second = highest;
            p.trail = p.lead;
            highest = pt[i];
            p.lead = i;
        } else if (pt[i] > second) {
            second = pt[i];
            p.trail = i;
        }
    }
    const auto a = p.lead, b = p.trail;
    p.sign = charge[a] * charge[b];
    p.lead_pt = pt[a], p.lead_eta = eta[a], p.trail_pt = pt[b], p.trail_eta = eta[b];
    const double pt1 = pt[a], pt2 = pt[b], phi1 = phi[a], phi2 = phi[b];
    const double sinh1 = std::sinh(double(eta[a])), sinh2 = std::sinh(double(eta[b]));
    const double px = pt1 * std::cos(phi1) + pt2 * std::cos(phi2);
    const double py = pt1 * std::sin(phi1) + pt2 * std::sin(phi2);
    p.pt = std::sqrt(px * px + py * py);
    p.eta = std::asinh((pt1 * sinh1 + pt2 * sinh2) / std::max(p.pt, 1e-12));
    p.mass = hepml_muons::pair_mass(pt1, sinh1, pt2, sinh2, phi1 - phi2);
    p.log_mass = std::log(p.mass);
    const double rise = double(eta[a]) - double(eta[b]), turn = hepml_muons::wrapped(phi1 - phi2);
    p.delta_r = std::sqrt(rise * rise + turn * turn);
    return p;
}

inline bool valid(const Pair& p) { return std::isfinite(p.mass) && p.pt > 0; }

template <typename Node>
auto with_quantities(Node node) {
    return node
        .Define("log_dimuon_mass", [](const Pair& p) { return p.log_mass; }, {"pair"})
        .Define("dimuon_pt", [](const Pair& p) { return p.pt; }, {"pair"})
        .Define("dimuon_eta", [](const Pair& p) { return p.eta; }, {"pair"})
        .Define("delta_r", [](const Pair& p) { return p.delta_r; }, {"pair"})
        .Define("delta_pt",
                [](const Pair& p) { return double(p.lead_pt) - double(p.trail_pt); }, {"pair"})
        .Define("n_muons", [](const Pair& p) { return double(p.muons); }, {"pair"})
        .Define("lead_pt", [](const Pair& p) { return double(p.lead_pt); }, {"pair"})
        .Define("lead_eta", [](const Pair& p) { return double(p.lead_eta); }, {"pair"})
        .Define("trail_pt", [](const Pair& p) { return double(p.trail_pt); }, {"pair"})
        .Define("trail_eta", [](const Pair& p) { return double(p.trail_eta); }, {"pair"});
}

template <typename Count, typename Node>
auto with_extra(Node node) {
    return node
        .Define("log_lead_ip3d", [](const Extra& e) { return std::log(double(e.lead_ip3d)); },
                {"extra"})
        .Define("lead_jetiso", [](const Extra& e) { return double(e.lead_jetiso); }, {"extra"})
        .Define("lead_iso04", [](const Extra& e) { return double(e.lead_iso04); }, {"extra"})
        .Define("log_trail_ip3d", [](const Extra& e) { return std::log(double(e.trail_ip3d)); },
                {"extra"})
        .Define("trail_jetiso", [](const Extra& e) { return double(e.trail_jetiso); }, {"extra"})
        .Define("trail_iso04", [](const Extra& e) { return double(e.trail_iso04); }, {"extra"})
        .Define("n_jets", [](Count jets) { return double(jets); }, {"nJet"});
}

using Booked = std::vector<ROOT::RDF::RResultPtr<TH1D>>;

template <typename Node>
void book(Node node, const std::vector<Model>& models, Booked& booked) {
    for (const auto& m : models)
        booked.push_back(node.template Histo1D<double>(
            {m.name.c_str(), "", m.bins, m.low, m.high}, m.quantity));
}

template <typename Final>
Result finish(ROOT::RDF::RResultPtr<ULong64_t> all, Final node,
              ROOT::RDF::RResultPtr<ULong64_t> opposite,
              ROOT::RDF::RResultPtr<ULong64_t> alone, const Booked& booked) {
    auto report = node.Report();
    const auto began = std::chrono::steady_clock::now();
    const auto before = std::clock();  // of all threads
    Result result;
    result.cutflow.push_back(double(*all));
    result.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    result.loop_cpu = double(std::clock() - before) / CLOCKS_PER_SEC;
    for (const auto& cut : *report) result.cutflow.push_back(double(cut.GetPass()));
    result.cutflow.push_back(double(*opposite));
    if (alone) result.cutflow.push_back(double(*alone));
    for (auto one : booked) {
        auto& contents = result.histograms.emplace_back();
        for (int bin = 0; bin <= one->GetNbinsX() + 1; ++bin)
            contents.push_back(one->GetBinContent(bin));
    }
    return result;
}

template <typename Count>
Result inclusive(const std::vector<std::string>& files, const std::vector<Model>& models) {
    ROOT::RDataFrame frame("Events", files);
    auto all = frame.Count();
    auto make_any = [](const Floats& pt, const Floats& eta, const Floats& phi, const Ints& charge) {
        return make(pt, eta, phi, charge, [](std::size_t) { return true; });
    };
    auto selected = with_quantities(
        frame.Filter([](Count muons) { return muons >= 2; }, {"nMuon"}, "at least two muons")
            .Define("pair", make_any, {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge"})
            .Filter(valid, {"pair"}, "valid pair")
            .Filter([](const Pair& p) { return p.lead_pt >= 0 && p.trail_pt >= 0; }, {"pair"},
                    "muon pT"));
    auto os = selected.Filter([](const Pair& p) { return p.sign < 0; }, {"pair"});
    auto ss = selected.Filter([](const Pair& p) { return p.sign > 0; }, {"pair"});
    auto alone = os.Filter([](const Pair& p) { return p.muons == 2; }, {"pair"}).Count();
    Booked booked;
    book(os, models, booked);
    book(ss, models, booked);
    return finish(all, selected, os.Count(), alone, booked);
}

template <typename Count>
Result unisolated(const std::vector<std::string>& files, const std::vector<Model>& models,
                  const std::string& trigger) {
    ROOT::RDataFrame frame("Events", files);
    auto all = frame.Count();
    auto enough = [](const Flags& tight) {
        int count = 0;
        for (const bool one : tight) count += one;
        return count >= 2;
    };
    auto make_tight = [](const Floats& pt, const Floats& eta, const Floats& phi,
                         const Ints& charge, const Flags& tight) {
        return make(pt, eta, phi, charge, [&](std::size_t i) { return tight[i]; });
    };
    auto extra = [](const Pair& p, const Floats& ip3d, const Floats& jetiso, const Floats& iso) {
        return Extra{ip3d[p.lead],  jetiso[p.lead],  iso[p.lead],
                     ip3d[p.trail], jetiso[p.trail], iso[p.trail]};
    };
    auto selected = with_extra<Count>(with_quantities(
        frame.Filter([](bool fired) { return fired; }, {trigger}, "trigger")
            .Filter(enough, {"Muon_tightId"}, "at least two tight muons")
            .Define("pair", make_tight,
                    {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_charge", "Muon_tightId"})
            .Filter(valid, {"pair"}, "valid pair")
            .Filter([](const Pair& p) { return p.lead_pt >= 17 && p.trail_pt >= 8; }, {"pair"},
                    "muon pT")
            .Define("extra", extra,
                    {"pair", "Muon_ip3d", "Muon_jetRelIso", "Muon_pfRelIso04_all"})
            .Filter([](const Extra& e) { return double(e.lead_iso04) >= 0.55; }, {"extra"},
                    "lead isolation")
            .Filter([](const Extra& e) { return double(e.trail_iso04) >= 0.55; }, {"extra"},
                    "trail isolation")
            .Filter([](const Pair& p) { return p.mass >= 5 && p.mass <= 16; }, {"pair"},
                    "mass window")));
    auto os = selected.Filter([](const Pair& p) { return p.sign < 0; }, {"pair"});
    auto ss = selected.Filter([](const Pair& p) { return p.sign > 0; }, {"pair"});
    Booked booked;
    book(os, models, booked);
    book(ss, models, booked);
    return finish(all, selected, os.Count(), {}, booked);
}

}  // namespace hepml_typed
"""
)

STRINGS = (
    _COMMON
    + """
namespace hepml_strings {
using Doubles = ROOT::RVec<double>;
inline double mass(const Doubles& pt, const Doubles& eta, const Doubles& phi) {
    return hepml_muons::pair_mass(pt[0], std::sinh(eta[0]), pt[1], std::sinh(eta[1]),
                                  phi[0] - phi[1]);
}
}  // namespace hepml_strings
"""
)
_VALUES = {
    "charge_product": "charge[0] * charge[1]",
    "dimuon_mass": "hepml_strings::mass(pt, eta, phi)",
    "px": "Sum(pt * cos(phi))",
    "py": "Sum(pt * sin(phi))",
    "pz": "Sum(pt * sinh(eta))",
    "dimuon_pt": "std::hypot(px, py)",
    "dimuon_eta": "std::asinh(pz / std::max(dimuon_pt, 1e-12))",
    "delta_r": "std::hypot(eta[0] - eta[1], hepml_muons::wrapped(phi[0] - phi[1]))",
    "delta_pt": "pt[0] - pt[1]",
    "lead_pt": "pt[0]",
    "lead_eta": "eta[0]",
    "trail_pt": "pt[1]",
    "trail_eta": "eta[1]",
}
_EXTRA = {"ip3d": "Muon_ip3d", "jetiso": "Muon_jetRelIso", "iso04": "Muon_pfRelIso04_all"}


def analyse_typed(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the typed analysis; its event loop is timed in C++."""
    work = WORKLOADS[workload]
    models = root.std.vector["hepml_typed::Model"]()
    for name, axis in work.histograms.items():
        edges = (np.log(axis.low), np.log(axis.high)) if axis.log else (axis.low, axis.high)
        column = f"log_{name}" if axis.log else name
        models.push_back(root.hepml_typed.Model(name, column, axis.bins, *map(float, edges)))
    names = root.std.vector["std::string"](list(files))
    frame = root.RDataFrame(TREE, files[0])
    # only the variant that is needed is compiled
    counts = "int" if frame.GetColumnType("nMuon") in ("Int_t", "int") else "unsigned int"
    if work.extra:
        result = root.hepml_typed.unisolated[counts](names, models, TRIGGER)
    else:
        result = root.hepml_typed.inclusive[counts](names, models)
    labels = [f"{name}_{sign}" for sign in SIGNS for name in work.histograms]
    return {
        "seconds": float(result.seconds),
        "loop_cpu": float(result.loop_cpu),
        "cutflow": [int(count) for count in result.cutflow],
        "histograms": {
            label: list(contents) for label, contents in zip(labels, result.histograms, strict=True)
        },
    }


def analyse_strings(root: Any, files: Sequence[str], workload: str) -> Result:
    """Run the analysis in strings; ``seconds`` holds compilation only in a process's first loop."""
    work = WORKLOADS[workload]
    frame = root.RDataFrame(TREE, list(files))
    everything = frame.Count()
    selected = _selected(frame, bool(work.extra))
    signs = {sign: selected.Filter(f"charge_product == {p}") for sign, p in SIGNS.items()}
    after = [signs["os"].Count()]
    if not work.extra:
        after.append(signs["os"].Filter("n_muons == 2").Count())
    report = selected.Report()
    booked = {
        f"{name}_{sign}": node.Histo1D((name, "", *_bins(axis)), name)
        for sign, node in signs.items()
        for name, axis in work.histograms.items()
    }
    began, before = time.perf_counter(), time.process_time()
    cutflow = [int(everything.GetValue())]
    seconds, cpu = time.perf_counter() - began, time.process_time() - before
    cutflow += [int(cut.GetPass()) for cut in report.GetValue()]
    return {
        "seconds": seconds,
        "loop_cpu": cpu,
        "cutflow": cutflow + [int(count.GetValue()) for count in after],
        "histograms": {
            name: [one.GetBinContent(index) for index in range(one.GetNbinsX() + 2)]
            for name, one in booked.items()
        },
    }


def _selected(frame: Any, extra: bool) -> Any:
    """Events that pass every step, with their quantities defined."""
    if extra:
        node = (
            frame.Filter(TRIGGER, "trigger")
            .Define("n_muons", "Sum(Muon_tightId)")
            .Filter("n_muons >= 2", "at least two tight muons")
            .Define("good", "Muon_tightId")
        )
    else:
        node = (
            frame.Define("n_muons", "nMuon")
            .Filter("n_muons >= 2", "at least two muons")
            .Define("good", "Muon_pt == Muon_pt")
        )
    node = node.Define("best", "Take(Reverse(Argsort(Muon_pt[good])), 2)")
    for name in ("pt", "eta", "phi"):
        node = node.Define(name, f"ROOT::RVec<double>(Take(Muon_{name}[good], best))")
    node = node.Define("charge", "Take(Muon_charge[good], best)")
    for name, expression in _VALUES.items():
        node = node.Define(name, expression)
    node = node.Filter("std::isfinite(dimuon_mass) && dimuon_pt > 0", "valid pair")
    if not extra:
        return node.Filter("lead_pt >= 0 && trail_pt >= 0", "muon pT")
    node = node.Filter("lead_pt >= 17 && trail_pt >= 8", "muon pT")
    for name, branch in _EXTRA.items():
        node = node.Define(name, f"ROOT::RVec<double>(Take({branch}[good], best))")
        node = node.Define(f"lead_{name}", f"{name}[0]").Define(f"trail_{name}", f"{name}[1]")
    return (
        node.Filter("lead_iso04 >= 0.55", "lead isolation")
        .Filter("trail_iso04 >= 0.55", "trail isolation")
        .Filter("dimuon_mass >= 5 && dimuon_mass <= 16", "mass window")
        .Define("n_jets", "nJet")
    )


def _bins(axis: Axis) -> tuple[Any, ...]:
    if axis.log:
        return axis.bins, np.geomspace(axis.low, axis.high, axis.bins + 1)
    return axis.bins, axis.low, axis.high
