"""Which columns are looked at, and what their axes say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hepml.columns import Column, feature, observer
from hepml.errors import ParameterError, TableError
from hepml.explore.columns import axis_label, choose_columns
from hepml.parts import write_part
from hepml.tables import FeatureTable
from processors import DimuonProcessor, DiphotonProcessor, ShowerProcessor
from tests.toys import COLUMNS


def table(folder: Path, columns: tuple[Column, ...]) -> FeatureTable:
    """A table without rows."""
    write_part(folder / "a" / "part.parquet", columns, {column.name: [] for column in columns})  # type: ignore[misc]
    return FeatureTable.open(folder)


def chosen(path: Path, columns: tuple[Column, ...], *, everything: bool = False) -> list[str]:
    found = choose_columns(table(path, columns), everything=everything)
    return [column.name for column in found]


def test_features_and_masses_by_default(tmp_path: Path) -> None:
    assert chosen(tmp_path, COLUMNS) == ["pt", "n_jets", "mass"]


def test_scores_too(tmp_path: Path) -> None:
    score = observer("score_gg", doc="probability of gg, by model five")
    assert chosen(tmp_path, (*COLUMNS, score, observer("x")))[-1] == "score_gg"


@pytest.mark.parametrize("processor", [DiphotonProcessor, DimuonProcessor, ShowerProcessor])
def test_every_channel_has_a_sane_number_of_columns(
    processor: type[DiphotonProcessor], tmp_path: Path
) -> None:
    names = chosen(tmp_path, processor.columns)
    assert 15 <= len(names) <= 32
    assert not [name for name in names if name.endswith(("_std", "_mean", "_min"))]


def test_of_statistics_over_a_list_few_are_shown(tmp_path: Path) -> None:
    names = chosen(tmp_path, DiphotonProcessor.columns)
    assert [name for name in names if name.startswith("jet_")] == [
        "jet_pt_max",
        "jet_pt_sum",
        "jet_energy_max",
        "jet_mv2c10_max",
    ]


def test_all_are_all_numbers_but_keys_weights_and_labels(tmp_path: Path) -> None:
    more = (*COLUMNS, observer("flag", dtype="bool"), feature("text", dtype="string"))
    assert chosen(tmp_path, more, everything=True) == ["pt", "n_jets", "mass", "flag"]


def test_columns_by_published_name(tmp_path: Path) -> None:
    found = choose_columns(table(tmp_path, COLUMNS), ["h_mass", "mass", "event"])
    assert [column.name for column in found] == ["mass", "event"]


def test_no_such_column_and_no_numbers(tmp_path: Path) -> None:
    toys = table(tmp_path, COLUMNS)
    with pytest.raises(TableError, match=r"no column 'n_jet'. Did you mean 'n_jets'"):
        choose_columns(toys, ["n_jet"])
    with pytest.raises(ParameterError, match="'label' holds string"):
        choose_columns(toys, ["label"])


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (feature("lead_pt", "GeV"), "Leading photon $p_T$ [GeV]"),
        (feature("n_jets"), "Number of jets"),
        (feature("jet_mv2c10_max"), "Jet MV2c10, max"),
        (feature("lep_charge_sum"), "Lepton charge, sum"),
        (feature("met", "GeV"), "$E_T^{miss}$ [GeV]"),
        (feature("x", "um"), "x [um]"),
        (
            observer("score_gg", doc="probability of gg, by model five"),
            "Probability of gg (score_gg)",
        ),
    ],
)
def test_axes_of_columns(column: Column, text: str) -> None:
    assert axis_label(column, "diphoton") == text


def test_the_text_of_a_histogram_comes_first() -> None:
    assert (
        axis_label(feature("met", "GeV"), "diphoton", {"met": "Missing [GeV]"}) == "Missing [GeV]"
    )
