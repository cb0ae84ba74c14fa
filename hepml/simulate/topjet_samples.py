"""The data sets of simulated top-tagging jets: composition, spectra, and streams of jets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hepml.simulate.topjet_jets import SLOTS, make_jets
from hepml.simulate.topjet_shower import GLUON, QUARK, TOP, Tune

__all__ = ["SAMPLES", "STREAMS", "JetStream", "Jets", "Sample", "Stream", "mixed"]

BLOCK = 500  # jets that one state of the random numbers makes
MEV = 1000.0
HIGHEST = 3_300.0  # GeV, of partons
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stream:
    """A source of jets; samples that share one hold the same jets.

    Attributes
    ----------
    number : int
        Goes into the seed.
    tunes : (Tune, Tune)
        Of background and signal.
    training : bool
        Event numbers are those for training, not multiples of 10.
    standard_model : bool
        Tops fall steeply in pT, as in pair production.
    """

    number: int
    tunes: tuple[Tune, Tune] = (Tune(), Tune())
    training: bool = False
    standard_model: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One data set.

    Attributes
    ----------
    stream : str
        Where its jets come from.
    signal : float
        Share of tops.
    weighted : bool
        Has the 27 shower weights.
    """

    stream: str
    signal: float = 0.5
    weighted: bool = False


def _changed(**values: float) -> tuple[Tune, Tune]:
    tune = Tune()._replace(**values)
    return tune, tune


# What differs between two generators is of the size of what is not known: the shower's coupling
# and where it starts, and how many and how soft hadrons are.
STREAMS = {
    "train": Stream(1, training=True),
    "test": Stream(2),
    "ttbar_pythia": Stream(3, standard_model=True),
    "ttbar_herwig": Stream(4, _changed(coupling=0.123, largest=0.62), standard_model=True),
    "cluster": Stream(5, _changed(largest=0.6, hadron_kt=0.3)),
    "string": Stream(6),
    "angular": Stream(7, _changed(coupling=0.114)),
    "dipole": Stream(8, _changed(coupling=0.123, widest=1.3)),
}

# Shares of tops are those of the published samples.
SAMPLES: Mapping[str, Sample] = {
    "train_nominal": Sample("train", weighted=True),
    "test_nominal": Sample("test", weighted=True),
    **{name: Sample("test") for name in ("esup", "esdown", "cer", "cpos")},
    "teg": Sample("test", 0.30),
    "tej": Sample("test", 0.32),
    "tfl": Sample("test", 0.18),
    "tfj": Sample("test", 0.32),
    "bias": Sample("test", 0.52),
    "ttbar_pythia": Sample("ttbar_pythia", 1.0),
    "ttbar_herwig": Sample("ttbar_herwig", 1.0),
    **{name: Sample(name, 0.0) for name in ("cluster", "string", "angular", "dipole")},
}


@dataclass(frozen=True, slots=True)
class Jets:
    """Jets without padding, in MeV and rad.

    Attributes
    ----------
    offsets : array of int64, shape (jets + 1,)
        Where the constituents of each jet begin, and the end.
    constituents : array of float32, shape (constituents, 3)
        pT, eta, phi, by descending pT.
    taste : array of int32
        Kind of each constituent: 1 neutral, 0 and 2 charged.
    jet : array of float32, shape (jets, 4)
        pT, eta, phi, mass.
    label : array of int32
        1 top, 0 QCD.
    number : array of int64
        Event number.
    """

    offsets: NDArray[np.int64]
    constituents: NDArray[np.float32]
    taste: NDArray[np.int32]
    jet: NDArray[np.float32]
    label: NDArray[np.int32]
    number: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Constituents of each jet."""
        return np.diff(self.offsets)

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Several one after the other."""
        counts = np.concatenate([part.counts for part in parts])
        names = ("constituents", "taste", "jet", "label", "number")
        return cls(
            _offsets(counts),
            *(np.concatenate([getattr(part, name) for part in parts]) for name in names),
        )

    def taken(self, order: NDArray[np.int64]) -> Jets:
        """Some of them, in any order."""
        counts = self.counts[order]
        offsets = _offsets(counts)
        shift = np.repeat(self.offsets[order] - offsets[:-1], counts)
        place = np.arange(offsets[-1]) + shift
        return Jets(
            offsets,
            self.constituents[place],
            self.taste[place],
            self.jet[order],
            self.label[order],
            self.number[order],
        )


def _none() -> Jets:
    whole, real = np.zeros(0, np.int64), np.zeros((0, 4), np.float32)
    kinds = whole.astype(np.int32)
    return Jets(np.zeros(1, np.int64), real[:, :3], kinds, real, kinds, whole)


def _offsets(counts: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@dataclass(slots=True)
class JetStream:
    """Jets of one kind, one after the other; the n-th depends on the seed and n alone.

    Attributes
    ----------
    seed : int
        Not negative.
    stream : Stream
        What jets.
    label : int
        1 top, 0 QCD.
    """

    seed: int
    stream: Stream
    label: int
    _block: int = 0
    _waiting: list[Jets] = field(default_factory=list)

    def take(self, number: int) -> Jets:
        """Return the next jets."""
        if number == 0:
            return _none()
        while sum(map(len, self._waiting)) < number:
            self._waiting.append(self._made())
        held = Jets.joined(self._waiting)
        places = np.arange(len(held))
        self._waiting = [held.taken(places[number:])]
        return held.taken(places[:number])

    def _made(self) -> Jets:
        """Simulate one block."""
        rng = np.random.default_rng([self.seed, self.stream.number, self.label, self._block])
        tune = self.stream.tunes[self.label]
        lists, taste = np.zeros((BLOCK, SLOTS, 3)), np.zeros((BLOCK, SLOTS), np.int64)
        counts, jets = np.zeros(BLOCK, np.int64), np.zeros((BLOCK, 4))
        made = 0
        while made < BLOCK:
            partons = self._partons(rng, 2 * (BLOCK - made))
            rest = slice(made, None)
            found, _ = make_jets(
                rng, tune, partons, BLOCK - made, lists[rest], taste[rest], counts[rest], jets[rest]
            )
            made += found
        filled = np.arange(SLOTS) < counts[:, None]
        place = 2 * (self._block * BLOCK + np.arange(BLOCK)) + self.label
        self._block += 1
        lists[..., 0] *= MEV
        jets[:, [0, 3]] *= MEV
        return Jets(
            _offsets(counts),
            lists[filled].astype(np.float32),
            taste[filled].astype(np.int32),
            jets.astype(np.float32),
            np.full(BLOCK, self.label, np.int32),
            _event_numbers(place, training=self.stream.training),
        )

    def _partons(self, rng: np.random.Generator, size: int) -> Floats:
        pt = _spectrum(rng, size, _SPECTRA["sm" if self.stream.standard_model else self.label])
        if self.label:
            kind = np.full(size, TOP)
        else:
            # gluons are most of the jets at low pT, quarks at high
            gluons = np.clip(0.72 - 0.00025 * pt, 0.15, 0.62)
            kind = np.where(rng.random(size) < gluons, GLUON, QUARK)
        eta = _eta(rng, pt)
        return np.stack([pt, eta, rng.uniform(-np.pi, np.pi, size), kind], axis=1)


# Shape and scale [GeV] of what lies above 330 GeV. Tops of heavy resonances and jets in slices of
# pT reach 3 TeV, tops of the standard model half of it.
_SPECTRA: Mapping[int | str, tuple[float, float]] = {
    1: (1.5, 520.0),
    0: (1.2, 600.0),
    "sm": (1.0, 170.0),
}


def _spectrum(rng: np.random.Generator, size: int, shape: tuple[float, float]) -> Floats:
    pt = np.full(size, np.inf)
    while (high := pt > HIGHEST).any():
        pt[high] = 330.0 + rng.gamma(*shape, int(high.sum()))
    return pt


def _eta(rng: np.random.Generator, pt: Floats) -> Floats:
    """Pseudorapidity within 2.2, more central the harder."""
    eta = np.full(len(pt), np.inf)
    width = 1.25 - 0.2 * np.minimum(pt / 1000.0, 3.0)
    while (wide := np.abs(eta) > 2.2).any():
        eta[wide] = width[wide] * rng.normal(size=int(wide.sum()))
    return eta


def _event_numbers(place: NDArray[np.int64], *, training: bool) -> NDArray[np.int64]:
    """Multiples of 10 for tests, the other numbers for training."""
    return place + place // 9 + 1 if training else 10 * (place + 1)


def mixed(streams: Mapping[int, JetStream], labels: NDArray[Any]) -> Jets:
    """Take the next jets of both kinds, in the wanted order of kinds."""
    parts = [streams[label].take(int((labels == label).sum())) for label in (0, 1)]
    order = np.empty(len(labels), np.int64)
    order[np.argsort(labels, kind="stable")] = np.arange(len(labels))
    return Jets.joined(parts).taken(order)
