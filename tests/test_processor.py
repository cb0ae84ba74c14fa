"""A processor takes parameters, refuses nonsense, and gives the parameters back."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from hepml.errors import ParameterError, ProcessorError
from hepml.processor import Processor
from tests.toys import ToyCuts, ToyProcessor


class Events:
    """Stands for events of which only the metadata matter."""

    def __init__(self, **metadata: Any) -> None:
        self.metadata = metadata


def test_the_first_preset_is_the_default() -> None:
    made = ToyProcessor()
    assert (made.preset, made.cuts, made.weight) == ("usual", ToyCuts(), "default")


def test_a_preset_brings_its_cuts_and_weight() -> None:
    made = ToyProcessor(preset="hard")
    assert (made.cuts.pt, made.weight) == (50.0, "none")


def test_a_weight_can_be_chosen_beside_a_preset() -> None:
    assert ToyProcessor(preset="hard", weight="default").weight == "default"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"preset": "usua"}, r"no preset 'usua'. Did you mean 'usual'"),
        ({"weight": "defalt"}, r"no event weight 'defalt'. Did you mean 'default'"),
        ({"luminosity": 0.0}, "above 0"),
        ({"luminosity": float("nan")}, "above 0"),
        ({"cuts": {"pt": 1.0}}, "takes its cuts as ToyCuts, not dict"),
    ],
)
def test_nonsense_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        ToyProcessor(**options)


def test_parameters_go_through_json_and_back() -> None:
    made = ToyProcessor.from_parameters(
        preset="hard", cuts={"window": [1, 2]}, systematics=True, cross_sections={"s": 0.5}
    )
    again = ToyProcessor.from_parameters(**json.loads(json.dumps(made.parameters())))
    assert again.parameters() == made.parameters()
    assert again.cuts == ToyCuts(pt=50.0, window=(1.0, 2.0))


def test_a_processor_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(ToyProcessor(preset="hard")))  # noqa: S301
    assert again.parameters() == ToyProcessor(preset="hard").parameters()


def test_variations_are_filled_when_asked_for() -> None:
    assert ToyProcessor().active_variations == ("nominal",)
    assert ToyProcessor(systematics=True).active_variations == ("nominal", "scale_up", "scale_down")


def test_the_metadata_say_what_is_data() -> None:
    assert ToyProcessor().is_data(Events(kind="data"))
    assert not ToyProcessor().is_data(Events(kind="simulation"))


@pytest.mark.parametrize("metadata", [{}, {"kind": "mc"}])
def test_data_are_never_guessed(metadata: dict[str, str]) -> None:
    with pytest.raises(ProcessorError, match=r"nothing says whether dataset 'd' is data"):
        ToyProcessor().is_data(Events(dataset="d", **metadata))


def test_a_channel_declares_nothing_it_need_not() -> None:
    assert Processor.required_branches(ToyProcessor(), "Events", "data") == ()
    assert Processor.histograms(ToyProcessor()) == ()
    assert Processor.kind_of(None) is None


def test_the_end_of_a_run_changes_nothing() -> None:
    assert ToyProcessor().postprocess({"a": 1}) == {"a": 1}
