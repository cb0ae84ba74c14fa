"""The catalogue: the shipped document, validation errors, selection, locations."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hepml.catalogue import Catalogue, Input, mirror_path
from hepml.errors import CatalogueError

SHIPPED = Catalogue.load()


def small() -> dict[str, Any]:
    """A catalogue of one channel with two datasets, as a document to spoil."""
    return {
        "version": 1,
        "channels": {"toy": {"title": "A toy"}},
        "bases": {"near": "root://host//store/", "far": "https://host/store/"},
        "releases": {"first": {"title": "First", "bases": ["near", "far"]}},
        "datasets": [
            {
                "channel": "toy",
                "name": "signal",
                "release": "first",
                "kind": "simulation",
                "files": [{"path": "mc/signal.root", "size": 4, "entries": 2}],
            },
            {
                "channel": "toy",
                "name": "data_A",
                "release": "first",
                "kind": "data",
                "unlisted": {"files": 2},
            },
        ],
    }


def load(tmp_path: Path, document: Any) -> Catalogue:
    path = tmp_path / "catalogue.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return Catalogue.load(path)


def test_the_schema_file_is_the_one_of_the_models() -> None:
    path = Path(__file__).parents[1] / "hepml" / "catalogue.schema.json"
    current = json.dumps(Catalogue.model_json_schema(by_alias=True), indent=2) + "\n"
    assert path.read_text() == current, "regenerate hepml/catalogue.schema.json"


def test_the_shipped_catalogue_covers_all_five_channels() -> None:
    channels = {"diphoton", "dimuon", "shower", "topjet", "dijet"}
    assert {dataset.channel for dataset in SHIPPED.datasets} == channels == set(SHIPPED.channels)


def test_the_shipped_catalogue_is_found_from_any_working_directory(tmp_path: Path) -> None:
    code = "from hepml.catalogue import Catalogue; print(len(Catalogue.load().datasets))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == len(SHIPPED.datasets)


def test_diphoton_totals_are_those_of_the_release() -> None:
    data = SHIPPED.match("data_*", "diphoton")
    simulation = SHIPPED.match(["ggH", "VBF", "WpH", "ZH", "ttH"])
    assert sum(dataset.entries or 0 for dataset in data) == 7_798_424
    assert sum(dataset.entries or 0 for dataset in simulation) == 2_473_335
    assert SHIPPED.releases["atlas-2020-gamgam"].luminosity == 10064


def test_the_tth_cross_section_has_a_corrected_value_435_times_larger() -> None:
    (tth,) = SHIPPED.match("ttH")
    assert tth.cross_section == 2.6433864e-6
    assert tth.cross_section_corrected == pytest.approx(0.507 * 2.27e-3, rel=1e-12)
    assert tth.cross_section_corrected / tth.cross_section == pytest.approx(435, rel=1e-2)


def test_run_2016h_has_28_files() -> None:
    inputs = SHIPPED.select("Run2016H_DoubleMuon")
    assert len({item.endpoints[0] for item in inputs}) == 28
    assert {(item.kind, item.trees) for item in inputs} == {("data", ("Events",))}


def test_the_topjet_files_add_up_to_the_release() -> None:
    (release,) = {d.release for d in SHIPPED.match("topjet/*") if d.series}
    datasets = [dataset for dataset in SHIPPED.datasets if dataset.release == release]
    assert len(datasets) == 17
    assert sum(len(dataset.members) for dataset in datasets) == 2020


def test_published_dijets_have_the_sizes_that_were_downloaded() -> None:
    files = {d.name: d.members[0] for d in SHIPPED.match("lhco-*")}
    sizes = {name: files[name].size for name in ("QCD", "extra_QCD", "W_qq", "W_qqq")}
    assert sizes == {
        "QCD": 74_315_238,
        "extra_QCD": 38_554_784,
        "W_qq": 2_435_840_888,
        "W_qqq": 2_424_698_488,
    }
    assert files["QCD"].checksum == "md5:271cf5e71fc756b2a8d2b32730689bdb"


def test_the_entries_of_a_series_add_up_to_its_total() -> None:
    (dataset,) = SHIPPED.match("train_nominal")
    assert sum(file.entries or 0 for file in dataset.members) == dataset.entries == 92_820_427
    assert dataset.members[0].name == "train_nominal_000.h5.gz"
    assert dataset.members[-1].entries == 20_427


def test_a_dataset_is_found_by_the_name_other_tables_give_it() -> None:
    assert SHIPPED.match("ces_up") == SHIPPED.match("topjet/esup")


def test_select_takes_patterns_with_and_without_channel() -> None:
    assert [item.dataset for item in SHIPPED.select("data_*")] == [f"data_{p}" for p in "ABCD"]
    assert SHIPPED.select("diphoton/gg?") == SHIPPED.select("ggH", channel="diphoton")


def test_a_release_stands_for_its_datasets_where_no_name_matches() -> None:
    found = {dataset.name for dataset in SHIPPED.match("lhco-*")}
    assert {"QCD", "extra_QCD", "W_qq", "W_qqq"} <= found
    assert {d.channel for d in SHIPPED.match("lhco-*")} == {"dijet"}
    assert [d.name for d in SHIPPED.match("lhco-extra-qcd")] == ["extra_QCD"]
    # names come first: releases that begin with the same letter are not meant
    assert {d.name[0] for d in SHIPPED.match("a*")} == {"a"}


def test_select_counts_a_dataset_once_when_two_patterns_match_it() -> None:
    assert len(SHIPPED.select(["ggH", "diphoton/g*"])) == 1


def test_an_input_carries_what_is_known_of_the_dataset() -> None:
    (item,) = SHIPPED.select("ggH")
    assert (item.kind, item.label, item.trees) == ("simulation", "gg", ("mini",))
    assert (item.entries, item.size) == (1_054_711, 218_418_347)
    assert (item.cross_section, item.sum_of_weights) == (0.102, 55_922_617.6297)
    assert item.catalogued == "diphoton/ggH"
    assert pickle.loads(pickle.dumps(item)) == item  # noqa: S301


def test_an_unknown_dataset_names_its_near_misses() -> None:
    with pytest.raises(CatalogueError, match=r"'ggHH' matches no dataset.*Did you mean 'ggH'"):
        SHIPPED.select("ggHH")


def test_a_dataset_of_another_channel_is_named_with_its_channel() -> None:
    with pytest.raises(CatalogueError, match="matches diphoton/ggH"):
        SHIPPED.select("ggH", channel="dimuon")


def test_a_dataset_whose_files_are_not_listed_names_its_record() -> None:
    with pytest.raises(CatalogueError, match=r"not listed in the catalogue.*93915"):
        SHIPPED.select("beta2025_data")


def test_a_pattern_passes_over_unlisted_datasets(caplog: pytest.LogCaptureFixture) -> None:
    names = {item.dataset for item in SHIPPED.select("diphoton/*")}
    assert names == {*(f"data_{p}" for p in "ABCD"), "ggH", "VBF", "WpH", "ZH", "ttH"}
    assert "beta2025_data" in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        "mc_343981.ggH125_gamgam.GamGam.root",
        "/somewhere/mc_343981.ggH125_gamgam.GamGam.root",
        "root://host//x/mc_343981.ggH125_gamgam.GamGam.root?tried=1",
    ],
)
def test_a_file_is_recognised_by_its_base_name(path: str) -> None:
    match = SHIPPED.match_file(path)
    assert match is not None
    assert match[0].key == "diphoton/ggH"


def test_an_unpacked_file_is_recognised_too() -> None:
    match = SHIPPED.match_file("esup_003.h5")
    assert match is not None
    assert match[1].name == "esup_003.h5.gz"


def test_a_file_of_another_channel_is_not_matched_when_a_channel_is_given() -> None:
    assert SHIPPED.match_file("train.h5", "dijet") is None
    assert SHIPPED.match_file("train.h5", "topjet") is not None


def test_find_gives_one_dataset_or_none() -> None:
    dataset = SHIPPED.find("diphoton/ggH")
    assert dataset is not None
    assert dataset is SHIPPED.find("ggH")
    assert SHIPPED.find("nothing") is None


def test_endpoints_keep_the_order_of_the_bases(tmp_path: Path) -> None:
    catalogue = load(tmp_path, small())
    dataset = catalogue.datasets[0]
    expected = ("root://host//store/mc/signal.root", "https://host/store/mc/signal.root")
    assert catalogue.endpoints(dataset, dataset.files[0]) == expected


@pytest.mark.parametrize("by_environment", [True, False])
def test_a_mirrored_file_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_environment: bool
) -> None:
    catalogue = load(tmp_path, small())
    dataset = catalogue.datasets[0]
    path = mirror_path(tmp_path, dataset, dataset.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1234")
    if by_environment:
        monkeypatch.setenv("HEPML_MIRROR", str(tmp_path))
    mirror = None if by_environment else tmp_path
    assert catalogue.endpoints(dataset, dataset.files[0], mirror)[0] == str(path)
    assert len(catalogue.select("signal", mirror=mirror)[0].endpoints) == 3


def test_a_mirrored_file_of_another_size_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = load(tmp_path, small())
    dataset = catalogue.datasets[0]
    path = mirror_path(tmp_path, dataset, dataset.files[0])
    path.parent.mkdir(parents=True)
    path.write_bytes(b"123")
    assert str(path) not in catalogue.endpoints(dataset, dataset.files[0], tmp_path)
    assert "3 bytes, 4 in the catalogue" in caplog.text


def test_a_missing_catalogue_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"absent\.json cannot be read"):
        Catalogue.load(tmp_path / "absent.json")


def test_a_catalogue_is_immutable() -> None:
    with pytest.raises(ValueError, match="frozen"):
        SHIPPED.datasets[0].name = "other"


def _set(where: str, value: Any) -> Any:
    """Change one item of the small catalogue; ``where`` is a path such as datasets/0/kind."""

    def spoil(document: Any) -> None:
        *steps, last = where.split("/")
        for step in steps:
            document = document[int(step) if step.isdigit() else step]
        document[last] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_set("datasets/0/knd", "data"), "dataset 'toy/signal': key 'knd'.*mean 'kind'"),
        (_set("datasets/0/files/0/sise", 1), "'mc/signal.root': key 'sise'.*mean 'size'"),
        (_set("datasets/0/files/0/size", "4"), "key 'size'.*integer.*got '4'"),
        (_set("datasets/0/files/0/checksum", "crc:1"), "key 'checksum'"),
        (_set("datasets/0/files/0/path", "../out.root"), "relative path without"),
        (_set("datasets/0/cross_section", -1.0), "toy/signal': key 'cross_section'"),
        (_set("datasets/0/kind", "dta"), "key 'kind'.*'data' or 'simulation'"),
        (_set("datasets/0/channel", "tiy"), "unknown channel 'tiy'. Did you mean 'toy'"),
        (_set("datasets/0/release", "frst"), "unknown release 'frst'. Did you mean 'first'"),
        (_set("datasets/1/name", "signal"), "dataset 'toy/signal'.* there twice"),
        (_set("releases/first/bases", ["neer"]), "release 'first'.*Did you mean 'near'"),
        (_set("releases/first/recrod", 1), "release 'first': key 'recrod'.*'record'"),
        (_set("bases/near", "host/store"), "key 'bases.near'"),
        (_set("version", 2), "key 'version'"),
        (_set("dataset", []), "key 'dataset': unknown key. Did you mean 'datasets'"),
    ],
)
def test_a_fault_names_the_entry_and_the_key(tmp_path: Path, spoil: Any, message: str) -> None:
    document = small()
    spoil(document)
    with pytest.raises(CatalogueError, match=message):
        load(tmp_path, document)


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    document = small()
    del document["datasets"][1]["kind"]
    with pytest.raises(CatalogueError, match="dataset 'toy/data_A': key 'kind': is missing"):
        load(tmp_path, document)


def test_a_file_in_two_datasets_is_refused(tmp_path: Path) -> None:
    document = small()
    document["datasets"][1]["files"] = [{"path": "other/signal.root"}]
    with pytest.raises(CatalogueError, match=r"'signal.root' is also in 'toy/signal'"):
        load(tmp_path, document)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"version": 1,\n "datasets": [}', "line 2, column 15"),
        ("", "line 1, column 1"),
        ("[]", "must hold an object"),
        ('{"version": 1, "version": 1}', "'version' is there twice"),
    ],
)
def test_malformed_json_names_the_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CatalogueError, match=message):
        load(tmp_path, text)


def test_a_catalogue_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogueError, match="cannot be read"):
        Catalogue.load(tmp_path / "catalogue.json")


def test_from_files_takes_what_a_user_types(tmp_path: Path) -> None:
    (tmp_path / "mine.root").write_bytes(b"root")
    (item,) = SHIPPED.from_files([os.fspath(tmp_path / "mine.root")])
    expected = Input("mine", (str(tmp_path / "mine.root"),), label="mine", size=4)
    assert item == expected
