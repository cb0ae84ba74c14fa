"""Roles of samples: names, aliases, and what is compared with what."""

from __future__ import annotations

import pytest

from hepml.errors import TableError
from hepml.ml.toptag.roles import COMBINATIONS, COMPONENTS, SETS, known_datasets, portal_name


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("ces_up", "esup"),
        ("ces_down", "esdown"),
        ("track_eff_global", "teg"),
        ("track_eff_jet", "tej"),
        ("track_fake_loose", "tfl"),
        ("track_fake_jet", "tfj"),
        ("dijet_herwig_cluster", "cluster"),
        ("dijet_herwig_string", "string"),
        ("dijet_sherpa_angular", "angular"),
        ("dijet_sherpa_dipole", "dipole"),
        ("public_test_nominal", "test_nominal"),
        ("public_esup", "esup"),
        ("public_ces_up", "esup"),
        ("ttbar_herwig", "ttbar_herwig"),
        ("mine", "mine"),
    ],
)
def test_other_names_are_those_of_the_portal(alias: str, name: str) -> None:
    assert portal_name(alias) == name


def test_roles_are_those_of_the_portal() -> None:
    pairs = {source.name: source.pairs for source in COMPONENTS}
    # cluster and string hadronise differently, angular and dipole shower differently
    assert pairs["hadronisation"] == (("cluster", "string"),)
    assert pairs["parton_shower"] == (("dipole", "angular"),)


def test_two_spellings_of_one_dataset_are_refused() -> None:
    with pytest.raises(TableError, match="'ces_up' and 'esup' are both 'esup'"):
        known_datasets(["ces_up", "esup", "cer"])


def test_scale_weights_are_those_of_the_table() -> None:
    from processors.topjet_columns import COLUMNS, SHOWER_WEIGHTS

    used = {item.weight for item in SETS if item.weight}
    assert used == {f"weight_{name}" for name in SHOWER_WEIGHTS}
    assert used <= {column.name for column in COLUMNS}
    by_name = {item.name: item for item in SETS}
    assert SHOWER_WEIGHTS[by_name["sig_ISRxp5"].weight.removeprefix("weight_")] == 9
    assert SHOWER_WEIGHTS[by_name["bkg_FSRx2"].weight.removeprefix("weight_")] == 6


def test_samples_of_one_class_get_the_other_one_from_nominal() -> None:
    added = {item.name: item.add for item in SETS if item.add}
    assert added == {
        "ttbar_pythia": "background",
        "ttbar_herwig": "background",
        "cluster": "signal",
        "string": "signal",
        "angular": "signal",
        "dipole": "signal",
    }


def test_all_sources_are_in_the_total_once() -> None:
    total = COMBINATIONS["total"][1]
    assert sorted(total) == sorted(source.name for source in COMPONENTS)
    parts = [
        name for group in ("cluster", "track", "model", "scale") for name in COMBINATIONS[group][1]
    ]
    assert sorted(parts) == sorted(total)
