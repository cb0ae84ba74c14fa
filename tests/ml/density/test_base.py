"""Models by name, rows that cannot be used, and damaged folders."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hepml.errors import ModelError, ParameterError
from hepml.ml.density import Neighbours, load_density, make_density
from hepml.ml.density.base import check_rows
from tests.ml.density.toys import conditions, draw


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="neighbours"):
        make_density("neighbour")


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="bandwidth"):
        make_density("neighbours", bandwith=1)


def test_options_are_given_on() -> None:
    assert make_density("maf", epochs=3, random_state=5).get_params()["epochs"] == 3


def test_weights_get_the_mean_1() -> None:
    weight = check_rows(np.ones((2, 1)), np.ones(2), np.array([1.0, 3.0]))[2]
    np.testing.assert_allclose(weight, [0.5, 1.5])


@pytest.mark.parametrize("weight", [[1.0, -1.0], [0.0, 0.0]])
def test_weights_that_cannot_be_used_are_refused(weight: list[float]) -> None:
    with pytest.raises(ModelError, match="negative"):
        check_rows(np.ones((2, 1)), np.ones(2), np.array(weight))


def test_no_rows_are_refused() -> None:
    with pytest.raises(ModelError, match="0 rows"):
        check_rows(np.zeros((0, 2)), np.zeros(0))


@pytest.mark.parametrize("damage", ["density.json", "arrays.npz", "unknown"])
def test_a_damaged_folder_is_refused(damage: str, tmp_path: Path) -> None:
    mass = conditions(100, 1)
    Neighbours(bandwidth=0.5).fit(draw(mass, 2), mass).save(tmp_path)
    if damage == "unknown":
        (tmp_path / "density.json").write_text(json.dumps({"model": "strange"}))
    else:
        (tmp_path / damage).write_bytes(b"{")
    with pytest.raises(ModelError):
        load_density(tmp_path)
