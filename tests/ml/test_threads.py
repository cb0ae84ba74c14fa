"""Threads: no more than there are idle cores."""

from __future__ import annotations

import os

import pytest

from hepml.ml.threads import free_threads


@pytest.mark.parametrize(
    ("wanted", "busy", "expected"),
    [(4, 0.1, 4), (4, 6.0, 2), (4, 50.0, 1), (None, 0.0, 8), (16, 0.0, 8)],
)
def test_busy_cores_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, wanted: int | None, busy: float, expected: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "getloadavg", lambda: (busy, busy, busy))
    assert free_threads(wanted) == expected
