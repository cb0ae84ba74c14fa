"""Corrections from correctionlib files: the list, its checks, and the factors."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from hepml.corrections import Corrections
from hepml.errors import ChunkError, FileAccessError, ParameterError, ProcessorError
from tests.corrected import MUON, PILEUP, write_corrections


def load(folder: Path, *sources: dict[str, Any]) -> Corrections:
    return Corrections.load(write_corrections(folder, *sources))


def evaluate(found: Corrections, *columns: Any, way: str = "nominal") -> list[float]:
    return np.asarray(found.factor(found.sources[0], columns, way)).tolist()


def test_a_source_per_event_has_one_factor_an_event(tmp_path: Path) -> None:
    found = load(tmp_path, PILEUP)
    columns = {"Pileup_nTrueInt": np.array([3.0, 20.0], np.float32)}
    assert evaluate(found, columns) == [2.0, 0.5]
    assert evaluate(found, columns, way="up") == pytest.approx([2.2, 0.55])
    assert evaluate(found, columns, way="down") == pytest.approx([1.8, 0.45])


def test_a_source_per_object_is_the_product_over_the_objects(tmp_path: Path) -> None:
    found = load(tmp_path, MUON)
    lead = {"pt": np.array([50.0, 50.0]), "eta": np.array([0.5, -2.0])}
    trail = {"pt": np.array([20.0, 20.0]), "eta": np.array([-0.5, 0.1])}
    assert evaluate(found, lead, trail) == pytest.approx([0.81, 0.72])
    assert evaluate(found, lead, trail, way="up") == pytest.approx([1.0, 0.9])


def test_values_are_moved_onto_the_range_where_that_is_asked_for(tmp_path: Path) -> None:
    found = load(tmp_path, MUON)
    lead = {"pt": np.array([3.0, 900.0]), "eta": np.array([0.0, 0.0])}
    assert evaluate(found, lead) == pytest.approx([0.9, 0.9])


def test_a_value_that_is_not_covered_is_an_error_with_the_way_out(tmp_path: Path) -> None:
    found = load(tmp_path, PILEUP)
    with pytest.raises(ChunkError, match=r"'pileup' of .*minimum.*maximum"):
        evaluate(found, {"Pileup_nTrueInt": np.array([99.0])})


def test_no_events_give_no_factors(tmp_path: Path) -> None:
    found = load(tmp_path, PILEUP)
    assert evaluate(found, {"Pileup_nTrueInt": np.zeros(0)}) == []


def test_lazy_arrays_give_the_same(tmp_path: Path) -> None:
    import dask_awkward as dak

    found = load(tmp_path, PILEUP)
    lazy = dak.from_awkward(ak.Array([3.0, 20.0, 5.0]), 2)
    factors = found.factor(found.sources[0], [{"Pileup_nTrueInt": lazy}])
    assert factors.compute().tolist() == [2.0, 0.5, 2.0]


def test_only_sources_with_shifts_are_variations(tmp_path: Path) -> None:
    plain = {name: value for name, value in MUON.items() if name not in ("up", "down")}
    assert load(tmp_path, PILEUP, plain).variations == ("pileup",)


def test_columns_are_named_per_kind(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.columns("event") == ("Pileup_nTrueInt",)
    assert found.columns("muon") == ("eta", "pt")


def test_parameters_load_the_same_again(tmp_path: Path) -> None:
    found = load(tmp_path)
    again = Corrections.load(json.loads(json.dumps(found.parameters())))
    assert again == found
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301


def test_a_changed_file_is_another_correction(tmp_path: Path) -> None:
    found = load(tmp_path)
    text = (tmp_path / "muon.json").read_text()
    (tmp_path / "muon.json").write_text(text + " ")
    with pytest.raises(ParameterError, match="not those that the run was made with"):
        Corrections.load(found.parameters())
    assert Corrections.load(found.path).parameters() != found.parameters()


def test_a_worker_that_does_not_see_the_files_says_so(tmp_path: Path) -> None:
    found = load(tmp_path / "here", PILEUP)
    from hepml.corrections import _correction_set

    _correction_set.cache_clear()
    (tmp_path / "here" / "pileup.json.gz").unlink()
    with pytest.raises(ProcessorError, match="where all machines see them"):
        evaluate(found, {"Pileup_nTrueInt": np.array([3.0])})


def test_a_worker_that_sees_another_file_says_so(tmp_path: Path) -> None:
    found = load(tmp_path, MUON)
    from hepml.corrections import _correction_set

    _correction_set.cache_clear()
    (tmp_path / "muon.json").write_text("{}")
    with pytest.raises(ProcessorError, match="not the file that the run was started with"):
        evaluate(found, {"pt": np.array([30.0]), "eta": np.array([0.0])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"correction": "pv"}, "no correction 'pv'. Known: pu"),
        ({"inputs": PILEUP["inputs"] | {"m": {"constant": 1}}}, "no input 'm'"),
        ({"inputs": {"shift": {"variation": True}}}, "nothing is given for the input 'n'"),
        ({"inputs": PILEUP["inputs"] | {"n": {}}}, "give one of column, constant and variation"),
        ({"nominal": None, "up": None, "down": None}, "belong together"),
        ({"down": None}, "up and down belong together"),
        ({"name": "pile up"}, "name"),
        ({"fiel": "x"}, "unknown key. Did you mean 'file'"),
    ],
)
def test_a_list_that_does_not_fit_its_files_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        load(tmp_path, PILEUP | change)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="names a source twice"):
        load(tmp_path, PILEUP, PILEUP)


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match=r"none\.json"):
        Corrections.load(tmp_path / "none.json")
    with pytest.raises(FileAccessError, match=r"absent\.json"):
        load(tmp_path, PILEUP | {"file": "absent.json"})


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = write_corrections(tmp_path, PILEUP | {"file": "other.json"})
    (tmp_path / "other.json").write_text('{"sources": []}')
    with pytest.raises(ParameterError, match=r"other\.json is not a correctionlib file"):
        Corrections.load(path)
    (tmp_path / "list.json").write_text("{")
    with pytest.raises(ParameterError, match="is not JSON"):
        Corrections.load(tmp_path / "list.json")
