"""Samples for a hunt: the right rows, from a run or from any Parquet table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hepml.errors import EmptyInputError, OutputError, ParameterError, TableError
from hepml.stats.sample import read_sample
from tests.stats.pairs import write_pair_run, write_pairs

SIGNS = [-1, 1, -1, 0, 1]
MASSES = [5.0, 6.0, 7.0, 8.0, 9.0]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Five pairs: two of opposite sign, two of the same, one with a neutral."""
    return write_pairs(tmp_path / "t.parquet", MASSES, charge_product=SIGNS)


def foreign(path: Path, **columns: Any) -> Path:
    """A Parquet file that hepml did not write."""
    pq.write_table(pa.table(columns), path)
    return path


# --- columns ------------------------------------------------------------------------------------


def test_the_observed_mass_is_the_default(table: Path) -> None:
    sample = read_sample(table, sign="all")
    assert sample.source["mass"] == "dimuon_mass"
    assert sample.masses.tolist() == MASSES
    assert sample.masses.dtype == np.float64


def test_published_names_are_taken(table: Path) -> None:
    sample = read_sample(table, mass="dimu_mass", where=["mu0_iso04>=1"])
    assert sample.masses.tolist() == [5.0, 7.0]


def test_a_foreign_table_needs_no_declaration(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.parquet", dimu_mass=[1.0, 2.0], jet_mass=[3.0, 4.0])
    sample = read_sample(path)
    assert (sample.masses.tolist(), sample.source["sign"]) == ([1.0, 2.0], "all")
    assert sample.same_sign is None


def test_several_masses_are_not_guessed_between(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.parquet", jet_mass=[1.0], top_mass=[1.0])
    with pytest.raises(TableError, match=r"Name it with --mass; .* several: jet_mass, top_mass"):
        read_sample(path)


def test_a_table_without_mass_is_refused_with_what_it_has(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.parquet", m=[1.0])
    with pytest.raises(TableError, match="Which column is the mass"):
        read_sample(path)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        ({"mass": "dimuon_mas"}, "Did you mean 'dimuon_mass'"),
        ({"where": ["lead_iso03>=1"]}, "Did you mean 'lead_iso04'"),
        ({"scores": ["scores"]}, "Did you mean 'score'"),
        ({"weight": "wieght"}, "Did you mean 'weight'"),
        ({"mass": "label"}, "'label' holds .*, not numbers"),
        ({"scores": ["label"]}, "'label' holds .*, not numbers"),
    ],
)
def test_a_wrong_column_is_named_with_near_misses(
    table: Path, options: dict[str, Any], hint: str
) -> None:
    with pytest.raises(TableError, match=hint):
        read_sample(table, **options)


# --- rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "masses"), [("opposite", [5.0, 7.0]), ("same", [6.0, 9.0]), ("all", MASSES)]
)
def test_signs_select_pairs(table: Path, sign: str, masses: list[float]) -> None:
    assert read_sample(table, sign=sign).masses.tolist() == masses


def test_same_sign_pairs_come_along_with_opposite_ones_only(table: Path) -> None:
    same = read_sample(table).same_sign
    assert same is not None
    assert same.tolist() == [6.0, 9.0]
    assert read_sample(table, sign="same").same_sign is None
    assert read_sample(table, sign="all").same_sign is None


def test_an_unknown_sign_is_refused(table: Path) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'opposite'"):
        read_sample(table, sign="oposite")


def test_same_sign_needs_the_charges(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.parquet", mass=[1.0])
    with pytest.raises(TableError, match="no column 'charge_product'"):
        read_sample(path, sign="same")


def test_all_conditions_must_hold(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", MASSES, lead_iso04=[0, 1, 2, 3, 4])
    sample = read_sample(path, where=["lead_iso04>=1", "dimuon_mass<8", "label==a"])
    assert sample.masses.tolist() == [6.0, 7.0]
    assert sample.source["where"] == ["lead_iso04>=1", "dimuon_mass<8", "label==a"]


def test_the_window_is_closed_and_may_be_left(table: Path) -> None:
    assert read_sample(table, sign="all", window=(6, 8)).masses.tolist() == [6.0, 7.0, 8.0]
    assert read_sample(table, sign="all", window=(6, 8), outside=True).masses.tolist() == MASSES


def test_rows_without_mass_are_counted(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0, np.nan, np.inf])
    sample = read_sample(path)
    assert sample.masses.tolist() == [5.0]
    assert sample.notes == ("2 rows without dimuon_mass (NaN or infinite) were left out",)


def test_rows_on_which_a_condition_is_not_defined_are_counted(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0, 6.0], lead_iso04=[np.nan, 1.0])
    sample = read_sample(path, where=["lead_iso04>0"])
    assert sample.masses.tolist() == [6.0]
    assert "1 rows without lead_iso04" in sample.notes[0]


def test_missing_values_of_whole_numbers_are_not_zero(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.parquet", mass=pa.array([1, None], pa.int64()))
    assert read_sample(path).masses.tolist() == [1.0]


def test_an_empty_table_and_an_empty_selection_are_told_apart(tmp_path: Path, table: Path) -> None:
    with pytest.raises(EmptyInputError, match="has no rows"):
        read_sample(write_pairs(tmp_path / "none.parquet", []))
    text = "None of the 5 rows .* by lead_iso04>3, 20 <= dimuon_mass <= 30 GeV, opposite sign"
    with pytest.raises(EmptyInputError, match=text):
        read_sample(table, where=["lead_iso04>3"], window=(20, 30))


# --- scores and weights -------------------------------------------------------------------------


def test_scores_stay_with_their_rows(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", MASSES, charge_product=SIGNS, score=[1, 2, 3, 4, 5])
    sample = read_sample(path, scores=["score", "dimuon_mass"])
    assert sample.scores["score"].tolist() == [1.0, 3.0]
    assert sample.scores["dimuon_mass"].tolist() == [5.0, 7.0]


def test_a_score_must_be_defined_in_the_window_and_may_be_missing_elsewhere(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0, 6.0], score=[0.5, np.nan])
    with pytest.raises(TableError, match="'score' is not a finite number in 1 of 2"):
        read_sample(path, scores=["score"])
    sample = read_sample(path, scores=["score"], window=(4, 5.5), outside=True)
    assert sample.masses.tolist() == [5.0, 6.0]


def test_weights_of_one_are_no_weights(table: Path) -> None:
    sample = read_sample(table)
    assert sample.weights is None
    assert sample.source["weight"] is None


def test_weights_are_used_where_some_differ_from_one(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0, 6.0], charge_product=[-1, 1], weight=[2, 0.5])
    sample = read_sample(path)
    assert sample.weights is not None
    assert sample.weights.tolist() == [2.0]
    assert sample.same_sign_weights is not None
    assert sample.same_sign_weights.tolist() == [0.5]
    assert read_sample(path, weight="none").weights is None


def test_any_column_may_be_the_weight(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0], score=[3.0])
    weights = read_sample(path, weight="score").weights
    assert weights is not None
    assert weights.tolist() == [3.0]


def test_a_weight_that_is_not_defined_is_refused(tmp_path: Path) -> None:
    path = write_pairs(tmp_path / "t.parquet", [5.0], weight=[np.nan])
    with pytest.raises(TableError, match="'weight' is not a finite number in 1 of 1"):
        read_sample(path)


# --- runs ---------------------------------------------------------------------------------------

DATASETS = {"muons": {"masses": [5.0, 6.0]}, "signal": {"masses": [9.0], "weight": [0.1]}}
SIMULATION = {"kind": "simulation"}


def test_a_run_gives_its_data(tmp_path: Path) -> None:
    run = write_pair_run(tmp_path / "r", DATASETS, signal=SIMULATION)
    sample = read_sample(run)
    assert sample.masses.tolist() == [5.0, 6.0]
    assert (sample.source["kind"], sample.source["datasets"]) == ("data", ["muons"])


def test_a_run_without_data_gives_its_simulation_weighted(tmp_path: Path) -> None:
    run = write_pair_run(tmp_path / "r", DATASETS, signal=SIMULATION, muons=SIMULATION)
    weights = read_sample(run).weights
    assert weights is not None
    assert weights.tolist() == [1.0, 1.0, 0.1]


def test_datasets_are_chosen_by_name(tmp_path: Path) -> None:
    run = write_pair_run(tmp_path / "r", DATASETS, signal=SIMULATION)
    assert read_sample(run, datasets=["signal"]).masses.tolist() == [9.0]
    both = read_sample(run, datasets=["signal", "muons"])
    assert "data and simulation are fitted together" in both.notes
    with pytest.raises(TableError, match=r"has no dataset 'muon'\. Did you mean 'muons'"):
        read_sample(run, datasets=["muon"])


def test_luminosity_and_origin_come_from_the_run(tmp_path: Path) -> None:
    facts = {"luminosity": 8700.0, "simulated": True, "published": False}
    run = write_pair_run(tmp_path / "r", {"muons": DATASETS["muons"]}, muons=facts)
    source = read_sample(run).source
    assert (source["luminosity"], source["simulated"], source["published"]) == (8700.0, True, False)
    assert source["processor"] == "dimuon"


def test_an_incomplete_run_is_noted(tmp_path: Path) -> None:
    facts = {"complete": False, "incomplete_because": "1 of 2 chunks"}
    run = write_pair_run(tmp_path / "r", {"muons": DATASETS["muons"]}, muons=facts)
    assert read_sample(run).notes == ("'muons' is not complete: 1 of 2 chunks",)


def test_a_run_stopped_before_its_end_is_to_be_resumed(tmp_path: Path) -> None:
    run = write_pair_run(tmp_path / "r", {"muons": DATASETS["muons"]})
    (run / "report.json").unlink()
    with pytest.raises(OutputError, match="hepml resume"):
        read_sample(run)


def test_a_path_without_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="There is no table"):
        read_sample(tmp_path / "nowhere")
