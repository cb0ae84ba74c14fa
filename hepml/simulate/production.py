"""What happens before the detector in the diphoton channel: Higgs production and background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hepml.simulate.kinematics import (
    FloatArray,
    IntArray,
    around_axis,
    breit_wigner,
    decayed,
    falling_pt,
    four_vector,
    from_grid,
    isotropic,
    transverse_momentum,
)

__all__ = ["MODES", "Truth", "background", "higgs", "joined"]

MODES = ("gg", "VBF", "Wp", "Z", "tt")

HIGGS_MASS, W_MASS, Z_MASS, TOP_MASS = 125.0, 80.38, 91.19, 172.5
W_WIDTH, Z_WIDTH = 2.09, 2.50

# Decay products (PDG identifiers) and branching fractions, Review of Particle Physics 2024.
W_PLUS_DECAYS = {
    (-11, 12): 0.1071, (-13, 14): 0.1063, (-15, 16): 0.1138, (2, 1): 0.3364, (4, 3): 0.3364,
}  # fmt: skip
Z_DECAYS = {
    (11, -11): 0.0336, (13, -13): 0.0337, (15, -15): 0.0337, (12, -12): 0.2000,
    (1, -1): 0.4276, (4, -4): 0.1203, (5, -5): 0.1511,
}  # fmt: skip

# Cubic of the published fit to the selected data, spec section 4 (per 1.833 GeV, 105-160 GeV).
CUBIC = (9.43252e4, -1.77723e3, 11.5606, -2.56282e-2)


@dataclass
class Truth:
    """Particles of ``n`` events in slots; an empty slot has energy 0.

    Attributes
    ----------
    photons, jets, leptons, taus, wide : list of (momenta (n, 4), identifiers (n,))
        Momenta in GeV. Identifiers: photons 22, or 0 for a jet taken for a photon; jets 0, 4, 5,
        15 by flavour, -1 for pile-up; leptons and taus signed PDG codes; wide jets 1.
    missing : array, shape (n, 2)
        Transverse momentum of the neutrinos [GeV].
    """

    n: int
    photons: list[tuple[FloatArray, IntArray]] = field(default_factory=list)
    jets: list[tuple[FloatArray, IntArray]] = field(default_factory=list)
    leptons: list[tuple[FloatArray, IntArray]] = field(default_factory=list)
    taus: list[tuple[FloatArray, IntArray]] = field(default_factory=list)
    wide: list[tuple[FloatArray, IntArray]] = field(default_factory=list)
    missing: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.missing = np.zeros((self.n, 2))

    def add(self, rng: np.random.Generator, p4: FloatArray, pdg: IntArray) -> None:
        """Put a decay product where it belongs: jet, lepton, tau or missing momentum."""
        code = np.abs(pdg)
        quark = (code >= 1) & (code <= 5)
        self.jets.append((p4 * quark[:, None], np.where((code == 4) | (code == 5), code, 0)))
        lepton = (code == 11) | (code == 13)
        self.leptons.append((p4 * lepton[:, None], np.where(lepton, pdg, 0)))
        neutrino = (code == 12) | (code == 14) | (code == 16)
        self.missing = self.missing + p4[:, :2] * neutrino[:, None]
        if (code == 15).any():
            self._add_tau(rng, p4 * (code == 15)[:, None], pdg)

    def _add_tau(self, rng: np.random.Generator, p4: FloatArray, pdg: IntArray) -> None:
        """Decay taus collinearly: 17.8 % to e, 17.4 % to mu, the rest to hadrons."""
        choice = rng.random(self.n)
        leptonic = choice < 0.352
        visible = np.where(leptonic, rng.beta(1.5, 2.5, self.n), rng.beta(3.0, 2.0, self.n))
        seen = p4 * visible[:, None]
        self.missing = self.missing + (p4 - seen)[:, :2]
        flavour = np.where(choice < 0.178, 11, 13) * np.sign(pdg)
        self.leptons.append((seen * leptonic[:, None], np.where(leptonic, flavour, 0)))
        self.taus.append((seen * ~leptonic[:, None], np.sign(pdg) * 15))
        self.jets.append((seen * ~leptonic[:, None], np.full(self.n, 15)))


def joined(parts: Sequence[Truth], order: IntArray) -> Truth:
    """Put events of several sources together and take those numbered ``order``."""
    whole = Truth(len(order))
    for name in ("photons", "jets", "leptons", "taus", "wide"):
        for slot in range(max(len(getattr(part, name)) for part in parts)):
            pairs = []
            for part in parts:
                slots = getattr(part, name)
                empty = (np.zeros((part.n, 4)), np.zeros(part.n, np.int64))
                pairs.append(slots[slot] if slot < len(slots) else empty)
            p4, code = (np.concatenate(arrays)[order] for arrays in zip(*pairs, strict=True))
            getattr(whole, name).append((p4, code))
    whole.missing = np.concatenate([part.missing for part in parts])[order]
    return whole


def higgs(rng: np.random.Generator, n: int, mode: str) -> Truth:
    """Generate ``n`` events of one production mode with H(125) -> two photons.

    Parameters
    ----------
    mode : {"gg", "VBF", "Wp", "Z", "tt"}
        Gluon fusion, vector-boson fusion, W+ H, Z H, tt H.
    """
    truth = Truth(n)
    make = {"gg": _gluon_fusion, "VBF": _boson_fusion, "Wp": _with_w, "Z": _with_z, "tt": _with_top}
    boson = make[mode](rng, truth)
    zero = np.zeros(n)
    pair = decayed(boson, zero, zero, isotropic(rng, n))
    truth.photons = [(photon, np.full(n, 22)) for photon in pair]
    _underlying_event(rng, truth)
    return truth


def background(rng: np.random.Generator, n: int, fake_fraction: float) -> Truth:
    """Generate ``n`` diphoton and photon-plus-jet events with the published mass spectrum.

    Everything but the mass scales with the mass (pT of the pair, angles), so that cuts on
    pT / m leave the spectrum as it is.

    Parameters
    ----------
    fake_fraction : float
        Share of events in which one photon is a jet.
    """
    truth = Truth(n)
    grid = np.linspace(80.0, 300.0, 2201)
    mass = from_grid(rng, n, grid, background_spectrum(grid))
    pt = mass * falling_pt(rng, n, 0.15, 1.8, 2.0)
    pair = _recoiling(rng, truth, pt, rng.normal(0.0, 0.95, n), mass)
    # t-channel exchange: dN/d cos theta* ~ 1 / (1 - cos^2 theta*)
    direction = around_axis(rng, np.tanh(rng.uniform(-1.3, 1.3, n)))
    photons = decayed(pair, np.zeros(n), np.zeros(n), direction)
    faked = rng.integers(0, 2, n)
    fake = rng.random(n) < fake_fraction
    truth.photons = [
        (photon, np.where(fake & (faked == slot), 0, 22)) for slot, photon in enumerate(photons)
    ]
    _underlying_event(rng, truth)
    return truth


def background_spectrum(mass: FloatArray) -> FloatArray:
    """Density of the background's mass [GeV]: the cubic, exponential above, a turn-on below."""
    c0, c1, c2, c3 = CUBIC
    inside = np.clip(mass, 105.0, 160.0)
    value = c0 + inside * (c1 + inside * (c2 + inside * c3))
    slope = (c1 + inside * (2.0 * c2 + inside * 3.0 * c3)) / value
    rise = np.clip((mass - 80.0) / 25.0, 0.0, 1.0)
    # relative isolation keeps 8 % more at 160 than at 105 GeV: the *selected* shape is the cubic
    value = value * (mass / 125.0) ** -0.19
    return np.asarray(value * np.exp(slope * (mass - inside)) * rise**2 * (3.0 - 2.0 * rise))


def _gluon_fusion(rng: np.random.Generator, truth: Truth) -> FloatArray:
    pt = falling_pt(rng, truth.n, 26.0, 2.1)
    return _recoiling(rng, truth, pt, rng.normal(0.0, 1.15, truth.n), np.full(truth.n, HIGGS_MASS))


def _boson_fusion(rng: np.random.Generator, truth: Truth) -> FloatArray:
    """Two forward quarks in opposite hemispheres, and the Higgs between them."""
    n = truth.n
    side = rng.choice([-1.0, 1.0], n)
    centre = rng.normal(0.0, 0.7, n)
    balance = _isr(rng, truth, 8.0)
    for sign in (side, -side):
        pt, phi = falling_pt(rng, n, 66.0, 2.6), rng.uniform(-np.pi, np.pi, n)
        eta = centre + sign * np.abs(rng.normal(2.3, 0.9, n))
        jet = four_vector(pt * np.cos(phi), pt * np.sin(phi), eta, np.zeros(n))
        truth.jets.append((jet, np.zeros(n, np.int64)))
        balance = balance - jet[:, :2]
    y = centre + rng.normal(0.0, 0.6, n)
    return four_vector(balance[:, 0], balance[:, 1], y, np.full(n, HIGGS_MASS))


def _with_w(rng: np.random.Generator, truth: Truth) -> FloatArray:
    vector, boson = _associated(rng, truth, breit_wigner(rng, truth.n, W_MASS, W_WIDTH))
    _decay_boson(rng, truth, vector, W_PLUS_DECAYS)
    return boson


def _with_z(rng: np.random.Generator, truth: Truth) -> FloatArray:
    vector, boson = _associated(rng, truth, breit_wigner(rng, truth.n, Z_MASS, Z_WIDTH))
    _decay_boson(rng, truth, vector, Z_DECAYS)
    return boson


def _with_top(rng: np.random.Generator, truth: Truth) -> FloatArray:
    """Two tops and a Higgs that balances them; t -> b W+ and its conjugate."""
    n = truth.n
    balance = _isr(rng, truth, 25.0)
    centre, phi = rng.normal(0.0, 0.7, n), rng.uniform(-np.pi, np.pi, n)
    for sign in (1, -1):
        pt = falling_pt(rng, n, 145.0, 3.0)
        azimuth = phi + (0.0 if sign > 0 else np.pi + rng.normal(0.0, 0.9, n))
        y = centre + rng.normal(0.0, 0.8, n)
        mass = np.full(n, TOP_MASS)
        top = four_vector(pt * np.cos(azimuth), pt * np.sin(azimuth), y, mass)
        w_mass = breit_wigner(rng, n, W_MASS, W_WIDTH)
        boson, quark = decayed(top, w_mass, np.full(n, 4.7), isotropic(rng, n))
        truth.add(rng, quark, np.full(n, 5 * sign))
        _decay_boson(rng, truth, boson, W_PLUS_DECAYS, sign)
        balance = balance - top[:, :2]
    y = centre + rng.normal(0.0, 0.8, n)
    return four_vector(balance[:, 0], balance[:, 1], y, np.full(n, HIGGS_MASS))


def _associated(
    rng: np.random.Generator, truth: Truth, mass: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """A vector boson and a Higgs back to back, up to initial-state radiation."""
    n = truth.n
    pt, phi = falling_pt(rng, n, 95.0, 2.5), rng.uniform(-np.pi, np.pi, n)
    x, y = pt * np.cos(phi), pt * np.sin(phi)
    balance = _isr(rng, truth, 14.0)
    centre = rng.normal(0.0, 0.95, n)
    vector = four_vector(x, y, centre + rng.normal(0.0, 0.5, n), mass)
    rapidity = centre + rng.normal(0.0, 0.5, n)
    return vector, four_vector(
        balance[:, 0] - x, balance[:, 1] - y, rapidity, np.full(n, HIGGS_MASS)
    )


def _decay_boson(
    rng: np.random.Generator,
    truth: Truth,
    boson: FloatArray,
    decays: dict[tuple[int, int], float],
    sign: int = 1,
) -> None:
    """Decay a W or Z by its branching fractions; a hard hadronic one makes a wide jet."""
    products = np.array(list(decays))
    fractions = np.array(list(decays.values()))
    channel = rng.choice(len(products), truth.n, p=fractions / fractions.sum())
    zero = np.zeros(truth.n)
    daughters = decayed(boson, zero, zero, isotropic(rng, truth.n))
    for slot, daughter in enumerate(daughters):
        truth.add(rng, daughter, sign * products[channel, slot])
    wide = (np.abs(products[channel, 0]) <= 5) & (transverse_momentum(boson) > 200.0)
    if wide.any():
        truth.wide.append((boson * wide[:, None], wide.astype(np.int64)))


def _recoiling(
    rng: np.random.Generator, truth: Truth, pt: FloatArray, y: FloatArray, mass: FloatArray
) -> FloatArray:
    """Build a system of given pT, and jets that carry most of its recoil."""
    phi = rng.uniform(-np.pi, np.pi, truth.n)
    share = rng.beta(5.0, 1.2, truth.n)
    away = phi + np.pi
    _emit(rng, truth, share * pt, away + rng.normal(0.0, 0.25, truth.n), y)
    _emit(rng, truth, (1.0 - share) * pt, away + rng.normal(0.0, 1.0, truth.n), y)
    # further radiation off the hard jet, the more the harder it is
    _emit(rng, truth, pt * rng.beta(1.0, 6.0, truth.n), rng.uniform(-np.pi, np.pi, truth.n), y)
    return four_vector(pt * np.cos(phi), pt * np.sin(phi), y, mass)


def _isr(rng: np.random.Generator, truth: Truth, scale: float) -> FloatArray:
    """Radiate one jet off the initial state; returns the recoil it leaves (n, 2) [GeV]."""
    pt, phi = falling_pt(rng, truth.n, scale, 1.9), rng.uniform(-np.pi, np.pi, truth.n)
    _emit(rng, truth, pt, phi, rng.normal(0.0, 0.8, truth.n))
    return np.stack([-pt * np.cos(phi), -pt * np.sin(phi)], axis=-1)


def _emit(
    rng: np.random.Generator, truth: Truth, pt: FloatArray, phi: FloatArray, y: FloatArray
) -> None:
    """Add a radiated jet near rapidity ``y``: 2 % b, 5 % c (gluon splitting), else light."""
    eta = np.clip(y + rng.normal(0.0, 1.5, truth.n), -6.0, 6.0)
    jet = four_vector(pt * np.cos(phi), pt * np.sin(phi), eta, np.zeros(truth.n))
    draw = rng.random(truth.n)
    truth.jets.append((jet, np.where(draw < 0.02, 5, np.where(draw < 0.07, 4, 0))))


def _underlying_event(rng: np.random.Generator, truth: Truth) -> None:
    """Add pile-up jets (0.2 an event) and rare jets reconstructed as a third, fourth photon."""
    n = truth.n
    for probability in (0.18, 0.02):
        pt = np.where(rng.random(n) < probability, 18.0 + rng.exponential(8.0, n), 0.0)
        phi, eta = rng.uniform(-np.pi, np.pi, n), rng.uniform(-4.5, 4.5, n)
        jet = four_vector(pt * np.cos(phi), pt * np.sin(phi), eta, np.zeros(n))
        truth.jets.append((jet, np.full(n, -1)))
    for probability in (0.012, 0.002):
        pt = np.where(rng.random(n) < probability, 18.0 + rng.exponential(12.0, n), 0.0)
        phi, eta = rng.uniform(-np.pi, np.pi, n), rng.uniform(-2.5, 2.5, n)
        photon = four_vector(pt * np.cos(phi), pt * np.sin(phi), eta, np.zeros(n))
        truth.photons.append((photon, np.zeros(n, np.int64)))
