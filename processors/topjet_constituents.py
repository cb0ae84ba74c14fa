"""Constituents of a jet as networks see them: aligned, in logarithms, and padded only in memory.

The reference treatment of the ATLAS top tagging open data (ATL-PHYS-PUB-2022-039): the leading
constituent at the origin, the second one at (0, -r), the third one at positive eta; then seven
features for each. The kernels run without the interpreter's lock, for loaders with threads.
"""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from hepml.compiled import compiled

__all__ = [
    "NETWORK_FEATURES",
    "align_constituents",
    "aligned",
    "flat_inputs",
    "network_inputs",
    "reference_inputs",
]

NETWORK_FEATURES = (
    "eta",
    "phi",
    "log_pt",
    "log_energy",
    "log_pt_fraction",
    "log_energy_fraction",
    "radius",
)
MEV = 1000.0  # in a GeV; the logarithms are those of numbers in MeV

Floats = NDArray[np.float32]
Offsets = NDArray[np.int64]


def align_constituents(eta: Any, phi: Any) -> tuple[ak.Array, ak.Array]:
    """Move, turn and mirror each jet; :func:`aligned` for awkward arrays.

    Parameters
    ----------
    eta, phi : awkward array
        One list a jet, by descending pT [rad]. Already cut at the wanted number.

    Returns
    -------
    eta, phi : awkward array of float32
        New arrays; the given ones are not touched.
    """
    offsets, (flat_eta, flat_phi) = _flat(eta, phi)
    new_eta, new_phi = aligned(flat_eta, flat_phi, offsets)
    return _jagged(offsets, new_eta), _jagged(offsets, new_phi)


def aligned(eta: NDArray[Any], phi: NDArray[Any], offsets: Offsets) -> tuple[Floats, Floats]:
    """Move the leading constituent to the origin, the second below it, the third to the right.

    A jet of two constituents is not mirrored, one of a single constituent only moved.

    Parameters
    ----------
    eta, phi : array
        Constituents of all jets, one jet after the other, by descending pT [rad].
    offsets : array of int64, shape (jets + 1,)
        Where each jet begins, and the end.

    Returns
    -------
    eta, phi : array of float32
        In the frame of the jet. Differences of phi are taken into [-pi, pi] once.
    """
    new_eta, new_phi = np.empty(len(eta), np.float32), np.empty(len(phi), np.float32)
    _align(_plain(eta), _plain(phi), _plain(offsets, np.int64), new_eta, new_phi)
    return new_eta, new_phi


def network_inputs(
    eta: Any, phi: Any, pt: Any, energy: Any, *, max_constits: int | None = None
) -> Floats:
    """Seven features for each constituent, zero where there is none.

    Parameters
    ----------
    eta, phi : awkward array, or array of shape (jets, slots)
        Aligned, as in the table's ``constit_eta`` and ``constit_phi``.
    pt, energy : same
        [GeV]; in an array with slots pT = 0 marks an empty one.
    max_constits : int, optional
        Slots of the result. Sums, of which features are fractions, go over these only.
        Default: those of the array, or of the longest list.

    Returns
    -------
    array of float32, shape (jets, max_constits, 7)
        ``NETWORK_FEATURES``: eta, phi, log(pT / MeV), log(E / MeV), log(pT / sum pT),
        log(E / sum E), and the distance from the leading constituent.
    """
    columns = (eta, phi, pt, energy)
    if isinstance(pt, np.ndarray) and pt.ndim == 2:
        width = min(pt.shape[1], max_constits or pt.shape[1])
        parts = [np.ascontiguousarray(values[:, :width]).reshape(-1) for values in columns]
        offsets = np.arange(len(pt) + 1, dtype=np.int64) * width
    else:
        offsets, parts = _flat(*columns)
        width = int(np.diff(offsets).max(initial=0))
    return flat_inputs(
        parts[0], parts[1], parts[2], parts[3], offsets=offsets, max_constits=max_constits or width
    )


def flat_inputs(
    eta: NDArray[Any],
    phi: NDArray[Any],
    pt: NDArray[Any],
    energy: NDArray[Any],
    offsets: Offsets,
    max_constits: int,
    out: Floats | None = None,
) -> Floats:
    """The same from flat arrays and offsets, as Arrow hands them over; for loaders.

    Parameters
    ----------
    eta, phi, pt, energy : array
        Constituents of all jets, one jet after the other.
    offsets : array of int64, shape (jets + 1,)
        Where each jet begins; need not start at 0.
    max_constits : int
        Slots of the result.
    out : array of float32, shape (jets, max_constits, 7), optional
        Where to write; overwritten everywhere.
    """
    shape = (len(offsets) - 1, max_constits, len(NETWORK_FEATURES))
    if out is None:
        out = np.zeros(shape, np.float32)
    elif out.shape != shape or out.dtype != np.float32:
        raise ValueError(f"out must be float32 of shape {shape}, not {out.dtype} of {out.shape}")
    else:
        out[:] = 0.0
    # numpy's logarithm takes several numbers at once, that of the kernels one
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(values.astype(np.float64) * MEV) for values in (pt, energy)]
    columns = [_plain(values) for values in (eta, phi, pt, energy)]
    _fill(*columns, *logs, _plain(offsets, np.int64), MEV, out)
    return out


def reference_inputs(constituents: Any, max_constits: int = 80) -> Floats:
    """The published function ``constituent``: jets as stored to inputs of a network.

    Parameters
    ----------
    constituents : awkward array of records
        ``pt``, ``eta``, ``phi``, ``energy`` [MeV, rad]; one list a jet, by descending pT.
    max_constits : int
        Everything uses only this many of each jet.
    """
    first = constituents[:, :max_constits]
    eta, phi = align_constituents(first.eta, first.phi)
    return network_inputs(eta, phi, first.pt / MEV, first.energy / MEV, max_constits=max_constits)


def _flat(*lists: Any) -> tuple[Offsets, list[NDArray[Any]]]:
    """One run of numbers for each array, and the offsets, which they share."""
    layouts = [ak.to_packed(ak.materialize(values)).layout for values in lists]
    layouts = [
        layout.to_ListOffsetArray64(True) if layout.is_regular or layout.is_list else layout
        for layout in layouts
    ]
    offsets = np.asarray(layouts[0].offsets.data, dtype=np.int64)
    for layout in layouts[1:]:
        if not np.array_equal(layout.offsets.data, offsets):
            raise ValueError("the lists differ in length, so they do not describe the same jets")
    return offsets, [np.asarray(ak.to_numpy(ak.Array(layout.content))) for layout in layouts]


def _jagged(offsets: Offsets, values: Floats) -> ak.Array:
    content = ak.contents.NumpyArray(values)
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(offsets), content))


def _plain(values: NDArray[Any], dtype: type = np.float32) -> NDArray[Any]:
    """One type for the kernels, so that they are compiled once."""
    array: NDArray[Any] = np.ascontiguousarray(values, dtype=dtype).view()
    array.flags.writeable = False
    return array


@compiled
def _align(eta, phi, offsets, new_eta, new_phi):  # type: ignore[no-untyped-def]
    """See `aligned`; in double precision."""
    for jet in range(len(offsets) - 1):
        begin, end = offsets[jet], offsets[jet + 1]
        if begin == end:
            continue
        eta_0, phi_0 = np.float64(eta[begin]), np.float64(phi[begin])
        cosine, sine = 1.0, 0.0
        if end - begin > 1:
            turn = np.arctan2(
                _wrapped(np.float64(phi[begin + 1]) - phi_0), np.float64(eta[begin + 1]) - eta_0
            )
            turn += 0.5 * np.pi
            cosine, sine = np.cos(turn), np.sin(turn)
        sign = 1.0
        if end - begin > 2:
            third_eta = np.float64(eta[begin + 2]) - eta_0
            third_phi = _wrapped(np.float64(phi[begin + 2]) - phi_0)
            if third_eta * cosine + third_phi * sine < 0:
                sign = -1.0
        for place in range(begin, end):
            d_eta = np.float64(eta[place]) - eta_0
            d_phi = _wrapped(np.float64(phi[place]) - phi_0)
            new_eta[place] = sign * (d_eta * cosine + d_phi * sine)
            new_phi[place] = -d_eta * sine + d_phi * cosine


@compiled
def _wrapped(angle):  # type: ignore[no-untyped-def]
    """A difference of angles, brought near zero once."""
    if angle > np.pi:
        return angle - 2 * np.pi
    if angle < -np.pi:
        return angle + 2 * np.pi
    return angle


@compiled
def _fill(eta, phi, pt, energy, log_pt, log_energy, offsets, unit, out):  # type: ignore[no-untyped-def]
    """See `flat_inputs`; slots without pT stay zero."""
    slots = out.shape[1]
    for jet in range(len(offsets) - 1):
        begin = offsets[jet]
        end = min(offsets[jet + 1], begin + slots)
        sum_pt, sum_energy = 0.0, 0.0
        for place in range(begin, end):
            if pt[place] != 0:
                sum_pt += pt[place]
                sum_energy += energy[place]
        if sum_pt == 0:
            continue
        all_pt, all_energy = np.log(sum_pt * unit), np.log(sum_energy * unit)
        for place in range(begin, end):
            if pt[place] == 0:
                continue
            x, y = np.float64(eta[place]), np.float64(phi[place])
            row = out[jet, place - begin]
            row[0] = x
            row[1] = y
            row[2] = log_pt[place]
            row[3] = log_energy[place]
            row[4] = log_pt[place] - all_pt
            row[5] = log_energy[place] - all_energy
            row[6] = np.sqrt(x * x + y * y)
