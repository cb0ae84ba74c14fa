"""What a selection returned is checked, counted, filled and laid out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import awkward as ak
import numpy as np
import pytest
from coffea.processor import accumulate

from hepml.collect import ChunkResult, collect
from hepml.columns import key
from hepml.errors import ChunkError, ProcessorError
from hepml.processor import Fill, Selected
from tests.toys import COLUMNS, ToyProcessor, rows

METADATA = {"dataset": "d", "label": "signal", "fileuuid": "uuid-1", "entrystart": 100}
WEIGHTS = np.array([1.0, -0.5, 2.0])


def selected(**changes: Any) -> Selected:
    """Two of three events, with everything that is declared."""
    content = rows([4, 8])
    del content["label"]
    usual = Selected(
        cutflow={"all": WEIGHTS, "pT": WEIGHTS[:2]},
        histograms={"pt": [Fill((content["pt"],), WEIGHTS[:2])]},
        features=content,
        constants={"cross_section": np.full(3, 0.5)},
    )
    return replace(usual, **changes)


def found(processor: ToyProcessor | None = None, **changes: Any) -> ChunkResult:
    return collect(processor or ToyProcessor(), selected(**changes), METADATA)


def test_steps_are_counted() -> None:
    assert found().cutflow["pT"] == {"raw": 2, "weighted": 0.5}


def test_histograms_are_filled_under_the_dataset() -> None:
    histogram = found().histograms["pt"]
    assert list(histogram.axes["dataset"]) == ["d"]
    assert histogram["d", "nominal", 1].value == 0.5


def test_columns_come_in_declared_order_and_type() -> None:
    features = dict(reversed(selected().features.items())) | {"mass": np.array([1, 2])}
    columns = found(features=features).columns
    assert list(columns) == [column.name for column in COLUMNS]
    assert columns["mass"].dtype == np.float64
    assert columns["pt"].dtype == np.float32


def test_awkward_columns_are_laid_out_too() -> None:
    features = dict(selected().features) | {"pt": ak.Array([1.0, 2.0])}
    assert found(features=features).columns["pt"].tolist() == [1.0, 2.0]


def test_the_label_comes_from_the_chunk() -> None:
    assert found().columns["label"].tolist() == ["signal", "signal"]


def test_a_label_that_was_returned_wins() -> None:
    features = dict(selected().features) | {"label": ["x", "y"]}
    assert found(features=features).columns["label"].tolist() == ["x", "y"]


class Unnumbered(ToyProcessor):
    """A channel for files without event numbers."""

    columns = (key("file", "string"), *COLUMNS)


def test_events_without_numbers_are_keyed_by_file_and_entry() -> None:
    features = {name: v for name, v in selected().features.items() if name != "event"}
    columns = found(Unnumbered(), features=features, entries=np.array([0, 2])).columns
    assert columns["event"].tolist() == [100, 102]
    assert columns["file"].tolist() == ["uuid-1", "uuid-1"]


def test_events_with_numbers_need_no_file() -> None:
    assert found(Unnumbered()).columns["file"].tolist() == ["", ""]


def test_constants_are_read_once() -> None:
    assert found().constants == {"cross_section": 0.5}


def test_a_chunk_without_events_has_no_constants() -> None:
    assert np.isnan(found(constants={"cross_section": np.zeros(0)}).constants["cross_section"])


def test_events_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ChunkError, match=r"'d': cross_section is not the same.*0.5 to 0.7"):
        found(constants={"cross_section": np.array([0.5, 0.7])})


def test_zero_selected_rows_keep_their_types() -> None:
    empty = {name: values[:0] for name, values in selected().features.items()}
    columns = found(features=empty, histograms={}).columns
    assert {name: len(values) for name, values in columns.items()} == dict.fromkeys(columns, 0)
    assert columns["n_jets"].dtype == np.int32


def test_without_a_table_no_column_is_looked_at() -> None:
    assert found(ToyProcessor(table=False), features={"nonsense": 1}).columns == {}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"histograms": {"ptt": []}}, r"histogram 'ptt' without declaring.*Did you mean 'pt'"),
        ({"features": {"ptt": WEIGHTS}}, r"column 'ptt' without declaring.*Did you mean 'pt'"),
        ({"features": {"pt": WEIGHTS}}, r"declares the column 'run' but did not return it"),
        ({"features": rows([1]) | {"pt": WEIGHTS}}, r"differ in length: .*'pt': 3"),
        (
            {"features": rows([1, 2]) | {"pt": ak.Array([1.0, None])}},
            r"'pt' has missing values; fill them",
        ),
    ],
)
def test_a_selection_that_breaks_the_contract_is_told_how(
    changes: dict[str, Any], text: str
) -> None:
    with pytest.raises(ProcessorError, match=text):
        found(**changes)


def test_results_of_chunks_add_up_in_coffea() -> None:
    total = accumulate([found().accumulator(), found().accumulator()])
    assert total["cutflow"]["d"]["pT"] == {"raw": 4, "weighted": 1.0}
    assert total["histograms"]["pt"]["d", "nominal", 1].value == 1.0
    assert total["features"]["d"]["event"].value.tolist() == [4, 8, 4, 8]
