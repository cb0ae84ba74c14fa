"""``hepml processors``: names, presets, cuts and weights."""

from __future__ import annotations

from typing import Any

import pytest


def test_all_processors_are_listed_with_their_presets(cli: Any) -> None:
    answer = cli("processors")
    assert answer.code == 0
    for word in ("diphoton", "dimuon", "official", "inclusive", "mini"):
        assert word in answer.out


def test_one_processor_shows_every_cut_with_its_value_in_each_preset(cli: Any) -> None:
    answer = cli("processors", "diphoton")
    assert answer.code == 0
    (line,) = [line for line in answer.out.splitlines() if "mass_low" in line]
    for value in ("105.0", "115.0"):
        assert value in line


@pytest.mark.parametrize("name", ["diphotn", "no_such_module:Thing"])
def test_an_unknown_processor_is_an_error(cli: Any, name: str) -> None:
    answer = cli("processors", name)
    assert answer.code == 2
    assert name in answer.err
