"""Conditions on columns, as people write them: ``lead_iso04>=0.55``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hepml.errors import ParameterError

__all__ = ["Condition", "parse_condition"]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*(?P<column>\w[\w.:-]*)\s*(?P<sign>[<>=!]++)\s*(?P<value>\S.*?)\s*")
_TRUTH = {"true": 1, "false": 0}


@dataclass(frozen=True, slots=True)
class Condition:
    """A column compared with a number, or with a text by ``==``."""

    column: str
    sign: str
    value: float | int | str

    def __str__(self) -> str:
        return f"{self.column}{self.sign}{self.value}"

    def checked(self, *, text: bool) -> Condition:
        """The same condition, for a column that holds text, or numbers.

        Raises
        ------
        ParameterError
            If numbers are compared with a text, or text with anything but ``==``.
        """
        if text:
            if self.sign == "==":
                return self
            raise ParameterError(f"--where {self}: {self.column!r} is text, which takes only ==.")
        number = _number(str(self.value))
        if number is None:
            raise ParameterError(
                f"--where {self}: {self.column!r} holds numbers, and {self.value!r} is none."
            )
        return replace(self, value=number)

    def __call__(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each row fulfils it; a number that is not defined (NaN) never does."""
        if isinstance(self.value, str):
            return np.asarray(values == self.value, dtype=np.bool_)
        # in the column's own precision: 0.55 stored as float32 is at least 0.55
        numbers = values.astype(np.float64) if values.dtype.kind == "O" else values
        return np.asarray(_COMPARE[self.sign](numbers, self.value), dtype=np.bool_)


def parse_condition(text: str) -> Condition:
    """Read ``COLUMN>=VALUE``, with >=, <=, >, < or ==.

    Raises
    ------
    ParameterError
        If it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None or found["sign"] not in _COMPARE:
        hint = " A column equals a value by ==." if found and found["sign"] == "=" else ""
        raise ParameterError(
            f"--where {text!r} is no condition; write a column, one of >=, <=, >, <, == and a "
            f"value, in quotes for the shell: 'lead_pt>=17'.{hint}"
        )
    return Condition(found["column"], found["sign"], found["value"])


def _number(text: str) -> float | int | None:
    if text.lower() in _TRUTH:
        return _TRUTH[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
