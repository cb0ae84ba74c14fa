"""hepml's selections are functions on arrays: no file, no run directory, no framework."""

import awkward as ak

from processors.dimuon import DimuonCuts, select_muon_pairs
from processors.objects import invariant_mass, leading_pair, opposite_sign

muons = ak.Array(
    {
        "pt": [[46.0, 45.0], [30.0], [12.0, 55.0, 38.0], []],  # GeV
        "eta": [[0.1, -0.2], [1.0], [2.0, 0.5, 0.7], []],
        "phi": [[0.0, 3.1], [1.0], [0.3, -1.0, 2.0], []],
        "charge": [[1, -1], [1], [1, -1, 1], []],
    }
)

# a whole selection, with cuts of your own
pairs = select_muon_pairs(
    muons, DimuonCuts(lead_pt=25, trail_pt=15, window_low=60, window_high=120)
)
print("selected", pairs.passing(ak.local_index(muons.pt, axis=0)), pairs.features["dimuon_mass"])

# or its parts
found = leading_pair(muons, good=muons.pt > 20)
lead, trail = found[found.counts >= 2]
print("by hand ", opposite_sign(lead, trail), invariant_mass(lead, trail, mass=0.10566))
