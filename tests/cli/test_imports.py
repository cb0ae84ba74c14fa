"""`hepml import` as a user types it: what it says, and that a run takes what it wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import hepml
from tests.conftest import Answer
from tests.importers.dijets import dijet_columns, write_fixed
from tests.importers.emulsion import couples, write_brick, write_csv
from tests.importers.jets import jet_columns, write_jets

Cli = Callable[..., Answer]


@pytest.fixture
def brick(tmp_path: Path) -> Path:
    """Plates 1, 2 and 4 of 5: six showers of one base-track upstream and two below, and noise."""
    events = {1: 1, 2: 1, 4: 2, 5: 2}
    plates = {}
    for plate, each in events.items():
        event = np.full(60, -999, np.int32)
        event[: 6 * each] = np.repeat(np.arange(6), each)
        # one that never multiplies
        event[-1] = 6 if plate == 1 else -999
        plates[plate] = couples(60, plate, s__eMCEvt=event)
    return write_brick(tmp_path / "in", plates, films=5, simulated=True)


def test_an_import_says_what_it_found_and_what_not(cli: Cli, brick: Path, tmp_path: Path) -> None:
    answer = cli("import", "shower", brick, "--out", tmp_path / "tiles", "--core", 9000)
    assert answer.code == 0, answer.text
    tiles = sorted((tmp_path / "tiles").glob("*.parquet"))
    assert f"240 base-tracks in 4 of 5 films, 6 injectors, {len(tiles)} tiles" in answer.out
    assert "missing films (PID, 0 = furthest downstream): 2" in answer.out
    assert "no injector: 1 simulated showers without a film of 2 to 10 base-tracks" in answer.out
    assert f"hepml run shower {tmp_path / 'tiles'} --out RUN" in answer.out


def test_tiles_know_the_dataset_and_how_many_they_are(
    cli: Cli, brick: Path, tmp_path: Path
) -> None:
    cli("import", "shower", brick, "--out", tmp_path / "tiles", "--core", 9000)
    tiles = sorted((tmp_path / "tiles").glob("*.parquet"))
    notes = [json.loads(pq.read_schema(tile).metadata[b"hepml"]) for tile in tiles]
    assert {(item["dataset"], item["files"]) for item in notes} == {("brick000007", len(tiles))}
    assert len({item["import"] for item in notes}) == 1
    assert len({item["uuid"] for item in notes}) == len(tiles) > 2


def test_a_run_takes_the_tiles_as_one_dataset_with_their_account(
    cli: Cli, brick: Path, tmp_path: Path
) -> None:
    cli("import", "shower", brick, "--out", tmp_path / "tiles", "--core", 9000)
    answer = cli(
        "run", "processors.shower:ShowerProcessor", tmp_path / "tiles", "--out", tmp_path / "run",
        "--executor", "iterative",
    )  # fmt: skip
    assert answer.code == 0, answer.text
    run = hepml.Run(tmp_path / "run")
    (name,) = run.report["datasets"]
    account = run.report["datasets"][name]
    assert (name, account["kind"], account["simulated"]) == ("brick000007", "simulation", True)
    assert account["complete"]
    assert run.report["planned"] == len(list((tmp_path / "tiles").glob("*.parquet")))
    assert "'brick000007' at import:" in answer.out
    assert "missing films 2" in " ".join(answer.out.split())


def test_csv_of_data_in_other_units_is_imported_too(cli: Cli, tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "b.csv", x=np.linspace(4, 6, 12), y=np.linspace(3, 5, 12),
        z=np.repeat([-0.263, -0.1315, 0], 4), TrackID=np.tile([1, 2, 3, 4], 3),
    )  # fmt: skip
    refused = cli("import", "shower", path, "--out", tmp_path / "tiles", "--kind", "data")
    assert (refused.code, "--unit cm" in refused.err) == (2, True)
    answer = cli(
        "import", "shower", path, "--out", tmp_path / "tiles", "--kind", "data", "--unit", "cm"
    )
    assert answer.code == 0, answer.text
    assert "brick 1: 12 base-tracks in 3 of 3 films, 4 injectors" in answer.out


def test_an_existing_folder_is_not_touched(cli: Cli, brick: Path, tmp_path: Path) -> None:
    assert cli("import", "shower", brick, "--out", brick).code == 2


def test_what_has_to_be_imported_first_is_said(cli: Cli, brick: Path, tmp_path: Path) -> None:
    couple = next(brick.rglob("*.cp.root"))
    table = write_csv(tmp_path / "b.csv")
    for word, said in ((brick, f"import CHANNEL {brick}"), (couple, "a ROOT file"), (table, "no")):
        answer = cli("run", "processors.shower:ShowerProcessor", word, "--out", tmp_path / "run")
        assert answer.code == 2
        assert said in answer.err
        assert "hepml import " in answer.err
        assert not (tmp_path / "run").exists()


def test_tiles_given_to_another_channel_are_sent_to_theirs(
    cli: Cli, brick: Path, tmp_path: Path
) -> None:
    cli("import", "shower", brick, "--out", tmp_path / "tiles")
    answer = cli("run", "diphoton", tmp_path / "tiles", "--out", tmp_path / "run")
    assert answer.code == 2
    assert "it is a Parquet file, and ROOT files are read here" in answer.err
    assert "hepml run shower" in answer.err


SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "topjet"


def test_jets_are_imported_and_run_as_a_user_types_it(cli: Cli, tmp_path: Path) -> None:
    for name in ("train_nominal_000", "ces_up_000"):
        write_jets(tmp_path / "in" / f"{name}.h5", jet_columns(9, training=name[:5] == "train"))
    answer = cli("import", "topjet", tmp_path / "in", "--out", tmp_path / "imp", "--workers", 1)
    assert answer.code == 0, answer.text
    for name in ("esup", "train_nominal"):
        assert f"{name}: 9 jets, " in answer.out
    assert f"hepml run topjet {tmp_path / 'imp'} --out RUN" in answer.out
    again = cli("import", "topjet", tmp_path / "in", "--out", tmp_path / "imp", "--workers", 1)
    assert "in 1 files, 1 of them kept from before" in again.out
    answer = cli(
        "run", "topjet", tmp_path / "imp", "--out", tmp_path / "run", "--executor", "iterative"
    )
    assert answer.code == 0, answer.text
    assert cli("check", tmp_path / "run").code == 0
    assert hepml.Run(tmp_path / "run").features.datasets == ("esup", "train_nominal")


def test_a_file_of_jets_that_fails_is_named_and_the_exit_code_says_so(
    cli: Cli, tmp_path: Path
) -> None:
    columns = jet_columns(9)
    good = write_jets(tmp_path / "esup_000.h5", columns)
    bad = write_jets(tmp_path / "esup_001.h5", {n: v for n, v in columns.items() if n != "labels"})
    answer = cli("import", "topjet", good, bad, "--out", tmp_path / "imp", "--workers", 1)
    assert answer.code == 3
    assert "esup: 9 jets" in answer.out
    assert "not imported: esup_001.h5 has no dataset 'labels'" in answer.out
    assert "1 of 2 files were not imported" in answer.err
    assert [path.name for path in (tmp_path / "imp").rglob("*.*")] == ["esup_000.parquet"]


def test_what_the_import_of_jets_counted_is_said(cli: Cli, tmp_path: Path) -> None:
    columns = jet_columns(9)
    columns["EventInfo_mcEventNumber"] += 1
    source = write_jets(tmp_path / "esup_000.h5", columns)
    answer = cli("import", "topjet", source, "--out", tmp_path / "imp")
    assert "9 jets whose event number does not belong to a test sample" in answer.out


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data are not there")
def test_the_reference_jets_go_from_hdf5_to_figures(cli: Cli, tmp_path: Path) -> None:
    files = sorted(SHARED.glob("*.h5"))
    assert cli("import", "topjet", *files, "--out", tmp_path / "imp").code == 0
    answer = cli(
        "run", "topjet", tmp_path / "imp", "--out", tmp_path / "r", "--executor", "iterative"
    )
    assert answer.code == 0, answer.text
    assert cli("check", tmp_path / "r").code == 0
    assert cli("plot", tmp_path / "r", "--only", "jet_m", "--only", "image_top").code == 0
    table = hepml.Run(tmp_path / "r").features
    assert len(table) == 15_000
    assert table.to_numpy(["split_ok"]).min() == 1


def test_dijets_are_imported_and_run_as_a_user_types_it(cli: Cli, tmp_path: Path) -> None:
    qcd = dijet_columns(40) | {"label": np.repeat([0.0, 1.0], [35, 5])}
    source = write_fixed(tmp_path / "in" / "events_anomalydetection_v2.features.h5", qcd)
    signal = write_fixed(tmp_path / "in" / "mine.h5", dijet_columns(30, 2, parametric=True))
    answer = cli(
        "import", "dijet", source, f"W_qqq={signal}", "--out", tmp_path / "imp", "--workers", 1
    )
    assert answer.code == 0, answer.text
    assert "qcd: 40 events in 1 files\n  5 events with the label 1" in answer.out
    assert "wprime_qqq: 30 events in 1 files, 2 mass points" in answer.out
    assert f"hepml run dijet {tmp_path / 'imp'} --out RUN" in answer.out
    again = cli("import", "dijet", source, "--out", tmp_path / "imp", "--workers", 1)
    assert "1 files, 1 of them kept from before" in again.out
    answer = cli(
        "run", "dijet", tmp_path / "imp", "--out", tmp_path / "run", "--preset", "inclusive",
        "--cut", "order=pt", "--executor", "iterative",
    )  # fmt: skip
    assert answer.code == 0, answer.text
    run = hepml.Run(tmp_path / "run")
    assert {name: len(run.features.of(name)) for name in run.features.datasets} == {
        "qcd": 35,
        "wprime_qqq": 30,
    }
    assert "'qcd' at import: 5 events with the label 1." in " ".join(answer.out.split())


def test_a_dijet_file_that_cannot_be_imported_makes_the_command_fail(
    cli: Cli, tmp_path: Path
) -> None:
    good = write_fixed(tmp_path / "good.h5", dijet_columns(3))
    bad = write_fixed(tmp_path / "bad.h5", {"a": np.zeros(3)})
    answer = cli("import", "dijet", good, bad, "--out", tmp_path / "imp", "--workers", 1)
    assert answer.code != 0
    assert "not imported: bad.h5 has no column 'pxj1'" in answer.out
    assert (tmp_path / "imp" / "good" / "good.parquet").exists()


def test_unlabelled_dijets_have_to_be_called_data_or_simulation(cli: Cli, tmp_path: Path) -> None:
    write_fixed(tmp_path / "box.h5", dijet_columns(20))
    cli("import", "dijet", tmp_path / "box.h5", "--out", tmp_path / "imp", "--workers", 1)
    options = ["--out", tmp_path / "run", "--executor", "iterative"]
    answer = cli("run", "dijet", tmp_path / "imp", *options)
    assert answer.code == 2
    assert "--kind" in answer.err
    assert cli("run", "dijet", tmp_path / "imp", *options, "--kind", "data").code == 0
