"""Processors are found by name or as module:Class."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from hepml import registry
from hepml.errors import ProcessorError
from hepml.registry import find_processor, processor_names, registered_name
from processors import DimuonProcessor, DiphotonProcessor, ShowerProcessor
from tests.toys import ToyProcessor


def test_the_shipped_channels_are_known() -> None:
    assert {"diphoton", "dimuon", "shower"} <= set(processor_names())
    assert find_processor("diphoton") is DiphotonProcessor
    assert find_processor("dimuon") is DimuonProcessor
    assert find_processor("shower") is ShowerProcessor


def test_a_class_is_found_where_it_is_defined() -> None:
    assert find_processor("tests.toys:ToyProcessor") is ToyProcessor


def test_another_distribution_can_register_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = EntryPoint("toy", "tests.toys:ToyProcessor", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    assert find_processor("toy") is ToyProcessor
    assert registered_name(ToyProcessor) == "toy"
    assert "diphoton" in processor_names()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("difoton", r"no processor 'difoton'. Did you mean 'diphoton'"),
        ("no.such.module:Class", r"cannot be loaded from no.such.module:Class: No module"),
        ("tests.toys:NoSuch", r"cannot be loaded"),
        ("tests.toys:ToyCuts", r"is not a hepml processor: derive"),
        ("tests.toys:rows", r"is not a hepml processor"),
    ],
)
def test_what_is_no_processor_is_refused(name: str, text: str) -> None:
    with pytest.raises(ProcessorError, match=text):
        find_processor(name)


def test_a_registered_class_has_its_name() -> None:
    assert registered_name(DiphotonProcessor) == "diphoton"


def test_a_class_in_a_module_is_named_by_its_place() -> None:
    name = registered_name(ToyProcessor)
    assert name == "tests.toys:ToyProcessor"
    assert find_processor(name) is ToyProcessor


@pytest.mark.parametrize(
    "place",
    [
        {"__module__": "__main__", "__qualname__": "Local"},
        {"__module__": "tests.toys", "__qualname__": "function.<locals>.Local"},
    ],
)
def test_a_class_that_lives_in_a_session_has_no_name(place: dict[str, str]) -> None:
    assert registered_name(type("Local", (ToyProcessor,), place)) is None


def test_a_file_in_place_of_the_processor_is_answered_with_the_order() -> None:
    with pytest.raises(ProcessorError, match=r"hepml run PROCESSOR data_A\.root"):
        find_processor("data_A.root")
