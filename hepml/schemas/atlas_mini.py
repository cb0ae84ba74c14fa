"""ATLAS 13 TeV Open Data: tree `mini` (2020, MeV) and its successor `analysis` (2025, GeV)."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import awkward as ak
from coffea.nanoevents import transforms
from coffea.nanoevents.methods import base, vector
from coffea.nanoevents.schemas.base import BaseSchema, zip_forms
from vector.backends.awkward import AzimuthalAwkwardRhoPhi, TemporalAwkwardT

__all__ = ["COLLECTIONS", "AtlasOpenData"]

# Collections of both releases; the 2025 one spells largeRjet with a capital J.
COLLECTIONS = ("photon", "lep", "jet", "tau", "largeRjet")
_PREFIXES = {name: name for name in COLLECTIONS} | {"largeRJet": "largeRjet"}

# Quantities that the 2020 release stores in MeV. They are kept under a name that says so, and the
# behaviours below hand them out in GeV: reading the wrong unit by mistake is impossible.
_ENERGIES = ("pt", "E", "ptcone30", "etcone20", "pt_syst", "stored_mass")
_MEV = 1000

behavior: dict[Any, Any] = {**base.behavior, **vector.behavior}


def _gev(array: Any, name: str) -> Any:
    """Give a field in GeV; division, because 25000 MeV must become exactly 25 GeV in float32."""
    return array[f"{name}_mev"] / _MEV


class _Reconstructed:
    """What objects of both releases have: direct angles, and variations by the shifts of pT."""

    @property
    def eta(self) -> Any:
        """Pseudorapidity as stored; ``vector``'s own property would read pT on the way."""
        return self["eta"]  # type: ignore[index]

    @property
    def phi(self) -> Any:
        """Azimuth as stored [rad]."""
        return self["phi"]  # type: ignore[index]

    @property
    def pt_up(self) -> Any:
        """The collection with pT raised by its one-sigma shift, energy scaled alike."""
        return _shift(self, +1)

    @property
    def pt_down(self) -> Any:
        """The collection with pT lowered by its one-sigma shift, energy scaled alike."""
        return _shift(self, -1)


def _shift(objects: Any, sign: int) -> Any:
    suffix = "_mev" if "pt_mev" in objects.fields else ""
    pt, energy = objects[f"pt{suffix}"], objects[f"E{suffix}"]
    shifted = pt + sign * objects[f"pt_syst{suffix}"]
    varied = ak.with_field(objects, shifted, f"pt{suffix}")
    return ak.with_field(varied, energy * (shifted / pt), f"E{suffix}")


@ak.mixin_class(behavior)
class AtlasObject(_Reconstructed, vector.PtEtaPhiELorentzVector, base.NanoCollection):
    """A reconstructed object whose fields are in GeV, as in the 2025 release."""


@ak.mixin_class(behavior)
class AtlasObjectMeV(_Reconstructed, vector.PtEtaPhiELorentzVector, base.NanoCollection):
    """A reconstructed object stored in MeV and seen in GeV; a vector like any other."""

    def __awkward_validation__(self) -> None:
        """Skip coffea's look for fields named pt and E: here they are properties."""

    @property
    def azimuthal(self) -> Any:
        """Transverse momentum [GeV] and azimuth [rad], where ``vector`` looks for them."""
        return AzimuthalAwkwardRhoPhi(self.pt, self["phi"])

    @property
    def temporal(self) -> Any:
        """Energy [GeV], where ``vector`` looks for it."""
        return TemporalAwkwardT(self.E)

    @property
    def pt(self) -> Any:
        """Transverse momentum [GeV]."""
        return _gev(self, "pt")

    @property
    def E(self) -> Any:  # noqa: N802
        """Energy [GeV]."""
        return _gev(self, "E")

    @property
    def energy(self) -> Any:
        """Energy [GeV]."""
        return _gev(self, "E")

    @property
    def ptcone30(self) -> Any:
        """Scalar sum of track pT in a cone of 0.3 [GeV]."""
        return _gev(self, "ptcone30")

    @property
    def etcone20(self) -> Any:
        """Transverse energy of the calorimeter in a cone of 0.2 [GeV]."""
        return _gev(self, "etcone20")

    @property
    def pt_syst(self) -> Any:
        """One-sigma shift of pT [GeV]."""
        return _gev(self, "pt_syst")

    @property
    def stored_mass(self) -> Any:
        """Mass as stored (large-R jets, after grooming) [GeV]; ``mass`` is that of the vector."""
        return _gev(self, "stored_mass")


@ak.mixin_class(behavior)
class AtlasMet:
    """Missing transverse momentum stored in GeV."""

    @property
    def pt(self) -> Any:
        """Magnitude [GeV]."""
        return self["et"]  # type: ignore[index]


@ak.mixin_class(behavior)
class AtlasMetMeV:
    """Missing transverse momentum stored in MeV and seen in GeV."""

    @property
    def pt(self) -> Any:
        """Magnitude [GeV]."""
        return _gev(self, "et")

    @property
    def et(self) -> Any:
        """Magnitude [GeV]."""
        return _gev(self, "et")

    @property
    def et_syst(self) -> Any:
        """One-sigma shift of the magnitude [GeV]."""
        return _gev(self, "et_syst")


@ak.mixin_class(behavior)
class AtlasEvents(base.NanoEvents):
    """Events of either release with one spelling of what normalises simulation."""

    @property
    def cross_section(self) -> Any:
        """Cross section times branching ratio [pb], with k-factor and filter efficiency."""
        if "XSection" in self.fields:
            return self["XSection"]
        return self["xsec"] * self["kfac"] * self["filteff"]

    @property
    def generated_weights(self) -> Any:
        """Sum of the weights of all generated events of the sample, before any selection."""
        return self["SumWeights" if "SumWeights" in self.fields else "sum_of_weights"]


def _inherit_operators(parent: str, children: tuple[str, ...]) -> None:
    """Register the parent's operators (sums, scaling) for every mix of parent and children."""
    for key, operator in list(behavior.items()):
        if isinstance(key, tuple) and callable(key[0]) and parent in key[1:]:
            options = [(name, *children) if name == parent else (name,) for name in key[1:]]
            for names in itertools.product(*options):
                behavior.setdefault((key[0], *names), operator)


_inherit_operators("PtEtaPhiELorentzVector", ("AtlasObject", "AtlasObjectMeV"))
for _name in ("AtlasObject", "AtlasObjectMeV"):
    for _key, _flavour in ((("*", _name), "Array"), (_name, "Record")):
        _class = behavior[_key]
        _class.ProjectionClass2D = getattr(vector, f"PolarTwoVector{_flavour}")
        _class.ProjectionClass3D = getattr(vector, f"SphericalThreeVector{_flavour}")
        _class.ProjectionClass4D = getattr(vector, f"LorentzVector{_flavour}")
        _class.MomentumClass = getattr(vector, f"LorentzVector{_flavour}")


class AtlasOpenData(BaseSchema):
    """Layout of ATLAS Open Data ntuples, both of the 2020 and of the 2025 release.

    ``photon``, ``lep``, ``jet``, ``tau`` and ``largeRjet`` become collections of four-vectors in
    GeV with the remaining branches as fields (``events.photon.isTightID``); ``met`` has ``pt`` and
    ``phi``; everything else stays a field of the event under its own name. Vectors written by
    ROOT (``std::vector``) and arrays with a counter branch both work.
    """

    def __init__(self, base_form: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(base_form, *args, **kwargs)
        branches = dict(zip(base_form["fields"], base_form["contents"], strict=True))
        mev = "xsec" not in branches and "photon_e" not in branches
        layout: dict[str, Any] = {}
        for prefix, name in _PREFIXES.items():
            collection = _collection(branches, prefix, name, mev)
            if collection is not None:
                layout[name] = collection
        met = _met(branches, mev)
        if met is not None:
            layout["met"] = met
        layout |= {name: form for name, form in branches.items() if name not in layout}
        self._form["fields"], self._form["contents"] = list(layout), list(layout.values())
        self._form["parameters"]["__record__"] = "AtlasEvents"

    @classmethod
    def behavior(cls) -> dict[Any, Any]:
        """Behaviours of the collections and of the event."""
        return behavior


def _collection(branches: dict[str, Any], prefix: str, name: str, mev: bool) -> Any:
    """Take a collection's jagged branches out of ``branches`` and zip their forms."""
    jagged = {
        branch: form
        for branch, form in branches.items()
        if branch.startswith(f"{prefix}_") and form["class"].startswith("ListOffsetArray")
    }
    if not jagged:
        return None
    counter = branches.get(f"{prefix}_n")
    # The counter is a small branch of its own: with it, touching one field reads no other.
    # Without it the first field gives the list lengths, so let that be one that is always read.
    jagged = dict(sorted(jagged.items(), key=lambda item: item[0] != f"{prefix}_pt"))
    offsets = transforms.counts2offsets_form(copy.deepcopy(counter)) if counter else None
    fields = {
        _field(branch.removeprefix(f"{prefix}_"), mev): branches.pop(branch) for branch in jagged
    }
    zipped = zip_forms(fields, name, "AtlasObjectMeV" if mev else "AtlasObject", offsets=offsets)
    zipped["content"]["parameters"]["collection_name"] = name
    return zipped


def _field(name: str, mev: bool) -> str:
    """Name a field: one spelling for both releases, with the unit where it is not GeV."""
    name = {"e": "E", "m": "stored_mass"}.get(name, name)
    return f"{name}_mev" if mev and name in _ENERGIES else name


def _met(branches: dict[str, Any], mev: bool) -> Any:
    """Take the missing transverse momentum out of ``branches``."""
    sources = {"met_et": "et", "met": "et", "met_phi": "phi", "met_et_syst": "et_syst"}
    present = {source: field for source, field in sources.items() if source in branches}
    if "met_phi" not in present or "et" not in present.values():
        return None
    unit = {"et": "et_mev", "et_syst": "et_syst_mev"} if mev else {}
    fields = {unit.get(field, field): branches.pop(name) for name, field in present.items()}
    return zip_forms(fields, "met", "AtlasMetMeV" if mev else "AtlasMet")
