"""Functions that the channels share, against hand-worked numbers and the vector library."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import vector

from processors.objects import (
    STATISTICS,
    Flat,
    absolute_delta_phi,
    delta_r,
    invariant_mass,
    leading_pair,
    list_statistics,
    opposite_sign,
    plain,
    positions,
    product,
    signed_theta,
    within_acceptance,
)

# pt, eta, phi of both photons and their mass [MeV], printed by the reference notebook
GOLDEN = np.array(
    [
        (58372.110, 0.481853, 1.889242, 48145.110, 1.724146, -1.356490, 127024.91),
        (76091.230, -0.271051, 2.498819, 51134.625, -0.885657, -0.948343, 129304.70),
        (69329.410, -1.556997, -2.875040, 66717.430, -2.292921, 1.492158, 122480.49),
        (114924.770, -0.116181, -0.950417, 38737.754, -0.663213, 1.301682, 126005.20),
        (79976.550, -0.453348, 0.882136, 56892.867, -0.492723, -3.073204, 123923.63),
        (98814.510, -0.318616, 0.287074, 58320.203, -0.143005, -1.677720, 126997.98),
    ]
)


def particles(pt: object, eta: object, phi: object) -> ak.Array:
    return ak.Array({"pt": pt, "eta": eta, "phi": phi})


def random_pairs(size: int = 500) -> tuple[ak.Array, ak.Array]:
    random = np.random.default_rng(5)
    first, second = (
        particles(
            random.exponential(20, size) + 1,
            random.uniform(-2.5, 2.5, size),
            random.uniform(-np.pi, np.pi, size),
        )
        for _ in range(2)
    )
    return first, second


def test_mass_of_the_reference_rows_within_a_third_of_an_mev() -> None:
    pt1, eta1, phi1, pt2, eta2, phi2, expected = GOLDEN.T
    mass = invariant_mass(particles(pt1 / 1000, eta1, phi1), particles(pt2 / 1000, eta2, phi2))
    assert ak.to_numpy(mass) * 1000 == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize("mass", [None, 0.1056583755, 4.0])
def test_mass_agrees_with_vector(mass: float | None) -> None:
    first, second = random_pairs()
    vectors = [
        vector.zip({"pt": item.pt, "eta": item.eta, "phi": item.phi, "mass": mass or 0.0})
        for item in (first, second)
    ]
    expected = ak.to_numpy((vectors[0] + vectors[1]).mass)
    assert ak.to_numpy(invariant_mass(first, second, mass)) == pytest.approx(expected, rel=1e-6)


def test_mass_of_two_equal_momenta_is_twice_the_mass() -> None:
    one = particles([50.0], [1.2], [0.3])
    assert invariant_mass(one, one, 0.1)[0] == pytest.approx(0.2, rel=1e-12)
    assert invariant_mass(one, one)[0] == 0.0


def test_mass_is_double_precision_for_single_precision_input() -> None:
    one = particles(np.float32([50.0]), np.float32([0.1]), np.float32([0.0]))
    assert ak.to_numpy(invariant_mass(one, one)).dtype == np.float64


def test_leading_pair_sorts_by_momentum_and_ignores_the_rest() -> None:
    objects = ak.Array(
        [
            [{"pt": 5.0, "id": 0}, {"pt": 30.0, "id": 1}, {"pt": 20.0, "id": 2}],
            [{"pt": 9.0, "id": 3}, {"pt": 9.0, "id": 4}],
        ]
    )
    lead, sublead = leading_pair(objects)
    assert lead.id.tolist() == [1, 3]
    assert sublead.id.tolist() == [2, 4]


def test_leading_pair_of_no_events_is_empty() -> None:
    objects = ak.Array([[{"pt": 5.0}]])[:0]
    _, sublead = leading_pair(objects)
    assert sublead.pt.tolist() == []


def test_flat_reads_once_and_follows_a_mask() -> None:
    flat = Flat(ak.Array([{"pt": 1.0, "eta": 0.1}, {"pt": 2.0, "eta": 0.2}]))
    assert flat.pt is flat.pt
    kept = flat[np.array([False, True])]
    assert (kept.pt.tolist(), kept.eta.tolist()) == ([2.0], [0.2])
    with pytest.raises(AttributeError):
        _ = flat.phi


def test_opposite_sign_looks_at_the_product_of_charges() -> None:
    first, second = (ak.Array({"charge": charges}) for charges in ([1, -1, 1, 0], [-1, -1, 1, 1]))
    assert opposite_sign(first, second).tolist() == [True, False, False, False]


def test_angles_wrap_around() -> None:
    assert absolute_delta_phi(np.array([3.0]), np.array([-3.0]))[0] == pytest.approx(2 * np.pi - 6)
    near = [particles([1.0], [eta], [phi]) for eta, phi in ((1.0, 3.0), (0.5, -3.0))]
    assert delta_r(*near)[0] == pytest.approx(np.hypot(0.5, 2 * np.pi - 6))


def test_acceptance_vetoes_the_crack_on_both_sides() -> None:
    eta = np.array([0.0, 1.36, 1.37, 1.45, 1.52, 1.53, 2.36, 2.37, -1.45, -2.0])
    expected = [True, True, False, False, False, True, True, False, False, True]
    assert within_acceptance(eta).tolist() == expected


def test_theta_is_negative_behind_and_a_right_angle_in_the_middle() -> None:
    eta = np.array([0.0, 0.8, -0.8])
    assert signed_theta(eta).tolist() == pytest.approx(
        [np.pi / 2, np.arctan(1 / np.sinh(0.8)), -np.arctan(1 / np.sinh(0.8))]
    )


def test_list_statistics_by_hand() -> None:
    results = list_statistics(x=ak.Array([[1.0, 2.0, 6.0], [], [-4.0]]))
    rows = {name: values.tolist() for name, values in results.items()}
    assert [rows[f"x_{name}"][0] for name in STATISTICS] == pytest.approx(
        [1.0, 6.0, 3.0, 9.0, np.sqrt(14 / 3)]
    )
    assert [rows[f"x_{name}"][2] for name in STATISTICS] == [-4.0, -4.0, -4.0, -4.0, 0.0]


def test_list_statistics_of_an_empty_list_are_nan_never_infinite() -> None:
    results = list_statistics(x=ak.Array([[], [1.0]]), y=ak.Array([[], [2]]))
    assert len(results) == 2 * len(STATISTICS)
    assert all(np.isnan(values[0]) and np.isfinite(values[1]) for values in results.values())


@pytest.mark.parametrize("lists", [[[], []], []])
def test_list_statistics_without_any_object(lists: list[list[float]]) -> None:
    values = ak.values_astype(ak.Array([[1.0], *lists]), np.float32)[1:]
    assert len(list_statistics(x=values)["x_sum"]) == len(lists)


def test_list_statistics_agree_with_numpy_on_random_lists() -> None:
    random = np.random.default_rng(3)
    counts = random.integers(0, 6, 300)
    lists = ak.unflatten(random.normal(size=counts.sum()), counts)
    results = list_statistics(x=lists)
    for name in STATISTICS:
        expected = [getattr(np, name)(row) if len(row) else np.nan for row in lists.to_list()]
        assert ak.to_numpy(results[f"x_{name}"]) == pytest.approx(
            np.array(expected), rel=1e-12, abs=1e-12, nan_ok=True
        )


def test_product_multiplies_in_double_precision() -> None:
    result = product([np.float32([1.5]), np.float32([2.0]), np.array([3], np.int32)])
    assert result.dtype == np.float64
    assert result.tolist() == [9.0]


def test_plain_leaves_numpy_alone() -> None:
    array = np.ones(3)
    assert plain(array) is array
    assert isinstance(plain(ak.Array([1, 2])), np.ndarray)


def test_positions_count_within_each_partition() -> None:
    import dask_awkward

    assert positions(ak.Array([[1], [], [2]])).tolist() == [0, 1, 2]
    lazy = dask_awkward.from_awkward(ak.Array([[1], [], [2]]), npartitions=3)
    assert positions(lazy).compute().tolist() == [0, 0, 0]


def test_lazy_arrays_give_the_same_statistics_and_masses() -> None:
    import dask_awkward

    lists = ak.Array([[3.0, 1.0], [], [2.0]])
    lazy = list_statistics(x=dask_awkward.from_awkward(lists, npartitions=2))
    eager = list_statistics(x=lists)
    assert ak.array_equal(lazy["x_std"].compute(), eager["x_std"], equal_nan=True)
    first, second = random_pairs(20)
    both = (dask_awkward.from_awkward(item, npartitions=2) for item in (first, second))
    assert ak.array_equal(invariant_mass(*both).compute(), invariant_mass(first, second))
