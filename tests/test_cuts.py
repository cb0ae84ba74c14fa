"""Single cut values are replaced in their own types; a wrong one is named."""

from __future__ import annotations

from typing import Any

import pytest

from hepml.cuts import replace_cuts
from hepml.errors import ParameterError
from tests.toys import ToyCuts


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"pt": 3}, "pt", 3.0),
        ({"tight": True}, "tight", True),
        ({"window": [1, 2]}, "window", (1.0, 2.0)),
        ({"mode": "odd"}, "mode", "odd"),
    ],
)
def test_a_cut_is_replaced_in_its_own_type(
    given: dict[str, Any], field: str, value: object
) -> None:
    cuts = replace_cuts(ToyCuts(), given)
    assert getattr(cuts, field) == value
    assert type(getattr(cuts, field)) is type(value)


def test_the_other_cuts_stay() -> None:
    assert replace_cuts(ToyCuts(tight=True), {"pt": 3}) == ToyCuts(pt=3.0, tight=True)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"ptt": 1}, r"ToyCuts has no cut 'ptt'. Did you mean 'pt'"),
        ({"pt": "high"}, r"ToyCuts.pt = 'high'"),
        ({"window": [1]}, r"ToyCuts.window"),
        ({"tight": 7}, r"ToyCuts.tight = 7"),
    ],
)
def test_a_wrong_cut_is_named(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ParameterError, match=text):
        replace_cuts(ToyCuts(), given)
