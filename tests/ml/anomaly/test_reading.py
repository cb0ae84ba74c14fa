"""Events of a search, read from a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import EmptyInputError, ParameterError, TableError
from hepml.ml.anomaly.reading import Wish, read_events
from hepml.windows import UPSILON
from tests.ml.anomaly.pairs import rows, write_pairs

FEATURES = ("dimuon_pt", "lead_ip3d", "trail_ip3d")
WISH = Wish(FEATURES, UPSILON)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pairs(tmp_path_factory.mktemp("pairs") / "pairs.parquet")


def test_same_sign_pairs_are_the_control(table: Path) -> None:
    found = read_events(table, WISH)
    assert found.control is not None
    assert (len(found.data), len(found.control)) == (3090, 1800)
    assert set(found.rows["charge_product"]) == {-1}


def test_the_other_sign_can_be_trained_on(table: Path) -> None:
    found = read_events(table, replace(WISH, sign="same"))
    assert found.control is not None
    assert (len(found.data), len(found.control)) == (1800, 3090)


def test_conditions_select_events(table: Path) -> None:
    found = read_events(table, replace(WISH, where=("lead_pt>=30",)))
    expected = rows()["lead_pt"].astype(np.float32) >= 30
    assert len(found.data) == expected[: 3000 + 90].sum()


def test_what_loose_conditions_drop_is_kept_for_comparison(table: Path) -> None:
    found = read_events(table, replace(WISH, loose=("lead_iso04>=0.55",)))
    assert found.before is not None
    assert found.before.signal_region.all()
    assert len(found.before) > found.data.signal_region.sum()


def test_published_names_are_understood(table: Path) -> None:
    found = read_events(table, replace(WISH, features=("mu0_ip3d",)))
    assert found.data.features == ("lead_ip3d",)


def test_blind_events_lie_in_the_sidebands(table: Path) -> None:
    found = read_events(table, replace(WISH, blind=True))
    assert found.control is not None
    assert not found.data.signal_region.any()
    assert not found.control.signal_region.any()
    assert found.source["selected"] == len(found.data)


def test_the_order_of_the_rows_does_not_matter(table: Path, tmp_path: Path) -> None:
    order = np.random.default_rng(5).permutation(len(rows()["event"]))
    mixed = {name: values[order] for name, values in rows().items()}
    other = write_pairs(tmp_path / "pairs.parquet", **mixed)
    first, second = (read_events(path, WISH).data for path in (table, other))
    assert np.array_equal(first.x, second.x)
    assert np.array_equal(first.key, second.key)


def test_a_value_that_is_not_finite_is_named(tmp_path: Path) -> None:
    values = rows()["lead_ip3d"]
    values[:3] = [np.nan, np.inf, np.nan]
    bad = write_pairs(tmp_path / "pairs.parquet", lead_ip3d=values)
    with pytest.raises(TableError, match=r"lead_ip3d \(3\)"):
        read_events(bad, WISH)
    found = read_events(bad, replace(WISH, accept_loss=("mu0_ip3d",)))
    assert "3 events were left out: lead_ip3d not finite" in found.notes


def test_a_loss_of_something_else_is_refused(table: Path) -> None:
    with pytest.raises(ParameterError, match="no feature here"):
        read_events(table, replace(WISH, accept_loss=("lead_pt",)))


def test_the_mass_is_no_feature(table: Path) -> None:
    with pytest.raises(ParameterError, match="mass"):
        read_events(table, replace(WISH, features=("dimuon_mass",)))


def test_an_unknown_sign_or_column_is_named(table: Path) -> None:
    with pytest.raises(ParameterError, match="opposite"):
        read_events(table, replace(WISH, sign="oposite"))
    with pytest.raises(TableError, match="lead_ip3d"):
        read_events(table, replace(WISH, features=("lead_ip3",)))


def test_nothing_selected_is_said_with_the_reasons(table: Path) -> None:
    with pytest.raises(EmptyInputError, match="lead_pt>=9000"):
        read_events(table, replace(WISH, where=("lead_pt>=9000",)))


def test_same_sign_needs_the_charges(tmp_path: Path) -> None:
    table = write_pairs(tmp_path / "pairs.parquet", without="charge_product")
    assert read_events(table, WISH).control is None
    with pytest.raises(TableError, match="charge_product"):
        read_events(table, replace(WISH, sign="same"))


def test_labels_are_kept_for_judging(table: Path) -> None:
    found = read_events(table, replace(WISH, label="trail_pt"))
    assert found.data.label is not None
    assert found.data.label.all()
