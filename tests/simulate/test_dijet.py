"""Files of simulated dijets: layouts, names, and what can be asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.errors import OutputError, ParameterError
from hepml.importers.dijet import import_dijets
from hepml.simulate.dijet import GRID, read_mass_points, simulate

SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "dijet"
POINTS = ((300.0, 300.0), (123.5, 47.0))
NAMES = {
    "qcd": "events_anomalydetection_v2.features.h5",
    "qcd_extra": "events_anomalydetection_qcd_extra_inneronly_features.h5",
    "wprime_qq": "events_anomalydetection_Z_XY_qq_parametric.h5",
    "wprime_qqq": "events_anomalydetection_Z_XY_qqq_parametric.h5",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dijets") / "sim"
    simulate(out, 60, 3, extra=40, signal=20, mass_points=POINTS)
    return out


def read(path: Path) -> dict[str, np.ndarray]:
    with h5py.File(path) as file:
        group = file["df"]
        names = [name.decode() for name in group["block0_items"][:]]
        return dict(zip(names, group["block0_values"][:].T, strict=True))


def mass(columns: dict[str, np.ndarray]) -> np.ndarray:
    four = np.zeros((4, len(columns["pxj1"])))
    for jet in ("j1", "j2"):
        p = np.stack([columns[f"{axis}{jet}"].astype(np.float64) for axis in ("px", "py", "pz")])
        four += np.concatenate([[np.sqrt((p**2).sum(0) + columns[f"m{jet}"] ** 2)], p])
    return np.sqrt(four[0] ** 2 - (four[1:] ** 2).sum(0))


def test_files_have_the_published_names_and_the_record_lists_them(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*NAMES.values(), "simulation.json"}
    record = json.loads((folder / "simulation.json").read_text())
    assert (record["simulated"], record["seed"]) == (True, 3)
    found = {name: record["files"][file]["events"] for name, file in NAMES.items()}
    assert found == {"qcd": 66, "qcd_extra": 40, "wprime_qq": 40, "wprime_qqq": 40}
    assert record["files"][NAMES["wprime_qqq"]]["mass_points"] == [list(p) for p in POINTS]


def test_background_comes_first_and_signal_at_the_end(folder: Path) -> None:
    found = read(folder / NAMES["qcd"])
    assert found["label"].tolist() == [0] * 60 + [1] * 6
    assert found["mj1"].dtype == np.float32
    assert "label" not in read(folder / NAMES["qcd_extra"])


def test_extra_background_lies_in_the_signal_region(folder: Path) -> None:
    found = mass(read(folder / NAMES["qcd_extra"]))
    # single precision may round an edge
    assert found.min() > 3299.99
    assert found.max() < 3700.01


def test_jets_are_those_of_the_trigger_and_in_order(folder: Path) -> None:
    for name in NAMES.values():
        found = read(folder / name)
        pt = [np.hypot(found[f"pxj{n}"], found[f"pyj{n}"]) for n in (1, 2)]
        assert (pt[0] > 1199.9).all()
        assert (pt[0] >= pt[1] * 0.9999).all()
        for n in (1, 2):
            tau1, tau2, tau3 = (found[f"tau{k}j{n}"] for k in (1, 2, 3))
            assert ((tau1 > tau2) & (tau2 > tau3) & (tau3 > 0)).all()


def test_signal_has_masses_and_redundant_columns_that_agree(folder: Path) -> None:
    found = read(folder / NAMES["wprime_qqq"])
    pairs, counts = np.unique(np.stack([found["mx"], found["my"]]), axis=1, return_counts=True)
    assert pairs.T.tolist() == [list(point) for point in sorted(POINTS)]
    assert counts.tolist() == [20, 20]
    for n in (1, 2):
        pt = np.hypot(found[f"pxj{n}"], found[f"pyj{n}"])
        np.testing.assert_allclose(found[f"ptj{n}"], pt)
        np.testing.assert_allclose(found[f"ptj{n}"] * np.sinh(found[f"etaj{n}"]), found[f"pzj{n}"])
        np.testing.assert_allclose(np.tan(found[f"phij{n}"]), found[f"pyj{n}"] / found[f"pxj{n}"])
        assert (found[f"Nj{n}"] % 1 == 0).all()


def test_the_import_takes_them_and_knows_that_they_are_simulated(
    folder: Path, tmp_path: Path
) -> None:
    found = import_dijets([folder], tmp_path, workers=1)
    assert not found.failed
    sizes = {name: sum(o.events for o in items) for name, items in found.datasets.items()}
    assert sizes == {"qcd": 66, "qcd_extra": 40, "wprime_qq": 40, "wprime_qqq": 40}
    (signal,) = found.datasets["wprime_qq"]
    assert signal.mass_points == ((123.5, 47.0, 20), (300.0, 300.0, 20))
    notes = json.loads(pq.read_schema(signal.target).metadata[b"hepml"])
    assert (notes["simulated"], notes["simulation"]["seed"]) == (True, 3)


def test_an_event_does_not_depend_on_what_else_is_asked_for(folder: Path, tmp_path: Path) -> None:
    simulate(tmp_path, 0, 3, benchmark=0, signal=20, mass_points=POINTS[1:], prongs=[2])
    assert {path.suffix for path in tmp_path.iterdir()} == {".h5", ".json"}
    alone, whole = (read(path / NAMES["wprime_qq"]) for path in (tmp_path, folder))
    for name, values in alone.items():
        np.testing.assert_array_equal(values, whole[name][20:])


def test_another_seed_gives_other_events(folder: Path, tmp_path: Path) -> None:
    simulate(tmp_path, 60, 4, signal=0)
    assert [path.name for path in tmp_path.glob("*.h5")] == [NAMES["qcd"]]
    assert read(tmp_path / NAMES["qcd"])["mj1"][0] != read(folder / NAMES["qcd"])["mj1"][0]


def attributes(item: Any) -> dict[str, tuple[int, int | None]]:
    """Class and character set of every attribute."""
    found = {}
    for name in item.attrs:
        kind = h5py.h5a.open(item.id, name.encode()).get_type()
        text = kind.get_class() == h5py.h5t.STRING
        found[name] = (kind.get_class(), kind.get_cset() if text else None)
    return found


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not there")
def test_the_layout_is_that_which_pandas_writes(folder: Path) -> None:
    with h5py.File(folder / NAMES["qcd"]) as ours, h5py.File(SHARED / NAMES["qcd"]) as theirs:
        assert attributes(ours) == attributes(theirs) | {
            "hepml_simulation": attributes(ours)["hepml_simulation"]
        }
        assert attributes(ours["df"]) == attributes(theirs["df"])
        for name, dataset in theirs["df"].items():
            mine = ours["df"][name]
            assert mine.dtype.kind == dataset.dtype.kind
            assert mine.shape[1:] == dataset.shape[1:]
            # empty or "nan" by the version of pandas; a truth value, which h5py has no type for
            skip = {"nan_rep", "transposed"}
            assert set(attributes(mine)) == set(attributes(dataset))
            assert int(mine.attrs.get("transposed", 1)) == int(dataset.attrs.get("transposed", 1))
            assert {k: v for k, v in attributes(mine).items() if k not in skip} == {
                k: v for k, v in attributes(dataset).items() if k not in skip
            }


def test_mass_points_are_read_from_text() -> None:
    assert read_mass_points("500:100,33.5:20") == ((500, 100), (33.5, 20))
    assert read_mass_points("grid") == GRID
    assert (len(GRID), GRID[0], GRID[1], GRID[-1]) == (144, (50, 50), (50, 100), (600, 600))


@pytest.mark.parametrize("text", ["", "500", "500:x", "500:100;300:300"])
def test_mass_points_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="500:100"):
        read_mass_points(text)


@pytest.mark.parametrize(
    "options",
    [
        {"events": -1},
        {"seed": -1},
        {"mass_points": [(0, 100)]},
        {"mass_points": [(float("nan"), 100)]},
        {"mass_points": [(100, 100), (100, 100)]},
        {"prongs": [4]},
        {"events": 0, "signal": 0},
    ],
)
def test_what_cannot_be_simulated_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        simulate(tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(folder: Path) -> None:
    with pytest.raises(OutputError, match="exists already"):
        simulate(folder, 5)
