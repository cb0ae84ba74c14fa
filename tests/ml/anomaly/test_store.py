"""What is kept is found by its content, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hepml.errors import ModelError
from hepml.ml.anomaly.store import Store, digest, kept

CALLS: list[int] = []


def fetch(store: Store, identity: str, value: int) -> int:
    def make() -> tuple[int, dict[str, Any]]:
        CALLS.append(value)
        return value, {"value": value}

    def save(item: int, folder: Path) -> None:
        (folder / "value.txt").write_text(str(item))

    return kept(
        store,
        "thing",
        identity,
        lambda folder, _: int((folder / "value.txt").read_text()),
        make,
        save,
    )


def test_the_second_time_it_is_read(tmp_path: Path) -> None:
    CALLS.clear()
    store = Store(tmp_path)
    assert [fetch(store, "a", 1), fetch(store, "a", 2), fetch(store, "b", 3)] == [1, 1, 3]
    assert CALLS == [1, 3]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["thing-a", "thing-b"]


def test_without_a_folder_nothing_is_kept() -> None:
    store = Store(None)
    assert [fetch(store, "a", 1), fetch(store, "a", 2)] == [1, 2]


def test_what_fails_half_way_is_not_kept(tmp_path: Path) -> None:
    def save(item: int, folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        kept(Store(tmp_path), "thing", "a", lambda *_: 1, lambda: (1, {}), save)
    assert not list(tmp_path.iterdir())


def test_damage_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path)
    fetch(store, "a", 1)
    (tmp_path / "thing-a" / "item.json").write_text("{")
    with pytest.raises(ModelError, match="is damaged"):
        fetch(store, "a", 1)
    (tmp_path / "thing-a" / "item.json").write_text('{"identity": "b"}')
    with pytest.raises(ModelError, match="not what its name says"):
        fetch(store, "a", 1)


@pytest.mark.parametrize(
    "other",
    [
        (np.array([1.0, 2.0]), {"a": 2}),
        (np.array([1.0, 2.0 + 1e-15]), {"a": 1}),
        (np.array([1, 2]), {"a": 1}),
        (np.array([[1.0, 2.0]]), {"a": 1}),
        ({"a": 1}, np.array([1.0, 2.0])),
    ],
)
def test_any_change_changes_the_identity(other: tuple[Any, ...]) -> None:
    same = digest(np.array([1.0, 2.0]), {"a": 1})
    assert digest(np.array([1.0, 2.0]), {"a": 1}) == same
    assert digest(*other) != same
