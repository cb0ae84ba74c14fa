"""What a user types: files, directories, globs, URLs, NAME=FILES and dataset names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from hepml.catalogue import Catalogue, Input, resolve_inputs
from hepml.errors import (
    CatalogueError,
    EmptyInputError,
    FileAccessError,
    HepmlError,
    OverlapError,
)

CATALOGUE = Catalogue.load()
GGH = "mc_343981.ggH125_gamgam.GamGam.root"
GGH_SIZE = 218_418_347


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with three small files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEPML_MIRROR", raising=False)
    for name in ("one.root", "two.parquet", "notes.txt", GGH):
        (tmp_path / name).write_bytes(b"abc")
    return tmp_path


def resolve(*arguments: str, channel: str | None = "diphoton") -> tuple[Input, ...]:
    return resolve_inputs(arguments, CATALOGUE, channel)


def names(inputs: Sequence[Input]) -> list[str]:
    return [Path(item.endpoints[0]).name for item in inputs]


def test_an_unknown_file_becomes_a_dataset_of_its_stem_and_of_unknown_kind(here: Path) -> None:
    assert resolve("one.root") == (Input("one", (str(here / "one.root"),), label="one", size=3),)


def test_a_file_of_the_catalogue_takes_dataset_class_and_kind(here: Path) -> None:
    (item,) = resolve(GGH)
    assert (item.dataset, item.label, item.kind) == ("ggH", "gg", "simulation")
    assert (item.trees, item.catalogued) == (("mini",), "diphoton/ggH")


def test_a_copy_of_another_size_does_not_take_the_published_numbers(here: Path) -> None:
    (item,) = resolve(GGH)
    assert (item.size, item.entries) == (3, None)
    assert (item.cross_section, item.sum_of_weights) == (None, None)


def test_a_copy_of_the_published_size_takes_the_published_numbers(here: Path) -> None:
    with (here / GGH).open("wb") as file:
        file.truncate(GGH_SIZE)
    (item,) = resolve(GGH)
    assert (item.entries, item.cross_section) == (1_054_711, 0.102)


def test_a_directory_stands_for_its_root_and_parquet_files(here: Path) -> None:
    assert names(resolve(str(here))) == [GGH, "one.root", "two.parquet"]


def test_a_directory_without_such_files_says_where_some_are(here: Path) -> None:
    inner = here / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "deep.root").touch()
    with pytest.raises(EmptyInputError, match=r"no ROOT or Parquet file.*inner"):
        resolve("outer")


def test_a_glob_stands_for_the_files_that_match(here: Path) -> None:
    assert names(resolve("o*.root")) == ["one.root"]


def test_a_glob_without_match_names_near_files(here: Path) -> None:
    with pytest.raises(FileAccessError, match=r"no file matches 'onne\*.root'.*\n.*'one.root'"):
        resolve("onne*.root")


def test_a_dataset_name_stands_for_its_files() -> None:
    assert [item.dataset for item in resolve("VBF", "data_*")] == [
        "VBF",
        "data_A",
        "data_B",
        "data_C",
        "data_D",
    ]


def test_a_file_on_disk_wins_over_a_dataset_of_that_name(here: Path) -> None:
    (here / "VBF").write_bytes(b"abc")
    (item,) = resolve("VBF")
    assert item.endpoints == (str(here / "VBF"),)


def test_a_missing_file_names_near_files(here: Path) -> None:
    with pytest.raises(FileAccessError, match=r"no file 'onee.root'\n.*Did you mean 'one.root'"):
        resolve("onee.root")


def test_a_missing_directory_is_said_to_be_missing(here: Path) -> None:
    (here / "files").mkdir()
    with pytest.raises(FileAccessError, match=r"directory fils/sub does not exist.*'files'"):
        resolve("fils/sub/one.root")


def test_an_unknown_name_names_near_files_and_near_datasets(here: Path) -> None:
    (here / "ggHx").touch()
    with pytest.raises(CatalogueError) as caught:
        resolve("ggHH")
    assert "Did you mean 'ggHx'" in str(caught.value)
    assert "Did you mean 'ggH'" in str(caught.value)


def test_a_dataset_of_another_channel_is_refused_by_name() -> None:
    with pytest.raises(CatalogueError, match="matches dimuon/Run2016H_DoubleMuon"):
        resolve("Run2016H_DoubleMuon")


def test_a_processor_of_its_own_sees_every_channel() -> None:
    assert len(resolve("ggH", channel="my_own")) == 1


def test_an_override_names_the_dataset(here: Path) -> None:
    first, second = resolve("mine=one.root,two.parquet")
    assert {first.dataset, second.dataset, first.label} == {"mine"}
    assert first.kind is None


def test_an_override_keeps_the_kind_that_the_catalogue_knows(here: Path) -> None:
    (item,) = resolve(f"mine={GGH}")
    assert (item.dataset, item.label, item.kind) == ("mine", "mine", "simulation")


def test_an_override_with_a_name_of_the_catalogue_takes_its_class_and_kind(here: Path) -> None:
    (item,) = resolve("VBF=one.root")
    assert (item.dataset, item.label, item.kind) == ("VBF", "VBF", "simulation")
    assert (item.cross_section, item.sum_of_weights) == (None, None)
    assert item.endpoints == (str(here / "one.root"),)


def test_an_override_takes_globs(here: Path) -> None:
    assert names(resolve(f"mine={here}/*.root")) == [GGH, "one.root"]


def test_an_override_of_nothing_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="names no file"):
        resolve("mine=")


def test_an_equals_sign_in_a_file_name_is_no_override(here: Path) -> None:
    (here / "mass=125.root").touch()
    assert names(resolve("mass=125.root")) == ["mass=125.root"]


@pytest.mark.parametrize(
    "arguments",
    [("one.root", "./one.root"), ("one.root", "*.root"), ("a=one.root", "b=one.root")],
)
def test_the_same_file_twice_is_refused(here: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(OverlapError, match="given twice"):
        resolve(*arguments)


def test_a_link_to_a_file_is_the_same_file(here: Path) -> None:
    (here / "link.root").symlink_to(here / "one.root")
    with pytest.raises(OverlapError, match=r"'one.root' and by 'link.root'"):
        resolve("one.root", "link.root")


def test_a_dataset_and_a_local_copy_of_it_overlap(here: Path) -> None:
    with (here / GGH).open("wb") as file:
        file.truncate(GGH_SIZE)
    with pytest.raises(OverlapError, match="given twice"):
        resolve("ggH", GGH)


def test_a_url_stays_as_it_is() -> None:
    (item,) = resolve("https://host/some/mine.root?download=1")
    assert item == Input("mine", ("https://host/some/mine.root?download=1",), label="mine")


def test_a_url_of_the_catalogue_falls_back_on_its_replicas() -> None:
    (published,) = resolve("ggH")
    url = published.endpoints[1]
    (item,) = resolve(url)
    assert item.endpoints[0] == url
    assert sorted(item.endpoints) == sorted(published.endpoints)
    assert item.sum_of_weights == published.sum_of_weights


def test_a_file_url_is_a_local_file(here: Path) -> None:
    (item,) = resolve((here / "one.root").as_uri())
    assert item.endpoints == (str(here / "one.root"),)


@pytest.mark.parametrize("url", ["https://host/store/*.root", "https://host/store/"])
def test_a_web_directory_cannot_be_listed(url: str) -> None:
    with pytest.raises(FileAccessError, match="only root:// servers can be listed"):
        resolve(url)


def test_no_argument_is_refused() -> None:
    with pytest.raises(EmptyInputError, match="no input"):
        resolve()


def test_an_empty_argument_is_refused() -> None:
    with pytest.raises(HepmlError, match="empty argument"):
        resolve("")


def test_files_of_one_stem_in_two_directories_are_pointed_out(
    here: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for folder in ("a", "b"):
        (here / folder).mkdir()
        (here / folder / "part.root").touch()
    assert {item.dataset for item in resolve("a/part.root", "b/part.root")} == {"part"}
    assert "become one dataset" in caplog.text


@pytest.mark.shared
def test_the_shared_diphoton_samples_are_recognised() -> None:
    folder = Path(__file__).parents[1].parent / "shared" / "data" / "hgg"
    if not folder.is_dir():
        pytest.skip("the shared samples are not beside the repository")
    found = {item.dataset: item.kind for item in resolve(str(folder))}
    assert found.pop("data_A") == "data"
    assert found == dict.fromkeys(("ggH", "VBF", "WpH", "ZH", "ttH"), "simulation")
