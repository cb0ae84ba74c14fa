"""``hepml datasets``: what it prints, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hepml.cli.datasets import app
from hepml.errors import CatalogueError, DownloadError, FileAccessError, OutputError

CONTENT = b"events" * 100


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue whose two files lie in a directory of this machine."""
    monkeypatch.delenv("HEPML_MIRROR", raising=False)
    store = tmp_path / "store"
    store.mkdir()
    checksum = f"adler32:{zlib.adler32(CONTENT):08x}"
    for name in ("a.root", "b.root"):
        (store / name).write_bytes(CONTENT)
    entry = {"channel": "toy", "release": "first", "kind": "data"}
    document = {
        "version": 1,
        "channels": {"toy": {"title": "A toy"}},
        "bases": {"store": store.as_uri() + "/"},
        "releases": {"first": {"title": "First", "bases": ["store"]}},
        "datasets": [
            {
                **entry,
                "name": name,
                "files": [{"path": f"{name}.root", "size": len(CONTENT), "checksum": checksum}],
            }
            for name in ("a", "b")
        ],
    }
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(document))
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_list_shows_every_dataset_of_the_shipped_catalogue() -> None:
    result = run("list")
    assert result.exit_code == 0
    for name in ("diphoton/ggH", "dimuon/Run2016H_DoubleMuon", "shower/taue2", "topjet/bias"):
        assert name in result.output
    assert "1,054,711" in result.output


def test_list_takes_a_channel() -> None:
    result = run("list", "--channel", "dijet")
    assert "dijet/QCD" in result.output
    assert "diphoton" not in result.output


def test_list_files_shows_every_location_uncut() -> None:
    result = run("list", "--files", "ttH")
    assert "\n    root://eospublic.cern.ch//eos/" in result.output
    assert "MC/mc_341081.ttH125_gamgam.GamGam.root\n" in result.output
    assert "435 times too small" in result.output


def test_an_unknown_dataset_names_near_misses() -> None:
    result = run("list", "gHH")
    assert isinstance(result.exception, CatalogueError)
    assert "'ggH'" in str(result.exception)


def test_an_unknown_channel_names_near_misses() -> None:
    result = run("list", "--channel", "dimun")
    assert isinstance(result.exception, CatalogueError)
    assert "'dimuon'" in str(result.exception)


def test_download_fills_the_mirror_and_check_finds_it_whole(book: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    result = run("download", "*", "--catalogue", book, "--mirror", mirror)
    assert result.exit_code == 0, result.exception
    assert (mirror / "toy" / "a.root").read_bytes() == CONTENT
    result = run("check", "--catalogue", book, "--mirror", mirror)
    assert result.exit_code == 0
    assert result.output.count(" ok ") == 2


def test_a_pattern_of_releases_lists_all_published_dijets() -> None:
    result = run("list", "lhco-*")
    names = ("QCD", "extra_QCD", "W_qq", "W_qqq", "extended_W_qq", "generated_QCD", "particles")
    for name in names:
        assert f" dijet/{name} " in result.output


def test_download_takes_a_pattern_of_releases(book: Path, tmp_path: Path) -> None:
    document = json.loads(book.read_text())
    document["releases"]["lhco-first"] = document["releases"].pop("first")
    document["releases"]["other"] = document["releases"]["lhco-first"]
    for dataset, release in zip(document["datasets"], ("lhco-first", "other"), strict=True):
        dataset["release"] = release
    book.write_text(json.dumps(document))
    mirror = tmp_path / "mirror"
    result = run("download", "lhco-*", "--catalogue", book, "--mirror", mirror)
    assert result.exit_code == 0, result.exception
    assert [path.name for path in (mirror / "toy").glob("*.root")] == ["a.root"]


@pytest.mark.parametrize("fault", ["size", "checksum"])
def test_a_file_that_is_not_the_catalogued_one_is_not_kept(
    book: Path, tmp_path: Path, fault: str
) -> None:
    content = CONTENT[:-1] if fault == "size" else CONTENT[::-1]
    (tmp_path / "store" / "a.root").write_bytes(content)
    result = run("download", "a", "--catalogue", book, "--mirror", tmp_path / "mirror")
    assert isinstance(result.exception, DownloadError)
    assert not (tmp_path / "mirror" / "toy" / "a.root").exists()


def test_check_names_what_is_damaged_and_fails(book: Path, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "a.root").write_bytes(CONTENT[:-1])
    result = run("check", "--catalogue", book, "--mirror", tmp_path)
    assert "599 bytes instead of 600" in result.output
    assert isinstance(result.exception, FileAccessError)
    assert "1 of 1 files" in str(result.exception)


def test_check_of_a_named_dataset_fails_when_it_is_missing(book: Path, tmp_path: Path) -> None:
    result = run("check", "a", "--catalogue", book, "--mirror", tmp_path)
    assert "missing" in result.output
    assert isinstance(result.exception, FileAccessError)


def test_check_of_an_empty_mirror_says_so(book: Path, tmp_path: Path) -> None:
    result = run("check", "--catalogue", book, "--mirror", tmp_path)
    assert result.exit_code == 0
    assert "holds no file of the catalogue" in result.output


def test_a_file_that_fails_does_not_stop_the_others(book: Path, tmp_path: Path) -> None:
    (tmp_path / "store" / "a.root").unlink()
    result = run("download", "*", "--catalogue", book, "--mirror", tmp_path)
    assert isinstance(result.exception, DownloadError)
    assert "'a.root' of 'toy/a'" in str(result.exception)
    assert (tmp_path / "toy" / "b.root").exists()


def test_the_mirror_may_come_from_the_environment(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEPML_MIRROR", str(tmp_path))
    assert run("download", "a", "--catalogue", book).exit_code == 0
    assert (tmp_path / "toy" / "a.root").exists()


def test_download_asks_for_a_directory(book: Path) -> None:
    result = run("download", "a", "--catalogue", book)
    assert isinstance(result.exception, OutputError)
    assert "--mirror DIR" in str(result.exception)


def test_download_of_an_unlisted_dataset_names_its_record(tmp_path: Path) -> None:
    result = run("download", "beta2025_data", "--mirror", tmp_path)
    assert isinstance(result.exception, CatalogueError)
    assert "record/93915" in str(result.exception)


def test_download_checks_the_free_space_first(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 700})
    monkeypatch.setattr("shutil.disk_usage", lambda place: usage)
    result = run("download", "*", "--catalogue", book, "--mirror", tmp_path)
    assert isinstance(result.exception, OutputError)
    assert "1.2 kB are needed and 700 bytes are free" in str(result.exception)


def test_the_command_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, importlib.util as u\n"
        "import typer\n"
        "spec = u.find_spec('hepml').submodule_search_locations[0] + '/cli/datasets.py'\n"
        "found = u.spec_from_file_location('commands', spec)\n"
        "module = u.module_from_spec(found)\n"
        "found.loader.exec_module(module)\n"
        "print([m for m in ('pydantic', 'numpy', 'fsspec') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
