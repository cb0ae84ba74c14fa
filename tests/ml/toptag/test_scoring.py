"""Scores of jets in tables: every chosen jet once, with what an evaluation needs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hepml.errors import TableError
from hepml.ml.toptag import scoring
from hepml.ml.toptag.blocks import find_rows
from hepml.ml.toptag.scoring import write_jet_scores
from hepml.parts import to_numpy
from hepml.tables import FeatureTable
from tests.ml.toptag.jets import write_jets


class ByMass:
    """A tagger that looks at the mass alone."""

    name = "mass"
    columns = ("jet_m",)

    def scores(self, rows: pa.Table) -> np.ndarray:
        return to_numpy(rows.column("jet_m")) / np.float32(300.0)

    def write(self, folder):
        raise NotImplementedError


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("jets")
    write_jets(folder, "test_nominal", 60, parts=3)
    return write_jets(folder, "esup", 30)


def test_every_jet_has_the_score_of_its_own_columns(table, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "_PART", 30)
    shares = {"all": (0.0, 1.0)}
    rows = {n: find_rows(table.of(n), shares)["all"] for n in ("test_nominal", "esup")}
    counts = write_jet_scores(ByMass(), table, rows, tmp_path)
    assert counts == {"test_nominal": 60, "esup": 30}
    found = FeatureTable.open(tmp_path)
    assert found.datasets == ("esup", "test_nominal")
    assert len(list((tmp_path / "test_nominal").iterdir())) == 2
    nominal = found.of("test_nominal")
    np.testing.assert_allclose(nominal.column("score"), nominal.column("jet_m") / 300, rtol=1e-6)
    assert sorted(nominal.column("row")) == list(range(60))
    assert nominal.names("key") == ("file", "row", "event_number")


def test_only_chosen_jets_are_scored(table, tmp_path):
    of = table.of("test_nominal")
    half = find_rows(of, {"a": (0.0, 0.5), "b": (0.5, 1.0)}, seed=2)["a"]
    write_jet_scores(ByMass(), table, {"test_nominal": half}, tmp_path)
    expected = of.split({"a": 0.5, "b": 0.5}, seed=2)["a"].column("row")
    found = FeatureTable.open(tmp_path).column("row")
    np.testing.assert_array_equal(np.sort(found), np.sort(expected))


def test_a_column_that_the_table_lacks_is_named(table, tmp_path):
    tagger = ByMass()
    tagger.columns = ("jet_q",)
    with pytest.raises(TableError, match="jet_q"):
        write_jet_scores(tagger, table, {}, tmp_path)
