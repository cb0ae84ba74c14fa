"""The C++ of the dimuon benchmark's analyses in RDataFrame, compiled by ROOT at run time."""

from __future__ import annotations

from dimuon_definition import MUON_MASS

__all__ = ["STRINGS", "TYPED"]

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
