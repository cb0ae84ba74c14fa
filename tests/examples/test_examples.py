"""The example package, installed in an environment of its own, away from the repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from hepml.simulate.dimuon import simulate
from tests.examples.environment import EXAMPLE, ROOT, Environment, build_wheels

pytestmark = [pytest.mark.examples, pytest.mark.slow]

PLAIN = """
import json, sys
from coffea.nanoevents import NanoAODSchema
from coffea.processor import IterativeExecutor, Runner
from zpeak.plain import PlainZ

fileset = {"muons": {"files": dict.fromkeys(sys.argv[1:], "Events")}}
runner = Runner(IterativeExecutor(status=False), schema=NanoAODSchema, metadata_cache={})
found = runner(fileset, PlainZ())["muons"]
spectrum = found["spectrum"]
print(json.dumps({
    "events": found["events"],
    "masses": sorted(found["masses"].value.tolist()),
    "opposite": spectrum[{"charge_product": 0}].values().tolist(),
    "same": spectrum[{"charge_product": 1}].values().tolist(),
}))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files of simulated muon pairs, of four clusters each and rich in Z bosons."""
    out = tmp_path_factory.mktemp("muons")
    simulate(out, 6000, 1, yields={"z": 3000}, files=2, simulated=0, clusters=4)
    return sorted(out.glob("*.root"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels of hepml and of the example package."""
    return build_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    """Where a user would work."""
    return Environment.create(tmp_path_factory.mktemp("user") / "venv", wheels)


@pytest.fixture(scope="module")
def plain(environment: Environment, files: list[Path], tmp_path_factory: Any) -> dict[str, Any]:
    """What coffea's own Runner finds with coffea's own schema."""
    out = environment.call("python", "-c", PLAIN, *files, cwd=tmp_path_factory.mktemp("plain"))
    return dict(json.loads(out.splitlines()[-1]))  # coffea draws bars before it


def run(environment: Environment, files: list[Path], out: Path, *options: object) -> Path:
    """Run the processor by its registered name on all files as one dataset."""
    words = (f"muons={files[0].parent}/*.root", "--out", out, "--chunk-size", 1000, *options)
    environment.call("hepml", "run", "zpeak", *words, cwd=out.parent)
    return out


@pytest.fixture(scope="module")
def iterative(environment: Environment, files: list[Path], tmp_path_factory: Any) -> Path:
    """A run in one process."""
    out = tmp_path_factory.mktemp("iterative") / "run"
    return run(environment, files, out, "--executor", "iterative")


def rows(out: Path) -> Any:
    """The table as any reader of Parquet sees it, in order of the event."""
    table = pq.read_table(sorted(out.glob("features/muons/*.parquet")))
    return table.sort_by([(name, "ascending") for name in ("run", "lumi", "event")])


def assert_same(out: Path, reference: Path) -> None:
    """The same histograms, cutflow and rows, bit for bit."""
    for name in ("histograms.json", "cutflow.json"):
        assert json.loads((out / name).read_text()) == json.loads((reference / name).read_text())
    assert rows(out).equals(rows(reference))


def test_its_own_tests_pass(environment: Environment, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert "passed" in environment.call("python", *words, cwd=tmp_path)


def test_it_is_the_installed_one_and_registered(environment: Environment, tmp_path: Path) -> None:
    code = (
        "import hepml, processors, zpeak; from hepml.registry import find_processor;"
        "print(hepml.__file__, processors.__file__, zpeak.__file__, find_processor('zpeak'))"
    )
    *places, name = environment.call("python", "-c", code, cwd=tmp_path).split(maxsplit=3)
    assert [Path(place).is_relative_to(environment.home) for place in places] == [True] * 3
    assert "zpeak.processor.ZPeakProcessor" in name


def test_selections_work_on_arrays_alone(environment: Environment, tmp_path: Path) -> None:
    out = environment.call("python", ROOT / "examples" / "import_selection.py", cwd=tmp_path)
    selected, by_hand = out.splitlines()
    assert selected.startswith("selected [0, 2] [92.0")
    assert by_hand.startswith("by hand  [ True  True] [92.0")


def test_hepml_finds_what_coffea_finds(plain: dict[str, Any], iterative: Path) -> None:
    import hepml

    found = hepml.Run(iterative)
    spectrum = found.histograms["dimuon_mass"][{"dataset": "muons", "variation": "nominal"}]
    assert found.cutflow["muons"][0]["raw"] == plain["events"]
    for place, sign in enumerate(("opposite", "same")):
        assert spectrum[{"charge_product": place}].values().tolist() == plain[sign]
    table = rows(iterative)
    opposite = np.asarray(table["charge_product"]) < 0
    assert sorted(np.asarray(table["dimuon_mass"])[opposite].tolist()) == plain["masses"]
    assert len(plain["masses"]) > 1000


def test_every_part_of_the_table_says_what_is_in_it(iterative: Path) -> None:
    parts = sorted(iterative.glob("features/muons/*.parquet"))
    schemas = [pq.read_schema(part) for part in parts]
    assert len(parts) > 1
    assert all(schema.equals(schemas[0]) for schema in schemas)
    field = schemas[0].field("dimuon_mass")
    described = json.loads(field.metadata[b"hepml"])
    assert (str(field.type), described["unit"], described["role"]) == ("double", "GeV", "observer")
    assert schemas[0].names[-1] == "weight"


def test_a_pool_of_processes_gives_the_same(
    environment: Environment, files: list[Path], iterative: Path, tmp_path: Path
) -> None:
    out = run(environment, files, tmp_path / "run", "--executor", "futures", "--workers", 2)
    assert_same(out, iterative)


def test_dask_workers_in_another_folder_give_the_same(
    environment: Environment, files: list[Path], iterative: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    with environment.cluster(tmp_path / "elsewhere") as address:
        options = ("--executor", "dask", "--scheduler", address)
        out = run(environment, files, tmp_path / "run", *options)
    assert_same(out, iterative)


@pytest.mark.parametrize(
    "changed", ["zpeak/selection.py", "processors/dimuon_selection.py", "zpeak"]
)
def test_dask_workers_with_another_selection_or_none_are_refused(
    environment: Environment,
    wheels: Path,
    files: list[Path],
    tmp_path: Path,
    changed: str,
) -> None:
    other = Environment.create(tmp_path / "venv", wheels)
    place = other.packages / changed
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.write_text(place.read_text() + "\nOTHER = True\n")
    with other.cluster(tmp_path) as address:
        words = ("zpeak", *files, "--out", "run", "--executor", "dask", "--scheduler", address)
        done = environment.run("hepml", "run", *words, cwd=tmp_path)
    assert done.returncode != 0
    assert "2 of 2 dask workers run other code" in " ".join((done.stdout + done.stderr).split())
    assert not (tmp_path / "run" / "report.json").exists()


def test_the_peak_is_found_where_it_was_put(environment: Environment, iterative: Path) -> None:
    environment.call("python", "-m", "zpeak.fit", iterative, cwd=iterative.parent)
    found = json.loads((iterative / "fit" / "fit.json").read_text())
    assert found["fit"]["valid"]
    # within 4 standard deviations of the simulated mass, seed 1
    assert abs(found["mass"] - 91.1876) < 4 * found["mass_error"]
    assert (iterative / "fit" / "fit.png").stat().st_size > 10_000
